/*
 * seed.c: the sample data. Deterministic: every value of record n of an object follows from (object, n) alone, so that any
 * record can name facts of another without reading it, memory stays flat, and two runs on one day give the same rows. Dates
 * lie around the day of seeding (midnight UTC). Names and places are in seed_names.c. Called once by main.
 */
#include "store/seed_names.h"
#include "store/store_internal.h"

enum { BATCH_ROWS = 20000 }; /* rows in one transaction; the sample itself is one */

#define DAY_MS ((int64_t)86400000)

typedef enum kind {
    ROLES,
    USERS,
    PRODUCTS,
    ENTRIES,
    CAMPAIGNS,
    ACCOUNTS,
    CONTACTS,
    OPPORTUNITIES,
    LINE_ITEMS,
    CONTACT_ROLES,
    LEADS,
    CASES,
    COMMENTS,
    MEMBERS,
    TASKS,
    EVENTS,
    KINDS
} kind;

typedef struct seeder {
    sfo_store *store;
    sfo_context context; /* the administrator, today at midnight */
    int64_t today;       /* ms */
    int64_t count[KINDS];
    int64_t first[KINDS]; /* counter value of each object's first id */
    int64_t rows;         /* since the last commit */
    char profile[19], pricebook[19];
    sfo_fault fault;
} seeder;

typedef struct dice {
    uint64_t state;
} dice;

/* ---- chance that repeats ---- */

static uint64_t roll(dice *d) /* splitmix64 */
{
    uint64_t z = d->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static int64_t below(dice *d, int64_t n)
{
    return n > 0 ? (int64_t)(roll(d) % (uint64_t)n) : 0;
}

static dice dice_of(kind k, int64_t n)
{
    return (dice){ ((uint64_t)k + 1) * 0xD6E8FEB86659FD93u ^ (uint64_t)n * 0xA0761D6478BD642Fu };
}

static const char *pick(dice *d, seed_list list)
{
    return list.texts[below(d, (int64_t)list.count)];
}

static const seed_locale *pick_locale(dice *d)
{
    int total = 0;
    for (size_t i = 0; i < seed_locale_count; i++) total += seed_locales[i].weight;
    int64_t at = below(d, total);
    for (size_t i = 0; i < seed_locale_count; i++)
        if ((at -= seed_locales[i].weight) < 0) return &seed_locales[i];
    return &seed_locales[0];
}

/* ---- setting fields ---- */

static sf_str textf(seeder *sd, const char *format, ...) SFI_PRINTF(2, 3);
static sf_str textf(seeder *sd, const char *format, ...)
{
    char *text = sfo_scratch(sd->store, 512);
    if (text == NULL) return (sf_str){ NULL, 0 }; /* the field stays null; memory is checked where rows begin */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, 512, format, args);
    va_end(args);
    return (sf_str){ text, len < 0 ? 0 : len > 511 ? 511 : (size_t)len };
}

static void set_text(sfo_row *row, const char *field, const char *text)
{
    sfo_row_set_text(row, field, sfi_str(text != NULL ? text : ""));
}

static void set_reference(seeder *sd, sfo_row *row, const char *field, kind k, const char *object, int64_t n)
{
    sf_id id;
    sfo_id_format(sfo_schema_object(sd->store->schema, sfi_str(object)), sd->first[k] + n, &id);
    sfo_row_set_text(row, field, sfo_scratch_text(sd->store, sfi_str(id.text)));
}

static void set_owner(seeder *sd, sfo_row *row, dice *d)
{
    int64_t n = below(d, sd->count[USERS] + 1); /* the last one is the administrator */
    if (n == sd->count[USERS])
        sfo_row_set_text(row, "OwnerId", sfi_str(sd->store->admin_id));
    else
        set_reference(sd, row, "OwnerId", USERS, "User", n);
    sfo_row_set_text(row, "CreatedById", sfo_row_text(row, "OwnerId"));
    sfo_row_set_text(row, "LastModifiedById", sfo_row_text(row, "OwnerId"));
}

static void set_date(seeder *sd, sfo_row *row, const char *field, int64_t days)
{
    char text[16];
    sfi_date_format(sd->today + days * DAY_MS, text);
    sfo_row_set_text(row, field, sfo_scratch_text(sd->store, sfi_str(text)));
}

