/* report_def.c: what one report is made of: read from reportMetadata or from the form of definition files, which are the
 * same but for their words, and written as the product writes it. */
#include "api/reports.h"

bool sfo_report_bad(sfo_fault *f, const char *format, ...)
{
    char text[900];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return sfo_fault_set(f, 400, "BAD_REQUEST", "%s", text);
}

/* Such as TABULAR. */
static const char *format_name(sfo_report_format format)
{
    static const char *const names[] = { "TABULAR", "SUMMARY", "MATRIX" };
    return names[format];
}

/* ---- reading ---- */

typedef struct reader {
    const sfo_report_types *types;
    bool is_definition;
    sfi_arena *arena;
    sfo_report *out;
    sfo_fault *f;
} reader;

/* A member by the product's name; in definition files by its short one too. */
static sf_value member(const reader *r, sf_value v, const char *name, const char *brief)
{
    sf_value found = sf_get(v, name);
    return found.type == SF_MISSING && r->is_definition && brief != NULL ? sf_get(v, brief) : found;
}

/* *out becomes a copy of a text, or NULL for null; a missing member leaves it. */
static bool take_text(const reader *r, sf_value v, const char **out)
{
    if (v.type == SF_MISSING) return true;
    sf_str text = sf_get_text(v, NULL);
    *out = NULL;
    if (text.ptr == NULL) return true;
    *out = sfi_arena_strndup(r->arena, text.ptr, text.len);
    return *out != NULL || sfo_fault_set(r->f, 503, "SERVER_UNAVAILABLE", "no memory for the report");
}

static const sfo_report_column *column_of(const reader *r, sf_value v)
{
    sf_str name = sf_get_text(v, NULL);
    return name.ptr != NULL && r->out->type != NULL ? sfo_report_column_find(r->out->type, name, r->is_definition)
                                                    : NULL;
}

static const char *shown(sf_value v)
{
    const char *text = sf_get_str(v, NULL);
    return text != NULL ? text : "null";
}

static bool read_type(const reader *r, sf_value v)
{
    sf_value name = sf_get(v, "reportType.type");
    if (name.type == SF_MISSING && r->is_definition) name = sf_get(v, "type");
    if (name.type == SF_MISSING && r->is_definition) name = sf_get(v, "object");
    if (name.type == SF_MISSING) return true;
    sf_str text = sf_get_text(name, NULL);
    r->out->type = text.ptr != NULL ? sfo_report_type_find(r->types, text) : NULL;
    return r->out->type != NULL || sfo_report_bad(r->f, "The report type %.100s is not known.", shown(name));
}

static bool read_format(const reader *r, sf_value v)
{
    sf_value format = member(r, v, "reportFormat", "format");
    if (format.type == SF_MISSING) return true;
    for (int i = SFO_TABULAR; i <= SFO_MATRIX; i++)
        if (sfi_str_is_nocase(sf_get_text(format, NULL), format_name((sfo_report_format)i))) {
            r->out->format = (sfo_report_format)i;
            return true;
        }
    return sfo_fault_set(r->f, 501, "NOT_IMPLEMENTED", "You’re requesting data for an unsupported report format.");
}

static bool read_columns(const reader *r, sf_value v)
{
    sf_value list = member(r, v, "detailColumns", "columns"), c;
    if (list.type == SF_MISSING) return true;
    r->out->column_count = 0;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &c);) {
        if (r->out->column_count == SFO_REPORT_COLUMNS_MAX)
            return sfo_report_bad(r->f, "Only a report with fewer than 100 columns can be run. The columns are fields "
                                        "specified as detail columns, summaries, or custom summary formulas. Remove "
                                        "unneeded columns from the report and try again.");
        const sfo_report_column *column = column_of(r, c);
        if (column == NULL) return sfo_report_bad(r->f, "The column %.100s is not one of the report type.", shown(c));
        r->out->columns[r->out->column_count++] = column;
    }
    return true;
}

