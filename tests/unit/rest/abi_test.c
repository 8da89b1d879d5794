/* abi_test.c: what compiled programs rely on in the headers of REST: see support/abi.h. */
#include "support/abi.h"
#include <salesforce/actions.h>
#include <salesforce/approvals.h>
#include <salesforce/blobs.h>
#include <salesforce/collections.h>
#include <salesforce/composite.h>
#include <salesforce/describe.h>
#include <salesforce/graphql.h>
#include <salesforce/layouts.h>
#include <salesforce/query.h>
#include <salesforce/records.h>
#include <salesforce/related.h>
#include <salesforce/replication.h>
#include <salesforce/reports.h>
#include <salesforce/search.h>
#include <salesforce/tooling.h>
#include <salesforce/users.h>
#include <salesforce/writer.h>

static void test_abi__actions(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_quick_action_result, 608),
        AT(sf_quick_action_result, id, 0),
        AT(sf_quick_action_result, context_id, 19),
        AT(sf_quick_action_result, feed_item_id, 38),
        AT(sf_quick_action_result, created, 57),
        AT(sf_quick_action_result, message, 58),
        AT(sf_quick_action_result, reserved, 576),
        SIZE(sf_action_result, 80),
        AT(sf_action_result, index, 0),
        AT(sf_action_result, failed, 8),
        AT(sf_action_result, outputs, 16),
        AT(sf_action_result, body, 32),
        AT(sf_action_result, reserved, 48),
        NUMBER(SF_ACTION_INPUTS_MAX, 200),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__approvals(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_approval_request, 88),
        AT(sf_approval_request, action, 0),
        AT(sf_approval_request, context_id, 8),
        AT(sf_approval_request, comments, 16),
        AT(sf_approval_request, actor_id, 24),
        AT(sf_approval_request, process, 32),
        AT(sf_approval_request, skip_entry_criteria, 40),
        AT(sf_approval_request, next_approver_ids, 48),
        AT(sf_approval_request, reserved, 56),
        SIZE(sf_approval_result, 176),
        AT(sf_approval_result, index, 0),
        AT(sf_approval_result, failed, 8),
        AT(sf_approval_result, entity_id, 9),
        AT(sf_approval_result, instance_id, 28),
        AT(sf_approval_result, status, 48),
        AT(sf_approval_result, workitem_id, 56),
        AT(sf_approval_result, actor_id, 75),
        AT(sf_approval_result, workitem_ids, 96),
        AT(sf_approval_result, actor_ids, 112),
        AT(sf_approval_result, body, 128),
        AT(sf_approval_result, reserved, 144),
        NUMBER(SF_APPROVAL_REQUESTS_MAX, 200),
        NUMBER(SF_APPROVAL_SUBMIT, 0),
        NUMBER(SF_APPROVAL_APPROVE, 1),
        NUMBER(SF_APPROVAL_REJECT, 2),
        NUMBER(SF_APPROVAL_REMOVE, 3),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__blobs(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_blob_options, 72),         AT(sf_blob_options, call, 0),
        AT(sf_blob_options, reserved, 8),  SIZE(sf_blob_info, 168),
        AT(sf_blob_info, content_type, 0), AT(sf_blob_info, bytes, 128),
        AT(sf_blob_info, reserved, 136),   SIZE(sf_blob_data, 88),
        AT(sf_blob_data, field, 0),        AT(sf_blob_data, path, 8),
        AT(sf_blob_data, source, 16),      AT(sf_blob_data, bytes, 24),
        AT(sf_blob_data, file_name, 40),   AT(sf_blob_data, content_type, 48),
        AT(sf_blob_data, reserved, 56),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__collections(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_row_result, 1104),
        AT(sf_row_result, row, 0),
        AT(sf_row_result, success, 8),
        AT(sf_row_result, created, 9),
        AT(sf_row_result, id, 10),
        AT(sf_row_result, error, 32),
        AT(sf_row_result, answer, 1056),
        AT(sf_row_result, reserved, 1072),
        SIZE(sf_collection_options, 88),
        AT(sf_collection_options, all_or_none, 0),
        AT(sf_collection_options, allow_duplicates, 1),
        AT(sf_collection_options, assignment_rule, 8),
        AT(sf_collection_options, call, 16),
        AT(sf_collection_options, reserved, 24),
        NUMBER(SF_COLLECTION_MAX, 200),
        NUMBER(SF_COLLECTION_GET_MAX, 2000),
        NUMBER(SF_COLLECTION_RUNS_MAX, 10),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__composite(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_composite_options, 80),
        AT(sf_composite_options, all_or_none, 0),
        AT(sf_composite_options, no_collate, 1),
        AT(sf_composite_options, halt_on_error, 2),
        AT(sf_composite_options, call, 8),
        AT(sf_composite_options, reserved, 16),
        SIZE(sf_part, 120),
        AT(sf_part, reference_id, 0),
        AT(sf_part, graph_id, 8),
        AT(sf_part, index, 16),
        AT(sf_part, http_status, 24),
        AT(sf_part, failed, 28),
        AT(sf_part, halted, 29),
        AT(sf_part, id, 30),
        AT(sf_part, body, 56),
        AT(sf_part, headers, 72),
        AT(sf_part, reserved, 88),
        NUMBER(SF_COMPOSITE, 0),
        NUMBER(SF_COMPOSITE_BATCH, 1),
        NUMBER(SF_COMPOSITE_GRAPH, 2),
        NUMBER(SF_COMPOSITE_PARTS_MAX, 25),
        NUMBER(SF_COMPOSITE_QUERIES_MAX, 5),
        NUMBER(SF_GRAPH_PARTS_MAX, 500),
        NUMBER(SF_GRAPHS_MAX, 75),
        NUMBER(SF_TREE_RECORDS_MAX, 200),
        NUMBER(SF_TREE_DEPTH_MAX, 5),
        NUMBER(SF_TREE_TYPES_MAX, 5),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__describe(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_describe_options, 48),    AT(sf_describe_options, no_cache, 0),  AT(sf_describe_options, cache_only, 1),
        AT(sf_describe_options, call, 8), AT(sf_describe_options, reserved, 16), NUMBER(SF_COUNT_OBJECTS_MAX, 200),
        NUMBER(SF_RECENT_MAX, 2000),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__graphql(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_graphql_options, 104),           AT(sf_graphql_options, variables, 0),
        AT(sf_graphql_options, operation, 8),    AT(sf_graphql_options, connection, 16),
        AT(sf_graphql_options, keep_errors, 24), AT(sf_graphql_options, call, 32),
        AT(sf_graphql_options, reserved, 40),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__layouts(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_picklist_value, 40),           AT(sf_picklist_value, value, 0),
        AT(sf_picklist_value, label, 8),       AT(sf_picklist_value, is_active, 16),
        AT(sf_picklist_value, is_default, 17), AT(sf_picklist_value, reserved, 24),
        NUMBER(SF_LAYOUT_OBJECTS_MAX, 100),
    };
    ABI_ASSERT(state, pins);
    assert_string_equal(SF_RECORD_TYPE_MASTER, "012000000000000AAA");
}

