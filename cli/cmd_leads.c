/* cmd_leads.c: `sforce convert-lead`: leads into accounts, contacts and opportunities. */
#include "soap_rows.h"

typedef struct conversion {
    sf_soap_lead lead; /* lead_id is put in for each */
    sf_soap_options options;
} conversion;

/* The org's first status that a converted lead can have. */
static sf_status ask_status(cli *c, const char **out, sf_error *err)
{
    sf_query *q = NULL;
    sf_value row = { 0 };
    sf_status rc =
        sf_query_open(c->sf, "SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true ORDER BY SortOrder LIMIT 1",
                      &(sf_query_options){ .call = &c->call }, &q, err);
    if (rc == SF_OK) rc = sf_query_next(q, &row, err);
    *out = rc == SF_ROW ? cli_strdup(c, sf_get_str(row, "MasterLabel")) : NULL;
    sf_query_close(q);
    if (rc < 0) return rc;
    if (*out == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "the org has no LeadStatus with IsConverted; name one: --status");
    cli_note(c, "Status: %s", *out);
    return SF_OK;
}

/* FIELD=VALUE of a flag that repeats, as a record. @param out NULL: the flag was not given. */
static sf_status take_record(cli *c, const char *flag, const char *object, sf_record **out, sf_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < c->args.given_count; i++) {
        if (strcmp(c->args.given[i].flag->name, flag) != 0) continue;
        if (*out == NULL) *out = sf_record_new(object);
        if (*out == NULL) cli_no_memory();
        *err = (sf_error){ 0 };
        sf_status rc = cli_field_apply(c, *out, c->args.given[i].value, err);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

static sf_status send(cli *c, void *ctx, const char *const *ids, size_t count, sf_soap_results **out, sf_error *err)
{
    const conversion *conv = ctx;
    sf_soap_lead *leads = cli_alloc(c, count * sizeof *leads);
    for (size_t i = 0; i < count; i++) {
        leads[i] = conv->lead;
        leads[i].lead_id = ids[i];
    }
    return sf_soap_convert_leads(c->sf, leads, count, &conv->options, out, err);
}

static void fill(cli *c, const sf_soap_result *row, const char **cells)
{
    cells[2] = cli_soap_id(c, row->account_id);
    cells[3] = cli_soap_id(c, row->contact_id);
    cells[4] = cli_soap_id(c, row->opportunity_id);
}

static conversion take_flags(cli *c)
{
    const cli_args *a = &c->args;
    return (conversion){
        .lead = { .converted_status = cli_args_value(a, "status"),
                  .account_id = cli_args_value(a, "account"),
                  .contact_id = cli_args_value(a, "contact"),
                  .opportunity_id = cli_args_value(a, "opportunity"),
                  .opportunity_name = cli_args_value(a, "opportunity-name"),
                  .do_not_create_opportunity = cli_args_times(a, "no-opportunity") > 0,
                  .owner_id = cli_args_value(a, "owner"),
                  .overwrite_lead_source = cli_args_times(a, "overwrite-source") > 0,
                  .send_notification_email = cli_args_times(a, "notify") > 0,
                  .bypass_account_dedupe_check = cli_args_times(a, "no-dedupe") > 0,
                  .bypass_contact_dedupe_check = cli_args_times(a, "no-dedupe") > 0 },
        .options = { .all_or_none = cli_args_times(a, "all-or-none") > 0,
                     .allow_duplicates = cli_args_times(a, "allow-duplicates") > 0,
                     .call = &c->call },
    };
}

static int run_convert_lead(cli *c)
{
    static const char *const names[] = { "leadId", "success", "accountId", "contactId", "opportunityId", "error" };
    sf_error err;
    conversion conv = take_flags(c);
    cli_soap_job job = { .chunk = SF_SOAP_LEADS_MAX,
                         .names = names,
                         .columns = SFI_COUNT_OF(names),
                         .send = send,
                         .fill = fill,
                         .ctx = &conv,
                         .done = "Converted",
                         .thing = "lead" };
    sf_record *account = NULL, *contact = NULL, *opportunity = NULL;
    sf_status rc = cli_soap_ids(c, 0, &job.ids, &job.count, &err);
    if (rc == SF_OK && conv.lead.do_not_create_opportunity &&
        (conv.lead.opportunity_name != NULL || cli_args_times(&c->args, "opportunity-field") > 0))
        rc = sfi_fail(&err, SF_ERR_USAGE, "--no-opportunity and something of an opportunity exclude each other");
    if (rc == SF_OK && conv.options.all_or_none && job.count > SF_SOAP_LEADS_MAX)
        rc = sfi_fail(&err, SF_ERR_USAGE, "--all-or-none: one call takes %d leads, and these are %zu",
                      SF_SOAP_LEADS_MAX, job.count);
    if (rc == SF_OK) rc = take_record(c, "account-field", "Account", &account, &err);
    if (rc == SF_OK) rc = take_record(c, "contact-field", "Contact", &contact, &err);
    if (rc == SF_OK) rc = take_record(c, "opportunity-field", "Opportunity", &opportunity, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK && conv.lead.converted_status == NULL) rc = ask_status(c, &conv.lead.converted_status, &err);
    conv.lead.account_record = account;
    conv.lead.contact_record = contact;
    conv.lead.opportunity_record = opportunity;
    int code = rc == SF_OK ? cli_soap_run(c, &job) : cli_fail_error(c, &err);
    sf_record_free(account);
    sf_record_free(contact);
    sf_record_free(opportunity);
    return code;
}

/* clang-format off */
static const cli_flag convert_flags[] = {
    { "status", 0, "STATUS", "the converted lead's status; otherwise the org's first one for converted leads", CLI_WORDS_NONE, NULL, false },
    { "account", 0, "ID", "convert into this account instead of a new one", CLI_WORDS_NONE, NULL, false },
    { "contact", 0, "ID", "convert into this contact, which belongs to --account", CLI_WORDS_NONE, NULL, false },
    { "opportunity", 0, "ID", "use this opportunity instead of a new one", CLI_WORDS_NONE, NULL, false },
    { "opportunity-name", 0, "NAME", "of the new opportunity; otherwise the company's name", CLI_WORDS_NONE, NULL, false },
    { "no-opportunity", 0, NULL, "make no opportunity", CLI_WORDS_NONE, NULL, false },
    { "owner", 0, "ID", "owner of what is made; otherwise the lead's", CLI_WORDS_NONE, NULL, false },
    { "overwrite-source", 0, NULL, "the lead's source replaces that of --contact", CLI_WORDS_NONE, NULL, false },
    { "notify", 0, NULL, "send the new owner an e-mail", CLI_WORDS_NONE, NULL, false },
    { "account-field", 0, "FIELD=VALUE", "set a field of the new account", CLI_WORDS_NONE, NULL, true },
    { "contact-field", 0, "FIELD=VALUE", "set a field of the new contact", CLI_WORDS_NONE, NULL, true },
    { "opportunity-field", 0, "FIELD=VALUE", "set a field of the new opportunity", CLI_WORDS_NONE, NULL, true },
    { "no-dedupe", 0, NULL, "do not look for accounts and contacts that are the same", CLI_WORDS_NONE, NULL, false },
    { "allow-duplicates", 0, NULL, "save in spite of a duplicate rule that warns", CLI_WORDS_NONE, NULL, false },
    { "all-or-none", 0, NULL, "convert none when one cannot be converted (up to 100 leads)", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example convert_examples[] = {
    { "sforce convert-lead 00Q000000000001AAA --opportunity-name \"Acme, first deal\"", "A lead into account, contact and opportunity" },
    { "sforce convert-lead 00Q000000000001AAA 00Q000000000002AAA --no-opportunity --account 001000000000001AAA", "Two leads into an account that is there" },
    { "sforce query -r csv \"SELECT Id FROM Lead WHERE Status = 'Working'\" | tail -n +2 | xargs sforce convert-lead --json", "Many leads" },
    { 0 },
};
const cli_command cli_command_convert_lead = {
    .name = "convert-lead", .usage = "ID...", .summary = "convert leads into accounts, contacts and opportunities",
    .text = "A row for each lead: the ids of what it became, or why it was not converted. Leads go to the org 100 at a time. Exit code 4: "
            "some were not converted.",
    .flags = convert_flags, .examples = convert_examples, .words_min = 1, .words_max = -1, .run = run_convert_lead, .group = "Records",
};
/* clang-format on */
