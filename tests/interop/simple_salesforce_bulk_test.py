"""The bulk APIs of simple-salesforce against sforce-org: sf.bulk (1.0, JSON) and sf.bulk2.

simple_salesforce_bulk_test.sh starts the org and makes the certificate; the only argument is the folder with both. Every
check compares what a call answered with what was written before; the last line counts them. Only the pauses between two
looks at a job are made shorter: the client has no setting for them.
"""
import csv
import io
import json
import os
import sys
import time
import traceback
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlparse

import simple_salesforce.bulk
import simple_salesforce.bulk2
from simple_salesforce import Salesforce
from simple_salesforce import exceptions as errors
from tls_proxy import TlsProxy

WORK = Path(sys.argv[1])
LOGIN = json.loads((WORK / "org.json").read_text())
ORG = urlparse(LOGIN["url"])
NAME = "Zoë \"<&>\" 'O\\Neil', 日本語\nעברית 🎈"
compared = 0
wrong = 0


def short(_seconds):
    time.sleep(0.02)


simple_salesforce.bulk.sleep = short
simple_salesforce.bulk2.sleep = short


def same(what, actual, expected):
    global compared, wrong
    compared += 1
    if actual != expected:
        wrong += 1
        print(f"FAIL {what}: {str(actual)[:500]!r} is not {str(expected)[:500]!r}", file=sys.stderr)


def of(sf, soql):
    return [[value for key, value in row.items() if key != "attributes"] for row in sf.query(soql)["records"]]


def rows(text):
    """It takes text/csv, which the org sends without a charset, for Latin-1."""
    text = text.encode("latin-1").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


# ---- API 1.0 ----
def bulk(sf):
    things = sf.bulk.Thing__c
    inserted = things.insert([{"Name": NAME, "Ext__c": "p1", "Flag__c": True, "Number__c": 1.5, "Text__c": None},
                              {"Name": "two", "Ext__c": "p2", "Day__c": "none"}, {"Name": "three", "Ext__c": "p3"}])
    same("insert", [(r["success"], r["created"]) for r in inserted], [(True, True), (False, False), (True, True)])
    same("insert: why", (inserted[1]["id"], inserted[1]["errors"][0]["statusCode"], inserted[1]["errors"][0]["fields"]), (None, "INVALID_FIELD", ["Day__c"]))
    same("inserted", of(sf, "SELECT Name, Flag__c, Number__c FROM Thing__c WHERE Ext__c = 'p1'"), [[NAME, True, 1.5]])
    updated = things.update([{"Id": inserted[0]["id"], "Number__c": None}, {"Id": inserted[2]["id"], "Name": "changed"}], batch_size=1, use_serial=True)
    same("update", [(r["success"], r["created"], r["id"]) for r in updated], [(True, False, inserted[0]["id"]), (True, False, inserted[2]["id"])])
    same("updated", of(sf, "SELECT Number__c FROM Thing__c WHERE Ext__c = 'p1'"), [[None]])
    upserted = things.upsert([{"Ext__c": "p3", "Name": "again"}, {"Ext__c": "p4", "Name": "new", "Parent__r": {"Ext__c": "p1"}}], "Ext__c", batch_size="auto")
    same("upsert", [(r["success"], r["created"]) for r in upserted], [(True, False), (True, True)])
    same("a parent by its key", of(sf, "SELECT Parent__c FROM Thing__c WHERE Ext__c = 'p4'"), [[inserted[0]["id"]]])
    detailed = things.insert([{"Name": "d", "Ext__c": "p5"}], include_detailed_results=True)
    same("request beside result", (detailed[0]["success"], detailed[0]["Name"], detailed[0]["Ext__c"]), (True, "d", "p5"))
    deleted = things.delete([{"Id": r["id"]} for r in upserted])
    same("delete", [(r["success"], r["created"]) for r in deleted], [(True, False), (True, False)])
    gone = things.hard_delete([{"Id": detailed[0]["id"]}])
    same("hard_delete", [r["success"] for r in gone], [True])
    again = sf.bulk.submit_dml("Thing__c", "insert", [{"Name": "dml", "Ext__c": "p6"}])
    same("submit_dml", [r["success"] for r in again], [True])
    contacts = sf.bulk.Contact.query("SELECT Id, Name, Email, CreatedDate, Account.Name FROM Contact")
    same("query: rows", len(contacts), sf.query("SELECT COUNT() FROM Contact")["totalSize"])
    first = contacts[0]
    same("query: types", (first["attributes"]["type"], type(first["CreatedDate"]), list(first)[:3]), ("Contact", int, ["attributes", "Id", "Name"]))
    everything = sf.bulk.Thing__c.query_all("SELECT Ext__c, IsDeleted FROM Thing__c WHERE Ext__c = 'p4'")
    same("query_all", [(r["Ext__c"], r["IsDeleted"]) for r in everything], [("p4", True)])
    same("no rows", sf.bulk.Contact.query("SELECT Id FROM Contact WHERE LastName = 'nobody at all'"), [])
    try:
        sf.bulk.Contact.query("SELECT Nmae FROM Contact")
        same("a bad statement", "no error", "an error")
    except errors.SalesforceGeneralError as error:
        same("a bad statement", "InvalidBatch : Failed to process query: INVALID_FIELD" in str(error.content), True)
    try:
        sf.bulk.Nope__c.insert([{"Name": "x"}])
        same("no such object", "no error", "an error")
    except errors.SalesforceMalformedRequest as error:
        same("no such object", error.content, {"exceptionCode": "InvalidJob", "exceptionMessage": "Unable to find object: Nope__c"})


