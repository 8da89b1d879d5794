"""A SOAP peer on Python's http.server and expat, so that neither its XML nor its HTTP is ours: it reads what sforce sends with
namespaces resolved, and answers in forms that are legal and unusual. Prints its port, then serves until stdin ends."""
import gzip
import http.server
import sys
import threading
import xml.etree.ElementTree as ET

SOAP, API = "{http://schemas.xmlsoap.org/soap/envelope/}", "{urn:partner.soap.sforce.com}"
SOBJECT, XSI = "{urn:sobject.partner.soap.sforce.com}", "{http://www.w3.org/2001/XMLSchema-instance}"
ODD = "<&>\"' 😀 שלום ]]> &amp; \u00a0\u2028end"
seen = []


def refuse(what):
    return 500, f"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>e:Client</faultcode>
        <faultstring>{what}</faultstring></e:Fault></e:Body></e:Envelope>"""


def convert(operation):
    rows = []
    for lead in operation.findall(API + "leadConverts"):
        names = [child.tag.replace(API, "") for child in lead]
        if names != sorted(names):
            return refuse(f"elements out of order: {names}")
        for must in ("convertedStatus", "doNotCreateOpportunity", "leadId", "overwriteLeadSource", "sendNotificationEmail"):
            if must not in names:
                return refuse(f"{must} is missing")
        if lead.findtext(API + "opportunityName") != ODD:
            return refuse(f"opportunityName is {ascii(lead.findtext(API + 'opportunityName'))}")
        record = lead.find(API + "accountRecord")
        if record[0].tag != SOBJECT + "type" or record.findtext(SOBJECT + "Site") != ODD:
            return refuse("accountRecord")
        rows.append(lead.findtext(API + "leadId"))
    # prefixes of its own, CDATA, comments, processing instructions, references, blanks, an element nobody knows
    good = f"""<p:result><p:unknown><p:success>false</p:success></p:unknown><p:accountId> 001000000000001AAA
        </p:accountId><!-- <p:success>false</p:success> --><p:contactId>003<![CDATA[000000000001]]>AAA</p:contactId>
        <?pi x?><p:leadId>{rows[0]}</p:leadId><p:opportunityId i:nil="1"/><p:success>&#x74;rue</p:success></p:result>"""
    bad = """<p:result><p:errors><p:message><![CDATA[<&> is "no" name]]> 😀</p:message><p:statusCode>INVALID_STATUS</p:statusCode></p:errors>
        <p:success>false</p:success></p:result>"""
    return 200, f"""<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<!-- first --><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
        xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><s:Header/><s:Body><p:convertLeadResponse xmlns:p="urn:partner.soap.sforce.com">{good}{bad}
        </p:convertLeadResponse></s:Body></s:Envelope>\n<!-- last -->"""


def undelete(operation):
    ids = [e.text for e in operation.findall(API + "ids")]
    rows = "".join(f"<result xmlns=''><id>{i}</id><success>1</success></result>" for i in ids)
    return 200, f"""<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><undeleteResponse xmlns="urn:partner.soap.sforce.com">{rows}
        </undeleteResponse></Body></Envelope>"""


class Peer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.answer(body)
        data = gzip.compress(answer.encode()) if "gzip" in self.headers.get("Accept-Encoding", "") else answer.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        if data[:2] == b"\x1f\x8b":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i in range(0, len(data), 37):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data[i:i + 37]), data[i:i + 37]))
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, body):
        if not self.path.startswith("/services/Soap/u/62.0") or "SOAPAction" not in self.headers:
            return refuse("path or SOAPAction")
        root = ET.fromstring(body)
        session = root.findtext(f"{SOAP}Header/{API}SessionHeader/{API}sessionId")
        if root.tag != SOAP + "Envelope" or session != "00D000000000001!to<k&n":
            return refuse(f"session {ascii(session)}")
        operation = root.find(SOAP + "Body")[0]
        return {API + "convertLead": convert, API + "undelete": undelete}.get(operation.tag, lambda _: refuse(operation.tag))(operation)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
