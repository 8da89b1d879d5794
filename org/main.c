/* main.c: the program sforce-org: options, the order of starting and stopping, and the line that says how to log in.
 * Signals are waited for by the main thread; the server's threads do the rest. */
#include <getopt.h>
#include <signal.h>
#include <sys/stat.h>
#include "api/api.h"
#include "json/json_internal.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, FAULTS_MAX = 64, RECORDS_MAX = 50000000 };

typedef struct settings {
    const char *host, *data, *seed, *schema;
    int port;
    int64_t records, session_timeout_s, api_max, bulk_max;
    sfo_policy policy;
    const char *faults[FAULTS_MAX];
    size_t fault_count;
    bool json, quiet, log, listen_anywhere;
} settings;

static const char usage[] =
    "Usage: sforce-org [options]\n"
    "\n"
    "A Salesforce-compatible org on this machine: REST, OAuth and SOAP login, rows in one SQLite file.\n"
    "\n"
    "  --host H              address to listen on (default 127.0.0.1)\n"
    "  --listen-anywhere     allow a --host that other machines can reach; without it only loopback is taken\n"
    "  --port N              port (default 8080; 0 takes a free one)\n"
    "  --data FILE           where the rows live; made when missing (default :memory:, gone at the end)\n"
    "  --seed sample|empty   what a new org holds (default sample: accounts, contacts, opportunities, …)\n"
    "  --records N           make a sample of about N records instead\n"
    "  --schema FILE         more objects and fields: JSON with an \"sobjects\" array\n"
    "  --policy LIST         a stricter org: rotate, no-password, no-soap-login, no-client-credentials, no-api-scope,\n"
    "                        cookies (streaming clients must send them back);\n"
    "                        or an easier one: trusted-network (no security token behind the password)\n"
    "  --session-timeout S   seconds of inactivity after which a session dies (default 7200)\n"
    "  --api-limit N         requests allowed in 24 hours (default 1000000)\n"
    "  --bulk-limit N        bulk batches, and bulk query jobs, allowed in 24 hours (default 15000 and 10000)\n"
    "  --fault SPEC          break answers on purpose; repeatable, see below\n"
    "  --json                print the login as one line of JSON\n"
    "  --quiet               print nothing but errors\n"
    "  --log                 one line a request on stderr\n"
    "  --version, --help\n"
    "\n"
    "SFORCE_ORG_PASSWORD in the environment sets the administrator's password; without it a random one is made\n"
    "and kept in the data file.\n"
    "\n"
    "Faults: KIND[:SETTING=VALUE[,SETTING=VALUE…]]\n"
    "  reset           reset the connection after `after` bytes of the answer, head included (0)\n"
    "  stall           silence for `ms` (5000) after `after` bytes (0), then the rest\n"
    "  truncate        end the body after `after` bytes (half); length=right|wrong is what Content-Length says\n"
    "  lost            a write takes effect, then the connection is reset without an answer\n"
    "  limit           403 REQUEST_LIMIT_EXCEEDED\n"
    "  expire          a session dies after `requests` requests (1)\n"
    "  refuse-refresh  a refresh token is answered with invalid_grant\n"
    "  rotate          a refresh gives a new refresh token\n"
    "  half-open       no answer, and the connection stays open\n"
    "  lock-row        a row of a bulk upload fails with UNABLE_TO_LOCK_ROW\n"
    "  of streaming (its messages are counted): deny-handshake, busy, forget (advice=handshake|none),\n"
    "                  lose-replay, duplicate, events-only, connect-first, empty-answer, events-on-subscribe\n"
    "  400 … 599       that status; retry_after=S, body=json|html|empty, effect=no|yes\n"
    "  Any kind takes path=PREFIX or GLOB, method=M, skip=N, times=N, every=N.\n"
    "  Example: --fault 503:retry_after=2,times=3 --fault reset:after=100,path=/query\n"
    "The same over HTTP, for programs on this machine: POST, GET, DELETE /__org/faults with {\"spec\":\"…\"}; also\n"
    "GET /__org/stats and POST /__org/expire-sessions, /__org/revoke-refresh-tokens, /__org/tokens.\n"
    "\n"
    "Example: sforce-org --port 8080 --data org.db --seed sample\n";

/* ---- options ---- */
enum {
    OPT_HOST = 256,
    OPT_ANYWHERE,
    OPT_PORT,
    OPT_DATA,
    OPT_SEED,
    OPT_RECORDS,
    OPT_SCHEMA,
    OPT_POLICY,
    OPT_TIMEOUT,
    OPT_API_LIMIT,
    OPT_BULK_LIMIT,
    OPT_FAULT,
    OPT_JSON,
    OPT_QUIET,
    OPT_LOG,
    OPT_VERSION,
    OPT_HELP
};