/* Created some days ago in office hours, changed some time since then. */
static void set_stamps(seeder *sd, sfo_row *row, dice *d, int64_t days_ago)
{
    int64_t created = sd->today - days_ago * DAY_MS + 25200000 + below(d, 36000) * 1000;
    if (created > sd->today) created = sd->today - below(d, 3600) * 1000;
    int64_t modified = created + below(d, (sd->today - created) / 1000 + 1) * 1000;
    sfo_row_set_int(row, "CreatedDate", created);
    sfo_row_set_int(row, "LastModifiedDate", modified);
    sfo_row_set_int(row, "SystemModstamp", modified);
}

static void set_place(seeder *sd, sfo_row *row, const char *prefix, const seed_locale *l, const seed_city *city,
                      dice *d)
{
    char field[32];
    const struct {
        const char *name, *value;
    } parts[] = {
        { "City", city->city },
        { "State", city->state },
        { "PostalCode", city->postal_code },
        { "Country", l->country },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(parts); i++) {
        (void)snprintf(field, sizeof field, "%s%s", prefix, parts[i].name); /* prefixes are short */
        set_text(row, field, parts[i].value);
    }
    char *street = sfo_scratch(sd->store, 128);
    const char *hole = strstr(l->street, "%d");
    if (street != NULL && hole != NULL) {
        (void)snprintf(street, 128, "%.*s%d%s", (int)(hole - l->street), l->street, 1 + (int)below(d, 180), hole + 2);
        (void)snprintf(field, sizeof field, "%sStreet", prefix);
        set_text(row, field, street);
    }
    if (below(d, 2) != 0) return; /* half of the places are known by their coordinates */
    (void)snprintf(field, sizeof field, "%sLatitude", prefix);
    sfo_row_set_real(row, field, city->latitude);
    (void)snprintf(field, sizeof field, "%sLongitude", prefix);
    sfo_row_set_real(row, field, city->longitude);
}

/* ---- what is known of an account without reading it ---- */

typedef struct company {
    const seed_locale *locale;
    const seed_city *city;
    const seed_name *founder;
    dice rest;
} company;

static company company_of(kind k, int64_t n)
{
    company c = { .rest = dice_of(k, n) };
    c.locale = pick_locale(&c.rest);
    c.city = &c.locale->cities[below(&c.rest, SEED_CITIES)];
    c.founder = &c.locale->last[below(&c.rest, SEED_NAMES)];
    return c;
}

static sf_str company_name(seeder *sd, company *c)
{
    const seed_locale *l = c->locale;
    const char *word = l->words[below(&c->rest, SEED_WORDS)], *form = l->forms[below(&c->rest, SEED_FORMS)];
    switch (below(&c->rest, 4)) {
    case 0: return textf(sd, "%s %s %s", c->founder->text, word, form);
    case 1: return textf(sd, "%s & %s %s", c->founder->text, l->last[below(&c->rest, SEED_NAMES)].text, form);
    case 2: return textf(sd, "%s %s %s", c->city->city, word, form);
    default: return textf(sd, "%s %s %s", l->first[below(&c->rest, SEED_NAMES)].text, c->founder->text, word);
    }
}

static sf_str phone(seeder *sd, const seed_city *city, dice *d)
{
    return textf(sd, "%s 555%04d", city->phone, (int)below(d, 10000));
}

static const char *const industries[] = { "Banking", "Chemicals",   "Construction",    "Education",  "Electronics",
                                          "Energy",  "Engineering", "Food & Beverage", "Healthcare", "Manufacturing",
                                          "Retail",  "Technology",  "Transportation" };
static const char *const sources[] = { "Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other" };
static const char *const ratings[] = { "Hot", "Warm", "Cold" };
#define PICK(d, array) ((array)[below((d), (int64_t)SFI_COUNT_OF(array))])

/* ---- one record of each object ---- */

static void fill_role(seeder *sd, sfo_row *row, int64_t n)
{
    static const char *const names[] = { "CEO",        "VP Sales",    "VP Service", "Sales EMEA", "Sales Americas",
                                         "Sales APAC", "Service Team" };
    static const int parents[] = { -1, 0, 0, 1, 1, 1, 2 };
    size_t i = (size_t)n % SFI_COUNT_OF(names);
    set_text(row, "Name", names[i]);
    sfo_row_set_text(row, "DeveloperName", textf(sd, "Role_%lld", (long long)n));
    set_text(row, "OpportunityAccessForAccountOwner", "Edit");
    if (parents[i] >= 0 && parents[i] < n) set_reference(sd, row, "ParentRoleId", ROLES, "UserRole", parents[i]);
}

