/* tree_import.c: `sforce tree import`: files of records with children, and plans that name such files, into the org. The
 * one idea: all records of all files are one list; what is ready (each @reference in it has an id by now) is sent, 200
 * records a request, and what waits for an id comes in a later round, until all are sent or none can be. */
#include "tree.h"

enum { ROUNDS_MAX = 1000 };

typedef struct item { /* one uppermost record */
    const char *file, *object;
    sf_value record;
    size_t size;   /* with its children */
    size_t number; /* in its file, from 1 */
    bool sent;
} item;

typedef struct known { /* a reference id of the files */
    const char *name, *type;
    size_t times;
    sf_id id; /* "": not created yet */
} known;

typedef struct import {
    cli *c;
    item *items;
    size_t count, cap;
    known *refs;
    size_t ref_count, ref_cap;
    sf_document **docs;
    size_t doc_count, doc_cap;
    cli_grid grid;
    size_t failed;
} import;

/* ---- reading ---- */

static known *find_ref(const import *m, sf_str name)
{
    for (size_t i = 0; i < m->ref_count; i++)
        if (sfi_str_is(name, m->refs[i].name)) return &m->refs[i];
    return NULL;
}

static sf_status note_ref(import *m, const item *it, sf_value record, sf_error *err)
{
    sf_str ref = sf_get_text(record, "attributes.referenceId");
    const char *type = sf_get_str(record, "attributes.type");
    if (ref.len == 0 || type == NULL)
        return sfi_fail(err, SF_ERR_USAGE,
                        "%s: record %zu, or one of its children, lacks \"attributes\":{\"type\":…,\"referenceId\":…}",
                        it->file, it->number);
    known *same = find_ref(m, ref);
    if (same != NULL) {
        same->times++;
        return SF_OK;
    }
    m->refs = cli_grow(m->c, m->refs, m->ref_count, &m->ref_cap, sizeof *m->refs);
    m->refs[m->ref_count++] =
        (known){ .name = cli_strndup(m->c, ref.ptr, ref.len), .type = cli_strdup(m->c, type), .times = 1 };
    return SF_OK;
}

/* Counts a record with its children, and notes their names. As deep as JSON may be. */
static sf_status measure(import *m, item *it, sf_value record, sf_error *err)
{
    sf_value member, child;
    if (sf_value_type(record) != SF_OBJECT)
        return sfi_fail(err, SF_ERR_USAGE, "%s: record %zu is no object", it->file, it->number);
    it->size++;
    sf_status rc = note_ref(m, it, record, err);
    for (sf_iter members = sf_iter_begin(record); rc == SF_OK && sf_iter_next(&members, NULL, &member);) {
        if (!cli_is_children(member)) continue;
        for (sf_iter all = sf_iter_begin(sf_get(member, "records")); rc == SF_OK && sf_iter_next(&all, NULL, &child);)
            rc = measure(m, it, child, err);
    }
    return rc;
}

static sf_status add_file(import *m, const char *path, const char *object, sf_document *doc, sf_error *err)
{
    sf_value record, records = sf_get(sf_document_root(doc), "records");
    sf_status rc = SF_OK;
    size_t number = 0;
    if (sf_value_type(records) != SF_ARRAY)
        return sfi_fail(err, SF_ERR_USAGE, "%s: want {\"records\":[…]}, or a plan [{\"sobject\":…,\"files\":[…]}]",
                        path);
    for (sf_iter it = sf_iter_begin(records); rc == SF_OK && sf_iter_next(&it, NULL, &record);) {
        item next = { .file = path, .record = record, .number = ++number };
        rc = measure(m, &next, record, err);
        next.object = cli_strdup(m->c, sf_get_str(record, "attributes.type"));
        if (rc == SF_OK && object != NULL && !sfi_eq_nocase(object, next.object))
            rc = sfi_fail(err, SF_ERR_USAGE, "%s: record %zu is of %s, not of %s", path, number, next.object, object);
        if (rc == SF_OK && next.size > SF_TREE_RECORDS_MAX)
            rc = sfi_fail(err, SF_ERR_USAGE,
                          "%s: record %zu has %zu records below it, and a request takes %d: export it with --plan",
                          path, number, next.size - 1, SF_TREE_RECORDS_MAX);
        m->items = cli_grow(m->c, m->items, m->count, &m->cap, sizeof *m->items);
        if (rc == SF_OK) m->items[m->count++] = next;
    }
    return rc;
}

static sf_status read_file(import *m, const char *path, sf_document **doc, sf_error *err)
{
    sf_str text;
    sf_status rc = cli_read_json(m->c, path, CLI_TREE_FILE_MAX, &text, doc, err);
    if (rc != SF_OK) return rc;
    m->docs = cli_grow(m->c, m->docs, m->doc_count, &m->doc_cap, sizeof(sf_document *));
    m->docs[m->doc_count++] = *doc;
    return SF_OK;
}