static const struct option long_options[] = {
    { "host", required_argument, NULL, OPT_HOST },
    { "listen-anywhere", no_argument, NULL, OPT_ANYWHERE },
    { "port", required_argument, NULL, OPT_PORT },
    { "data", required_argument, NULL, OPT_DATA },
    { "seed", required_argument, NULL, OPT_SEED },
    { "records", required_argument, NULL, OPT_RECORDS },
    { "schema", required_argument, NULL, OPT_SCHEMA },
    { "policy", required_argument, NULL, OPT_POLICY },
    { "session-timeout", required_argument, NULL, OPT_TIMEOUT },
    { "api-limit", required_argument, NULL, OPT_API_LIMIT },
    { "bulk-limit", required_argument, NULL, OPT_BULK_LIMIT },
    { "fault", required_argument, NULL, OPT_FAULT },
    { "json", no_argument, NULL, OPT_JSON },
    { "quiet", no_argument, NULL, OPT_QUIET },
    { "log", no_argument, NULL, OPT_LOG },
    { "version", no_argument, NULL, OPT_VERSION },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static sf_status number(const char *option, const char *text, int64_t min, int64_t max, int64_t *out, sf_error *err)
{
    int64_t n;
    if (!sfi_parse_int(sfi_str(text), &n) || n < min || n > max)
        return sfi_fail(err, SF_ERR_USAGE, "%s takes a number from %lld to %lld, not '%s'", option, (long long)min,
                        (long long)max, text);
    *out = n;
    return SF_OK;
}

static sf_status take_option(settings *s, int option, const char *value, sf_error *err)
{
    int64_t n = 0;
    sf_status rc = SF_OK;
    switch (option) {
    case OPT_HOST: s->host = value; break;
    case OPT_ANYWHERE: s->listen_anywhere = true; break;
    case OPT_PORT:
        rc = number("--port", value, 0, 65535, &n, err);
        s->port = (int)n;
        break;
    case OPT_DATA: s->data = value; break;
    case OPT_SEED:
        s->seed = value;
        if (strcmp(value, "sample") != 0 && strcmp(value, "empty") != 0)
            rc = sfi_fail(err, SF_ERR_USAGE, "--seed takes sample or empty, not '%s'", value);
        break;
    case OPT_RECORDS: rc = number("--records", value, 1, RECORDS_MAX, &s->records, err); break;
    case OPT_SCHEMA: s->schema = value; break;
    case OPT_POLICY: rc = sfo_policy_add(&s->policy, value, err); break;
    case OPT_TIMEOUT: rc = number("--session-timeout", value, 1, 86400 * 365, &s->session_timeout_s, err); break;
    case OPT_API_LIMIT: rc = number("--api-limit", value, 1, 1000000000, &s->api_max, err); break;
    case OPT_BULK_LIMIT: rc = number("--bulk-limit", value, 1, 1000000000, &s->bulk_max, err); break;
    case OPT_FAULT:
        if (s->fault_count == FAULTS_MAX)
            rc = sfi_fail(err, SF_ERR_USAGE, "more than %d --fault options", FAULTS_MAX);
        else
            s->faults[s->fault_count++] = value;
        break;
    case OPT_JSON: s->json = true; break;
    case OPT_QUIET: s->quiet = true; break;
    case OPT_LOG: s->log = true; break;
    default: rc = sfi_fail(err, SF_ERR_USAGE, "unknown option"); break;
    }
    return rc;
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 || strcmp(host, "localhost") == 0;
}

/* @return -1: go on; else the program's exit code. */
static int parse_options(settings *s, int argc, char **argv)
{
    sf_error err;
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPT_HELP || option == OPT_VERSION) {
            if (option == OPT_HELP)
                fputs(usage, stdout);
            else
                printf("sforce-org %s\n", sf_version());
            return fflush(stdout) == 0 ? 0 : EXIT_FAILED;
        }
        if (option == '?') {
            fprintf(stderr, "sforce-org: %s: unknown option, or its value is missing; see sforce-org --help\n",
                    argv[optind - 1]);
            return EXIT_USAGE;
        }
        if (take_option(s, option, optarg, &err) != SF_OK) {
            fprintf(stderr, "sforce-org: %s\n", err.message);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "sforce-org: %s: not an option; see sforce-org --help\n", argv[optind]);
        return EXIT_USAGE;
    }
    if (!is_loopback(s->host) && !s->listen_anywhere) {
        fprintf(stderr,
                "sforce-org: --host %s can be reached from other machines; add --listen-anywhere if that is meant\n",
                s->host);
        return EXIT_USAGE;
    }
    return -1;
}

