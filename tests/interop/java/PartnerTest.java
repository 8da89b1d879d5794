/* PartnerTest.java: Salesforce's own Java client of the partner SOAP API (PartnerConnection of its web service connector, with the
 * stubs that the vendor publishes) against sforce-org. Every check compares what came; the last line counts them.
 * Arguments: the org's URL, a user's name, and password with security token. */
import com.sforce.soap.partner.DeleteResult;
import com.sforce.soap.partner.DescribeGlobalResult;
import com.sforce.soap.partner.DescribeSObjectResult;
import com.sforce.soap.partner.DuplicateRuleHeader_element;
import com.sforce.soap.partner.Error;
import com.sforce.soap.partner.Field;
import com.sforce.soap.partner.FieldType;
import com.sforce.soap.partner.FindDuplicatesResult;
import com.sforce.soap.partner.GetDeletedResult;
import com.sforce.soap.partner.GetUserInfoResult;
import com.sforce.soap.partner.LeadConvert;
import com.sforce.soap.partner.LeadConvertResult;
import com.sforce.soap.partner.MergeRequest;
import com.sforce.soap.partner.MergeResult;
import com.sforce.soap.partner.PartnerConnection;
import com.sforce.soap.partner.PicklistEntry;
import com.sforce.soap.partner.ProcessRequest;
import com.sforce.soap.partner.ProcessResult;
import com.sforce.soap.partner.ProcessSubmitRequest;
import com.sforce.soap.partner.QueryResult;
import com.sforce.soap.partner.SaveResult;
import com.sforce.soap.partner.SendEmailResult;
import com.sforce.soap.partner.SingleEmailMessage;
import com.sforce.soap.partner.UpsertResult;
import com.sforce.soap.partner.fault.ApiFault;
import com.sforce.soap.partner.sobject.SObject;
import com.sforce.ws.ConnectorConfig;
import java.util.Arrays;
import java.util.Calendar;
import java.util.GregorianCalendar;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.TimeZone;
import java.util.concurrent.Callable;

public class PartnerTest {
    static final String NAME = "Zoë \"<&>\" 'O\\Neil', 日本語\n\tעברית 🎈", NOBODY = "a00000000000000AAA";
    static int compared, wrong;
    static PartnerConnection partner;

    static void same(String what, Object actual, Object expected) {
        compared++;
        if (Objects.equals(actual, expected)) return;
        wrong++;
        System.err.println("FAIL " + what + ": " + actual + " is not " + expected);
    }
    static void fails(String what, Callable<?> call, String fault, String code) throws Exception {
        try {
            same(what, call.call(), "an error");
        } catch (ApiFault error) {
            same(what, error.getClass().getSimpleName() + " " + error.getExceptionCode(), fault + " " + code);
        }
    }
    static SObject record(String type, Object... fields) {
        SObject record = new SObject(type);
        for (int i = 0; i + 1 < fields.length; i += 2) record.setField((String)fields[i], fields[i + 1]);
        return record;
    }
    static SObject changed(String type, String id, Object... fields) {
        SObject record = record(type, fields);
        record.setId(id);
        return record;
    }
    static String errors(Error[] errors) {
        StringBuilder out = new StringBuilder();
        for (Error e : errors) out.append(e.getStatusCode()).append(Arrays.toString(e.getFields()));
        return out.toString();
    }
    static String made(String what, SObject record) throws Exception {
        SaveResult result = partner.create(new SObject[] { record })[0];
        same(what, errors(result.getErrors()), "");
        return result.getId();
    }
    static SObject first(String soql) throws Exception { return partner.query(soql).getRecords()[0]; }

    static void session(String user) throws Exception {
        GetUserInfoResult info = partner.getUserInfo();
        same("user", info.getUserName() + " " + info.getOrganizationId().length(), user + " 18");
        same("time", Math.abs(partner.getServerTimestamp().getTimestamp().getTimeInMillis() - System.currentTimeMillis()) < 60000, true);
        same("limits", partner.getLimitInfoHeader().getLimitInfo()[0].getType(), "API REQUESTS");
        ConnectorConfig other = new ConnectorConfig();
        other.setManualLogin(true);
        other.setServiceEndpoint(partner.getConfig().getServiceEndpoint());
        other.setSessionId("00Ddead!session");
        fails("no session", () -> new PartnerConnection(other).getUserInfo(), "UnexpectedErrorFault", "INVALID_SESSION_ID");
    }

