"""zeep, a SOAP client that knows nothing of Salesforce, reads the org's answers by the schema of partner.wsdl, strictly: an
element that is missing, unknown or out of order is an error. zeep_soap_test.sh starts the org."""
import datetime
import json
import os
import sys

from lxml import etree
from zeep import Client, Settings, xsd
from zeep.exceptions import Fault

login = json.load(open(sys.argv[1]))
client = Client(os.path.join(os.path.dirname(os.path.abspath(__file__)), "partner.wsdl"), settings=Settings(strict=True, raw_response=False))
api = client.create_service("{urn:partner.soap.sforce.com}SoapBinding", login["url"] + "/services/Soap/u/62.0")
SF = "urn:sobject.partner.soap.sforce.com"
compared = wrong = 0


def same(what, got, want):
    global compared, wrong
    compared += 1
    if got != want:
        wrong += 1
        print(f"FAIL {what}: {got!r} is not {want!r}", file=sys.stderr)


def field(name, text):
    return xsd.AnyObject(xsd.Element(f"{{{SF}}}{name}", xsd.String()), text)


def sobject(kind, id=None, nulls=(), **fields):
    make = client.get_type(f"{{{SF}}}sObject")
    return make(type=kind, fieldsToNull=list(nulls), Id=id if id else xsd.SkipValue, _value_1=[field(k, v) for k, v in fields.items()])


def value(record, name):
    """A field of a record: the text of its element; None: nil. Elements that the schema does not name come as they are."""
    for e in record._value_1:
        if isinstance(e, etree._Element) and etree.QName(e).localname == name:
            return e.text
    raise KeyError(name)


user = api.login(login["username"], login["password"] + login["security_token"])
same("login", (user.userInfo.userName, user.passwordExpired, user.sandbox), (login["username"], False, False))
head = {"SessionHeader": {"sessionId": user.sessionId}}


def call(name, *args, **headers):
    answer = getattr(api, name)(*args, _soapheaders={**head, **headers})
    same(f"{name}: allowance", answer.header.LimitInfoHeader.limitInfo[0].type, "API REQUESTS")
    return answer.body.result


def fails(what, code, run):
    try:
        run()
    except Fault as fault:
        same(what, fault.code, code)
    else:
        same(what, "no fault", code)


same("getUserInfo", call("getUserInfo").userId, user.userId)
now = call("getServerTimestamp").timestamp
same("getServerTimestamp", abs((datetime.datetime.now(datetime.timezone.utc) - now).total_seconds()) < 3600, True)