static void fill_user(seeder *sd, sfo_row *row, int64_t n)
{
    dice d = dice_of(USERS, n);
    const seed_locale *l =
        n < (int64_t)seed_locale_count ? &seed_locales[n] : pick_locale(&d); /* every language at least once */
    const seed_name *first = &l->first[below(&d, SEED_NAMES)], *last = &l->last[below(&d, SEED_NAMES)];
    const seed_city *city = &l->cities[below(&d, SEED_CITIES)];
    set_text(row, "FirstName", first->text);
    set_text(row, "LastName", last->text);
    sfo_row_set_text(row, "Username",
                     textf(sd, "%s.%s%lld@local.example", first->ascii, last->ascii, (long long)n + 1));
    sfo_row_set_text(row, "Email", sfo_row_text(row, "Username"));
    sfo_row_set_text(row, "Alias", textf(sd, "%.4s%lld", last->ascii, (long long)n + 1));
    sfo_row_set_text(row, "CommunityNickname", textf(sd, "%s%lld", first->ascii, (long long)n + 1));
    sfo_row_set_int(row, "IsActive", n % 15 != 14);
    static const char *const keys[][2] = { { "TimeZoneSidKey", "Europe/London" },
                                           { "LocaleSidKey", "en_US" },
                                           { "EmailEncodingKey", "UTF-8" },
                                           { "LanguageLocaleKey", "en_US" } };
    for (size_t i = 0; i < SFI_COUNT_OF(keys); i++) set_text(row, keys[i][0], keys[i][1]);
    set_text(row, "Title", n % 3 == 2 ? "Service Agent" : "Account Executive");
    set_text(row, "Department", n % 3 == 2 ? "Service" : "Sales");
    sfo_row_set_text(row, "ProfileId", sfi_str(sd->profile));
    set_reference(sd, row, "UserRoleId", ROLES, "UserRole",
                  n % 3 == 2 ? sd->count[ROLES] - 1 : below(&d, sd->count[ROLES]));
    if (n > 0) set_reference(sd, row, "ManagerId", USERS, "User", below(&d, n > 5 ? 5 : n));
    set_place(sd, row, "", l, city, &d);
    sfo_row_set_text(row, "Phone", phone(sd, city, &d));
    set_stamps(sd, row, &d, 1100 - n % 300);
}

static void fill_product(seeder *sd, sfo_row *row, int64_t n)
{
    dice d = dice_of(PRODUCTS, n);
    set_text(row, "Name", seed_products.texts[(size_t)n % seed_products.count]);
    sfo_row_set_text(row, "ProductCode", textf(sd, "LX-%04lld", 1000 + (long long)n * 7));
    set_text(row, "Family", (size_t)n % seed_products.count >= 15 ? "Services" : "Hardware");
    sfo_row_set_int(row, "IsActive", n % 11 != 10);
    set_stamps(sd, row, &d, 1000);
}

static double price_of(int64_t product)
{
    dice d = dice_of(ENTRIES, product);
    return 20 + (double)below(&d, 400) * 5 + 0.9;
}

static void fill_entry(seeder *sd, sfo_row *row, int64_t n)
{
    dice d = dice_of(ENTRIES, n);
    sfo_row_set_text(row, "Pricebook2Id", sfi_str(sd->pricebook));
    set_reference(sd, row, "Product2Id", PRODUCTS, "Product2", n);
    sfo_row_set_real(row, "UnitPrice", price_of(n));
    sfo_row_set_int(row, "IsActive", 1);
    set_stamps(sd, row, &d, 990);
}

static void fill_campaign(seeder *sd, sfo_row *row, int64_t n)
{
    static const char *const types[] = { "Conference", "Webinar", "Trade Show", "Email", "Referral Program" };
    static const char *const states[] = { "Planned", "In Progress", "Completed" };
    dice d = dice_of(CAMPAIGNS, n);
    set_owner(sd, row, &d);
    sfo_row_set_text(row, "Name",
                     n < (int64_t)seed_campaigns.count ? sfi_str(seed_campaigns.texts[n])
                                                       : textf(sd, "%s %lld", pick(&d, seed_campaigns), (long long)n));
    set_text(row, "Type", PICK(&d, types));
    int64_t start = 200 - below(&d, 500);
    set_date(sd, row, "StartDate", start);
    set_date(sd, row, "EndDate", start + 5 + below(&d, 60));
    set_text(row, "Status", start > 0 ? states[0] : start > -30 ? states[1] : states[2]);
    sfo_row_set_int(row, "IsActive", start > -90);
    sfo_row_set_real(row, "BudgetedCost", 500 * (double)(1 + below(&d, 60)));
    sfo_row_set_real(row, "ExpectedRevenue", 5000 * (double)(1 + below(&d, 60)));
    sfo_row_set_real(row, "NumberSent", (double)below(&d, 5000));
    set_stamps(sd, row, &d, 300 + below(&d, 200));
}