/* The files of a plan, which stand beside it. */
static sf_status read_plan(import *m, const char *path, sf_value plan, sf_error *err)
{
    sf_value entry, name;
    sf_status rc = SF_OK;
    const char *slash = strrchr(path, '/');
    size_t number = 0;
    for (sf_iter it = sf_iter_begin(plan); rc == SF_OK && sf_iter_next(&it, NULL, &entry);) {
        const char *object = cli_strdup(m->c, sf_get_str(entry, "sobject"));
        number++;
        if (object == NULL || sf_value_type(sf_get(entry, "files")) != SF_ARRAY)
            return sfi_fail(err, SF_ERR_USAGE, "%s: entry %zu of the plan: want {\"sobject\":…,\"files\":[…]}", path,
                            number);
        for (sf_iter files = sf_iter_begin(sf_get(entry, "files")); rc == SF_OK && sf_iter_next(&files, NULL, &name);) {
            const char *file = sf_get_str(name, NULL);
            sf_document *doc = NULL;
            if (file == NULL)
                return sfi_fail(err, SF_ERR_USAGE, "%s: entry %zu of the plan: a file's name is no text", path, number);
            file = file[0] == '/' || slash == NULL ? cli_strdup(m->c, file)
                                                   : cli_textf(m->c, "%.*s/%s", (int)(slash - path), path, file);
            rc = read_file(m, file, &doc, err);
            if (rc == SF_OK) rc = add_file(m, file, object, doc, err);
        }
    }
    return rc;
}

static sf_status read_all(import *m, sf_error *err)
{
    cli *c = m->c;
    size_t first = 1;
    const char *object = NULL;
    const char *plan = cli_args_value(&c->args, "plan-file");
    if (c->args.count > 2 && strpbrk(c->args.words[1], "./-") == NULL) object = c->args.words[first++];
    if (plan == NULL && first == c->args.count)
        return sfi_fail(err, SF_ERR_USAGE, "tree import: want files of records, or a plan");
    sf_status rc = SF_OK;
    for (size_t i = first; rc == SF_OK && i < c->args.count + (plan != NULL); i++) {
        const char *path = i < c->args.count ? c->args.words[i] : plan;
        sf_document *doc = NULL;
        rc = read_file(m, path, &doc, err);
        if (rc != SF_OK) break;
        sf_value root = sf_document_root(doc);
        bool is_plan = sf_value_type(root) == SF_ARRAY && sf_value_type(sf_get(root, "0.files")) == SF_ARRAY;
        rc = is_plan ? read_plan(m, path, root, err) : add_file(m, path, object, doc, err);
    }
    if (rc == SF_OK && m->count == 0) rc = sfi_fail(err, SF_ERR_USAGE, "tree import: the files hold no records");
    return rc;
}

/* ---- references ---- */

/* "@AccountRef12", which sf makes: never meant as a text. */
static bool looks_made(sf_str text)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[text.len - 1 - digits] >= '0' && text.ptr[text.len - 1 - digits] <= '9')
        digits++;
    return digits > 0 && text.len > digits + 4 && memcmp(text.ptr + text.len - digits - 3, "Ref", 3) == 0;
}

/* The reference that a text is; NULL: it is an ordinary text. SF_ERR_USAGE: it leads nowhere. */
static sf_status reference_of(const import *m, const item *it, sf_str text, known **out, sf_error *err)
{
    *out = NULL;
    if (text.len < 2 || text.ptr[0] != '@') return SF_OK;
    *out = find_ref(m, (sf_str){ text.ptr + 1, text.len - 1 });
    if (*out != NULL && (*out)->times > 1)
        return sfi_fail(err, SF_ERR_USAGE, "%s: record %zu refers to %.80s, and %zu records are called so", it->file,
                        it->number, text.ptr, (*out)->times);
    if (*out == NULL && looks_made(text))
        return sfi_fail(err, SF_ERR_USAGE, "%s: record %zu refers to %.80s, and no record of these files is called so",
                        it->file, it->number, text.ptr);
    return SF_OK;
}

typedef struct level { /* the records above the one at hand, which its children point to by their place */
    sf_value record;
    const struct level *above;
} level;

static bool is_above(const level *l, const char *ref)
{
    for (; l != NULL; l = l->above)
        if (sfi_str_is(sf_get_text(l->record, "attributes.referenceId"), ref)) return true;
    return false;
}