saved = call("create", [sobject("Account", Name="Zeep & <Söhne>", AnnualRevenue="1.0E7"), sobject("Account")])
same("create", [(r.success, len(r.errors)) for r in saved], [(True, 0), (False, 1)])
same("its error", (saved[1].errors[0].fields, saved[1].errors[0].statusCode), (["Name"], "REQUIRED_FIELD_MISSING"))
account = saved[0].id
same("update", [r.success for r in call("update", [sobject("Account", account, ["AnnualRevenue"], Phone="1")])], [True])
both = call("create", [sobject("Account", Name="x"), sobject("Account")], AllOrNoneHeader={"allOrNone": True})
same("all or none", [r.errors[0].statusCode for r in both], ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"])
same("upsert", [(r.created, r.success) for r in call("upsert", "Id", [sobject("Account", account, Phone="2")])], [(False, True)])
page = call("query", f"SELECT Id, Name, AnnualRevenue, BillingAddress, Owner.Name, (SELECT Id FROM Contacts) FROM Account WHERE Id = '{account}'")
same("query", (page.done, page.size, page.queryLocator, len(page.records)), (True, 1, None, 1))
row = page.records[0]
same("a record", (row.type, row.Id, value(row, "Name"), value(row, "AnnualRevenue")), ("Account", account, "Zeep & <Söhne>", None))
page = call("query", "SELECT Id FROM Account", QueryOptions={"batchSize": 200})
rest = call("queryMore", page.queryLocator)
same("pages", (page.done, len(page.records), page.size), (False, 200, rest.size))
same("retrieve", [r.type and (r.type, r.Id, value(r, "Name")) for r in call("retrieve", "Id,Name", "Account", [account, "001000000000001AAA"])],
     [("Account", account, "Zeep & <Söhne>"), None])
same("search", [r.record.Id for r in call("search", "FIND {Zeep} RETURNING Account(Id)").searchRecords], [account])

lead = call("create", [sobject("Lead", LastName="L", Company="C")])[0].id
ask = dict(convertedStatus="Closed - Converted", doNotCreateOpportunity=False, leadId=lead, overwriteLeadSource=False, sendNotificationEmail=False)
done = call("convertLead", [ask])[0]
same("convertLead", (done.success, done.leadId, done.accountId[:3], done.contactId[:3], done.opportunityId[:3], done.errors), (True, lead, "001", "003", "006", []))
again = call("convertLead", [ask])[0]
same("convertLead again", (again.success, again.accountId, again.errors[0].statusCode), (False, None, "CANNOT_UPDATE_CONVERTED_LEAD"))
merged = call("merge", [dict(masterRecord=sobject("Account", account, Site="S"), recordToMergeIds=[done.accountId])])[0]
same("merge", (merged.success, merged.id, merged.mergedRecordIds, done.contactId in merged.updatedRelatedIds), (True, account, [done.accountId], True))
same("delete", [r.success for r in call("delete", [account, account])], [True, False])
span = (now - datetime.timedelta(minutes=5), now + datetime.timedelta(minutes=5))
same("getDeleted", account in [r.id for r in call("getDeleted", "Account", *span).deletedRecords], True)
same("undelete", [r.success for r in call("undelete", [account])], [True])
same("getUpdated", account in call("getUpdated", "Account", *span).ids, True)
same("emptyRecycleBin", [r.errors[0].statusCode for r in call("emptyRecycleBin", [account])], ["INVALID_ID_FIELD"])
submit = client.get_type("{urn:partner.soap.sforce.com}ProcessSubmitRequest")
state = call("process", [submit(comments="please", nextApproverIds=[], objectId=account, submitterId=xsd.Nil, processDefinitionNameOrId=xsd.Nil, skipEntryCriteria=xsd.Nil)])[0]
same("process", (state.success, state.entityId, state.instanceStatus, len(state.newWorkitemIds)), (True, account, "Pending", 1))
mail = client.get_type("{urn:partner.soap.sforce.com}SingleEmailMessage")
sent = call("sendEmail", [mail(subject="s", plainTextBody="t", toAddresses=["a@b.example"]), mail(subject="s", plainTextBody="t")])
same("sendEmail", [(r.success, [(e.statusCode, e.targetObjectId) for e in r.errors]) for r in sent], [(True, []), (False, [("REQUIRED_FIELD_MISSING", None)])])
names = {o.name: o for o in call("describeGlobal").sobjects}
same("describeGlobal", (names["Account"].keyPrefix, names["Account"].mergeable), ("001", True))
described = call("describeSObjects", ["Opportunity", "Contact"])
same("describeSObjects", [d.name for d in described], ["Opportunity", "Contact"])
stage = {f.name: f for f in described[0].fields}["StageName"]
same("a picklist", (stage.type, stage.picklistValues[0].value), ("picklist", "Prospecting"))

fails("malformed query", "sf:MALFORMED_QUERY", lambda: call("query", "SELECT"))
fails("unknown type", "sf:INVALID_TYPE", lambda: call("create", [sobject("Nope", Name="x")]))
api.logout(_soapheaders=head)
fails("after logout", "sf:INVALID_SESSION_ID", lambda: call("getUserInfo"))
print(f"zeep: {compared} comparisons, {wrong} wrong")
sys.exit(wrong != 0)