static void fill_account(seeder *sd, sfo_row *row, int64_t n)
{
    static const char *const types[] = { "Prospect", "Customer - Direct", "Customer - Channel",
                                         "Channel Partner / Reseller", "Other" };
    company c = company_of(ACCOUNTS, n);
    dice *d = &c.rest;
    sfo_row_set_text(row, "Name", company_name(sd, &c));
    set_owner(sd, row, d);
    set_place(sd, row, "Billing", c.locale, c.city, d);
    if (below(d, 3) == 0) set_place(sd, row, "Shipping", c.locale, &c.locale->cities[below(d, SEED_CITIES)], d);
    sfo_row_set_text(row, "Phone", phone(sd, c.city, d));
    sfo_row_set_text(row, "Website",
                     textf(sd, "https://www.%s%lld.%s", c.founder->ascii, (long long)n, c.locale->domain));
    set_text(row, "Industry", PICK(d, industries));
    set_text(row, "Type", PICK(d, types));
    set_text(row, "Rating", below(d, 4) == 0 ? NULL : PICK(d, ratings));
    set_text(row, "AccountSource", PICK(d, sources));
    sfo_row_set_text(row, "AccountNumber", textf(sd, "A-%06lld", (long long)n + 1));
    int64_t employees = 1 + below(d, 40) * (1 + below(d, 50));
    sfo_row_set_int(row, "NumberOfEmployees", employees);
    if (below(d, 10) != 0) sfo_row_set_real(row, "AnnualRevenue", (double)(employees * (50 + below(d, 200)) * 1000));
    if (n >= 10 && below(d, 100) < 15) set_reference(sd, row, "ParentId", ACCOUNTS, "Account", below(d, n / 3));
    if (below(d, 8) == 0)
        sfo_row_set_text(row, "Description",
                         textf(sd, "Site in %s.\r\nVisited twice a year; ask for %s.", c.city->city, c.founder->text));
    set_stamps(sd, row, d, 30 + below(d, 1000));
}

static int64_t account_of_contact(const seeder *sd, int64_t n)
{
    dice d = dice_of(CONTACTS, n);
    return n < sd->count[ACCOUNTS] ? n : below(&d, sd->count[ACCOUNTS]); /* everybody has one before anybody has two */
}

static void fill_contact(seeder *sd, sfo_row *row, int64_t n)
{
    static const char *const salutations[] = { "Mr.", "Ms.", "Dr.", "Prof." };
    dice d = dice_of(CONTACTS, n);
    (void)roll(&d); /* the account's */
    int64_t account = account_of_contact(sd, n);
    company c = company_of(ACCOUNTS, account);
    const seed_name *first = &c.locale->first[below(&d, SEED_NAMES)], *last = &c.locale->last[below(&d, SEED_NAMES)];
    set_owner(sd, row, &d);
    if (n % 97 != 96) set_reference(sd, row, "AccountId", ACCOUNTS, "Account", account); /* some belong to nobody */
    if (below(&d, 50) != 0) set_text(row, "FirstName", first->text);
    set_text(row, "LastName", last->text);
    if (below(&d, 3) == 0) set_text(row, "Salutation", PICK(&d, salutations));
    if (below(&d, 12) != 0)
        sfo_row_set_text(row, "Email",
                         textf(sd, "%s.%s@%s%lld.%s", first->ascii, last->ascii, c.founder->ascii, (long long)account,
                               c.locale->domain));
    set_text(row, "Title", pick(&d, seed_titles));
    set_text(row, "Department", pick(&d, seed_departments));
    sfo_row_set_text(row, "Phone", phone(sd, c.city, &d));
    if (below(&d, 2) == 0) sfo_row_set_text(row, "MobilePhone", phone(sd, c.city, &d));
    set_place(sd, row, "Mailing", c.locale, c.city, &d);
    set_text(row, "LeadSource", PICK(&d, sources));
    if (below(&d, 3) == 0) set_date(sd, row, "Birthdate", -(7300 + below(&d, 16000)));
    if (n >= sd->count[ACCOUNTS] && n % 97 != 96) set_reference(sd, row, "ReportsToId", CONTACTS, "Contact", account);
    set_stamps(sd, row, &d, 10 + below(&d, 1000));
}

