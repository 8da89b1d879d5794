/* actions.c: a quick action on an account, a flow invoked for several inputs of which one fails, and an approval. */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const sf_error *err)
{
    fprintf(stderr, "%s\n", err->message);
    return 1;
}

static sf_status add_contact(sf_client *sf, const char *account, sf_error *err)
{
    sf_quick_action_result done;
    sf_record *form = sf_record_new("Contact");
    sf_record_set_str(form, "LastName", "Hopper");
    sf_status rc = sf_quick_action_run(sf, "Account", "NewContact", account, form, NULL, &done, err);
    if (rc == SF_OK) printf("contact %s: %s\n", done.id.text, done.message);
    sf_record_free(form);
    return rc;
}

static sf_status open_cases(sf_client *sf, sf_error *err)
{
    static const char inputs[] = "[{\"subject\":\"Pump leaks\"},{\"subject\":\"fail\"}]";
    sf_action_results *results = NULL;
    sf_status rc =
        sf_action_run_json(sf, "custom/flow/Open_Case", (sf_str){ inputs, strlen(inputs) }, NULL, &results, err);
    sf_action_result r;
    for (size_t i = 0; sf_action_results_get(results, i, &r); i++) {
        sf_error why;
        if (sf_action_result_check(&r, &why) == SF_OK)
            printf("case %s\n", sf_get_str(r.outputs, "caseId"));
        else
            printf("%s\n", why.message); /* the other inputs are done: repeat only this one */
    }
    sf_action_results_free(results);
    return rc;
}

static sf_status approve(sf_client *sf, const char *account, sf_error *err)
{
    sf_approval_results *results = NULL;
    sf_approval_result r = { 0 };
    sf_approval_request submit = { .action = SF_APPROVAL_SUBMIT, .context_id = account, .comments = "please look" };
    sf_status rc = sf_approval_run(sf, &submit, 1, NULL, &results, err);
    if (rc == SF_OK && sf_approval_results_get(results, 0, &r)) rc = sf_approval_result_check(&r, err);
    sf_id item = r.workitem_id;
    sf_approval_results_free(results);
    results = NULL;
    sf_approval_request yes = { .action = SF_APPROVAL_APPROVE, .context_id = item.text };
    if (rc == SF_OK) rc = sf_approval_run(sf, &yes, 1, NULL, &results, err);
    if (rc == SF_OK && sf_approval_results_get(results, 0, &r)) rc = sf_approval_result_check(&r, err);
    if (rc == SF_OK) printf("the account is %s\n", r.status);
    sf_approval_results_free(results);
    return rc;
}

int main(void)
{
    sf_error err = { 0 };
    sf_client *sf = NULL;
    sf_id account = { "" };
    sf_client_options options = { .login_url = getenv("SFORCE_URL"),
                                  .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                            .client_id = getenv("SFORCE_CLIENT_ID"),
                                            .client_secret = getenv("SFORCE_CLIENT_SECRET") } };
    sf_status rc = sf_client_open(&options, &sf, &err);
    sf_record *r = sf_record_new("Account");
    sf_record_set_str(r, "Name", "Acme");
    if (rc == SF_OK) rc = sf_record_create(sf, r, NULL, &account, &err);
    if (rc == SF_OK) rc = add_contact(sf, account.text, &err);
    if (rc == SF_OK) rc = open_cases(sf, &err);
    if (rc == SF_OK) rc = approve(sf, account.text, &err);
    sf_record_free(r);
    sf_client_close(sf);
    return rc == SF_OK ? 0 : fail(&err);
}