static bool read_groupings(const reader *r, sf_value list, sfo_report_grouping *out, size_t *count)
{
    sf_value g;
    if (list.type == SF_MISSING) return true;
    *count = 0;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &g);) {
        sf_value name = member(r, g, "name", "field"), order = member(r, g, "sortOrder", "order");
        if (*count == SFO_REPORT_LEVELS_MAX)
            return sfo_report_bad(r->f, "A report has at most %d groupings on a side.", SFO_REPORT_LEVELS_MAX);
        sfo_report_grouping *group = &out[*count];
        *group = (sfo_report_grouping){ .column = column_of(r, name), .granularity = "None" };
        if (group->column == NULL)
            return sfo_report_bad(r->f, "The grouping %.100s is not a column of the report type.", shown(name));
        if (!take_text(r, member(r, g, "dateGranularity", "granularity"), &group->granularity)) return false;
        if (group->granularity == NULL) group->granularity = "None";
        if (!sfo_report_is_granularity(group->granularity))
            return sfo_report_bad(r->f, "The date granularity %.100s is not known.", group->granularity);
        group->descending = sfi_str_is_nocase(sf_get_text(order, NULL), "Desc");
        (*count)++;
    }
    return true;
}

/* "RowCount", "s!AMOUNT" */
static bool read_aggregate(const reader *r, sf_value v)
{
    sf_str text = sf_get_text(v, NULL);
    sfo_report_aggregate *a = &r->out->aggregates[r->out->aggregate_count];
    *a = (sfo_report_aggregate){ .kind = 'R', .name = "RowCount" };
    if (sfi_str_is_nocase(text, "RowCount")) {
        r->out->aggregate_count++;
        return true;
    }
    bool known = text.len > 2 && text.ptr[1] == '!' && strchr("samx", text.ptr[0]) != NULL;
    a->column = known && r->out->type != NULL
                    ? sfo_report_column_find(r->out->type, (sf_str){ text.ptr + 2, text.len - 2 }, r->is_definition)
                    : NULL;
    if (a->column == NULL || !sfo_report_is_number(a->column))
        return sfo_report_bad(r->f, "The summary %.100s is not one that this report can have.", shown(v));
    a->kind = text.ptr[0];
    size_t size = strlen(a->column->name) + 3;
    char *name = sfi_arena_alloc(r->arena, size);
    if (name == NULL) return sfo_fault_set(r->f, 503, "SERVER_UNAVAILABLE", "no memory for the report");
    snprintf(name, size, "%c!%s", a->kind, a->column->name);
    a->name = name;
    r->out->aggregate_count++;
    return true;
}

static bool read_aggregates(const reader *r, sf_value list)
{
    sf_value v;
    if (list.type == SF_MISSING) return true;
    r->out->aggregate_count = 0;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &v);) {
        if (r->out->aggregate_count == SFO_REPORT_COLUMNS_MAX)
            return sfo_report_bad(r->f, "A report has at most %d summaries.", SFO_REPORT_COLUMNS_MAX);
        if (!read_aggregate(r, v)) return false;
    }
    return true;
}

static bool read_filters(const reader *r, sf_value v)
{
    sf_value list = member(r, v, "reportFilters", "filters"), item;
    if (list.type == SF_NULL)
        return sfo_report_bad(r->f,
                              "The request is invalid because there are no filters. Specify filters or set filters "
                              "as an empty array to omit them.");
    if (list.type == SF_MISSING) return true;
    r->out->filter_count = 0;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &item);) {
        if (r->out->filter_count == SFO_REPORT_FILTERS_MAX)
            return sfo_report_bad(r->f, "A report has at most %d filters.", SFO_REPORT_FILTERS_MAX);
        sfo_report_filter *filter = &r->out->filters[r->out->filter_count];
        *filter = (sfo_report_filter){ .column = column_of(r, sf_get(item, "column")) };
        if (filter->column == NULL || !filter->column->field->filterable)
            return sfo_report_bad(r->f, "Specify a valid filterable column because %.100s is invalid.",
                                  shown(sf_get(item, "column")));
        if (!take_text(r, sf_get(item, "operator"), &filter->op) ||
            !take_text(r, sf_get(item, "value"), &filter->value))
            return false;
        if (filter->op == NULL) filter->op = "null";
        if (filter->value == NULL) filter->value = "";
        r->out->filter_count++;
    }
    return true;
}