static void fill_opportunity(seeder *sd, sfo_row *row, int64_t n)
{
    static const char *const types[] = { "Existing Customer - Upgrade", "Existing Customer - Replacement",
                                         "New Customer" };
    static const char *const open_stages[] = { "Prospecting",          "Qualification",       "Needs Analysis",
                                               "Value Proposition",    "Id. Decision Makers", "Perception Analysis",
                                               "Proposal/Price Quote", "Negotiation/Review" };
    dice d = dice_of(OPPORTUNITIES, n);
    int64_t account = below(&d, sd->count[ACCOUNTS]), close;
    company c = company_of(ACCOUNTS, account);
    bool closed = below(&d, 100) < 55;
    close = closed ? -1 - below(&d, 540) : below(&d, 280) - 14; /* a few open ones are overdue */
    set_owner(sd, row, &d);
    set_reference(sd, row, "AccountId", ACCOUNTS, "Account", account);
    sfo_row_set_text(row, "Name", textf(sd, "%s - %s", c.founder->text, pick(&d, seed_deals)));
    set_text(row, "StageName", !closed ? PICK(&d, open_stages) : below(&d, 100) < 60 ? "Closed Won" : "Closed Lost");
    set_date(sd, row, "CloseDate", close);
    if (below(&d, 25) != 0) sfo_row_set_real(row, "Amount", (double)((1 + below(&d, 200)) * (1 + below(&d, 60)) * 50));
    set_text(row, "Type", PICK(&d, types));
    set_text(row, "LeadSource", PICK(&d, sources));
    if (below(&d, 5) == 0) set_reference(sd, row, "CampaignId", CAMPAIGNS, "Campaign", below(&d, sd->count[CAMPAIGNS]));
    if (!closed) set_text(row, "NextStep", pick(&d, seed_task_subjects));
    set_stamps(sd, row, &d, (closed ? -close : 0) + 5 + below(&d, 120));
}

static void fill_line_item(seeder *sd, sfo_row *row, int64_t n)
{
    dice d = dice_of(LINE_ITEMS, n);
    int64_t product = below(&d, sd->count[PRODUCTS]);
    set_reference(sd, row, "OpportunityId", OPPORTUNITIES, "Opportunity", n / 2 % sd->count[OPPORTUNITIES]);
    set_reference(sd, row, "PricebookEntryId", ENTRIES, "PricebookEntry", product);
    set_reference(sd, row, "Product2Id", PRODUCTS, "Product2", product);
    sfo_row_set_real(row, "Quantity", (double)(1 + below(&d, 40)));
    sfo_row_set_real(row, "UnitPrice", price_of(product));
    set_stamps(sd, row, &d, 5 + below(&d, 100));
}

static void fill_contact_role(seeder *sd, sfo_row *row, int64_t n)
{
    static const char *const roles[] = { "Decision Maker", "Business User", "Economic Buyer", "Evaluator",
                                         "Influencer" };
    dice d = dice_of(CONTACT_ROLES, n);
    set_reference(sd, row, "OpportunityId", OPPORTUNITIES, "Opportunity", n % sd->count[OPPORTUNITIES]);
    set_reference(sd, row, "ContactId", CONTACTS, "Contact", below(&d, sd->count[CONTACTS]));
    set_text(row, "Role", PICK(&d, roles));
    sfo_row_set_int(row, "IsPrimary", n < sd->count[OPPORTUNITIES]);
    set_stamps(sd, row, &d, 5 + below(&d, 100));
}

