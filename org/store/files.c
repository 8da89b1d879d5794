/*
 * files.c: what follows from the bytes of attachments, documents and versions of files. A first version makes its
 * document and shows it to its owner and at the place where it is first published; a later one takes the place of the
 * latest. See compute.c.
 */
#include <openssl/evp.h>
#include "store/derive.h"

static bool is_null(const sfo_row *row, const char *field)
{
    return sfo_row_get(row, field)->kind == SFO_CELL_NULL;
}

bool sfo_before_attachment(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    (void)s;
    (void)c;
    (void)f;
    const sfo_cell *body = sfo_row_get(row, "Body");
    if (body->set) sfo_row_set_int(row, "BodyLength", body->kind == SFO_CELL_BLOB ? (int64_t)body->text.len : 0);
    return true;
}

static sf_str base_name(sf_str path)
{
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '/' || path.ptr[i - 1] == '\\') return (sf_str){ path.ptr + i, path.len - i };
    return path;
}

static size_t extension_at(sf_str name) /* behind the last dot; len: none */
{
    for (size_t i = name.len; i > 1; i--)
        if (name.ptr[i - 1] == '.') return i;
    return name.len;
}

/* The names that the org has for kinds of files; what it does not know is UNKNOWN. */
static const char *file_type(sf_str extension)
{
    static const char *const types[][2] = {
        { "doc", "WORD" },     { "docx", "WORD_X" },  { "dot", "WORD_T" },      { "xls", "EXCEL" },
        { "xlsx", "EXCEL_X" }, { "xlsm", "EXCEL_M" }, { "ppt", "POWER_POINT" }, { "pptx", "POWER_POINT_X" },
        { "txt", "TEXT" },     { "htm", "HTML" },     { "jpeg", "JPG" },        { "tif", "TIFF" },
        { "mpg", "MPEG" },     { "snote", "SNOTE" },  { "js", "JS" },
    };
    static const char *const same[] = { "AI",    "AVI",  "BMP", "CSS", "CSV",  "EPS", "EXE", "FLV",  "GIF",
                                        "GZIP",  "HTML", "INX", "JPG", "JSON", "LOG", "M4A", "M4V",  "MDB",
                                        "MHTML", "MOV",  "MP3", "MP4", "MPEG", "ODP", "ODS", "ODT",  "PDF",
                                        "PNG",   "PPS",  "PSD", "RTF", "SQL",  "SVG", "SWF", "TIFF", "VISIO",
                                        "WAV",   "WEBM", "WMA", "WMV", "XML",  "ZIP" };
    for (size_t i = 0; i < SFI_COUNT_OF(types); i++)
        if (sfi_str_is_nocase(extension, types[i][0])) return types[i][1];
    for (size_t i = 0; i < SFI_COUNT_OF(same); i++)
        if (sfi_str_is_nocase(extension, same[i])) return same[i];
    return "UNKNOWN";
}

static bool set_checksum(sfo_store *s, sfo_row *row, sf_str bytes, sfo_fault *f)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char *text = sfo_scratch(s, 2 * EVP_MAX_MD_SIZE + 1);
    if (text == NULL || EVP_Digest(bytes.ptr != NULL ? bytes.ptr : "", bytes.len, hash, &len, EVP_md5(), NULL) != 1)
        return sfo_fault_memory(f);
    for (unsigned i = 0; i < len; i++) (void)snprintf(text + (size_t)2 * i, 3, "%02x", hash[i]); /* fits */
    sfo_row_set_text(row, "Checksum", (sf_str){ text, (size_t)2 * len });
    return true;
}

static bool set_file_facts(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    sf_str name = base_name(sfo_row_text(row, "PathOnClient"));
    size_t dot = extension_at(name);
    sf_str extension = { name.ptr + dot, name.len - dot };
    if (is_null(row, "Title") && name.len > 0)
        sfo_row_set_text(row, "Title", (sf_str){ name.ptr, dot < name.len ? dot - 1 : name.len });
    sfo_row_set_text(row, "FileExtension", extension);
    sfo_row_set_text(row, "FileType", sfi_str(file_type(extension)));
    const sfo_cell *data = sfo_row_get(row, "VersionData");
    sf_str bytes = data->kind == SFO_CELL_BLOB ? data->text : (sf_str){ NULL, 0 };
    sfo_row_set_int(row, "ContentSize", (int64_t)bytes.len);
    return set_checksum(s, row, bytes, f);
}

/* A first version: a document of its own. */
static bool make_document(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    static const char *const same[] = { "Title", "Description", "OwnerId", "FileType", "FileExtension" };
    sfo_table *documents = sfo_table_named(s, "ContentDocument");
    sfo_row doc;
    if (documents == NULL || !sfo_row_init(s, documents, &doc, f)) return false;
    for (size_t i = 0; i < SFI_COUNT_OF(same); i++) sfo_row_set_text(&doc, same[i], sfo_row_text(row, same[i]));
    sfo_row_set_int(&doc, "ContentSize", sfo_row_get(row, "ContentSize")->number);
    sfo_row_set_text(&doc, "PublishStatus", SFI_STR("P"));
    sfo_row_set_int(&doc, "ContentModifiedDate", sfo_context_now(c));
    if (!sfo_row_create(s, c, &doc, f)) return false;
    sfo_row_set_text(row, "ContentDocumentId", sfo_scratch_text(s, sfi_str(doc.id)));
    return true;
}