static bool read_dates(const reader *r, sf_value v)
{
    sf_value d = member(r, v, "standardDateFilter", "dateFilter"), name;
    sfo_report *out = r->out;
    if (d.type == SF_MISSING) return true;
    out->date_column = NULL;
    name = member(r, d, "column", "field");
    if (name.type != SF_STRING) return true; /* none */
    out->date_column = column_of(r, name);
    if (out->date_column == NULL)
        return sfo_report_bad(r->f, "The column %.100s specified for the standard date filter is invalid.",
                              shown(name));
    if (!sfo_report_is_date(out->date_column))
        return sfo_report_bad(
            r->f, "The column %.100s cannot be a standard date filter because it is not a date column.", shown(name));
    out->date_duration = "CUSTOM";
    out->date_start = out->date_end = NULL;
    return take_text(r, member(r, d, "durationValue", "duration"), &out->date_duration) &&
           take_text(r, member(r, d, "startDate", "start"), &out->date_start) &&
           take_text(r, member(r, d, "endDate", "end"), &out->date_end);
}

static bool read_order(const reader *r, sf_value v)
{
    sf_value list = sf_get(v, "sortBy"), first, name;
    if (list.type == SF_MISSING) return true;
    r->out->sort_column = NULL;
    size_t count = sf_value_count(list);
    if (count == 0) return true;
    if (count > 1) return sfo_report_bad(r->f, "A report can only be sorted by one column.");
    first = sf_get(list, "0");
    name = member(r, first, "sortColumn", "field");
    if (name.type != SF_STRING) return sfo_report_bad(r->f, "The sort column name can’t be null.");
    r->out->sort_column = column_of(r, name);
    r->out->sort_descending = sfi_str_is_nocase(sf_get_text(member(r, first, "sortOrder", "order"), NULL), "Desc");
    bool selected = false;
    for (size_t i = 0; i < r->out->column_count; i++) selected = selected || r->out->columns[i] == r->out->sort_column;
    return (selected && r->out->sort_column != NULL) ||
           sfo_report_bad(r->f, "The sort column name must be from a selected column.");
}

static bool read_snapshots(const reader *r, sf_value v)
{
    return sf_value_count(sf_get(v, "historicalSnapshotDates")) == 0 ||
           sfo_report_bad(r->f,
                          "The request is invalid because reports that are not historical trending reports cannot "
                          "have historical snapshot dates.");
}

