"""simple-salesforce as its users have it against sforce-org.

simple_salesforce_test.sh starts the org and makes the certificate; the only argument is the folder with both. Every check
compares what a call answered with what was written before; the last line counts them.
"""
import json
import os
import sys
import traceback
import urllib.request
from collections import OrderedDict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlparse

from simple_salesforce import Salesforce, SalesforceLogin, format_soql
from simple_salesforce import exceptions as errors
from tls_proxy import TlsProxy

WORK = Path(sys.argv[1])
LOGIN = json.loads((WORK / "org.json").read_text())
ORG = urlparse(LOGIN["url"])
SECRET = LOGIN["password"] + LOGIN["security_token"]
NAME = "Zoë \"<&>\" 'O\\Neil' 日本語 עברית 🎈"
VERSION = "60.0"
compared = 0
wrong = 0


def count(what, ok, message):
    """What differs is told at once; the calls after it are compared too."""
    global compared, wrong
    compared += 1
    if not ok:
        wrong += 1
        print(f"FAIL {what}: {message}", file=sys.stderr)


def same(what, actual, expected):
    count(what, actual == expected and type(actual) in (type(expected), OrderedDict),
          f"{str(actual)[:500]!r} is not {str(expected)[:500]!r}")


def fails(what, call, kind, code, message):
    """The call raises this kind of error with this code, the message in it; returned is the content."""
    try:
        answer = call()
    except errors.SalesforceError as error:
        content = error.content
        first = content[0] if isinstance(content, list) and content and isinstance(content[0], dict) else {}
        same(f"{what}: kind", type(error), kind)
        same(f"{what}: code", first.get("errorCode"), code)
        count(f"{what}: message", message in first.get("message", ""), f"{message!r} is not in {content!r}")
        return content
    count(what, False, f"no error but {answer!r}")
    return []


def without(record):
    return {name: value for name, value in record.items() if name != "attributes"}


