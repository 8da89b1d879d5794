/* cmd_publish.c: `sforce publish`: one platform event by REST. The org answers with the event's UUID in a list named errors. */
#include "cli.h"

static int print_published(cli *c, sf_value answer)
{
    static const char *const names[] = { "eventUuid", "id", "success" };
    static const bool bare[] = { false, false, true };
    const char *uuid = sf_get_str(answer, "errors.0.message"), *id = sf_get_str(answer, "id");
    sf_error err;
    if (!sf_get_bool(answer, "success", false))
        return cli_fail(c, CLI_FAILED, NULL, "publish: the org did not take the event: %s",
                        uuid != NULL ? uuid : "no reason");
    cli_note(c, "Published %s.", c->args.words[0]);
    if (!c->json && (c->format == CLI_FORMAT_AUTO || c->format == CLI_FORMAT_TABLE)) {
        if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
        cli_out_add_str(&c->out, uuid != NULL ? uuid : id != NULL ? id : "");
        cli_out_add_char(&c->out, '\n');
        return cli_finish_output(c);
    }
    const char *cells[] = { cli_strdup(c, uuid), cli_strdup(c, id), "true" };
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .record = true, .right = bare };
    cli_grid_add(c, &grid, cells);
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static sf_status post(cli *c, const char *event, const char *json, sf_document **out, sf_error *err)
{
    sf_response response = { 0 };
    const sf_request request = {
        .method = "POST", .path = cli_textf(c, "sobjects/%s", event), .body = sfi_str(json), .call = &c->call
    };
    sf_status rc = sf_client_request(c->sf, &request, &response, err);
    if (rc == SF_OK) rc = sf_document_parse(response.body, response.body_len, out, err);
    sf_response_clear(&response);
    return rc;
}

static int run_publish(cli *c)
{
    sf_error err;
    char *json = NULL;
    sf_document *doc = NULL;
    const char *event = c->args.words[0];
    if (sfi_starts_with(sfi_str(event), "/event/")) event += strlen("/event/");
    sf_record *r = sf_record_new(event);
    if (r == NULL || !sfi_ends_with(sfi_str(event), "__e")) {
        sf_record_free(r);
        return cli_usage(c, "publish: %.80s is not a platform event's name, such as Low_Ink__e", event);
    }
    sf_status rc = cli_fields_from_words(c, r, 1, &err);
    if (rc == SF_OK) rc = sf_record_to_json(r, &json, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = post(c, event, json, &doc, &err);
    int code = rc == SF_OK ? print_published(c, sf_document_root(doc)) : cli_fail_error(c, &err);
    sf_document_free(doc);
    sf_free(json);
    sf_record_free(r);
    return code;
}

/* clang-format off */
static const cli_example publish_examples[] = {
    { "sforce publish Low_Ink__e Model__c=XZ-5 Level__c:=12", "One event from words" },
    { "echo '{\"Model__c\":\"XZ-5\"}' | sforce publish Low_Ink__e -", "Its fields as JSON" },
    { 0 },
};
const cli_command cli_command_publish = {
    .name = "publish", .usage = "EVENT FIELD=VALUE…|-", .summary = "publish a platform event",
    .text = "Prints the event's UUID, which subscribers find as EventUuid. Values are written as in create: F=v is a text, F:=json anything else.",
    .examples = publish_examples, .words_min = 2, .words_max = -1,
    .words = { CLI_WORDS_NONE }, .run = run_publish, .group = "Events",
};
/* clang-format on */