/* "Deals of 2024" as Deals_of_2024, where no developer name is given. */
static bool take_developer_name(const reader *r)
{
    sfo_report *out = r->out;
    if (out->developer_name != NULL || out->name == NULL) return true;
    char text[81] = "";
    size_t n = 0;
    for (const char *c = out->name; *c != '\0' && n < sizeof text - 1; c++) {
        bool plain = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');
        if (n == 0 && !((*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z'))) text[n++] = 'R';
        if (plain || (n > 0 && text[n - 1] != '_')) text[n++] = plain ? *c : '_';
    }
    while (n > 1 && text[n - 1] == '_') n--;
    out->developer_name = sfi_arena_strndup(r->arena, text, n);
    return out->developer_name != NULL || sfo_fault_set(r->f, 503, "SERVER_UNAVAILABLE", "no memory for the report");
}

bool sfo_report_read(const sfo_report_types *types, sf_value v, bool is_definition, sfi_arena *arena, sfo_report *out,
                     sfo_fault *f)
{
    reader r = { .types = types, .is_definition = is_definition, .arena = arena, .out = out, .f = f };
    sf_str scope = sf_get_text(v, "scope");
    if (scope.ptr != NULL) out->mine = sfi_str_is_nocase(scope, "user") || sfi_str_is_nocase(scope, "mine");
    return take_text(&r, sf_get(v, "name"), &out->name) &&
           take_text(&r, sf_get(v, "developerName"), &out->developer_name) &&
           take_text(&r, sf_get(v, "description"), &out->description) &&
           take_text(&r, sf_get(v, "folderId"), &out->folder_id) && read_type(&r, v) && read_format(&r, v) &&
           read_columns(&r, v) &&
           read_groupings(&r, member(&r, v, "groupingsDown", "groupings"), out->down, &out->down_count) &&
           read_groupings(&r, sf_get(v, "groupingsAcross"), out->across, &out->across_count) &&
           read_aggregates(&r, sf_get(v, "aggregates")) && read_filters(&r, v) &&
           take_text(&r, member(&r, v, "reportBooleanFilter", "booleanFilter"), &out->boolean_filter) &&
           read_dates(&r, v) && read_order(&r, v) && read_snapshots(&r, v) && take_developer_name(&r);
}

bool sfo_report_check(const sfo_report *r, sfo_fault *f)
{
    if (r->type == NULL) return sfo_report_bad(f, "The report type can’t be null.");
    if (r->name == NULL || r->name[0] == '\0') return sfo_report_bad(f, "The report name can’t be null.");
    if (r->developer_name == NULL) return sfo_report_bad(f, "The report’s developer name can’t be null.");
    if (strlen(r->name) > 160) return sfo_report_bad(f, "The report name is too long.");
    if (r->column_count == 0 && r->aggregate_count == 0)
        return sfo_report_bad(f, "Can’t run the report because it doesn’t have any columns selected. Be sure to add "
                                 "fields as columns to the report through the user interface.");
    if (r->format == SFO_TABULAR && (r->down_count > 0 || r->across_count > 0))
        return sfo_report_bad(f, "A tabular report has no groupings.");
    if (r->format == SFO_SUMMARY && (r->down_count == 0 || r->across_count > 0))
        return sfo_report_bad(f, "A summary report has one to three groupings down, and none across.");
    if (r->format == SFO_MATRIX &&
        (r->down_count == 0 || r->across_count == 0 || r->down_count > 2 || r->across_count > 2))
        return sfo_report_bad(f, "A matrix report has one or two groupings down, and one or two across.");
    if (r->format == SFO_MATRIX && r->sort_column != NULL)
        return sfo_report_bad(f, "Column sorting isn’t supported for matrix reports.");
    return true;
}

/* ---- writing ---- */

static void write_groupings(sfi_json_writer *w, const char *key, const sfo_report_grouping *list, size_t count)
{
    sfi_json_key(w, key);
    sfi_json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "dateGranularity", list[i].granularity);
        sfi_json_put_string(w, "name", list[i].column->name);
        sfi_json_put_null(w, "sortAggregate");
        sfi_json_put_string(w, "sortOrder", list[i].descending ? "Desc" : "Asc");
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

static void write_filters(const sfo_report *r, sfi_json_writer *w)
{
    sfi_json_key(w, "reportFilters");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < r->filter_count; i++) {
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "column", r->filters[i].column->name);
        sfi_json_put_string(w, "filterType", "fieldValue");
        sfi_json_put_bool(w, "isRunPageEditable", true);
        sfi_json_put_string(w, "operator", r->filters[i].op);
        sfi_json_put_string(w, "value", r->filters[i].value);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

static void write_dates(const sfo_report *r, sfi_json_writer *w)
{
    bool has = r->date_column != NULL;
    sfi_json_key(w, "standardDateFilter");
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "column", has ? r->date_column->name : NULL);
    sfi_json_put_string(w, "durationValue", has && r->date_duration != NULL ? r->date_duration : "CUSTOM");
    sfi_json_put_string(w, "endDate", has ? r->date_end : NULL);
    sfi_json_put_string(w, "startDate", has ? r->date_start : NULL);
    sfi_json_end_object(w);
}

static void write_names(sfi_json_writer *w, const char *key, const sfo_report *r, bool aggregates)
{
    sfi_json_key(w, key);
    sfi_json_begin_array(w);
    for (size_t i = 0; i < (aggregates ? r->aggregate_count : r->column_count); i++)
        sfi_json_string(w, aggregates ? r->aggregates[i].name : r->columns[i]->name);
    sfi_json_end_array(w);
}

void sfo_report_write_metadata(const sfo_report *r, bool has_details, sfi_json_writer *w)
{
    bool has_count = false;
    for (size_t i = 0; i < r->aggregate_count; i++) has_count = has_count || r->aggregates[i].kind == 'R';
    sfi_json_begin_object(w);
    write_names(w, "aggregates", r, true);
    sfi_json_put_null(w, "chart");
    sfi_json_put_null(w, "currency");
    sfi_json_put_string(w, "description", r->description);
    write_names(w, "detailColumns", r, false);
    sfi_json_put_string(w, "developerName", r->developer_name);
    sfi_json_put_null(w, "division");
    sfi_json_put_string(w, "folderId", r->folder_id);
    write_groupings(w, "groupingsAcross", r->across, r->across_count);
    write_groupings(w, "groupingsDown", r->down, r->down_count);
    sfi_json_put_bool(w, "hasDetailRows", has_details);
    sfi_json_put_bool(w, "hasRecordCount", has_count);
    sfi_json_key(w, "historicalSnapshotDates");
    sfi_json_begin_array(w);
    sfi_json_end_array(w);
    sfi_json_put_string(w, "id", r->id);
    sfi_json_put_string(w, "name", r->name);
    sfi_json_put_string(w, "reportBooleanFilter", r->boolean_filter);
    write_filters(r, w);
    sfi_json_put_string(w, "reportFormat", format_name(r->format));
    sfi_json_key(w, "reportType");
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "label", r->type->label);
    sfi_json_put_string(w, "type", r->type->name);
    sfi_json_end_object(w);
    sfi_json_put_string(w, "scope", r->mine ? "user" : "organization");
    sfi_json_put_bool(w, "showGrandTotal", true);
    sfi_json_put_bool(w, "showSubtotals", r->format != SFO_TABULAR);
    sfi_json_key(w, "sortBy");
    sfi_json_begin_array(w);
    if (r->sort_column != NULL) {
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "sortColumn", r->sort_column->name);
        sfi_json_put_string(w, "sortOrder", r->sort_descending ? "Desc" : "Asc");
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    write_dates(r, w);
    sfi_json_end_object(w);
}

static void write_aggregate_info(const sfo_report_aggregate *a, sfi_json_writer *w)
{
    static const struct {
        char kind;
        const char *words;
    } words[] = { { 's', "Sum of" }, { 'a', "Average" }, { 'm', "Smallest" }, { 'x', "Largest" } };
    char label[200] = "Record Count";
    for (size_t i = 0; i < SFI_COUNT_OF(words); i++)
        if (words[i].kind == a->kind) snprintf(label, sizeof label, "%s %.150s", words[i].words, a->column->label);
    sfi_json_key(w, a->name);
    sfi_json_begin_object(w);
    sfi_json_put_null(w, "acrossGroupingContext");
    sfi_json_put_string(w, "dataType", a->kind == 'R' ? "int" : sfo_report_data_type(a->column));
    sfi_json_put_null(w, "downGroupingContext");
    sfi_json_put_string(w, "label", label);
    sfi_json_end_object(w);
}

static void write_groupings_info(const sfo_report_grouping *list, size_t count, sfi_json_writer *w)
{
    for (size_t i = 0; i < count; i++) {
        sfi_json_key(w, list[i].column->name);
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "dataType", sfo_report_data_type(list[i].column));
        sfi_json_key(w, "groupingLevel");
        sfi_json_int(w, (int64_t)i);
        sfi_json_put_string(w, "label", list[i].column->label);
        sfi_json_end_object(w);
    }
}