/* SF_ROW: all that the record refers to is there; SF_DONE: it must wait. */
static sf_status is_ready(const import *m, const item *it, sf_value record, const level *above, sf_error *err)
{
    sf_value member, child;
    known *ref;
    sf_status rc = SF_ROW;
    level here = { record, above };
    for (sf_iter members = sf_iter_begin(record); sf_iter_next(&members, NULL, &member);) {
        if (sf_value_type(member) == SF_STRING) {
            sf_status found = reference_of(m, it, sf_get_text(member, NULL), &ref, err);
            if (found != SF_OK) return found;
            if (ref != NULL && ref->id.text[0] == 0 && !is_above(above, ref->name)) rc = SF_DONE;
        }
        if (!cli_is_children(member)) continue;
        for (sf_iter all = sf_iter_begin(sf_get(member, "records")); sf_iter_next(&all, NULL, &child);) {
            sf_status below = is_ready(m, it, child, &here, err);
            if (below < 0) return below;
            if (below != SF_ROW) rc = below;
        }
    }
    return rc;
}

/* Bad references are found before anything is sent. */
static sf_status check_references(const import *m, sf_error *err)
{
    for (size_t i = 0; i < m->count; i++) {
        sf_status rc = is_ready(m, &m->items[i], m->items[i].record, NULL, err);
        if (rc < 0) return rc;
    }
    return SF_OK;
}

/* ---- sending ---- */

static sf_status write_record(const import *m, const item *it, sf_value record, const level *above, sfi_buf *out,
                              sf_error *err);

static sf_status write_value(const import *m, const item *it, sf_value v, const level *here, sfi_buf *out,
                             sf_error *err)
{
    sf_value child;
    sf_status rc = SF_OK;
    known *ref = NULL;
    if (cli_is_children(v)) {
        bool first = true;
        sfi_buf_add_str(out, "{\"records\":[");
        for (sf_iter all = sf_iter_begin(sf_get(v, "records")); rc == SF_OK && sf_iter_next(&all, NULL, &child);) {
            if (!first) sfi_buf_add_char(out, ',');
            first = false;
            rc = write_record(m, it, child, here, out, err);
        }
        sfi_buf_add_str(out, "]}");
        return rc;
    }
    if (sf_value_type(v) == SF_STRING) rc = reference_of(m, it, sf_get_text(v, NULL), &ref, err);
    if (rc == SF_OK && ref != NULL && ref->id.text[0] != 0) {
        cli_json_add_string(out, sfi_str(ref->id.text));
        return SF_OK;
    }
    char *json = NULL;
    size_t len = 0;
    if (rc == SF_OK) rc = sf_value_to_json(v, &json, &len, err);
    if (rc == SF_OK) sfi_buf_add(out, json, len);
    sf_free(json);
    return rc;
}

/* A child's reference to a record above it is left out: its place says it, and that record has no id yet. */
static bool is_implied(const import *m, sf_value v, const level *above)
{
    sf_str text = sf_value_type(v) == SF_STRING ? sf_get_text(v, NULL) : (sf_str){ NULL, 0 };
    if (text.len < 2 || text.ptr[0] != '@') return false;
    const known *ref = find_ref(m, (sf_str){ text.ptr + 1, text.len - 1 });
    return ref != NULL && ref->id.text[0] == 0 && is_above(above, ref->name);
}

static sf_status write_record(const import *m, const item *it, sf_value record, const level *above, sfi_buf *out,
                              sf_error *err)
{
    sf_str key;
    sf_value member;
    level here = { record, above };
    sf_status rc = SF_OK;
    sfi_buf_add_str(out, "{\"attributes\":{\"type\":");
    cli_json_add_string(out, sf_get_text(record, "attributes.type"));
    sfi_buf_add_str(out, ",\"referenceId\":");
    cli_json_add_string(out, sf_get_text(record, "attributes.referenceId"));
    sfi_buf_add_char(out, '}');
    for (sf_iter members = sf_iter_begin(record); rc == SF_OK && sf_iter_next(&members, &key, &member);) {
        if (sfi_str_is(key, "attributes") || is_implied(m, member, above)) continue;
        sfi_buf_add_char(out, ',');
        cli_json_add_string(out, key);
        sfi_buf_add_char(out, ':');
        rc = write_value(m, it, member, &here, out, err);
    }
    sfi_buf_add_char(out, '}');
    return rc;
}

static void take_result(import *m, const item *const *chunk, size_t count, const sf_part *part)
{
    cli *c = m->c;
    const char *ref = cli_strdup(c, part->reference_id);
    known *k = ref != NULL ? find_ref(m, sfi_str(ref)) : NULL;
    const char *type = k != NULL ? k->type : count > 0 ? chunk[0]->object : NULL;
    if (k != NULL && !part->failed) k->id = part->id;
    const char *cells[] = { ref, type, part->failed ? NULL : cli_strdup(c, part->id.text), cli_part_error(c, part) };
    cli_grid_add(c, &m->grid, cells);
    m->failed += part->failed;
}