static void fill_lead(seeder *sd, sfo_row *row, int64_t n)
{
    static const char *const states[] = { "Open - Not Contacted", "Open - Not Contacted", "Working - Contacted",
                                          "Closed - Not Converted" };
    company c = company_of(LEADS, n);
    dice *d = &c.rest;
    const seed_name *first = &c.locale->first[below(d, SEED_NAMES)], *last = &c.locale->last[below(d, SEED_NAMES)];
    set_owner(sd, row, d);
    sfo_row_set_text(row, "Company", company_name(sd, &c));
    set_text(row, "FirstName", first->text);
    set_text(row, "LastName", last->text);
    sfo_row_set_text(
        row, "Email",
        textf(sd, "%s.%s@%s-%lld.%s", first->ascii, last->ascii, c.founder->ascii, (long long)n, c.locale->domain));
    set_text(row, "Title", pick(d, seed_titles));
    set_text(row, "Industry", PICK(d, industries));
    set_text(row, "LeadSource", PICK(d, sources));
    set_text(row, "Rating", PICK(d, ratings));
    sfo_row_set_text(row, "Phone", phone(sd, c.city, d));
    sfo_row_set_int(row, "NumberOfEmployees", 1 + below(d, 900));
    set_place(sd, row, "", c.locale, c.city, d);
    int64_t age = 3 + below(d, 500);
    if (below(d, 100) < 12) {
        int64_t contact = below(d, sd->count[CONTACTS]);
        set_text(row, "Status", "Closed - Converted");
        sfo_row_set_int(row, "IsConverted", 1);
        set_date(sd, row, "ConvertedDate", -below(d, age));
        set_reference(sd, row, "ConvertedContactId", CONTACTS, "Contact", contact);
        set_reference(sd, row, "ConvertedAccountId", ACCOUNTS, "Account", account_of_contact(sd, contact));
    } else {
        set_text(row, "Status", PICK(d, states));
    }
    sfo_row_set_int(row, "IsUnreadByOwner", age < 10);
    set_stamps(sd, row, d, age);
}

static void fill_case(seeder *sd, sfo_row *row, int64_t n)
{
    static const char *const origins[] = { "Phone", "Email", "Web" }, *const priorities[] = { "High", "Medium",
                                                                                              "Medium", "Low" };
    static const char *const types[] = { "Mechanical", "Electrical", "Electronic", "Structural", "Other" };
    static const char *const states[] = { "New", "Working", "Working", "Escalated" };
    dice d = dice_of(CASES, n);
    int64_t contact = below(&d, sd->count[CONTACTS]), age = 1 + below(&d, 400);
    bool closed = below(&d, 100) < (age > 60 ? 90 : 30);
    set_owner(sd, row, &d);
    set_reference(sd, row, "ContactId", CONTACTS, "Contact", contact);
    set_text(row, "Subject", pick(&d, seed_case_subjects));
    set_text(row, "Origin", PICK(&d, origins));
    set_text(row, "Priority", PICK(&d, priorities));
    set_text(row, "Type", PICK(&d, types));
    set_text(row, "Status", closed ? "Closed" : PICK(&d, states));
    sfo_row_set_int(row, "IsEscalated", sfi_str_is(sfo_row_text(row, "Status"), "Escalated"));
    set_stamps(sd, row, &d, age);
    if (closed) sfo_row_set_int(row, "ClosedDate", sfo_row_get(row, "LastModifiedDate")->number);
    if (below(&d, 3) == 0)
        set_text(row, "Description",
                 "Customer called twice.\r\nPlease answer before Friday, see notes & photos <attached>.");
}

static void fill_comment(seeder *sd, sfo_row *row, int64_t n)
{
    static const char *const texts[] = { "Asked for a photo of the type plate.", "Replacement sent today.",
                                         "Rückruf vereinbart.", "Customer confirmed.",
                                         "Transferred to the second level." };
    dice d = dice_of(COMMENTS, n);
    set_reference(sd, row, "ParentId", CASES, "Case", n % sd->count[CASES]);
    set_text(row, "CommentBody", PICK(&d, texts));
    sfo_row_set_int(row, "IsPublished", below(&d, 2));
    set_stamps(sd, row, &d, below(&d, 200));
}

static void fill_member(seeder *sd, sfo_row *row, int64_t n)
{
    dice d = dice_of(MEMBERS, n);
    set_reference(sd, row, "CampaignId", CAMPAIGNS, "Campaign", n % sd->count[CAMPAIGNS]);
    if (n % 2 == 0)
        set_reference(sd, row, "ContactId", CONTACTS, "Contact", n / 2 % sd->count[CONTACTS]);
    else
        set_reference(sd, row, "LeadId", LEADS, "Lead", n / 2 % sd->count[LEADS]);
    set_text(row, "Status", below(&d, 4) == 0 ? "Responded" : "Sent");
    set_stamps(sd, row, &d, below(&d, 200));
}