def post(path):
    request = urllib.request.Request(LOGIN["url"] + path, data=b"{}", headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


# ---- every way to log in ends in a session that answers for the same user ----
def log_in(proxy):
    def user_of(sf):
        return sf.oauth2("userinfo")["preferred_username"]

    soap = Salesforce(username=LOGIN["username"], password=LOGIN["password"], security_token=LOGIN["security_token"], version=VERSION)
    same("SOAP login", user_of(soap), LOGIN["username"])
    same("the login host", "login.salesforce.com:443" in proxy.hosts, True)
    app = {"consumer_key": LOGIN["client_id"], "consumer_secret": LOGIN["client_secret"]}
    password = Salesforce(username=LOGIN["username"], password=SECRET, domain="test", **app)
    same("OAuth password login", user_of(password), LOGIN["username"])
    credentials = Salesforce(domain="acme.my", **app)
    same("client credentials", user_of(credentials), LOGIN["username"])
    direct = Salesforce(instance_url=f"https://{ORG.netloc}", session_id=LOGIN["access_token"], version=VERSION)
    same("a given session", user_of(direct), LOGIN["username"])
    session, instance = SalesforceLogin(username=LOGIN["username"], password=LOGIN["password"], security_token=LOGIN["security_token"], domain="acme.my")
    same("instance of a login", (len(session) > 15, instance), (True, "acme.my.salesforce.com"))

    def refused(what, code, message, **arguments):
        try:
            Salesforce(**arguments)
        except errors.SalesforceAuthenticationFailed as error:
            same(f"{what}: code", error.code, code)
            count(f"{what}: message", message in str(error), str(error))
        else:
            count(what, False, "no error")

    refused("wrong password", "INVALID_LOGIN", "Invalid username, password, security token; or user locked out.",
            username=LOGIN["username"], password="wrong", security_token="wrong")
    refused("no token outside trusted networks", "LOGIN_MUST_USE_SECURITY_TOKEN", "security token",
            username=LOGIN["username"], password=LOGIN["password"], organizationId="00D000000000000")
    refused("OAuth, wrong password", "invalid_grant", "authentication failure", username=LOGIN["username"], password="wrong", **app)
    refused("OAuth, wrong secret", "invalid_client", "invalid client credentials",
            username=LOGIN["username"], password=SECRET, consumer_key=LOGIN["client_id"], consumer_secret="wrong")
    fails("a dead session", lambda: Salesforce(instance_url=f"https://{ORG.netloc}", session_id="dead").query("SELECT Id FROM User"),
          errors.SalesforceExpiredSession, "INVALID_SESSION_ID", "Session expired or invalid")
    return soap


def renew(sf):
    before = sf.session_id
    post("/__org/expire-sessions")
    same("a query with a new session", sf.query("SELECT COUNT() FROM User")["done"], True)
    same("the session is another", sf.session_id != before, True)
    post("/__org/expire-sessions")
    same("a record with a new session", sf.Account.create({"Name": "renewed"})["success"], True)
    same("created once", sf.query("SELECT COUNT() FROM Account WHERE Name = 'renewed'")["totalSize"], 1)


# ---- one record's life ----
def records(sf):
    written = {"Name": NAME, "AnnualRevenue": 1234568.0, "NumberOfEmployees": 42, "Industry": "Energy", "BillingCity": "Łódź", "Description": "one\ntwo\t\"three\""}
    created = sf.Account.create(written)
    same("create", (created["success"], created["errors"], len(created["id"])), (True, [], 18))
    key = created["id"]
    whole = sf.Account.get(key)
    same("get", {name: whole[name] for name in written}, written)
    same("attributes", dict(whole["attributes"]), {"type": "Account", "url": f"/services/data/v{VERSION}/sobjects/Account/{key}"})
    same("get by 15 characters", sf.Account.get(key[:15])["Id"], key)
    fields = sf.restful(f"sobjects/Account/{key}", params={"fields": "Name,Industry"})
    same("get some fields", without(fields), {"Name": NAME, "Industry": "Energy", "Id": key})
    same("update", sf.Account.update(key, {"Industry": None, "NumberOfEmployees": 43}), 204)
    whole = sf.Account.get(key)
    same("updated", (whole["Industry"], whole["NumberOfEmployees"]), (None, 43))
    metadata = sf.Account.metadata()
    same("recent", (metadata["objectDescribe"]["name"], metadata["recentItems"][0]["Id"]), ("Account", key))
    contact = sf.Contact.create({"LastName": "Ö", "AccountId": key, "Birthdate": date(1990, 2, 28).isoformat()})["id"]
    row = sf.query(f"SELECT Birthdate, Account.Name, Account.Owner.Username FROM Contact WHERE Id = '{contact}'")["records"][0]
    same("parents", (row["Birthdate"], row["Account"]["Name"], row["Account"]["Owner"]["Username"]), ("1990-02-28", NAME, LOGIN["username"]))
    same("delete", sf.Account.delete(key), 204)
    fails("get after delete", lambda: sf.Account.get(key), errors.SalesforceResourceNotFound, "ENTITY_IS_DELETED", "entity is deleted")
    fails("delete again", lambda: sf.Account.delete(key), errors.SalesforceResourceNotFound, "ENTITY_IS_DELETED", "entity is deleted")
    gone = f"SELECT Id, IsDeleted FROM Contact WHERE Id = '{contact}'"
    same("children go too", sf.query(gone)["totalSize"], 0)
    same("queryAll", sf.query(gone, include_deleted=True)["records"][0]["IsDeleted"], True)
    return key


def upserts(sf):
    written = {"Name": "first", "Whole__c": 1, "Number__c": 12345678901234.25, "Flag__c": True, "Day__c": "2024-02-29",
               "Moment__c": "2024-02-29T12:34:56.000+0000", "Clock__c": "23:59:58.007Z", "Colours__c": None}
    same("upsert creates", sf.Thing__c.upsert("Ext__c/plain", written), 201)
    read = sf.Thing__c.get_by_custom_id("Ext__c", "plain")
    same("by external id", {name: read[name] for name in written}, written)
    same("upsert updates", sf.Thing__c.upsert("Ext__c/plain", {"Whole__c": -7}), 200)
    raw = sf.Thing__c.upsert("Ext__c/a%2Fb%20c", {"Name": "second"}, raw_response=True)
    same("upsert, escaped", (raw.status_code, raw.json()["created"]), (201, True))
    same("by external id, escaped", sf.Thing__c.get_by_custom_id("Ext__c", "plain")["Whole__c"], -7)
    same("with a slash", sf.query("SELECT Ext__c FROM Thing__c WHERE Name = 'second'")["records"][0]["Ext__c"], "a/b c")
    old = Salesforce(instance_url=f"https://{ORG.netloc}", session_id=sf.session_id, version="41.0")
    same("upsert in old versions", old.Thing__c.upsert("Ext__c/plain", {"Whole__c": 8}), 204)
    exact = Salesforce(instance_url=f"https://{ORG.netloc}", session_id=sf.session_id, version=VERSION, parse_float=Decimal)
    rows = exact.query("SELECT Number__c FROM Thing__c WHERE Ext__c = 'plain'")["records"]
    same("an exact decimal", rows[0]["Number__c"], Decimal("12345678901234.25"))
    for _ in range(2):
        sf.Thing__c.create({"Loose__c": "twice"})
    try:
        sf.Thing__c.get_by_custom_id("Loose__c", "twice")
        count("two rows with one value", False, "no error")
    except errors.SalesforceMoreThanOneRecord as error:
        same("two rows with one value", len(error.content), 2)
    fails("no such external id", lambda: sf.Thing__c.upsert("Nope__c/x", {}), errors.SalesforceResourceNotFound, "NOT_FOUND", "external ID field")
    fails("a value taken", lambda: sf.Thing__c.create({"Ext__c": "plain"}), errors.SalesforceMalformedRequest, "DUPLICATE_VALUE", "duplicate value found")


# ---- queries ----
def queries(sf):
    total = sf.query("SELECT COUNT() FROM Contact")["totalSize"]
    small = {"Sforce-Query-Options": "batchSize=200"}
    page = sf.query("SELECT Id FROM Contact ORDER BY Id", headers=small)
    same("first page", (len(page["records"]), page["totalSize"], page["done"]), (200, total, False))
    ids = [row["Id"] for row in page["records"]]
    by_url = True
    while not page["done"]:  # by address and by locator in turns
        more = page["nextRecordsUrl"]
        page = sf.query_more(more, True, headers=small) if by_url else sf.query_more(more.rsplit("/", 1)[1], headers=small)
        ids += [row["Id"] for row in page["records"]]
        by_url = not by_url
    same("all pages", (len(ids), ids), (total, sorted(set(ids))))
    everything = sf.query_all("SELECT Id FROM Contact ORDER BY Id", headers=small)
    same("query_all", [row["Id"] for row in everything["records"]], ids)
    same("query_all_iter", [row["Id"] for row in sf.query_all_iter("SELECT Id FROM Contact ORDER BY Id DESC", headers=small)], ids[::-1])
    deleted = sf.query_all("SELECT Id, IsDeleted FROM Contact", include_deleted=True, headers=small)["records"]
    same("query_all with deleted", sum(not row["IsDeleted"] for row in deleted), total)

    nested = sf.query("SELECT Id, (SELECT AccountId FROM Contacts) FROM Account WHERE Id IN (SELECT AccountId FROM Contact) ORDER BY Id LIMIT 40")
    pairs = [(row["Id"], child["AccountId"]) for row in nested["records"] for child in row["Contacts"]["records"]]
    same("children belong to their parents", (len(pairs) >= 40, all(a == b for a, b in pairs)), (True, True))
    own = sf.query(format_soql("SELECT COUNT() FROM Contact WHERE AccountId IN {}", [row["Id"] for row in nested["records"]]))
    same("as many as a query of their own", own["totalSize"], len(pairs))

    for name in ("O'Brien", "100%", "back\\slash", "under_score", NAME, 'say "no"', "line\nbreak\ttab"):
        key = sf.Thing__c.create({"Name": "quoting", "Loose__c": name})["id"]
        found = sf.query(format_soql("SELECT Id, Loose__c FROM Thing__c WHERE Name = {} AND Loose__c = {}", "quoting", name))
        same(f"find {name!r}", [(row["Id"], row["Loose__c"]) for row in found["records"]], [(key, name)])
        like = sf.query(format_soql("SELECT Id FROM Thing__c WHERE Name = 'quoting' AND Loose__c LIKE '{:like}%'", name))
        same(f"like {name!r}", [row["Id"] for row in like["records"]], [key])
    moment = datetime(2024, 2, 29, 12, 34, 56, tzinfo=timezone.utc)
    found = sf.query(format_soql("SELECT Ext__c FROM Thing__c WHERE Moment__c = {} AND Day__c = {} AND Flag__c = {}", moment, date(2024, 2, 29), True))
    same("typed values", [row["Ext__c"] for row in found["records"]], ["plain"])
    groups = sf.query("SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry HAVING COUNT(Id) > 1")["records"]
    same("groups", all(row["n"] > 1 and row["attributes"]["type"] == "AggregateResult" for row in groups) and len(groups) > 1, True)
    plan = sf.restful("query/", params={"explain": "SELECT Id FROM Account"})["plans"][0]
    same("explain", plan["sobjectType"], "Account")
    same("is_sandbox", sf.is_sandbox(), False)

    bad = errors.SalesforceMalformedRequest
    fails("malformed", lambda: sf.query("SELECT FROM Account"), bad, "MALFORMED_QUERY", "FROM")
    fails("no such field", lambda: sf.query("SELECT Nope FROM Account"), bad, "INVALID_FIELD", "No such column 'Nope' on entity 'Account'")
    fails("no such object", lambda: sf.query("SELECT Id FROM Nope__c"), bad, "INVALID_TYPE", "sObject type 'Nope__c' is not supported")
    fails("no such locator", lambda: sf.query_more("01g000000000000AAA-2000"), bad, "INVALID_QUERY_LOCATOR", "invalid query locator")


# ---- describe, limits, replication ----
def describes(sf, deleted_id):
    names = [row["name"] for row in sf.describe()["sobjects"]]
    same("describe global", {"Account", "Contact", "Lead", "Thing__c"} <= set(names), True)
    fields = {field["name"]: field for field in sf.Thing__c.describe()["fields"]}
    same("types", [fields[name]["type"] for name in ("Id", "Ext__c", "Whole__c", "Flag__c", "Moment__c")], ["id", "string", "int", "boolean", "datetime"])
    same("flags", [fields["Ext__c"][flag] for flag in ("externalId", "unique", "createable")], [True, True, True])
    row = sf.query(f"SELECT {', '.join(fields)} FROM Thing__c LIMIT 1")["records"][0]
    same("every described field answers", set(without(row)), set(fields))
    fails("describe of nothing", lambda: sf.Nope__c.describe(), errors.SalesforceResourceNotFound, "NOT_FOUND", "requested resource does not exist")
    layouts = sf.Account.describe_layout("012000000000000AAA")
    same("describe_layout", "Name" in [component["value"] for section in layouts["editLayoutSections"] for line in section["layoutRows"]
                                       for item in line["layoutItems"] for component in item["layoutComponents"]], True)
    same("metadata", set(sf.Account.metadata()), {"objectDescribe", "recentItems"})
    limits = sf.limits()["DailyApiRequests"]
    same("limits", limits["Max"] > limits["Remaining"] > 0, True)
    same("api_usage", sf.api_usage["api-usage"].total, limits["Max"])
    same("resources", sf.restful("")["query"], f"/services/data/v{VERSION}/query")

    kept = sf.Account.create({"Name": "kept"})["id"]
    now = datetime.now(timezone.utc)
    period = (now - timedelta(hours=1), now + timedelta(minutes=2))
    same("deleted", deleted_id in [row["id"] for row in sf.Account.deleted(*period)["deletedRecords"]], True)
    updated = sf.Account.updated(*period)["ids"]
    same("updated", (kept in updated, deleted_id in updated), (True, False))


# ---- errors keep code, message and fields; composites their order ----
def refusals(sf):
    bad, missing = errors.SalesforceMalformedRequest, errors.SalesforceResourceNotFound
    content = fails("required", lambda: sf.Contact.create({"FirstName": "x"}), bad, "REQUIRED_FIELD_MISSING", "LastName")
    same("fields", content[0]["fields"], ["LastName"])
    fails("too long", lambda: sf.Account.create({"Name": "x" * 256}), bad, "STRING_TOO_LONG", "data value too large")
    fails("no such column", lambda: sf.Account.create({"Nope__c": 1}), bad, "INVALID_FIELD", "No such column 'Nope__c' on sobject of type Account")
    fails("wrong type", lambda: sf.Account.create({"NumberOfEmployees": "many"}), bad, "JSON_PARSER_ERROR", "Cannot deserialize instance of int")
    fails("no such record", lambda: sf.Account.get("001000000000000AAA"), missing, "NOT_FOUND", "does not exist")
    fails("no such object", lambda: sf.Nope__c.create({"Name": "x"}), missing, "NOT_FOUND", "requested resource does not exist")
    fails("bad reference", lambda: sf.Contact.create({"LastName": "x", "AccountId": "nonsense"}), bad, "MALFORMED_ID", "id value of incorrect type")


def composites(sf):
    base = f"/services/data/v{VERSION}/sobjects"
    answer = sf.restful("composite", method="POST", json={"allOrNone": True, "compositeRequest": [
        {"method": "POST", "url": f"{base}/Account", "referenceId": "a", "body": {"Name": "composed"}},
        {"method": "POST", "url": f"{base}/Contact", "referenceId": "c", "body": {"LastName": "Ann", "AccountId": "@{a.id}"}},
    ]})["compositeResponse"]
    contact = sf.Contact.get(answer[1]["body"]["id"])
    same("composite", (contact["LastName"], contact["AccountId"]), ("Ann", answer[0]["body"]["id"]))
    batch = sf.restful("composite/batch", method="POST", json={"batchRequests": [
        {"method": "GET", "url": f"v{VERSION}/sobjects/Account/{answer[0]['body']['id']}?fields=Name"},
        {"method": "GET", "url": f"v{VERSION}/sobjects/Account/001000000000000AAA"},
    ]})
    same("batch", (batch["hasErrors"], batch["results"][0]["result"]["Name"], batch["results"][1]["statusCode"]), (True, "composed", 404))


def passwords(sf):
    user = sf.query(format_soql("SELECT Id FROM User WHERE Username != {} AND IsActive = true LIMIT 1", LOGIN["username"]))["records"][0]["Id"]
    same("set_password", sf.set_password(user, "a new Passw0rd 17"), None)
    expired = sf.restful(f"sobjects/User/{user}/password")
    same("password state", expired["isExpired"], False)


# ---- Apex REST classes ----
def apex(sf):
    case = sf.apexecute("Cases/", method="POST", data={"subject": NAME, "status": "New", "origin": "Web", "priority": "Low"})
    row = sf.apexecute(f"Cases/{case}")
    same("apex get", [row[key] for key in ("Subject", "Status", "Origin", "Priority", "Id")], [NAME, "New", "Web", "Low", case])
    same("apex patch", sf.apexecute(f"Cases/{case}", method="PATCH", data={"Status": "Closed"}), case)
    same("apex put", sf.apexecute("Cases/", method="PUT", data={"id": case, "subject": "Changed"}), case)
    same("changed", (sf.Case.get(case)["Subject"], sf.Case.get(case)["Status"]), ("Changed", "Closed"))
    same("apex delete", sf.apexecute(f"Cases/{case}", method="DELETE"), "")
    same("not JSON", sf.apexecute("csv/x"), "Unit,Price\n101,320000\n102,991.00\n")
    same("parameters", sf.apexecute("echo/x", params={"a": "1&2"})["params"], {"a": "1&2"})
    fails("apex not found", lambda: sf.apexecute("nowhere"), errors.SalesforceResourceNotFound, "NOT_FOUND", "Could not find a match for URL /nowhere")
    fails("apex exception", lambda: sf.apexecute("raise/x"), errors.SalesforceGeneralError, "APEX_ERROR", "Attempt to de-reference a null object")


def tooling(sf):
    same("toolingexecute", sf.toolingexecute("executeAnonymous/", params={"anonymousBody": "insert new Account(Name='By simple & co');"}),
         {"line": -1, "column": -1, "compiled": True, "success": True, "compileProblem": None, "exceptionStackTrace": None, "exceptionMessage": None})
    same("what it wrote", sf.query("SELECT COUNT() FROM Account WHERE Name = 'By simple & co'")["totalSize"], 1)
    same("a tooling query", sf.toolingexecute("query/", params={"q": "SELECT QualifiedApiName FROM EntityDefinition WHERE KeyPrefix = '001'"})["records"][0]["QualifiedApiName"], "Account")


def main():
    proxy = TlsProxy((ORG.hostname, ORG.port), WORK / "certificate.pem", WORK / "key.pem")
    os.environ["HTTPS_PROXY"] = proxy.url
    sf = log_in(proxy)
    deleted = records(sf)
    parts = [upserts, queries, lambda sf: describes(sf, deleted), refusals, composites, passwords, apex, tooling, renew]
    for part in parts:
        try:
            part(sf)
        except Exception:
            count(getattr(part, "__name__", "part"), False, traceback.format_exc())
    print(f"simple-salesforce {version('simple-salesforce')}: {compared} results compared, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