    static void describe() throws Exception {
        DescribeGlobalResult all = partner.describeGlobal();
        same("objects", all.getEncoding() + all.getMaxBatchSize() + Arrays.stream(all.getSobjects()).anyMatch(o -> o.getName().equals("Thing__c")), "UTF-8200true");
        String[] names = { "Account", "Contact", "User", "Case", "PushTopic", "ContentVersion", "Thing__c" };
        DescribeSObjectResult[] objects = partner.describeSObjects(names);
        for (int i = 0; i < names.length; i++) same("describe", objects[i].getName() + (objects[i].getFields().length > 10), names[i] + "true");
        DescribeSObjectResult thing = partner.describeSObject("thing__C");
        same("its pages", thing.getUrlNew().endsWith("/" + thing.getKeyPrefix() + "/e") && thing.getUrlDetail().endsWith("/{ID}"), true);
        for (Field f : thing.getFields()) {
            if (f.getName().equals("Flag__c")) same("a default", f.getType() + " " + f.getDefaultValue(), FieldType._boolean + " false");
            if (f.getName().equals("Ext__c")) same("a key", f.getExternalId() + " " + f.isUnique() + " " + f.getDefaultValue(), "true true null");
            if (f.getName().equals("Parent__c")) same("a reference", f.getReferenceTo()[0] + f.getRelationshipName(), "Thing__cParent__r");
            if (!f.getName().equals("Colours__c")) continue;
            for (PicklistEntry value : f.getPicklistValues()) same("a value", value.isActive() && value.getValue() != null, true);
        }
        fails("no object", () -> partner.describeSObject("Nope"), "InvalidSObjectFault", "INVALID_TYPE");
        same("tabs", partner.describeTabs()[0].getTabs().length > 5, true);
    }