static sf_status send_chunk(import *m, item **chunk, size_t count, sf_error *err)
{
    sfi_buf text = { 0 };
    sf_parts *parts = NULL;
    sf_part part;
    sf_status rc = SF_OK;
    sfi_buf_add_str(&text, "{\"records\":[");
    for (size_t i = 0; rc == SF_OK && i < count; i++) {
        if (i > 0) sfi_buf_add_char(&text, ',');
        rc = write_record(m, chunk[i], chunk[i]->record, NULL, &text, err);
    }
    sfi_buf_add_str(&text, "]}");
    if (rc == SF_OK) rc = sfi_buf_status(&text, err, "a tree");
    if (rc == SF_OK) rc = sf_tree_send_json(m->c->sf, chunk[0]->object, sfi_buf_str(&text), &m->c->call, &parts, err);
    if (rc == SF_OK) {
        for (size_t i = 0; sf_parts_get(parts, i, &part); i++) take_result(m, (const item *const *)chunk, count, &part);
        for (size_t i = 0; i < count; i++) chunk[i]->sent = true;
    } else {
        sfi_error_prefix(err, "%s, records %zu to %zu", chunk[0]->file, chunk[0]->number, chunk[count - 1]->number);
    }
    sf_parts_free(parts);
    sfi_buf_free(&text);
    return rc;
}

/* Sends what is ready. SF_ROW: some was sent; SF_DONE: nothing could be; SF_OK never. */
static sf_status send_round(import *m, sf_error *err)
{
    item *chunk[SF_TREE_RECORDS_MAX];
    size_t count = 0, size = 0;
    bool any = false;
    sf_status rc = SF_OK;
    for (size_t i = 0; rc == SF_OK && m->failed == 0 && i < m->count; i++) {
        item *it = &m->items[i];
        if (it->sent) continue;
        sf_status ready = is_ready(m, it, it->record, NULL, err);
        if (ready < 0) return ready;
        if (ready != SF_ROW) continue;
        bool fits = count == 0 || (strcmp(chunk[0]->object, it->object) == 0 && chunk[0]->file == it->file &&
                                   size + it->size <= SF_TREE_RECORDS_MAX);
        if (!fits) {
            rc = send_chunk(m, chunk, count, err);
            count = size = 0;
        }
        chunk[count++] = it;
        size += it->size;
        any = true;
    }
    if (rc == SF_OK && m->failed == 0 && count > 0) rc = send_chunk(m, chunk, count, err);
    return rc != SF_OK ? rc : any ? SF_ROW : SF_DONE;
}

static sf_status send_all(import *m, sf_error *err)
{
    sf_status rc = SF_ROW;
    for (int round = 0; rc == SF_ROW && m->failed == 0 && round < ROUNDS_MAX; round++) rc = send_round(m, err);
    for (size_t i = 0; rc >= 0 && m->failed == 0 && i < m->count; i++)
        if (!m->items[i].sent)
            return sfi_fail(err, SF_ERR_USAGE,
                            "%s: record %zu refers to records that wait for it, or that stand in the same tree: "
                            "%zu of %zu records were sent",
                            m->items[i].file, m->items[i].number, m->grid.rows, m->ref_count);
    return rc < 0 ? rc : SF_OK;
}

int cli_tree_import(cli *c)
{
    static const char *const names[] = { "refId", "type", "id", "error" };
    sf_error err;
import m = {.c = c, .grid = {.names = names, .columns = SFI_COUNT_OF(names) } };
    sf_status rc = read_all(&m, &err);
    if (rc == SF_OK) rc = check_references(&m, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = send_all(&m, &err);
    int code = CLI_OK;
    size_t created = m.grid.rows - m.failed;
    if (rc == SF_OK) {
        if (m.failed > 0) c->ended = created > 0 ? CLI_ROWS : CLI_FAILED;
        if (m.failed > 0)
            cli_note(c,
                     "%zu records at fault: none of their request was saved, and nothing after it was sent; %zu were "
                     "created before it.",
                     m.failed, created);
        else
            cli_note(c, "Created %zu records.", created);
        code = cli_finish_grid(c, &m.grid, (sf_str){ 0 });
    } else {
        if (created > 0 && !c->json)
            (void)cli_finish_grid(c, &m.grid, (sf_str){ 0 }); /* their ids; the error follows */
        if (created > 0) cli_warn(c, "%zu records were created before this.", created);
        code = cli_fail_error(c, &err);
    }
    for (size_t i = 0; i < m.doc_count; i++) sf_document_free(m.docs[i]);
    return code;
}