void sfo_report_write_extended(const sfo_report *r, sfi_json_writer *w)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "aggregateColumnInfo");
    sfi_json_begin_object(w);
    for (size_t i = 0; i < r->aggregate_count; i++) write_aggregate_info(&r->aggregates[i], w);
    sfi_json_end_object(w);
    sfi_json_key(w, "detailColumnInfo");
    sfi_json_begin_object(w);
    for (size_t i = 0; i < r->column_count; i++) {
        sfi_json_key(w, r->columns[i]->name);
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "dataType", sfo_report_data_type(r->columns[i]));
        sfi_json_put_string(w, "label", r->columns[i]->label);
        sfi_json_end_object(w);
    }
    sfi_json_end_object(w);
    sfi_json_key(w, "groupingColumnInfo");
    sfi_json_begin_object(w);
    write_groupings_info(r->down, r->down_count, w);
    write_groupings_info(r->across, r->across_count, w);
    sfi_json_end_object(w);
    sfi_json_end_object(w);
}

/* ---- what the report type could have ---- */

static void write_type_column(const sfo_report_column *c, sfi_json_writer *w)
{
    const sfo_field *f = c->field;
    sfi_json_key(w, c->name);
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "allowedInCustomDetailFormula", sfo_report_is_number(c));
    sfi_json_put_bool(w, "bucketable", f->groupable);
    sfi_json_put_string(w, "dataType", sfo_report_data_type(c));
    sfi_json_key(w, "filterValues");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < f->picklist_count; i++) {
        if (!f->picklist[i].active) continue;
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "label", f->picklist[i].label != NULL ? f->picklist[i].label : f->picklist[i].value);
        sfi_json_put_string(w, "name", f->picklist[i].value);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    sfi_json_put_bool(w, "filterable", f->filterable);
    sfi_json_put_bool(w, "isCustom", f->custom);
    sfi_json_put_bool(w, "isLookup", c->id_path != NULL);
    sfi_json_put_string(w, "label", c->label);
    sfi_json_end_object(w);
}