static void set_subject_of(seeder *sd, sfo_row *row, dice *d)
{
    switch (below(d, 3)) {
    case 0: set_reference(sd, row, "WhatId", OPPORTUNITIES, "Opportunity", below(d, sd->count[OPPORTUNITIES])); break;
    case 1: set_reference(sd, row, "WhatId", ACCOUNTS, "Account", below(d, sd->count[ACCOUNTS])); break;
    default: set_reference(sd, row, "WhatId", CASES, "Case", below(d, sd->count[CASES])); break;
    }
    set_reference(sd, row, "WhoId", CONTACTS, "Contact", below(d, sd->count[CONTACTS]));
}

static void fill_task(seeder *sd, sfo_row *row, int64_t n)
{
    static const char *const states[] = { "Not Started", "In Progress", "Waiting on someone else" },
                             *const priorities[] = { "High", "Normal", "Normal", "Low" };
    dice d = dice_of(TASKS, n);
    int64_t due = 60 - below(&d, 300);
    set_owner(sd, row, &d);
    set_text(row, "Subject", pick(&d, seed_task_subjects));
    set_date(sd, row, "ActivityDate", due);
    set_text(row, "Status", due < -10 || below(&d, 5) == 0 ? "Completed" : PICK(&d, states));
    set_text(row, "Priority", PICK(&d, priorities));
    set_stamps(sd, row, &d, (due < 0 ? -due : 0) + 1 + below(&d, 20));
    if (due < -10) sfo_row_set_int(row, "CompletedDateTime", sd->today + due * DAY_MS + 43200000);
    if (below(&d, 12) == 0)
        set_reference(sd, row, "WhoId", LEADS, "Lead", below(&d, sd->count[LEADS]));
    else
        set_subject_of(sd, row, &d);
}

static void fill_event(seeder *sd, sfo_row *row, int64_t n)
{
    dice d = dice_of(EVENTS, n);
    int64_t days = 60 - below(&d, 200);
    set_owner(sd, row, &d);
    set_text(row, "Subject", pick(&d, seed_event_subjects));
    set_text(row, "Location", seed_locales[below(&d, (int64_t)seed_locale_count)].cities[0].city);
    sfo_row_set_int(row, "StartDateTime", sd->today + days * DAY_MS + (8 + below(&d, 9)) * 3600000);
    sfo_row_set_int(row, "DurationInMinutes", 30 * (1 + below(&d, 4)));
    set_stamps(sd, row, &d, (days < 0 ? -days : 0) + 3 + below(&d, 20));
    set_subject_of(sd, row, &d);
}

/* ---- all of them ---- */

typedef struct seed_kind {
    const char *object;
    int sample;  /* how many in the sample */
    bool scales; /* more of them in a large org */
    void (*fill)(seeder *, sfo_row *, int64_t);
} seed_kind;

static const seed_kind kinds[KINDS] = {
    /* parents before children */
    [ROLES] = { "UserRole", 7, false, fill_role },
    [USERS] = { "User", 36, false, fill_user },
    [PRODUCTS] = { "Product2", 20, false, fill_product },
    [ENTRIES] = { "PricebookEntry", 20, false, fill_entry },
    [CAMPAIGNS] = { "Campaign", 12, false, fill_campaign },
    [ACCOUNTS] = { "Account", 320, true, fill_account },
    [CONTACTS] = { "Contact", 1600, true, fill_contact },
    [OPPORTUNITIES] = { "Opportunity", 640, true, fill_opportunity },
    [LINE_ITEMS] = { "OpportunityLineItem", 400, true, fill_line_item },
    [CONTACT_ROLES] = { "OpportunityContactRole", 300, true, fill_contact_role },
    [LEADS] = { "Lead", 520, true, fill_lead },
    [CASES] = { "Case", 420, true, fill_case },
    [COMMENTS] = { "CaseComment", 150, true, fill_comment },
    [MEMBERS] = { "CampaignMember", 240, true, fill_member },
    [TASKS] = { "Task", 500, true, fill_task },
    [EVENTS] = { "Event", 150, true, fill_event },
};

static void plan(seeder *sd, int64_t records)
{
    int64_t fixed = 0, scaling = 0;
    for (int k = 0; k < KINDS; k++) *(kinds[k].scales ? &scaling : &fixed) += kinds[k].sample;
    int64_t total = fixed + scaling;
    for (int k = 0; k < KINDS; k++) {
        int64_t n = kinds[k].sample;
        if (records > 0 && records < total)
            n = n * records / total;
        else if (records > 0 && kinds[k].scales)
            n = (int64_t)((double)n * (double)(records - fixed) / (double)scaling + 0.5);
        sd->count[k] = n > 0 ? n : 1;
    }
    sd->count[ENTRIES] = sd->count[PRODUCTS];
}