/* ---- running ---- */
static void log_line(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

typedef struct running {
    sfo_schema *schema;
    sfo_store *store;
    sfo_org *org;
    sfo_server *server;
} running;

static void stop(running *r)
{
    sfo_server_stop(r->server);
    sfo_org_free(r->org);
    sfo_store_close(r->store);
    sfo_schema_free(r->schema);
}

/* Refuses what is certainly no data file, before the store tries to make one of it. */
static sf_status check_data(const char *path, sf_error *err)
{
    static const char magic[] = "SQLite format 3"; /* with its NUL, at the start of every database */
    char head[sizeof magic];
    if (strcmp(path, ":memory:") == 0) return SF_OK;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return SF_OK; /* new, or the store says why it cannot be read */
    size_t len = fread(head, 1, sizeof head, file);
    bool is_empty = len == 0 && ferror(file) == 0;
    bool is_database = len == sizeof head && memcmp(head, magic, sizeof head) == 0;
    bool is_file = ferror(file) == 0; /* reading a folder fails */
    fclose(file);
    if (is_empty || is_database || !is_file) return SF_OK;
    return sfi_fail(err, SF_ERR_IO, "%s: not a data file of sforce-org; choose another file", path);
}

static sf_status start(const settings *s, running *r, sf_error *err)
{
    sf_status rc = sfo_schema_load(s->schema, &r->schema, err);
    if (rc == SF_OK) rc = check_data(s->data, err);
    if (rc == SF_OK) rc = sfo_store_open(s->data, r->schema, &r->store, err);
    if (rc == SF_OK && (strcmp(s->seed, "sample") == 0 || s->records > 0))
        rc = sfo_seed_sample(r->store, s->records, err);
    sfo_org_options options = {
        .store = r->store,
        .policy = s->policy,
        .session_timeout_s = s->session_timeout_s,
        .api_max = s->api_max,
        .bulk_max = s->bulk_max,
        .password = getenv("SFORCE_ORG_PASSWORD"),
        .log = s->log ? log_line : NULL,
    };
    if (rc == SF_OK) rc = sfo_org_new(&options, &r->org, err);
    for (size_t i = 0; rc == SF_OK && i < s->fault_count; i++) rc = sfo_org_add_fault(r->org, s->faults[i], err);
    sfo_server_options server = {
        .host = s->host, .port = s->port, .handle = sfo_org_handle, .body_limit = sfo_org_body_limit, .user = r->org
    };
    if (rc == SF_OK) rc = sfo_server_start(&server, &r->server, err);
    return rc;
}

static void write_json(const char *url, const sfo_credentials *c, const char *token)
{
    const struct {
        const char *name, *value;
    } members[] = {
        { "url", url },
        { "username", c->username },
        { "password", c->password },
        { "security_token", c->security_token },
        { "client_id", c->client_id },
        { "client_secret", c->client_secret },
        { "access_token", token },
    };
    sfi_buf line = { 0 };
    sfi_json_writer w = sfi_json_write_to(&line);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(members); i++) {
        sfi_json_key(&w, members[i].name);
        sfi_json_string(&w, members[i].value);
    }
    sfi_json_end_object(&w);
    if (!line.failed) printf("%s\n", line.data);
    if (line.data != NULL) sfi_wipe(line.data, line.len);
    sfi_buf_free(&line);
}

static void write_text(const settings *s, const char *url, const sfo_credentials *c, const char *token)
{
    printf(
        "sforce-org is running at %s\n\n"
        "  username        %s\n  password        %s\n  security token  %s\n"
        "  client id       %s\n  client secret   %s\n  access token    %s\n\n"
        "Rows are in %s. Stop with Ctrl-C. Try:\n"
        "  curl -H 'Authorization: Bearer %s' '%s/services/data/v62.0/query?q=SELECT+Id,Name+FROM+Account+LIMIT+3'\n",
        url, c->username, c->password, c->security_token, c->client_id, c->client_secret, token,
        strcmp(s->data, ":memory:") == 0 ? "memory and gone at the end" : s->data, token, url);
}

static sf_status announce(const settings *s, const running *r, sf_error *err)
{
    char token[160];
    char url[128];
    const char *host = strcmp(s->host, "localhost") == 0 ? "127.0.0.1" : s->host;
    bool v6 = strchr(host, ':') != NULL;
    snprintf(url, sizeof url, "http://%s%s%s:%d", v6 ? "[" : "", host, v6 ? "]" : "", sfo_server_port(r->server));
    if (s->quiet) return SF_OK;
    sfo_credentials c;
    sfo_org_credentials(r->org, &c);
    if (!sfo_org_access_token(r->org, token)) return sfi_fail_memory(err, "a session");
    if (s->json)
        write_json(url, &c, token);
    else
        write_text(s, url, &c, token);
    (void)fflush(stdout); /* whoever closed the pipe does not want to know */
    sfi_wipe(token, sizeof token);
    return SF_OK;
}

int main(int argc, char **argv)
{
    if (!sfi_keep_standard_fds()) return EXIT_FAILED;
    settings s = { .host = "127.0.0.1", .port = 8080, .data = ":memory:", .seed = "sample" };
    int done = parse_options(&s, argc, argv);
    if (done >= 0) return done;

    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before there are threads, so that all inherit it */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(077); /* the data file holds a password */

    sf_error err;
    running r = { .schema = NULL };
    sf_status rc = start(&s, &r, &err);
    if (rc == SF_OK) rc = announce(&s, &r, &err);
    int got = 0;
    if (rc == SF_OK) (void)sigwait(&ends, &got);
    stop(&r);
    if (rc == SF_OK) return 0;
    fprintf(stderr, "sforce-org: %s\n", err.message);
    return rc == SF_ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
