/*
 * fixture.h: a small org in memory for the tests of SOQL's meaning: nine places and what hangs on them (fixture.json,
 * and the rows below), seen by the administrator on Wednesday, 2024-05-15 at noon, UTC.
 */
#ifndef SF_TEST_SOQL_FIXTURE_H
#define SF_TEST_SOQL_FIXTURE_H
#include "support/support.h"
#include "soql/soql.h"

#define NOON_MS INT64_C(1715774400000)

typedef struct fixture {
    sfo_schema *schema;
    sfo_store *store;
    sfo_context context;
} fixture;

static const char *const fixture_rows[] = {
    "INSERT INTO Account(Id,Name,Industry,AnnualRevenue,NumberOfEmployees,BillingCity,BillingCountry,BillingStreet) "
    "VALUES"
    "('001000000000001AAA','Acme','Energy',1000000,10,'Berlin','DE','Hof 1'),"
    "('001000000000002AAA','Born','Banking',2500000.5,20,NULL,NULL,NULL),"
    "('001000000000003AAA','çelik','energy',NULL,NULL,NULL,NULL,NULL)",
    "INSERT INTO Contact(Id,AccountId,FirstName,LastName,Name,Email) VALUES"
    "('003000000000001AAA','001000000000001AAA','Ada','Doe','Ada Doe','ada@x.example'),"
    "('003000000000002AAA','001000000000001AAA',NULL,'Roe','Roe',NULL),"
    "('003000000000003AAA',NULL,'Bo','Zed','Bo Zed','bo@x.example')",
    "INSERT INTO Contact(Id,AccountId,LastName,Name,IsDeleted) VALUES"
    "('003000000000004AAA','001000000000001AAA','Gone','Gone',1)",
    "INSERT INTO \"Case\"(Id,CaseNumber,Subject,ContactId,AccountId) VALUES"
    "('500000000000001AAA','00001001','Broken','003000000000001AAA','001000000000001AAA'),"
    "('500000000000002AAA','00001002','Late','003000000000001AAA',NULL)",
    "INSERT INTO Task(Id,Subject,WhoId,WhatId) VALUES"
    "('00T000000000001AAA','Call','003000000000001AAA','001000000000001AAA'),"
    "('00T000000000002AAA','Mail',NULL,'500000000000001AAA'),"
    "('00T000000000003AAA','Rest',NULL,NULL)",
    "INSERT INTO Place__c(Id,Name,Kind__c,Tags__c,Score__c,Money__c,Count__c,Open__c,Day__c,Moment__c,Clock__c,Code__c,"
    "Spot__Latitude__s,Spot__Longitude__s,Up__c,Firm__c) VALUES"
    "('a0p000000000001AAA','alpha','shop','A;B',1.5,1234.5,1,1,'2024-05-15',1715774400000,'08:00:00.000Z','x1',52.52,"
    "13.4,"
    " NULL,'001000000000001AAA'),"
    "('a0p000000000002AAA','Beta','cafe','B',-2,0,2,0,'2024-05-14',1715688000000,NULL,'X1',48.85,2.35,"
    " 'a0p000000000001AAA','001000000000002AAA'),"
    "('a0p000000000003AAA','b_ta','bank','C',3,44000,3,1,'2024-05-16',1715860800000,'23:59:59.999Z','x2',NULL,NULL,"
    " 'a0p000000000002AAA',NULL),"
    "('a0p000000000004AAA','Gamma%','shop',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),"
    "('a0p000000000005AAA',NULL,NULL,'A;C',7,5,5,1,'2024-04-30',1714521599999,NULL,NULL,0,0,"
    " 'a0p000000000003AAA','001000000000003AAA'),"
    "('a0p000000000006AAA','Straße','shop','A;B;C',0,NULL,6,0,'2024-02-29',1709251200000,NULL,NULL,NULL,NULL,NULL,NULL)"
    ","
    "('a0p000000000007AAA','ALPHA','cafe',NULL,1.5,7,1,1,'2023-12-31',1704067199000,NULL,NULL,NULL,NULL,NULL,NULL)",
    "INSERT INTO Place__c(Id,Name,IsDeleted) VALUES('a0p000000000009AAA','deleted',1)",
    "INSERT INTO Thing__c(Id,Name,Place__c,Size__c) VALUES"
    "('a0t000000000001AAA','T1','a0p000000000001AAA',3),('a0t000000000002AAA','T2','a0p000000000001AAA',1),"
    "('a0t000000000003AAA','T3','a0p000000000002AAA',2),('a0t000000000004AAA','T4',NULL,9),"
    "('a0t000000000005AAA','T5','a0p000000000001AAA',2)",
};

static inline void fixture_run(fixture *f, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(sfo_store_db(f->store), sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s\n%s", sql, message);
}

static inline void fixture_open(fixture *f)
{
    sf_error err;
    *f = (fixture){ .context = { .version = "62.0", .version_number = 62.0, .now_ms = NOON_MS } };
    if (sfo_schema_load(SF_SOURCE_DIR "/tests/unit/org_soql/fixture.json", &f->schema, &err) != SF_OK ||
        sfo_store_open(":memory:", f->schema, &f->store, &err) != SF_OK)
        fail_msg("%s", err.message);
    f->context.user_id = sfo_store_admin_id(f->store);
    for (size_t i = 0; i < COUNT_OF(fixture_rows); i++) fixture_run(f, fixture_rows[i]);
}

static inline void fixture_close(fixture *f)
{
    sfo_store_close(f->store);
    sfo_schema_free(f->schema);
}

static fixture org; /* that of the file's tests, from open_org to close_org */

static inline int open_org(void **state)
{
    (void)state;
    test_allocator_install();
    fixture_open(&org);
    return 0;
}

static inline int close_org(void **state)
{
    (void)state;
    fixture_close(&org);
    return 0;
}

/* The answer, or «CODE: message» of the fault. Owned: sfi_free. */
static inline char *fixture_query(fixture *f, const char *soql, bool all_rows)
{
    sfi_buf out = { 0 };
    sfo_fault fault = { 0 };
    if (!sfo_soql_query(f->store, &f->context, sfi_str(soql), &(sfo_query_options){ .all_rows = all_rows }, &out,
                        &fault)) {
        assert_int_equal(out.len, 0);
        sfi_buf_addf(&out, "%s: %s", fault.code, fault.message);
    }
    sfo_fault_clear(&fault);
    char *text = sfi_buf_take(&out);
    assert_non_null(text);
    return text;
}
#endif