static bool insert_one(seeder *sd, kind k, int64_t n)
{
    sfo_row row;
    sfo_store *s = sd->store;
    sfo_scratch_begin(s);
    bool ok = sfo_row_init(s, sfo_table_named(s, kinds[k].object), &row, &sd->fault);
    if (ok) kinds[k].fill(sd, &row, n);
    ok = ok && sfo_row_create(s, &sd->context, &row, &sd->fault);
    sfo_scratch_end(s);
    return ok;
}

/* One transaction after the other; a sample of usual size is one. */
static bool insert_all(seeder *sd)
{
    for (kind k = 0; k < KINDS; k++) {
        sd->first[k] = sfo_table_named(sd->store, kinds[k].object)->next_id;
        for (int64_t n = 0; n < sd->count[k]; n++) {
            if (!insert_one(sd, k, n)) return false;
            if (++sd->rows < BATCH_ROWS) continue;
            sd->rows = 0;
            if (!sfo_store_commit(sd->store, &sd->fault)) return false;
            if (!sfo_store_begin(sd->store, &sd->fault)) return false;
        }
    }
    return true;
}

static bool query_text(seeder *sd, const char *sql, char *out, size_t size)
{
    sqlite3_stmt *stmt = sfo_statement_get(sd->store, sql, &sd->fault);
    out[0] = '\0';
    if (stmt == NULL) return false;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        (void)snprintf(out, size, "%s", (const char *)sqlite3_column_text(stmt, 0)); /* ids, flags */
    sfo_statement_done(stmt);
    return true;
}

static bool is_empty(seeder *sd, bool *empty)
{
    char any[8];
    bool ok = query_text(
        sd, "SELECT EXISTS(SELECT 1 FROM Account) + EXISTS(SELECT 1 FROM Contact) + EXISTS(SELECT 1 FROM Lead)", any,
        sizeof any);
    *empty = strcmp(any, "0") == 0;
    return ok;
}

static bool mark(seeder *sd, const char *state)
{
    sqlite3_stmt *stmt =
        sfo_statement_get(sd->store, "INSERT OR REPLACE INTO sfo_meta(key, value) VALUES('sample', ?1)", &sd->fault);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, state);
    return sfo_statement_run(sd->store, stmt, &sd->fault);
}

static bool seed(seeder *sd, int64_t records)
{
    int64_t now = sfi_wall_ms();
    sd->today = now - now % DAY_MS;
    sd->context =
        (sfo_context){ .user_id = sd->store->admin_id, .version = "62.0", .version_number = 62.0, .now_ms = sd->today };
    plan(sd, records);
    if (!query_text(sd, "SELECT Id FROM Profile WHERE Name='Standard User'", sd->profile, sizeof sd->profile) ||
        !query_text(sd, "SELECT Id FROM Pricebook2 WHERE IsStandard=1", sd->pricebook, sizeof sd->pricebook))
        return false;
    if (!sfo_store_begin(sd->store, &sd->fault)) return false;
    sd->store->system_writes = true; /* made here and right: not checked again */
    bool ok = mark(sd, "begun") && insert_all(sd) && mark(sd, "done");
    sd->store->system_writes = false;
    if (ok) return sfo_store_commit(sd->store, &sd->fault);
    if (sd->store->depth > 0) sfo_store_rollback(sd->store); /* a commit that failed has ended it */
    return false;
}

sf_status sfo_seed_sample(sfo_store *s, int64_t records, sf_error *err)
{
    seeder sd = { .store = s };
    char state[16];
    bool empty = false, ok;
    sf_status rc = SF_OK;
    sfo_store_lock(s);
    ok = query_text(&sd, "SELECT value FROM sfo_meta WHERE key='sample'", state, sizeof state) && is_empty(&sd, &empty);
    if (ok && strcmp(state, "begun") == 0)
        rc = sfi_fail(err, SF_ERR_IO,
                      "the sample data in this file is incomplete, the program was stopped while writing it: delete "
                      "the file and start again");
    else if (ok && empty)
        ok = seed(&sd, records);
    if (!ok) /* a fault without words found no memory for them */
        rc = sd.fault.message != NULL ? sfi_fail(err, SF_ERR_IO, "the sample data: %s", sd.fault.message)
                                      : sfi_fail_memory(err, "the sample data");
    sfo_store_unlock(s);
    sfo_fault_clear(&sd.fault);
    return rc;
}
