/*
 * abi_test.c: sizes, offsets and numbers of soap.h and xml.h that programs which are already compiled rely on: see
 * tests/unit/base/abi_test.c.
 */
#include "support/support.h"
#include <salesforce.h>

typedef struct pin {
    const char *name;
    long long is, want;
} pin;

#define SIZE(type, bytes)                                                                                              \
    {                                                                                                                  \
        "sizeof(" #type ")", (long long)sizeof(type), bytes                                                            \
    }
#define AT(type, member, offset)                                                                                       \
    {                                                                                                                  \
#type "." #member, (long long)offsetof(type, member), offset                                                   \
    }
#define NUMBER(constant, number)                                                                                       \
    {                                                                                                                  \
#constant, (long long)(constant), number                                                                       \
    }

static int failures(const pin *pins, size_t count)
{
    int failed = 0;
    for (size_t i = 0; i < count; i++) {
        if (pins[i].is == pins[i].want) continue;
        print_error("%s is %lld, and was released as %lld\n", pins[i].name, pins[i].is, pins[i].want);
        failed++;
    }
    return failed;
}

static void test_abi__structs_of_soap(void **state)
{
    static const pin pins[] = {
        SIZE(sf_soap_owner_change, 32),
        AT(sf_soap_owner_change, type, 0),
        AT(sf_soap_owner_change, execute, 8),
        AT(sf_soap_owner_change, reserved, 16),
        SIZE(sf_soap_package_version, 32),
        AT(sf_soap_package_version, name_space, 0),
        AT(sf_soap_package_version, major, 8),
        AT(sf_soap_package_version, minor, 12),
        AT(sf_soap_package_version, reserved, 16),
        SIZE(sf_soap_debug_category, 32),
        AT(sf_soap_debug_category, category, 0),
        AT(sf_soap_debug_category, level, 8),
        AT(sf_soap_debug_category, reserved, 16),
        SIZE(sf_soap_options, 240),
        AT(sf_soap_options, api, 0),
        AT(sf_soap_options, path, 8),
        AT(sf_soap_options, name_space, 16),
        AT(sf_soap_options, all_or_none, 24),
        AT(sf_soap_options, assignment_rule, 32),
        AT(sf_soap_options, allow_duplicates, 40),
        AT(sf_soap_options, include_duplicate_details, 41),
        AT(sf_soap_options, duplicates_as_current_user, 42),
        AT(sf_soap_options, email_auto_response, 43),
        AT(sf_soap_options, email_others, 44),
        AT(sf_soap_options, email_user, 45),
        AT(sf_soap_options, owner_changes, 48),
        AT(sf_soap_options, owner_change_count, 56),
        AT(sf_soap_options, allow_field_truncation, 64),
        AT(sf_soap_options, disable_feed_tracking, 65),
        AT(sf_soap_options, update_mru, 66),
        AT(sf_soap_options, language, 72),
        AT(sf_soap_options, localize_errors, 80),
        AT(sf_soap_options, package_versions, 88),
        AT(sf_soap_options, package_version_count, 96),
        AT(sf_soap_options, default_namespace, 104),
        AT(sf_soap_options, transfer_to_user_id, 112),
        AT(sf_soap_options, debug_level, 120),
        AT(sf_soap_options, debug_categories, 128),
        AT(sf_soap_options, debug_category_count, 136),
        AT(sf_soap_options, batch_size, 144),
        AT(sf_soap_options, headers_xml, 152),
        AT(sf_soap_options, repeatable, 160),
        AT(sf_soap_options, call, 168),
        AT(sf_soap_options, reserved, 176),
        SIZE(sf_soap_error, 40),
        AT(sf_soap_error, code, 0),
        AT(sf_soap_error, message, 8),
        AT(sf_soap_error, fields, 16),
        AT(sf_soap_error, reserved, 24),
        SIZE(sf_soap_result, 296),
        AT(sf_soap_result, success, 0),
        AT(sf_soap_result, created, 1),
        AT(sf_soap_result, id, 2),
        AT(sf_soap_result, errors, 24),
        AT(sf_soap_result, error_count, 32),
        AT(sf_soap_result, account_id, 40),
        AT(sf_soap_result, contact_id, 59),
        AT(sf_soap_result, opportunity_id, 78),
        AT(sf_soap_result, related_person_account_id, 97),
        AT(sf_soap_result, merged_ids, 120),
        AT(sf_soap_result, merged_count, 128),
        AT(sf_soap_result, updated_related_ids, 136),
        AT(sf_soap_result, updated_related_count, 144),
        AT(sf_soap_result, instance_id, 152),
        AT(sf_soap_result, instance_status, 176),
        AT(sf_soap_result, actor_ids, 184),
        AT(sf_soap_result, actor_count, 192),
        AT(sf_soap_result, new_workitem_ids, 200),
        AT(sf_soap_result, new_workitem_count, 208),
        AT(sf_soap_result, element, 216),
        AT(sf_soap_result, reserved, 232),
        SIZE(sf_soap_lead, 176),
        AT(sf_soap_lead, lead_id, 0),
        AT(sf_soap_lead, converted_status, 8),
        AT(sf_soap_lead, account_id, 16),
        AT(sf_soap_lead, contact_id, 24),
        AT(sf_soap_lead, opportunity_id, 32),
        AT(sf_soap_lead, opportunity_name, 40),
        AT(sf_soap_lead, do_not_create_opportunity, 48),
        AT(sf_soap_lead, owner_id, 56),
        AT(sf_soap_lead, overwrite_lead_source, 64),
        AT(sf_soap_lead, send_notification_email, 65),
        AT(sf_soap_lead, bypass_account_dedupe_check, 66),
        AT(sf_soap_lead, bypass_contact_dedupe_check, 67),
        AT(sf_soap_lead, related_person_account_id, 72),
        AT(sf_soap_lead, account_record, 80),
        AT(sf_soap_lead, contact_record, 88),
        AT(sf_soap_lead, opportunity_record, 96),
        AT(sf_soap_lead, related_person_account_record, 104),
        AT(sf_soap_lead, reserved, 112),
        SIZE(sf_soap_merge_request, 64),
        AT(sf_soap_merge_request, master, 0),
        AT(sf_soap_merge_request, master_id, 8),
        AT(sf_soap_merge_request, ids, 16),
        AT(sf_soap_merge_request, id_count, 24),
        AT(sf_soap_merge_request, reserved, 32),
        SIZE(sf_soap_process_request, 104),
        AT(sf_soap_process_request, object_id, 0),
        AT(sf_soap_process_request, submitter_id, 8),
        AT(sf_soap_process_request, process, 16),
        AT(sf_soap_process_request, skip_entry_criteria, 24),
        AT(sf_soap_process_request, workitem_id, 32),
        AT(sf_soap_process_request, action, 40),
        AT(sf_soap_process_request, comments, 48),
        AT(sf_soap_process_request, next_approver_ids, 56),
        AT(sf_soap_process_request, next_approver_count, 64),
        AT(sf_soap_process_request, reserved, 72),
        SIZE(sf_soap_texts, 16),
        AT(sf_soap_texts, items, 0),
        AT(sf_soap_texts, count, 8),
        SIZE(sf_soap_email_file, 64),
        AT(sf_soap_email_file, name, 0),
        AT(sf_soap_email_file, content_type, 8),
        AT(sf_soap_email_file, bytes, 16),
        AT(sf_soap_email_file, len, 24),
        AT(sf_soap_email_file, content_id, 32),
        AT(sf_soap_email_file, is_inline, 40),
        AT(sf_soap_email_file, reserved, 48),
        SIZE(sf_soap_email, 360),
        AT(sf_soap_email, is_mass, 0),
        AT(sf_soap_email, bcc_sender, 1),
        AT(sf_soap_email, priority, 8),
        AT(sf_soap_email, reply_to, 16),
        AT(sf_soap_email, no_activity, 24),
        AT(sf_soap_email, sender_display_name, 32),
        AT(sf_soap_email, subject, 40),
        AT(sf_soap_email, no_signature, 48),
        AT(sf_soap_email, to, 56),
        AT(sf_soap_email, cc, 72),
        AT(sf_soap_email, bcc, 88),
        AT(sf_soap_email, charset, 104),
        AT(sf_soap_email, document_ids, 112),
        AT(sf_soap_email, entity_ids, 128),
        AT(sf_soap_email, files, 144),
        AT(sf_soap_email, file_count, 152),
        AT(sf_soap_email, html_body, 160),
        AT(sf_soap_email, plain_text_body, 168),
        AT(sf_soap_email, in_reply_to, 176),
        AT(sf_soap_email, references, 184),
        AT(sf_soap_email, opt_out_policy, 192),
        AT(sf_soap_email, org_wide_email_address_id, 200),
        AT(sf_soap_email, target_object_id, 208),
        AT(sf_soap_email, not_to_target, 216),
        AT(sf_soap_email, template_name, 224),
        AT(sf_soap_email, bodies_are_templates, 232),
        AT(sf_soap_email, what_id, 240),
        AT(sf_soap_email, template_id, 248),
        AT(sf_soap_email, description, 256),
        AT(sf_soap_email, target_object_ids, 264),
        AT(sf_soap_email, what_ids, 280),
        AT(sf_soap_email, reserved, 296),
        NUMBER(SF_SOAP_LEADS_MAX, 100),
        NUMBER(SF_SOAP_ROWS_MAX, 200),
        NUMBER(SF_SOAP_EMAILS_MAX, 10),
        NUMBER(SF_SOAP_DUPLICATES_MAX, 50),
        NUMBER(SF_SOAP_PARTNER, 0),
        NUMBER(SF_SOAP_ENTERPRISE, 1),
        NUMBER(SF_SOAP_METADATA, 2),
        NUMBER(SF_SOAP_TOOLING, 3),
        NUMBER(SF_SOAP_APEX, 4),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_xml(void **state)
{
    static const pin pins[] = {
        SIZE(sf_xml_element, 16),
        AT(sf_xml_element, doc, 0),
        AT(sf_xml_element, node, 8),
        NUMBER(SF_XML_BYTES_MAX, 67108864),
        NUMBER(SF_XML_WRITE_MAX, 52428800),
        NUMBER(SF_XML_DEPTH_MAX, 128),
        NUMBER(SF_XML_ELEMENTS_MAX, 4000000),
        NUMBER(SF_XML_TAG_BYTES_MAX, 8192),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abi__structs_of_soap),
        cmocka_unit_test(test_abi__structs_of_xml),
    };
    if (sizeof(void *) != 8 || sizeof(long) != 8) {
        print_message("sizes and offsets are pinned for LP64 only\n");
        return 77; /* skipped */
    }
    return cmocka_run_group_tests_name("abi of soap", tests, NULL, NULL);
}