static void write_operators(sfi_json_writer *w)
{
    static const char plain[] =
        "equals notEqual lessThan greaterThan lessOrEqual greaterOrEqual contains notContain startsWith";
    static const char ordered[] = "equals notEqual lessThan greaterThan lessOrEqual greaterOrEqual";
    static const struct {
        const char *type, *operators;
    } types[] = {
        { "boolean", "equals notEqual" },
        { "currency", ordered },
        { "date", ordered },
        { "datetime", ordered },
        { "double", ordered },
        { "email", plain },
        { "id", "equals notEqual" },
        { "int", ordered },
        { "multipicklist", "equals notEqual includes excludes" },
        { "percent", ordered },
        { "phone", plain },
        { "picklist", plain },
        { "reference", "equals notEqual" },
        { "string", plain },
        { "textarea", plain },
        { "url", plain },
    };
    static const struct {
        const char *name, *label;
    } labels[] = {
        { "equals", "equals" },
        { "notEqual", "not equal to" },
        { "lessThan", "less than" },
        { "greaterThan", "greater than" },
        { "lessOrEqual", "less or equal" },
        { "greaterOrEqual", "greater or equal" },
        { "contains", "contains" },
        { "notContain", "does not contain" },
        { "startsWith", "starts with" },
        { "includes", "includes" },
        { "excludes", "excludes" },
    };
    sfi_json_key(w, "dataTypeFilterOperatorMap");
    sfi_json_begin_object(w);
    for (size_t i = 0; i < SFI_COUNT_OF(types); i++) {
        sfi_json_key(w, types[i].type);
        sfi_json_begin_array(w);
        for (size_t k = 0; k < SFI_COUNT_OF(labels); k++) {
            const char *at = strstr(types[i].operators, labels[k].name);
            if (at == NULL) continue;
            sfi_json_begin_object(w);
            sfi_json_put_string(w, "label", labels[k].label);
            sfi_json_put_string(w, "name", labels[k].name);
            sfi_json_end_object(w);
        }
        sfi_json_end_array(w);
    }
    sfi_json_end_object(w);
}

void sfo_report_write_type(const sfo_report_type *type, sfi_json_writer *w)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "categories");
    sfi_json_begin_array(w);
    sfi_json_begin_object(w);
    sfi_json_key(w, "columns");
    sfi_json_begin_object(w);
    for (size_t i = 0; i < type->count; i++) write_type_column(&type->columns[i], w);
    sfi_json_end_object(w);
    sfi_json_put_string(w, "label", type->label);
    sfi_json_end_object(w);
    sfi_json_end_array(w);
    write_operators(w);
    sfi_json_put_null(w, "divisionInfo");
    sfi_json_key(w, "scopeInfo");
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "defaultValue", "organization");
    sfi_json_key(w, "values");
    sfi_json_begin_array(w);
    static const char *const scopes[][2] = { { "All records", "organization" }, { "My records", "user" } };
    for (size_t i = 0; i < SFI_COUNT_OF(scopes); i++) {
        sfi_json_begin_object(w);
        sfi_json_put_bool(w, "allowsDivision", false);
        sfi_json_put_string(w, "label", scopes[i][0]);
        sfi_json_put_string(w, "value", scopes[i][1]);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    sfi_json_end_object(w);
    sfi_json_key(w, "standardDateFilterDurationGroups");
    sfi_json_begin_array(w);
    sfi_json_end_array(w);
    sfi_json_key(w, "standardFilterInfos");
    sfi_json_begin_array(w);
    sfi_json_end_array(w);
    sfi_json_put_bool(w, "supportsJoinedFormat", false);
    sfi_json_end_object(w);
}