static void test_abi__query(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_bind_value, 24),
        AT(sf_bind_value, type, 0),
        AT(sf_bind_value, as, 8),
        AT(sf_bind_value, count, 16),
        SIZE(sf_bind, 32),
        AT(sf_bind, name, 0),
        AT(sf_bind, value, 8),
        SIZE(sf_binds, 16),
        AT(sf_binds, list, 0),
        AT(sf_binds, count, 8),
        SIZE(sf_query_options, 112),
        AT(sf_query_options, binds, 0),
        AT(sf_query_options, page_rows, 16),
        AT(sf_query_options, all_rows, 20),
        AT(sf_query_options, tooling, 21),
        AT(sf_query_options, no_prefetch, 22),
        AT(sf_query_options, resume, 24),
        AT(sf_query_options, resume_delivered, 32),
        AT(sf_query_options, call, 40),
        AT(sf_query_options, reserved, 48),
        SIZE(sf_column, 32),
        AT(sf_column, path, 0),
        AT(sf_column, is_children, 8),
        AT(sf_column, reserved, 16),
        SIZE(sf_bind_type, 4),
        NUMBER(SF_BIND_NULL, 0),
        NUMBER(SF_BIND_STR, 1),
        NUMBER(SF_BIND_INT, 2),
        NUMBER(SF_BIND_DOUBLE, 3),
        NUMBER(SF_BIND_DECIMAL, 4),
        NUMBER(SF_BIND_BOOL, 5),
        NUMBER(SF_BIND_DATE, 6),
        NUMBER(SF_BIND_DATETIME, 7),
        NUMBER(SF_BIND_LITERAL, 8),
        NUMBER(SF_BIND_STR_LIST, 9),
        NUMBER(SF_BIND_LIST, 10),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__records(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_write_options, 112),
        AT(sf_write_options, external_id, 0),
        AT(sf_write_options, assignment_rule, 8),
        AT(sf_write_options, allow_duplicates, 16),
        AT(sf_write_options, update_only, 17),
        AT(sf_write_options, if_match, 24),
        AT(sf_write_options, if_unmodified_since_ms, 32),
        AT(sf_write_options, call, 40),
        AT(sf_write_options, refusal, 48),
        AT(sf_write_options, duplicate_details, 56),
        AT(sf_write_options, duplicates_as_user, 57),
        AT(sf_write_options, update_mru, 58),
        AT(sf_write_options, reserved, 64),
        SIZE(sf_read_options, 88),
        AT(sf_read_options, fields, 0),
        AT(sf_read_options, if_modified_since_ms, 8),
        AT(sf_read_options, call, 16),
        AT(sf_read_options, if_none_match, 24),
        AT(sf_read_options, if_match, 32),
        AT(sf_read_options, if_unmodified_since_ms, 40),
        AT(sf_read_options, state, 48),
        AT(sf_read_options, update_mru, 56),
        AT(sf_read_options, reserved, 64),
        SIZE(sf_record_state, 168),
        AT(sf_record_state, etag, 0),
        AT(sf_record_state, last_modified_ms, 128),
        AT(sf_record_state, reserved, 136),
        SIZE(sf_upsert_result, 40),
        AT(sf_upsert_result, id, 0),
        AT(sf_upsert_result, created, 19),
        AT(sf_upsert_result, reserved, 24),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__related(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_related, 56),         AT(sf_related, object, 0),
        AT(sf_related, id, 8),        AT(sf_related, relationship, 16),
        AT(sf_related, reserved, 24),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__replication(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_changes_options, 56),
        AT(sf_changes_options, start_ms, 0),
        AT(sf_changes_options, end_ms, 8),
        AT(sf_changes_options, call, 16),
        AT(sf_changes_options, reserved, 24),
        SIZE(sf_change, 48),
        AT(sf_change, id, 0),
        AT(sf_change, deleted_ms, 24),
        AT(sf_change, reserved, 32),
        NUMBER(SF_CHANGES_DAYS_MAX, 30),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__reports(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_report_filter, 56),
        AT(sf_report_filter, column, 0),
        AT(sf_report_filter, op, 8),
        AT(sf_report_filter, value, 16),
        AT(sf_report_filter, reserved, 24),
        SIZE(sf_report_options, 112),
        AT(sf_report_options, filters, 0),
        AT(sf_report_options, filter_count, 8),
        AT(sf_report_options, boolean_filter, 16),
        AT(sf_report_options, metadata, 24),
        AT(sf_report_options, no_filters, 32),
        AT(sf_report_options, no_details, 33),
        AT(sf_report_options, call, 40),
        AT(sf_report_options, reserved, 48),
        SIZE(sf_report_instance, 96),
        AT(sf_report_instance, id, 0),
        AT(sf_report_instance, owner_id, 19),
        AT(sf_report_instance, state, 40),
        AT(sf_report_instance, has_details, 44),
        AT(sf_report_instance, requested_ms, 48),
        AT(sf_report_instance, completed_ms, 56),
        AT(sf_report_instance, reserved, 64),
        SIZE(sf_report_wait_options, 88),
        AT(sf_report_wait_options, pause_ms, 0),
        AT(sf_report_wait_options, pause_max_ms, 8),
        AT(sf_report_wait_options, call, 16),
        AT(sf_report_wait_options, reserved, 24),
        SIZE(sf_report_info, 80),
        AT(sf_report_info, report_id, 0),
        AT(sf_report_info, name, 8),
        AT(sf_report_info, format, 16),
        AT(sf_report_info, error, 24),
        AT(sf_report_info, state, 32),
        AT(sf_report_info, has_details, 36),
        AT(sf_report_info, all_data, 37),
        AT(sf_report_info, row_limit_exceeded, 38),
        AT(sf_report_info, rows, 40),
        AT(sf_report_info, reserved, 48),
        SIZE(sf_report_column, 40),
        AT(sf_report_column, name, 0),
        AT(sf_report_column, label, 8),
        AT(sf_report_column, type, 16),
        AT(sf_report_column, reserved, 24),
        SIZE(sf_report_cell, 24),
        AT(sf_report_cell, label, 0),
        AT(sf_report_cell, value, 8),
        SIZE(sf_report_group, 32),
        AT(sf_report_group, key, 0),
        AT(sf_report_group, label, 8),
        AT(sf_report_group, value, 16),
        SIZE(sf_report_row, 88),
        AT(sf_report_row, key, 0),
        AT(sf_report_row, down, 8),
        AT(sf_report_row, down_count, 16),
        AT(sf_report_row, across, 24),
        AT(sf_report_row, across_count, 32),
        AT(sf_report_row, cells, 40),
        AT(sf_report_row, cell_count, 48),
        AT(sf_report_row, reserved, 56),
        SIZE(sf_report_fact, 96),
        AT(sf_report_fact, key, 0),
        AT(sf_report_fact, down, 8),
        AT(sf_report_fact, down_count, 16),
        AT(sf_report_fact, across, 24),
        AT(sf_report_fact, across_count, 32),
        AT(sf_report_fact, aggregates, 40),
        AT(sf_report_fact, aggregate_count, 48),
        AT(sf_report_fact, rows, 56),
        AT(sf_report_fact, reserved, 64),
        NUMBER(SF_REPORT_FILTERS_MAX, 20),
        NUMBER(SF_REPORT_ROWS_MAX, 2000),
        NUMBER(SF_REPORT_UNKNOWN, 0),
        NUMBER(SF_REPORT_NEW, 1),
        NUMBER(SF_REPORT_RUNNING, 2),
        NUMBER(SF_REPORT_SUCCESS, 3),
        NUMBER(SF_REPORT_ERROR, 4),
        NUMBER(SF_REPORT_DETAILS, 0),
        NUMBER(SF_REPORT_AGGREGATES, 1),
        NUMBER(SF_REPORT_DOWN, 2),
        NUMBER(SF_REPORT_ACROSS, 3),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__search(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_search_options, 88),
        AT(sf_search_options, binds, 0),
        AT(sf_search_options, call, 16),
        AT(sf_search_options, reserved, 24),
        SIZE(sf_search_object, 72),
        AT(sf_search_object, name, 0),
        AT(sf_search_object, fields, 8),
        AT(sf_search_object, where, 16),
        AT(sf_search_object, order_by, 24),
        AT(sf_search_object, limit, 32),
        AT(sf_search_object, reserved, 40),
        SIZE(sf_search_parts, 128),
        AT(sf_search_parts, in, 0),
        AT(sf_search_parts, fields, 8),
        AT(sf_search_parts, objects, 16),
        AT(sf_search_parts, object_count, 24),
        AT(sf_search_parts, overall_limit, 32),
        AT(sf_search_parts, default_limit, 40),
        AT(sf_search_parts, no_spell_correction, 48),
        AT(sf_search_parts, call, 56),
        AT(sf_search_parts, reserved, 64),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__tooling(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_tooling_run_options, 80),
        AT(sf_tooling_run_options, fail, 0),
        AT(sf_tooling_run_options, call, 8),
        AT(sf_tooling_run_options, reserved, 16),
        SIZE(sf_tooling_result, 80),
        AT(sf_tooling_result, compiled, 0),
        AT(sf_tooling_result, success, 1),
        AT(sf_tooling_result, line, 4),
        AT(sf_tooling_result, column, 8),
        AT(sf_tooling_result, compile_problem, 16),
        AT(sf_tooling_result, exception_message, 24),
        AT(sf_tooling_result, exception_trace, 32),
        AT(sf_tooling_result, document, 40),
        AT(sf_tooling_result, reserved, 48),
        NUMBER(SF_TOOLING_APEX_MAX, 15000),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__users(void **state)
{
    static const abi_pin pins[] = {
        NUMBER(SF_PASSWORD_MAX, 1000),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__writer(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_writer_options, 168),
        AT(sf_writer_options, operation, 0),
        AT(sf_writer_options, object, 8),
        AT(sf_writer_options, external_id, 16),
        AT(sf_writer_options, parallel, 24),
        AT(sf_writer_options, batch_rows, 28),
        AT(sf_writer_options, batch_bytes, 32),
        AT(sf_writer_options, all_or_none, 40),
        AT(sf_writer_options, allow_duplicates, 41),
        AT(sf_writer_options, assignment_rule, 48),
        AT(sf_writer_options, lock_retries_max, 56),
        AT(sf_writer_options, failures_max, 64),
        AT(sf_writer_options, failures_only, 72),
        AT(sf_writer_options, on_result, 80),
        AT(sf_writer_options, user, 88),
        AT(sf_writer_options, call, 96),
        AT(sf_writer_options, reserved, 104),
        SIZE(sf_writer_counts, 96),
        AT(sf_writer_counts, rows, 0),
        AT(sf_writer_counts, succeeded, 8),
        AT(sf_writer_counts, created, 16),
        AT(sf_writer_counts, failed, 24),
        AT(sf_writer_counts, unknown, 32),
        AT(sf_writer_counts, batches, 40),
        AT(sf_writer_counts, lock_retries, 48),
        AT(sf_writer_counts, stopped, 56),
        AT(sf_writer_counts, reserved, 64),
        NUMBER(SF_INSERT, 1),
        NUMBER(SF_UPDATE, 2),
        NUMBER(SF_UPSERT, 3),
        NUMBER(SF_DELETE, 4),
        NUMBER(SF_HARD_DELETE, 5),
        NUMBER(SF_WRITER_PARALLEL_MAX, 16),
        NUMBER(SF_WRITER_BYTES_MAX, 33554432),
    };
    ABI_ASSERT(state, pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abi__actions),   cmocka_unit_test(test_abi__approvals),
        cmocka_unit_test(test_abi__blobs),     cmocka_unit_test(test_abi__collections),
        cmocka_unit_test(test_abi__composite), cmocka_unit_test(test_abi__describe),
        cmocka_unit_test(test_abi__graphql),   cmocka_unit_test(test_abi__layouts),
        cmocka_unit_test(test_abi__query),     cmocka_unit_test(test_abi__records),
        cmocka_unit_test(test_abi__related),   cmocka_unit_test(test_abi__replication),
        cmocka_unit_test(test_abi__reports),   cmocka_unit_test(test_abi__search),
        cmocka_unit_test(test_abi__tooling),   cmocka_unit_test(test_abi__users),
        cmocka_unit_test(test_abi__writer),
    };
    return ABI_RUN("abi of rest", tests);
}
