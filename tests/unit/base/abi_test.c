/*
 * abi_test.c: what programs that are already compiled rely on: the size of every public struct, the place of every
 * member and the number of every public constant. A test that fails here means that a released program would read the
 * wrong bytes: give the new field a reserved word, the new constant a new number. Holds for LP64; skipped elsewhere.
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

static void test_abi__structs_of_auth(void **state)
{
    static const pin pins[] = {
        SIZE(sf_auth, 152),
        AT(sf_auth, flow, 0),
        AT(sf_auth, access_token, 8),
        AT(sf_auth, refresh_token, 16),
        AT(sf_auth, client_id, 24),
        AT(sf_auth, client_secret, 32),
        AT(sf_auth, username, 40),
        AT(sf_auth, password, 48),
        AT(sf_auth, security_token, 56),
        AT(sf_auth, scope, 64),
        AT(sf_auth, lifetime_ms, 72),
        AT(sf_auth, refresh_ahead_ms, 80),
        AT(sf_auth, reserved, 88),
        SIZE(sf_token, 88),
        AT(sf_token, access_token, 0),
        AT(sf_token, refresh_token, 8),
        AT(sf_token, instance_url, 16),
        AT(sf_token, identity_url, 24),
        AT(sf_token, issued_at_ms, 32),
        AT(sf_token, expires_at_ms, 40),
        AT(sf_token, generation, 48),
        AT(sf_token, reserved, 56),
        SIZE(sf_token_store_ops, 80),
        AT(sf_token_store_ops, lock, 0),
        AT(sf_token_store_ops, release, 8),
        AT(sf_token_store_ops, get, 16),
        AT(sf_token_store_ops, set, 24),
        AT(sf_token_store_ops, clear, 32),
        AT(sf_token_store_ops, close, 40),
        AT(sf_token_store_ops, reserved, 48),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__numbers_of_auth(void **state)
{
    static const pin pins[] = {
        SIZE(sf_auth_flow, 4),
        NUMBER(SF_AUTH_NONE, 0),
        NUMBER(SF_AUTH_BEARER, 1),
        NUMBER(SF_AUTH_CLIENT_CREDENTIALS, 2),
        NUMBER(SF_AUTH_REFRESH_TOKEN, 3),
        NUMBER(SF_AUTH_PASSWORD, 4),
        NUMBER(SF_AUTH_SOAP, 5),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_base(void **state)
{
    static const pin pins[] = {
        SIZE(sf_str, 16),
        AT(sf_str, ptr, 0),
        AT(sf_str, len, 8),
        SIZE(sf_id, 19),
        AT(sf_id, text, 0),
        SIZE(sf_error, 1024),
        AT(sf_error, status, 0),
        AT(sf_error, http_status, 4),
        AT(sf_error, retry_after_ms, 8),
        AT(sf_error, retryable, 16),
        AT(sf_error, code, 17),
        AT(sf_error, fields, 80),
        AT(sf_error, message, 208),
        AT(sf_error, reserved, 992),
        SIZE(sf_allocator, 16),
        AT(sf_allocator, fn, 0),
        AT(sf_allocator, user, 8),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__numbers_of_base(void **state)
{
    static const pin pins[] = {
        SIZE(sf_status, 4),
        NUMBER(SF_OK, 0),
        NUMBER(SF_ROW, 1),
        NUMBER(SF_DONE, 2),
        NUMBER(SF_ERR_USAGE, -1),
        NUMBER(SF_ERR_MEMORY, -2),
        NUMBER(SF_ERR_LIMIT, -3),
        NUMBER(SF_ERR_PROTOCOL, -4),
        NUMBER(SF_ERR_IO, -5),
        NUMBER(SF_ERR_NETWORK, -6),
        NUMBER(SF_ERR_TIMEOUT, -7),
        NUMBER(SF_ERR_CANCELLED, -8),
        NUMBER(SF_ERR_UNKNOWN_OUTCOME, -9),
        NUMBER(SF_ERR_ORG, -10),
        NUMBER(SF_ERR_AUTH, -11),
        NUMBER(SF_ERR_API_LIMIT, -12),
        NUMBER(SF_ERR_NOT_FOUND, -13),
        NUMBER(SF_ERR_TRUNCATED, -14),
        NUMBER(SF_ERR_UNAVAILABLE, -15),
        NUMBER(SF_ERR_UNSUPPORTED, -16),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_client(void **state)
{
    static const pin pins[] = {
        SIZE(sf_transport_options, 200),
        AT(sf_transport_options, connect_timeout_ms, 0),
        AT(sf_transport_options, idle_timeout_ms, 8),
        AT(sf_transport_options, total_timeout_ms, 16),
        AT(sf_transport_options, connections_max, 24),
        AT(sf_transport_options, connections_idle_max, 28),
        AT(sf_transport_options, keepalive_ms, 32),
        AT(sf_transport_options, response_max, 40),
        AT(sf_transport_options, no_http2, 48),
        AT(sf_transport_options, no_gzip, 49),
        AT(sf_transport_options, ca_file, 56),
        AT(sf_transport_options, ca_path, 64),
        AT(sf_transport_options, client_cert_file, 72),
        AT(sf_transport_options, client_key_file, 80),
        AT(sf_transport_options, client_key_password, 88),
        AT(sf_transport_options, tls_min, 96),
        AT(sf_transport_options, proxy, 104),
        AT(sf_transport_options, proxy_user, 112),
        AT(sf_transport_options, proxy_password, 120),
        AT(sf_transport_options, no_proxy, 128),
        AT(sf_transport_options, reserved, 136),
        SIZE(sf_retry_options, 72),
        AT(sf_retry_options, retries_max, 0),
        AT(sf_retry_options, pause_ms, 8),
        AT(sf_retry_options, pause_max_ms, 16),
        AT(sf_retry_options, breaker_failures, 24),
        AT(sf_retry_options, breaker_open_ms, 32),
        AT(sf_retry_options, reserved, 40),
        SIZE(sf_client_options, 584),
        AT(sf_client_options, login_url, 0),
        AT(sf_client_options, instance_url, 8),
        AT(sf_client_options, api_version, 16),
        AT(sf_client_options, auth, 24),
        AT(sf_client_options, token_store, 176),
        AT(sf_client_options, transport, 184),
        AT(sf_client_options, retry, 384),
        AT(sf_client_options, call_timeout_ms, 456),
        AT(sf_client_options, max_calls, 464),
        AT(sf_client_options, client_name, 472),
        AT(sf_client_options, user_agent, 480),
        AT(sf_client_options, cache_dir, 488),
        AT(sf_client_options, traceparent, 496),
        AT(sf_client_options, log_level, 500),
        AT(sf_client_options, log, 504),
        AT(sf_client_options, log_user, 512),
        AT(sf_client_options, default_namespace, 520),
        AT(sf_client_options, package_versions, 528),
        AT(sf_client_options, reserved, 536),
        SIZE(sf_call_options, 64),
        AT(sf_call_options, timeout_ms, 0),
        AT(sf_call_options, cancel, 8),
        AT(sf_call_options, headers, 16),
        AT(sf_call_options, no_retry, 24),
        AT(sf_call_options, reserved, 32),
        SIZE(sf_client_info, 368),
        AT(sf_client_info, instance_url, 0),
        AT(sf_client_info, api_version, 256),
        AT(sf_client_info, org_id, 264),
        AT(sf_client_info, user_id, 283),
        AT(sf_client_info, reserved, 304),
        SIZE(sf_client_stats, 120),
        AT(sf_client_stats, requests, 0),
        AT(sf_client_stats, retries, 8),
        AT(sf_client_stats, logins, 16),
        AT(sf_client_stats, refreshes, 24),
        AT(sf_client_stats, bytes_sent, 32),
        AT(sf_client_stats, bytes_received, 40),
        AT(sf_client_stats, unknown_outcomes, 48),
        AT(sf_client_stats, reserved, 56),
        SIZE(sf_api_usage, 64),
        AT(sf_api_usage, used, 0),
        AT(sf_api_usage, max, 8),
        AT(sf_api_usage, app_used, 16),
        AT(sf_api_usage, app_max, 24),
        AT(sf_api_usage, reserved, 32),
        SIZE(sf_source, 64),
        AT(sf_source, read, 0),
        AT(sf_source, rewind, 8),
        AT(sf_source, user, 16),
        AT(sf_source, length, 24),
        AT(sf_source, reserved, 32),
        SIZE(sf_sink, 56),
        AT(sf_sink, write, 0),
        AT(sf_sink, restart, 8),
        AT(sf_sink, user, 16),
        AT(sf_sink, reserved, 24),
        SIZE(sf_blob_options, 72),
        AT(sf_blob_options, call, 0),
        AT(sf_blob_options, reserved, 8),
        SIZE(sf_blob_info, 168),
        AT(sf_blob_info, content_type, 0),
        AT(sf_blob_info, bytes, 128),
        AT(sf_blob_info, reserved, 136),
        SIZE(sf_blob_data, 88),
        AT(sf_blob_data, field, 0),
        AT(sf_blob_data, path, 8),
        AT(sf_blob_data, source, 16),
        AT(sf_blob_data, bytes, 24),
        AT(sf_blob_data, file_name, 40),
        AT(sf_blob_data, content_type, 48),
        AT(sf_blob_data, reserved, 56),
        SIZE(sf_apex_param, 16),
        AT(sf_apex_param, name, 0),
        AT(sf_apex_param, value, 8),
        SIZE(sf_apex_options, 152),
        AT(sf_apex_options, params, 0),
        AT(sf_apex_options, param_count, 8),
        AT(sf_apex_options, body, 16),
        AT(sf_apex_options, json, 32),
        AT(sf_apex_options, source, 48),
        AT(sf_apex_options, content_type, 56),
        AT(sf_apex_options, sink, 64),
        AT(sf_apex_options, repeatable, 72),
        AT(sf_apex_options, call, 80),
        AT(sf_apex_options, reserved, 88),
        SIZE(sf_request, 88),
        AT(sf_request, method, 0),
        AT(sf_request, path, 8),
        AT(sf_request, body, 16),
        AT(sf_request, content_type, 32),
        AT(sf_request, repeatable, 40),
        AT(sf_request, call, 48),
        AT(sf_request, source, 56),
        AT(sf_request, sink, 64),
        AT(sf_request, reserved, 72),
        SIZE(sf_response, 64),
        AT(sf_response, status, 0),
        AT(sf_response, headers, 8),
        AT(sf_response, body, 16),
        AT(sf_response, body_len, 24),
        AT(sf_response, reserved, 32),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__numbers_of_client(void **state)
{
    static const pin pins[] = {
        SIZE(sf_log_level, 4),  NUMBER(SF_LOG_NONE, 0),  NUMBER(SF_LOG_ERROR, 1), NUMBER(SF_LOG_WARN, 2),
        NUMBER(SF_LOG_INFO, 3), NUMBER(SF_LOG_DEBUG, 4), NUMBER(SF_LOG_TRACE, 5),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_composite(void **state)
{
    static const pin pins[] = {
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
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__numbers_of_composite(void **state)
{
    static const pin pins[] = {
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
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_describe(void **state)
{
    static const pin pins[] = {
        SIZE(sf_describe_options, 48),    AT(sf_describe_options, no_cache, 0),  AT(sf_describe_options, cache_only, 1),
        AT(sf_describe_options, call, 8), AT(sf_describe_options, reserved, 16),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_graphql(void **state)
{
    static const pin pins[] = {
        SIZE(sf_graphql_options, 104),           AT(sf_graphql_options, variables, 0),
        AT(sf_graphql_options, operation, 8),    AT(sf_graphql_options, connection, 16),
        AT(sf_graphql_options, keep_errors, 24), AT(sf_graphql_options, call, 32),
        AT(sf_graphql_options, reserved, 40),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_query(void **state)
{
    static const pin pins[] = {
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
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__numbers_of_query(void **state)
{
    static const pin pins[] = {
        SIZE(sf_bind_type, 4),       NUMBER(SF_BIND_NULL, 0),    NUMBER(SF_BIND_STR, 1),      NUMBER(SF_BIND_INT, 2),
        NUMBER(SF_BIND_DOUBLE, 3),   NUMBER(SF_BIND_DECIMAL, 4), NUMBER(SF_BIND_BOOL, 5),     NUMBER(SF_BIND_DATE, 6),
        NUMBER(SF_BIND_DATETIME, 7), NUMBER(SF_BIND_LITERAL, 8), NUMBER(SF_BIND_STR_LIST, 9), NUMBER(SF_BIND_LIST, 10),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_records(void **state)
{
    static const pin pins[] = {
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
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_org_calls(void **state)
{
    static const pin pins[] = {
        SIZE(sf_picklist_value, 40),
        AT(sf_picklist_value, value, 0),
        AT(sf_picklist_value, label, 8),
        AT(sf_picklist_value, is_active, 16),
        AT(sf_picklist_value, is_default, 17),
        AT(sf_picklist_value, reserved, 24),
        SIZE(sf_related, 56),
        AT(sf_related, object, 0),
        AT(sf_related, id, 8),
        AT(sf_related, relationship, 16),
        AT(sf_related, reserved, 24),
        SIZE(sf_changes_options, 56),
        AT(sf_changes_options, start_ms, 0),
        AT(sf_changes_options, end_ms, 8),
        AT(sf_changes_options, call, 16),
        AT(sf_changes_options, reserved, 24),
        SIZE(sf_change, 48),
        AT(sf_change, id, 0),
        AT(sf_change, deleted_ms, 24),
        AT(sf_change, reserved, 32),
        NUMBER(SF_LAYOUT_OBJECTS_MAX, 100),
        NUMBER(SF_COUNT_OBJECTS_MAX, 200),
        NUMBER(SF_RECENT_MAX, 2000),
        NUMBER(SF_CHANGES_DAYS_MAX, 30),
        NUMBER(SF_PASSWORD_MAX, 1000),
        NUMBER(SF_PACKAGES_MAX, 8),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
    assert_string_equal(SF_RECORD_TYPE_MASTER, "012000000000000AAA");
}

static void test_abi__structs_of_events(void **state)
{
    static const pin pins[] = {
        SIZE(sf_checkpoints_ops, 56),
        AT(sf_checkpoints_ops, get, 0),
        AT(sf_checkpoints_ops, set, 8),
        AT(sf_checkpoints_ops, close, 16),
        AT(sf_checkpoints_ops, reserved, 24),
        SIZE(sf_event, 168),
        AT(sf_event, channel, 0),
        AT(sf_event, replay_id, 8),
        AT(sf_event, payload, 16),
        AT(sf_event, header, 32),
        AT(sf_event, message, 48),
        AT(sf_event, uuid, 64),
        AT(sf_event, name, 72),
        AT(sf_event, schema, 80),
        AT(sf_event, type, 88),
        AT(sf_event, created_ms, 96),
        AT(sf_event, reserved, 104),
        SIZE(sf_cdc_event, 360),
        AT(sf_cdc_event, event, 0),
        AT(sf_cdc_event, entity, 168),
        AT(sf_cdc_event, type, 176),
        AT(sf_cdc_event, record_ids, 184),
        AT(sf_cdc_event, record_id_count, 192),
        AT(sf_cdc_event, changed_fields, 200),
        AT(sf_cdc_event, changed_count, 208),
        AT(sf_cdc_event, nulled_fields, 216),
        AT(sf_cdc_event, nulled_count, 224),
        AT(sf_cdc_event, diff_fields, 232),
        AT(sf_cdc_event, diff_count, 240),
        AT(sf_cdc_event, commit_ms, 248),
        AT(sf_cdc_event, commit_number, 256),
        AT(sf_cdc_event, sequence, 264),
        AT(sf_cdc_event, commit_user, 272),
        AT(sf_cdc_event, transaction_key, 280),
        AT(sf_cdc_event, origin, 288),
        AT(sf_cdc_event, reserved, 296),
        SIZE(sf_cdc_service, 96),
        AT(sf_cdc_service, user, 0),
        AT(sf_cdc_service, on_create, 8),
        AT(sf_cdc_service, on_update, 16),
        AT(sf_cdc_service, on_delete, 24),
        AT(sf_cdc_service, on_restore, 32),
        AT(sf_cdc_service, on_gap, 40),
        AT(sf_cdc_service, on_overflow, 48),
        AT(sf_cdc_service, on_error, 56),
        AT(sf_cdc_service, reserved, 64),
        SIZE(sf_event_service, 56),
        AT(sf_event_service, user, 0),
        AT(sf_event_service, on_message, 8),
        AT(sf_event_service, on_error, 16),
        AT(sf_event_service, reserved, 24),
        SIZE(sf_attach_options, 96),
        AT(sf_attach_options, replay, 0),
        AT(sf_attach_options, replay_id, 8),
        AT(sf_attach_options, otherwise, 16),
        AT(sf_attach_options, lost, 20),
        AT(sf_attach_options, manual_ack, 24),
        AT(sf_attach_options, reserved, 32),
        SIZE(sf_listener_options, 168),
        AT(sf_listener_options, checkpoints, 0),
        AT(sf_listener_options, handler_retries, 8),
        AT(sf_listener_options, handler_pause_ms, 16),
        AT(sf_listener_options, handler_pause_max_ms, 24),
        AT(sf_listener_options, reconnect_pause_ms, 32),
        AT(sf_listener_options, reconnect_pause_max_ms, 40),
        AT(sf_listener_options, reconnect_max, 48),
        AT(sf_listener_options, slack_ms, 56),
        AT(sf_listener_options, checkpoint_events, 64),
        AT(sf_listener_options, page_max, 72),
        AT(sf_listener_options, on_state, 80),
        AT(sf_listener_options, state_user, 88),
        AT(sf_listener_options, call, 96),
        AT(sf_listener_options, reserved, 104),
        SIZE(sf_listener_stats, 104),
        AT(sf_listener_stats, events, 0),
        AT(sf_listener_stats, handled, 8),
        AT(sf_listener_stats, handshakes, 16),
        AT(sf_listener_stats, failures, 24),
        AT(sf_listener_stats, lag_ms, 32),
        AT(sf_listener_stats, reserved, 40),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__numbers_of_events(void **state)
{
    static const pin pins[] = {
        SIZE(sf_change_type, 4),
        SIZE(sf_event_trouble, 4),
        SIZE(sf_replay, 4),
        SIZE(sf_lost, 4),
        SIZE(sf_listener_state, 4),
        NUMBER(SF_CHANNELS_MAX, 100),
        NUMBER(SF_CHANNEL_BYTES_MAX, 255),
        NUMBER(SF_EVENTS_PAGE_MAX, 67108864),
        NUMBER(SF_CHANGE_UNKNOWN, 0),
        NUMBER(SF_CHANGE_CREATE, 1),
        NUMBER(SF_CHANGE_UPDATE, 2),
        NUMBER(SF_CHANGE_DELETE, 3),
        NUMBER(SF_CHANGE_UNDELETE, 4),
        NUMBER(SF_CHANGE_GAP_CREATE, 5),
        NUMBER(SF_CHANGE_GAP_UPDATE, 6),
        NUMBER(SF_CHANGE_GAP_DELETE, 7),
        NUMBER(SF_CHANGE_GAP_UNDELETE, 8),
        NUMBER(SF_CHANGE_GAP_OVERFLOW, 9),
        NUMBER(SF_TROUBLE_REFUSED, 1),
        NUMBER(SF_TROUBLE_LOST, 2),
        NUMBER(SF_TROUBLE_GAP, 3),
        NUMBER(SF_TROUBLE_UNREADABLE, 4),
        NUMBER(SF_REPLAY_LATEST, 0),
        NUMBER(SF_REPLAY_EARLIEST, 1),
        NUMBER(SF_REPLAY_ID, 2),
        NUMBER(SF_REPLAY_STORED, 3),
        NUMBER(SF_LOST_STOP, 0),
        NUMBER(SF_LOST_EARLIEST, 1),
        NUMBER(SF_LOST_LATEST, 2),
        NUMBER(SF_LISTENER_DOWN, 0),
        NUMBER(SF_LISTENER_UP, 1),
        NUMBER(SF_LISTENER_STOPPED, 2),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_search(void **state)
{
    static const pin pins[] = {
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
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_value(void **state)
{
    static const pin pins[] = {
        SIZE(sf_value, 16), AT(sf_value, doc, 0), AT(sf_value, token, 8), AT(sf_value, type, 12),
        SIZE(sf_iter, 24),  AT(sf_iter, of, 0),   AT(sf_iter, next, 16),  AT(sf_iter, index, 20),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__numbers_of_value(void **state)
{
    static const pin pins[] = {
        SIZE(sf_type, 4),     NUMBER(SF_MISSING, 0), NUMBER(SF_NULL, 1),   NUMBER(SF_BOOL, 2),
        NUMBER(SF_NUMBER, 3), NUMBER(SF_STRING, 4),  NUMBER(SF_OBJECT, 5), NUMBER(SF_ARRAY, 6),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_collections(void **state)
{
    static const pin pins[] = {
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
        NUMBER(SF_COLLECTION_MAX, 200),
        NUMBER(SF_COLLECTION_GET_MAX, 2000),
        NUMBER(SF_COLLECTION_RUNS_MAX, 10),
        NUMBER(SF_WRITER_PARALLEL_MAX, 16),
        NUMBER(SF_WRITER_BYTES_MAX, 33554432),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__bulk_load(void **state)
{
    static const pin pins[] = {
        SIZE(sf_export_progress, 96),
        AT(sf_export_progress, rows_total, 0),
        AT(sf_export_progress, rows_found, 8),
        AT(sf_export_progress, rows, 16),
        AT(sf_export_progress, bytes, 24),
        AT(sf_export_progress, pages, 32),
        AT(sf_export_progress, state, 40),
        AT(sf_export_progress, reserved, 64),
        SIZE(sf_bulk_export_options, 192),
        AT(sf_bulk_export_options, soql, 0),
        AT(sf_bulk_export_options, object, 8),
        AT(sf_bulk_export_options, path, 16),
        AT(sf_bulk_export_options, sink, 24),
        AT(sf_bulk_export_options, journal_path, 32),
        AT(sf_bulk_export_options, format, 40),
        AT(sf_bulk_export_options, compression, 44),
        AT(sf_bulk_export_options, table, 48),
        AT(sf_bulk_export_options, all_rows, 56),
        AT(sf_bulk_export_options, delimiter, 57),
        AT(sf_bulk_export_options, crlf, 58),
        AT(sf_bulk_export_options, parallel, 60),
        AT(sf_bulk_export_options, page_rows, 64),
        AT(sf_bulk_export_options, poll_min_ms, 72),
        AT(sf_bulk_export_options, poll_max_ms, 80),
        AT(sf_bulk_export_options, wait_ms, 88),
        AT(sf_bulk_export_options, dry_run, 96),
        AT(sf_bulk_export_options, progress, 104),
        AT(sf_bulk_export_options, user, 112),
        AT(sf_bulk_export_options, call, 120),
        AT(sf_bulk_export_options, reserved, 128),
        SIZE(sf_export_report, 120),
        AT(sf_export_report, rows, 0),
        AT(sf_export_report, bytes, 8),
        AT(sf_export_report, pages, 16),
        AT(sf_export_report, pages_again, 24),
        AT(sf_export_report, job, 32),
        AT(sf_export_report, resumed, 51),
        AT(sf_export_report, started_over, 52),
        AT(sf_export_report, reserved, 56),
        SIZE(sf_load_progress, 104),
        AT(sf_load_progress, rows_total, 0),
        AT(sf_load_progress, bytes_total, 8),
        AT(sf_load_progress, bytes_checked, 16),
        AT(sf_load_progress, bytes_sent, 24),
        AT(sf_load_progress, rows_sent, 32),
        AT(sf_load_progress, rows_done, 40),
        AT(sf_load_progress, rows_failed, 48),
        AT(sf_load_progress, jobs_total, 56),
        AT(sf_load_progress, jobs_sent, 60),
        AT(sf_load_progress, jobs_done, 64),
        AT(sf_load_progress, pass, 68),
        AT(sf_load_progress, reserved, 72),
        SIZE(sf_load_column, 16),
        AT(sf_load_column, from, 0),
        AT(sf_load_column, to, 8),
        SIZE(sf_bulk_load_options, 248),
        AT(sf_bulk_load_options, object, 0),
        AT(sf_bulk_load_options, operation, 8),
        AT(sf_bulk_load_options, external_id, 16),
        AT(sf_bulk_load_options, csv_path, 24),
        AT(sf_bulk_load_options, csv_paths, 32),
        AT(sf_bulk_load_options, csv, 40),
        AT(sf_bulk_load_options, journal_path, 48),
        AT(sf_bulk_load_options, success_path, 56),
        AT(sf_bulk_load_options, errors_path, 64),
        AT(sf_bulk_load_options, columns, 72),
        AT(sf_bulk_load_options, column_count, 80),
        AT(sf_bulk_load_options, map_path, 88),
        AT(sf_bulk_load_options, delimiter, 96),
        AT(sf_bulk_load_options, encoding, 104),
        AT(sf_bulk_load_options, parallel, 112),
        AT(sf_bulk_load_options, job_bytes, 120),
        AT(sf_bulk_load_options, job_rows, 128),
        AT(sf_bulk_load_options, retries_max, 136),
        AT(sf_bulk_load_options, assignment_rule, 144),
        AT(sf_bulk_load_options, no_describe, 152),
        AT(sf_bulk_load_options, dry_run, 153),
        AT(sf_bulk_load_options, progress, 160),
        AT(sf_bulk_load_options, user, 168),
        AT(sf_bulk_load_options, call, 176),
        AT(sf_bulk_load_options, reserved, 184),
        SIZE(sf_load_reason, 352),
        AT(sf_load_reason, code, 0),
        AT(sf_load_reason, message, 64),
        AT(sf_load_reason, rows, 320),
        AT(sf_load_reason, line, 328),
        AT(sf_load_reason, reserved, 336),
        SIZE(sf_load_report, 11408),
        AT(sf_load_report, rows, 0),
        AT(sf_load_report, bytes, 8),
        AT(sf_load_report, succeeded, 16),
        AT(sf_load_report, failed, 24),
        AT(sf_load_report, unprocessed, 32),
        AT(sf_load_report, retried, 40),
        AT(sf_load_report, unmatched, 48),
        AT(sf_load_report, jobs, 56),
        AT(sf_load_report, jobs_failed, 60),
        AT(sf_load_report, requests_planned, 64),
        AT(sf_load_report, resumed, 68),
        AT(sf_load_report, reason_count, 72),
        AT(sf_load_report, reasons, 80),
        AT(sf_load_report, reserved, 11344),
        NUMBER(SF_EXPORT_CSV, 0),
        NUMBER(SF_EXPORT_NDJSON, 1),
        NUMBER(SF_EXPORT_SQLITE, 2),
        NUMBER(SF_EXPORT_PLAIN, 0),
        NUMBER(SF_EXPORT_GZIP, 1),
        NUMBER(SF_EXPORT_PARALLEL_MAX, 8),
        NUMBER(SF_LOAD_PARALLEL_MAX, 16),
        NUMBER(SF_LOAD_REASONS_MAX, 32),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__bulk1(void **state)
{
    static const pin pins[] = {
        SIZE(sf_bulk1_job, 480),
        AT(sf_bulk1_job, id, 0),
        AT(sf_bulk1_job, state, 20),
        AT(sf_bulk1_job, format, 24),
        AT(sf_bulk1_job, state_name, 28),
        AT(sf_bulk1_job, operation, 52),
        AT(sf_bulk1_job, object, 76),
        AT(sf_bulk1_job, external_id, 172),
        AT(sf_bulk1_job, concurrency, 268),
        AT(sf_bulk1_job, api_version, 284),
        AT(sf_bulk1_job, created_by, 292),
        AT(sf_bulk1_job, created_ms, 312),
        AT(sf_bulk1_job, modified_ms, 320),
        AT(sf_bulk1_job, batches_queued, 328),
        AT(sf_bulk1_job, batches_running, 336),
        AT(sf_bulk1_job, batches_completed, 344),
        AT(sf_bulk1_job, batches_failed, 352),
        AT(sf_bulk1_job, batches, 360),
        AT(sf_bulk1_job, processed, 368),
        AT(sf_bulk1_job, failed, 376),
        AT(sf_bulk1_job, retries, 384),
        AT(sf_bulk1_job, total_ms, 392),
        AT(sf_bulk1_job, active_ms, 400),
        AT(sf_bulk1_job, apex_ms, 408),
        AT(sf_bulk1_job, reserved, 416),
        SIZE(sf_bulk1_batch, 704),
        AT(sf_bulk1_batch, id, 0),
        AT(sf_bulk1_batch, job, 19),
        AT(sf_bulk1_batch, state, 40),
        AT(sf_bulk1_batch, state_name, 44),
        AT(sf_bulk1_batch, message, 68),
        AT(sf_bulk1_batch, created_ms, 584),
        AT(sf_bulk1_batch, modified_ms, 592),
        AT(sf_bulk1_batch, processed, 600),
        AT(sf_bulk1_batch, failed, 608),
        AT(sf_bulk1_batch, total_ms, 616),
        AT(sf_bulk1_batch, active_ms, 624),
        AT(sf_bulk1_batch, apex_ms, 632),
        AT(sf_bulk1_batch, reserved, 640),
        SIZE(sf_bulk1_job_options, 104),
        AT(sf_bulk1_job_options, object, 0),
        AT(sf_bulk1_job_options, operation, 8),
        AT(sf_bulk1_job_options, format, 12),
        AT(sf_bulk1_job_options, external_id, 16),
        AT(sf_bulk1_job_options, serial, 24),
        AT(sf_bulk1_job_options, assignment_rule, 32),
        AT(sf_bulk1_job_options, chunk_rows, 40),
        AT(sf_bulk1_job_options, chunk_parent, 48),
        AT(sf_bulk1_job_options, chunk_start, 56),
        AT(sf_bulk1_job_options, call, 64),
        AT(sf_bulk1_job_options, reserved, 72),
        SIZE(sf_bulk1_result, 120),
        AT(sf_bulk1_result, row, 0),
        AT(sf_bulk1_result, id, 8),
        AT(sf_bulk1_result, success, 27),
        AT(sf_bulk1_result, created, 28),
        AT(sf_bulk1_result, code, 32),
        AT(sf_bulk1_result, message, 48),
        AT(sf_bulk1_result, fields, 64),
        AT(sf_bulk1_result, errors, 80),
        AT(sf_bulk1_result, reserved, 88),
        SIZE(sf_bulk1_progress, 72),
        AT(sf_bulk1_progress, batches, 0),
        AT(sf_bulk1_progress, ended, 8),
        AT(sf_bulk1_progress, failed_batches, 16),
        AT(sf_bulk1_progress, processed, 24),
        AT(sf_bulk1_progress, failed, 32),
        AT(sf_bulk1_progress, reserved, 40),
        SIZE(sf_bulk1_wait_options, 72),
        AT(sf_bulk1_wait_options, poll_min_ms, 0),
        AT(sf_bulk1_wait_options, poll_max_ms, 8),
        AT(sf_bulk1_wait_options, progress, 16),
        AT(sf_bulk1_wait_options, user, 24),
        AT(sf_bulk1_wait_options, call, 32),
        AT(sf_bulk1_wait_options, reserved, 40),
        NUMBER(SF_BULK1_BATCH_MAX, 10000000),
        NUMBER(SF_BULK1_ROWS_MAX, 10000),
        NUMBER(SF_BULK1_CHUNK_MAX, 250000),
        NUMBER(SF_BULK1_INSERT, 1),
        NUMBER(SF_BULK1_UPDATE, 2),
        NUMBER(SF_BULK1_UPSERT, 3),
        NUMBER(SF_BULK1_DELETE, 4),
        NUMBER(SF_BULK1_HARD_DELETE, 5),
        NUMBER(SF_BULK1_QUERY, 6),
        NUMBER(SF_BULK1_QUERY_ALL, 7),
        NUMBER(SF_BULK1_CSV, 0),
        NUMBER(SF_BULK1_JSON, 1),
        NUMBER(SF_BULK1_XML, 2),
        NUMBER(SF_BULK1_ZIP_CSV, 3),
        NUMBER(SF_BULK1_ZIP_JSON, 4),
        NUMBER(SF_BULK1_ZIP_XML, 5),
        NUMBER(SF_BULK1_JOB_OTHER, 0),
        NUMBER(SF_BULK1_JOB_OPEN, 1),
        NUMBER(SF_BULK1_JOB_CLOSED, 2),
        NUMBER(SF_BULK1_JOB_ABORTED, 3),
        NUMBER(SF_BULK1_JOB_FAILED, 4),
        NUMBER(SF_BULK1_BATCH_OTHER, 0),
        NUMBER(SF_BULK1_BATCH_QUEUED, 1),
        NUMBER(SF_BULK1_BATCH_IN_PROGRESS, 2),
        NUMBER(SF_BULK1_BATCH_COMPLETED, 3),
        NUMBER(SF_BULK1_BATCH_FAILED, 4),
        NUMBER(SF_BULK1_BATCH_NOT_PROCESSED, 5),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__bulk2(void **state)
{
    static const pin pins[] = {
        SIZE(sf_bulk2_job, 960),
        AT(sf_bulk2_job, id, 0),
        AT(sf_bulk2_job, state, 20),
        AT(sf_bulk2_job, state_name, 24),
        AT(sf_bulk2_job, operation, 48),
        AT(sf_bulk2_job, object, 72),
        AT(sf_bulk2_job, external_id, 168),
        AT(sf_bulk2_job, job_type, 264),
        AT(sf_bulk2_job, api_version, 288),
        AT(sf_bulk2_job, created_by, 296),
        AT(sf_bulk2_job, created_ms, 320),
        AT(sf_bulk2_job, modified_ms, 328),
        AT(sf_bulk2_job, processed, 336),
        AT(sf_bulk2_job, failed, 344),
        AT(sf_bulk2_job, retries, 352),
        AT(sf_bulk2_job, total_ms, 360),
        AT(sf_bulk2_job, active_ms, 368),
        AT(sf_bulk2_job, delimiter, 376),
        AT(sf_bulk2_job, crlf, 377),
        AT(sf_bulk2_job, error_message, 378),
        AT(sf_bulk2_job, reserved, 896),
        SIZE(sf_bulk2_job_options, 80),
        AT(sf_bulk2_job_options, object, 0),
        AT(sf_bulk2_job_options, operation, 8),
        AT(sf_bulk2_job_options, external_id, 16),
        AT(sf_bulk2_job_options, delimiter, 24),
        AT(sf_bulk2_job_options, crlf, 25),
        AT(sf_bulk2_job_options, assignment_rule, 32),
        AT(sf_bulk2_job_options, call, 40),
        AT(sf_bulk2_job_options, reserved, 48),
        SIZE(sf_bulk2_query_options, 48),
        AT(sf_bulk2_query_options, all_rows, 0),
        AT(sf_bulk2_query_options, delimiter, 1),
        AT(sf_bulk2_query_options, crlf, 2),
        AT(sf_bulk2_query_options, call, 8),
        AT(sf_bulk2_query_options, reserved, 16),
        SIZE(sf_bulk2_page, 168),
        AT(sf_bulk2_page, rows, 0),
        AT(sf_bulk2_page, locator, 8),
        AT(sf_bulk2_page, reserved, 136),
        SIZE(sf_bulk2_page_options, 56),
        AT(sf_bulk2_page_options, locator, 0),
        AT(sf_bulk2_page_options, rows_max, 8),
        AT(sf_bulk2_page_options, call, 16),
        AT(sf_bulk2_page_options, reserved, 24),
        SIZE(sf_bulk2_wait_options, 72),
        AT(sf_bulk2_wait_options, poll_min_ms, 0),
        AT(sf_bulk2_wait_options, poll_max_ms, 8),
        AT(sf_bulk2_wait_options, progress, 16),
        AT(sf_bulk2_wait_options, user, 24),
        AT(sf_bulk2_wait_options, call, 32),
        AT(sf_bulk2_wait_options, reserved, 40),
        SIZE(sf_bulk2_jobs_options, 64),
        AT(sf_bulk2_jobs_options, job_type, 0),
        AT(sf_bulk2_jobs_options, concurrency, 8),
        AT(sf_bulk2_jobs_options, pk_chunking, 16),
        AT(sf_bulk2_jobs_options, call, 24),
        AT(sf_bulk2_jobs_options, reserved, 32),
        NUMBER(SF_JOB_INGEST, 0),
        NUMBER(SF_JOB_QUERY, 1),
        NUMBER(SF_JOB_STATE_OTHER, 0),
        NUMBER(SF_JOB_OPEN, 1),
        NUMBER(SF_JOB_UPLOAD_COMPLETE, 2),
        NUMBER(SF_JOB_IN_PROGRESS, 3),
        NUMBER(SF_JOB_COMPLETE, 4),
        NUMBER(SF_JOB_FAILED, 5),
        NUMBER(SF_JOB_ABORTED, 6),
        NUMBER(SF_RESULTS_SUCCESSFUL, 1),
        NUMBER(SF_RESULTS_FAILED, 2),
        NUMBER(SF_RESULTS_UNPROCESSED, 3),
        NUMBER(SF_BULK2_UPLOAD_MAX, 150000000),
        NUMBER(SF_BULK2_MULTIPART_MAX, 100000),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_reports(void **state)
{
    static const pin pins[] = {
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
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_actions_and_approvals(void **state)
{
    static const pin pins[] = {
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
        NUMBER(SF_ACTION_INPUTS_MAX, 200),
        NUMBER(SF_APPROVAL_REQUESTS_MAX, 200),
        NUMBER(SF_APPROVAL_SUBMIT, 0),
        NUMBER(SF_APPROVAL_APPROVE, 1),
        NUMBER(SF_APPROVAL_REJECT, 2),
        NUMBER(SF_APPROVAL_REMOVE, 3),
    };
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

static void test_abi__structs_of_tooling(void **state)
{
    static const pin pins[] = {
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
    (void)state;
    assert_int_equal(failures(pins, COUNT_OF(pins)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abi__structs_of_tooling),
        cmocka_unit_test(test_abi__structs_of_actions_and_approvals),
        cmocka_unit_test(test_abi__bulk1),
        cmocka_unit_test(test_abi__bulk2),
        cmocka_unit_test(test_abi__bulk_load),
        cmocka_unit_test(test_abi__structs_of_reports),
        cmocka_unit_test(test_abi__structs_of_auth),
        cmocka_unit_test(test_abi__numbers_of_auth),
        cmocka_unit_test(test_abi__structs_of_base),
        cmocka_unit_test(test_abi__numbers_of_base),
        cmocka_unit_test(test_abi__structs_of_client),
        cmocka_unit_test(test_abi__numbers_of_client),
        cmocka_unit_test(test_abi__structs_of_composite),
        cmocka_unit_test(test_abi__numbers_of_composite),
        cmocka_unit_test(test_abi__structs_of_describe),
        cmocka_unit_test(test_abi__structs_of_graphql),
        cmocka_unit_test(test_abi__structs_of_query),
        cmocka_unit_test(test_abi__numbers_of_query),
        cmocka_unit_test(test_abi__structs_of_records),
        cmocka_unit_test(test_abi__structs_of_events),
        cmocka_unit_test(test_abi__numbers_of_events),
        cmocka_unit_test(test_abi__structs_of_search),
        cmocka_unit_test(test_abi__structs_of_value),
        cmocka_unit_test(test_abi__structs_of_org_calls),
        cmocka_unit_test(test_abi__numbers_of_value),
        cmocka_unit_test(test_abi__structs_of_collections),
    };
    if (sizeof(void *) != 8 || sizeof(long) != 8) {
        print_message("sizes and offsets are pinned for LP64 only\n");
        return 77; /* skipped */
    }
    return cmocka_run_group_tests_name("abi", tests, NULL, NULL);
}