# ---- API 2.0 ----
def bulk2(sf):
    things = sf.bulk2.Thing__c
    done = things.insert(records=[{"Name": NAME, "Ext__c": "q1"}, {"Name": "two", "Ext__c": "q2"}], batch_size=1)
    same("2.0 insert", [(d["numberRecordsProcessed"], d["numberRecordsFailed"], d["numberRecordsTotal"]) for d in done], [(1, 0, 1), (1, 0, 1)])
    good = rows(things.get_successful_records(done[0]["job_id"]))
    same("2.0 a row", (good[0]["sf__Created"], good[0]["Name"]), ("true", NAME))
    done = things.upsert(records=[{"Ext__c": "q2", "Day__c": "none"}, {"Ext__c": "q3", "Day__c": "2024-02-29"}], external_id_field="Ext__c")
    same("2.0 upsert", (done[0]["numberRecordsProcessed"], done[0]["numberRecordsFailed"]), (2, 1))
    bad = rows(things.get_failed_records(done[0]["job_id"]))
    same("2.0 why", (bad[0]["Ext__c"], bad[0]["sf__Error"].split(":")[0]), ("q2", "INVALID_FIELD"))
    same("2.0 unprocessed", rows(things.get_unprocessed_records(done[0]["job_id"])), [])
    ids = [row[0] for row in of(sf, "SELECT Id FROM Thing__c WHERE Ext__c LIKE 'q%'")]
    done = things.delete(records=[{"Id": id} for id in ids])
    same("2.0 delete", (len(ids), done[0]["numberRecordsProcessed"], done[0]["numberRecordsFailed"]), (3, 3, 0))
    pages = list(sf.bulk2.Contact.query("SELECT Id, Name FROM Contact", max_records=400))
    total = sf.query("SELECT COUNT() FROM Contact")["totalSize"]
    same("2.0 query", (sum(len(list(csv.DictReader(io.StringIO(page)))) for page in pages), len(pages)), (total, -(-total // 400)))


def main():
    proxy = TlsProxy((ORG.hostname, ORG.port), WORK / "certificate.pem", WORK / "key.pem")
    os.environ["HTTPS_PROXY"] = proxy.url
    sf = Salesforce(instance_url=f"https://{ORG.netloc}", session_id=LOGIN["access_token"], version="60.0")
    for part in (bulk, bulk2):
        try:
            part(sf)
        except Exception:
            same(part.__name__, traceback.format_exc(), None)
    print(f"simple-salesforce {version('simple-salesforce')}: {compared} results compared, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