    static void records() throws Exception {
        GregorianCalendar moment = new GregorianCalendar(TimeZone.getTimeZone("UTC"));
        moment.setTimeInMillis(1709168523000L);
        SaveResult[] saved = partner.create(new SObject[] {
            record("Thing__c", "Name", NAME, "Ext__c", "w1", "Number__c", 1.5, "Flag__c", true, "Moment__c", moment), record("Thing__c", "Name", "x", "Ext__c", "w1") });
        String id = saved[0].getId();
        same("created", saved[0].isSuccess() + errors(saved[1].getErrors()), "trueDUPLICATE_VALUE[]");
        SObject row = first("SELECT Id, Name, Number__c, Flag__c, Moment__c, Parent__r.Name FROM Thing__c WHERE Ext__c = 'w1'");
        same("read", row.getId() + row.getField("Name") + row.getField("Number__c") + row.getField("Flag__c") + row.getField("Moment__c"), id + NAME + "1.5true2024-02-29T01:02:03.000Z");
        SObject change = changed("Thing__c", id, "Name", "changed");
        change.setFieldsToNull(new String[] { "Number__c" });
        saved = partner.update(new SObject[] { change, changed("Thing__c", NOBODY) });
        same("updated", saved[0].isSuccess() + errors(saved[1].getErrors()), "trueINVALID_CROSS_REFERENCE_KEY[]");
        SObject[] got = partner.retrieve("Name,Number__c", "Thing__c", new String[] { id, NOBODY });
        same("retrieved", got[0].getField("Name") + " " + got[0].getField("Number__c") + " " + got[1], "changed null null");
        UpsertResult[] put = partner.upsert("Ext__c", new SObject[] { record("Thing__c", "Ext__c", "w1", "Name", "put"), record("Thing__c", "Ext__c", "w2", "Name", "new"), record("Thing__c", "Name", "x") });
        String second = put[1].getId();
        same("upserted", put[0].getCreated() + " " + put[1].getCreated() + " " + put[2].getErrors()[0].getStatusCode(), "false true MISSING_ARGUMENT");
        SObject parent = record("Thing__c", "Ext__c", "w1");
        String child = made("by external id", record("Thing__c", "Name", "child", "Parent__r", parent));
        same("its parent", first("SELECT Parent__r.Name FROM Thing__c WHERE Id = '" + child + "'").getChild("Parent__r").getField("Name"), "put");
        partner.setAllOrNoneHeader(true);
        saved = partner.create(new SObject[] { record("Thing__c", "Name", "x"), record("Thing__c", "Name", "y", "Ext__c", "w1") });
        partner.clearAllOrNoneHeader();
        same("all or none", errors(saved[0].getErrors()) + errors(saved[1].getErrors()), "ALL_OR_NONE_OPERATION_ROLLED_BACK[]DUPLICATE_VALUE[]");
        DeleteResult[] gone = partner.delete(new String[] { second, NOBODY });
        same("deleted", gone[0].isSuccess() + errors(gone[1].getErrors()), "trueINVALID_CROSS_REFERENCE_KEY[]");
        same("queryAll", partner.queryAll("SELECT IsDeleted FROM Thing__c WHERE Ext__c = 'w2'").getRecords()[0].getField("IsDeleted"), "true");
        same("undeleted", partner.undelete(new String[] { second })[0].isSuccess(), true);
        partner.delete(new String[] { second });
        Calendar from = new GregorianCalendar(), to = new GregorianCalendar();
        from.add(Calendar.HOUR, -1);
        to.add(Calendar.MINUTE, 2);
        GetDeletedResult deleted = partner.getDeleted("Thing__c", from, to);
        same("getDeleted", deleted.getDeletedRecords().length + deleted.getDeletedRecords()[0].getId(), "1" + second);
        same("getUpdated", new HashSet<>(Arrays.asList(partner.getUpdated("Thing__c", from, to).getIds())), Set.of(id, child));
        same("bin", partner.emptyRecycleBin(new String[] { second })[0].isSuccess(), true);
        fails("no type", () -> partner.create(new SObject[] { record("Nope__c", "Name", "x") }), "InvalidSObjectFault", "INVALID_TYPE");
        fails("no field", () -> partner.create(new SObject[] { record("Account", "Name", "x", "Nope__c", "y") }), "InvalidFieldFault", "INVALID_FIELD");
        fails("too many", () -> partner.create(new SObject[201]), "UnexpectedErrorFault", "EXCEEDED_ID_LIMIT");
    }

    static void queries() throws Exception {
        partner.setQueryOptions(200);
        QueryResult page = partner.query("SELECT Id FROM Contact");
        int pages = 1, size = page.getSize();
        Set<String> seen = new HashSet<>();
        for (;; pages++) { // ends with the last page
            for (SObject row : page.getRecords()) seen.add(row.getId());
            if (page.isDone()) break;
            page = partner.queryMore(page.getQueryLocator());
        }
        partner.clearQueryOptions();
        same("pages", pages + " " + seen.size(), (size + 199) / 200 + " " + size);
        same("count", partner.query("SELECT COUNT() FROM Contact").getSize(), size);
        SObject sum = first("SELECT COUNT(Id) n, MAX(CreatedDate) newest FROM Contact");
        same("sums", sum.getType() + sum.getField("n") + (sum.getField("newest") instanceof Calendar), "AggregateResult" + size + "true");
        SObject parent = first("SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Id IN (SELECT AccountId FROM Contact) LIMIT 1");
        same("children", parent.getChild("Contacts").getChild("records").getField("type"), "Contact");
        fails("no column", () -> partner.query("SELECT Nope FROM Account"), "InvalidFieldFault", "INVALID_FIELD");
        fails("no query", () -> partner.query("SELECT FROM"), "MalformedQueryFault", "MALFORMED_QUERY");
        fails("no page", () -> partner.queryMore("01g000000000000AAA-500"), "InvalidQueryLocatorFault", "INVALID_QUERY_LOCATOR");
    }