/* A later version: @return its number, -1: a fault. */
static int64_t replace_latest(sfo_store *s, sf_str document, sfo_fault *f)
{
    int64_t version = 1;
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT count(*) + 1 FROM ContentVersion WHERE ContentDocumentId=?1", f);
    if (stmt == NULL) return -1;
    sfo_bind_text(stmt, 1, document);
    bool fine;
    if (sfo_store_next(s, stmt, &fine, f)) version = sqlite3_column_int64(stmt, 0);
    sfo_statement_done(stmt);
    if (!fine) return -1;
    stmt = sfo_statement_get(s, "UPDATE ContentVersion SET IsLatest=0 WHERE ContentDocumentId=?1 AND IsLatest=1", f);
    if (stmt == NULL) return -1;
    sfo_bind_text(stmt, 1, document);
    sfo_change_reread(s, sfo_table_named(s, "ContentVersion"));
    return sfo_statement_run(s, stmt, f) ? version : -1;
}

static bool refuse_without(sfo_fault *f, const char *field)
{
    (void)sfo_fault_set(f, 400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [%s]", field);
    sfo_fault_add_field(f, field);
    return false;
}

bool sfo_before_content_version(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    if (row->old != NULL) return sfo_row_changed(row, "VersionData") ? set_file_facts(s, row, f) : true;
    int64_t version = 1;
    if (is_null(row, "PathOnClient") && is_null(row, "ContentUrl") && !s->system_writes)
        return refuse_without(f, "PathOnClient");
    if (!set_file_facts(s, row, f)) return false;
    if (!is_null(row, "ContentDocumentId"))
        version = replace_latest(s, sfo_row_text(row, "ContentDocumentId"), f);
    else if (!make_document(s, c, row, f))
        return false;
    if (version < 0) return false;
    char *number = sfo_scratch(s, 24);
    if (number == NULL) return sfo_fault_memory(f);
    (void)snprintf(number, 24, "%lld", (long long)version); /* fits */
    sfo_row_set_text(row, "VersionNumber", sfi_str(number));
    sfo_row_set_int(row, "IsLatest", 1);
    sfo_row_set_text(row, "PublishStatus", SFI_STR("P"));
    if (is_null(row, "ContentModifiedDate")) sfo_row_set_int(row, "ContentModifiedDate", sfo_context_now(c));
    if (c->user_id != NULL) sfo_row_set_text(row, "ContentModifiedById", sfi_str(c->user_id));
    return true;
}

static bool link_to(sfo_store *s, const sfo_context *c, sf_str document, sf_str entity, const char *share, sfo_fault *f)
{
    sfo_table *links = sfo_table_named(s, "ContentDocumentLink");
    sfo_row link;
    if (entity.len == 0 || links == NULL) return true;
    if (!sfo_row_init(s, links, &link, f)) return false;
    sfo_row_set_text(&link, "ContentDocumentId", document);
    sfo_row_set_text(&link, "LinkedEntityId", entity);
    sfo_row_set_text(&link, "ShareType", sfi_str(share));
    sfo_row_set_text(&link, "Visibility", SFI_STR("AllUsers"));
    return sfo_row_create(s, c, &link, f);
}

bool sfo_after_content_version(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    sf_str document = sfo_row_text(row, "ContentDocumentId");
    sqlite3_stmt *stmt =
        sfo_statement_get(s,
                          "UPDATE ContentDocument SET LatestPublishedVersionId=?2, Title=?3, ContentSize=?4, "
                          "FileType=?5, FileExtension=?6 WHERE Id=?1",
                          f);
    if (stmt == NULL || row->old != NULL) return stmt != NULL;
    sfo_bind_text(stmt, 1, document);
    sfo_bind_id(stmt, 2, row->id);
    sfo_bind_cell(stmt, 3, sfo_row_get(row, "Title"));
    sfo_bind_cell(stmt, 4, sfo_row_get(row, "ContentSize"));
    sfo_bind_cell(stmt, 5, sfo_row_get(row, "FileType"));
    sfo_bind_cell(stmt, 6, sfo_row_get(row, "FileExtension"));
    sfo_change_reread(s, sfo_table_named(s, "ContentDocument"));
    if (!sfo_statement_run(s, stmt, f)) return false;
    if (!sfi_str_is(sfo_row_text(row, "VersionNumber"), "1") || s->system_writes) return true;
    sf_str owner = sfo_row_text(row, "OwnerId"), place = sfo_row_text(row, "FirstPublishLocationId");
    return link_to(s, c, document, owner, "I", f) &&
           (sfi_str_eq(owner, place) || link_to(s, c, document, place, "V", f));
}
