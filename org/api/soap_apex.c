/* soap_apex.c: the Apex SOAP API (/services/Soap/s/…): executeAnonymous, which command-line tools call instead of REST's
 * because the answer holds the debug log. See soap.h and anonymous.h. */
#include "api/anonymous.h"
#include "api/soap.h"

static const char apex_namespace[] = "http://soap.sforce.com/2006/08/apex";

static void write_result(sfi_buf *out, const sfo_anonymous_result *r)
{
    sfi_buf_addf(out, "<result><column>%d</column>", r->column);
    sfi_xml_element_text(out, "compileProblem", sfi_str(r->problem));
    sfo_soap_element_bool(out, "compiled", r->compiled);
    sfi_xml_element_text(out, "exceptionMessage", sfi_str(r->exception));
    sfi_xml_element_text(out, "exceptionStackTrace", sfi_str(r->trace));
    sfi_buf_addf(out, "<line>%d</line>", r->line);
    sfo_soap_element_bool(out, "success", r->success);
    sfi_buf_add_str(out, "</result>");
}

void sfo_soap_apex(sfo_soap *s)
{
    sfo_anonymous_result r;
    if (strcmp(sfi_xml_name(s->operation), "executeAnonymous") != 0 ||
        strcmp(sfi_xml_namespace(s->operation), apex_namespace) != 0) {
        sfo_soap_faultf(s, "soapenv:Client", NULL,
                        "No operation available for request {%.120s}%.120s, please check the WSDL for the service.",
                        sfi_xml_namespace(s->operation), sfi_xml_name(s->operation));
        return;
    }
    if (!sfo_soap_authenticate(s)) return;
    const char *apex = sfi_xml_get(s->doc, s->operation, "String");
    if (apex == NULL) apex = sfi_xml_get(s->doc, s->operation, "apexcode");
    bool wants_log = sfi_xml_find(s->root, "Header/DebuggingHeader") != NULL;
    if (!sfo_anonymous_run(s->call, sfi_str(apex != NULL ? apex : ""), &r)) {
        sfo_soap_fault(s, "SERVER_UNAVAILABLE", "no memory for the Apex", "UnexpectedErrorFault");
        return;
    }
    sfo_response *response = s->call->response;
    sfi_buf *out = &response->body;
    sfi_buf_clear(out);
    response->status = 200;
    response->content_type = "text/xml; charset=utf-8";
    sfi_xml_declaration(out);
    sfi_buf_addf(out,
                 "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"%s\" "
                 "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">",
                 apex_namespace);
    if (wants_log) {
        sfi_buf_add_str(out, "<soapenv:Header><DebuggingInfo>");
        sfi_xml_element_text(out, "debugLog", sfi_str(r.log));
        sfi_buf_add_str(out, "</DebuggingInfo></soapenv:Header>");
    }
    sfi_buf_add_str(out, "<soapenv:Body><executeAnonymousResponse>");
    write_result(out, &r);
    sfi_buf_add_str(out, "</executeAnonymousResponse></soapenv:Body></soapenv:Envelope>");
}