    static void services(String url) throws Exception {
        String master = made("an account", record("Account", "Name", "Partner One")), loser = made("another", record("Account", "Name", "Partner Two"));
        String child = made("its contact", record("Contact", "LastName", "Moved", "AccountId", loser));
        same("search", partner.search("FIND {\"Partner Two\"} RETURNING Account(Id, Name)").getSearchRecords()[0].getRecord().getField("Name"), "Partner Two");
        MergeRequest ask = new MergeRequest();
        ask.setMasterRecord(changed("Account", master, "Phone", "66"));
        ask.setRecordToMergeIds(new String[] { loser });
        MergeResult merged = partner.merge(new MergeRequest[] { ask })[0];
        same("merged", merged.getId() + Arrays.toString(merged.getMergedRecordIds()) + Arrays.toString(merged.getUpdatedRelatedIds()), master + "[" + loser + "][" + child + "]");
        LeadConvert convert = new LeadConvert();
        convert.setLeadId(made("a lead", record("Lead", "LastName", "Lead", "Company", NAME.replaceAll("\\s", " "))));
        convert.setConvertedStatus((String)first("SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true LIMIT 1").getField("MasterLabel"));
        LeadConvertResult converted = partner.convertLead(new LeadConvert[] { convert })[0];
        same("converted", errors(converted.getErrors()) + first("SELECT Account.Name FROM Contact WHERE Id = '" + converted.getContactId() + "'").getChild("Account").getField("Name"), NAME.replaceAll("\\s", " "));
        ProcessSubmitRequest submit = new ProcessSubmitRequest();
        submit.setObjectId(master);
        ProcessResult submitted = partner.process(new ProcessRequest[] { submit })[0];
        same("submitted", submitted.getInstanceStatus() + submitted.getNewWorkitemIds().length, "Pending1");
        SingleEmailMessage mail = new SingleEmailMessage();
        mail.setToAddresses(new String[] { "a@b.example" });
        mail.setSubject(NAME);
        mail.setPlainTextBody("text");
        SendEmailResult sent = partner.sendEmail(new SingleEmailMessage[] { mail })[0];
        same("sent", sent.isSuccess() + " " + sent.getErrors().length, "true 0");
        partner.setDuplicateRuleHeader(true, true, false);
        FindDuplicatesResult twins = partner.findDuplicates(new SObject[] { record("Account", "Name", "Partner One") })[0];
        same("duplicates", twins.isSuccess() + " " + twins.getDuplicateResults().length, "true 0");
        DuplicateRuleHeader_element header = partner.getDuplicateRuleHeader();
        same("header", header.isAllowSave(), true);
        byte[] bytes = { 0, 1, (byte)254, 'x' };
        String file = made("a file", record("Attachment", "Name", "f", "ParentId", master, "Body", bytes));
        same("its bytes", first("SELECT Body FROM Attachment WHERE Id = '" + file + "'").getField("Body"), java.util.Base64.getEncoder().encodeToString(bytes));
    }

    static void passwords() throws Exception {
        String user = partner.getUserInfo().getUserId();
        fails("weak", () -> partner.setPassword(user, "x"), "InvalidNewPasswordFault", "INVALID_NEW_PASSWORD");
        same("set", partner.setPassword(user, "Zebra12345x") != null, true);
        same("reset", partner.resetPassword(user).getPassword().length() >= 8, true);
        same("ended", partner.invalidateSessions(new String[] { partner.getConfig().getSessionId() })[0].isSuccess(), true);
        fails("after that", () -> partner.getUserInfo(), "UnexpectedErrorFault", "INVALID_SESSION_ID");
    }

    public static void main(String[] args) throws Exception {
        ConnectorConfig config = new ConnectorConfig();
        config.setUsername(args[1]);
        config.setPassword("wrong");
        config.setAuthEndpoint(args[0] + "/services/Soap/u/64.0");
        fails("wrong password", () -> new PartnerConnection(config), "LoginFault", "INVALID_LOGIN");
        config.setPassword(args[2]);
        partner = new PartnerConnection(config);
        session(args[1]);
        describe();
        records();
        queries();
        services(args[0]);
        passwords();
        System.out.println("PartnerConnection: " + compared + " results compared, " + wrong + " wrong");
        System.exit(wrong == 0 ? 0 : 1);
    }
}
