/* CamelTest.java: Apache Camel's salesforce component against sforce-org: its logins, records, queries, composites, collections, both
 * bulk APIs, and what it subscribes to, also after its session has ended. Every check compares what came; the last line counts them.
 * Arguments: the org's URL, a user's name, password with security token, a client's id and secret, and a refresh token. */
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.salesforce.AuthenticationType;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.SalesforceEndpointConfig;
import org.apache.camel.component.salesforce.SalesforceLoginConfig;
import org.apache.camel.component.salesforce.api.NoSuchSObjectException;
import org.apache.camel.component.salesforce.api.SalesforceException;
import org.apache.camel.component.salesforce.api.dto.AbstractDescribedSObjectBase;
import org.apache.camel.component.salesforce.api.dto.AbstractQueryRecordsBase;
import org.apache.camel.component.salesforce.api.dto.CreateSObjectResult;
import org.apache.camel.component.salesforce.api.dto.GlobalObjects;
import org.apache.camel.component.salesforce.api.dto.Limits;
import org.apache.camel.component.salesforce.api.dto.PlatformEvent;
import org.apache.camel.component.salesforce.api.dto.SObjectDescription;
import org.apache.camel.component.salesforce.api.dto.SaveSObjectResult;
import org.apache.camel.component.salesforce.api.dto.SearchResult2;
import org.apache.camel.component.salesforce.api.dto.UpsertSObjectResult;
import org.apache.camel.component.salesforce.api.dto.approval.ApprovalRequest;
import org.apache.camel.component.salesforce.api.dto.approval.ApprovalResult;
import org.apache.camel.component.salesforce.api.dto.approval.Approvals;
import org.apache.camel.component.salesforce.api.dto.bulk.BatchInfo;
import org.apache.camel.component.salesforce.api.dto.bulk.BatchStateEnum;
import org.apache.camel.component.salesforce.api.dto.bulk.ContentType;
import org.apache.camel.component.salesforce.api.dto.bulk.JobInfo;
import org.apache.camel.component.salesforce.api.dto.bulk.OperationEnum;
import org.apache.camel.component.salesforce.api.dto.bulkv2.ColumnDelimiterEnum;
import org.apache.camel.component.salesforce.api.dto.bulkv2.ContentTypeEnum;
import org.apache.camel.component.salesforce.api.dto.bulkv2.Job;
import org.apache.camel.component.salesforce.api.dto.bulkv2.JobStateEnum;
import org.apache.camel.component.salesforce.api.dto.bulkv2.QueryJob;
import org.apache.camel.component.salesforce.api.dto.composite.SObjectBatch;
import org.apache.camel.component.salesforce.api.dto.composite.SObjectBatchResponse;
import org.apache.camel.component.salesforce.api.dto.composite.SObjectBatchResult;
import org.apache.camel.component.salesforce.api.dto.composite.SObjectComposite;
import org.apache.camel.component.salesforce.api.dto.composite.SObjectCompositeResponse;
import org.apache.camel.component.salesforce.api.dto.composite.SObjectCompositeResult;
import org.apache.camel.component.salesforce.api.dto.composite.SObjectTree;
import org.apache.camel.impl.DefaultCamelContext;

public class CamelTest {
    static final String NAME = "Zoë \"<&>\" 'O\\Neil', 日本語 עברית 🎈";
    static final ObjectMapper JSON = new ObjectMapper();
    static int compared, wrong;
    static String[] login; // the arguments
    static CamelContext camel;
    static ProducerTemplate to;

    @JsonIgnoreProperties(ignoreUnknown = true)
    public static class Thing extends AbstractDescribedSObjectBase {
        private final String Ext__c; // the component looks fields up by their names
        private final Integer Whole__c;
        public Thing() { this(null, null, null); }
        public Thing(String name, String key, Integer whole) {
            getAttributes().setType("Thing__c");
            setName(name);
            Ext__c = key;
            Whole__c = whole;
        }
        @JsonProperty("Ext__c")
        public String getKey() { return Ext__c; }
        @JsonProperty("Whole__c")
        public Integer getWhole() { return Whole__c; }
        @Override
        public SObjectDescription description() {
            SObjectDescription all = new SObjectDescription();
            all.setName("Thing__c");
            all.setFields(List.of());
            return all;
        }
    }
    @JsonIgnoreProperties(ignoreUnknown = true)
    public static class Things extends AbstractQueryRecordsBase<Thing> {
        private List<Thing> records;
        @Override
        public List<Thing> getRecords() { return records; }
        @Override
        public void setRecords(List<Thing> records) { this.records = records; }
    }

    static void same(String what, Object actual, Object expected) {
        compared++;
        if (Objects.equals(actual, expected)) return;
        wrong++;
        System.err.println("FAIL " + what + ": " + actual + " is not " + expected);
    }
    static CamelContext connect(AuthenticationType type) throws Exception {
        SalesforceLoginConfig how = new SalesforceLoginConfig();
        how.setLoginUrl(login[0]);
        how.setType(type);
        how.setClientId(login[3]);
        how.setClientSecret(login[4]);
        if (type == AuthenticationType.USERNAME_PASSWORD) {
            how.setUserName(login[1]);
            how.setPassword(login[2]);
        } else if (type == AuthenticationType.REFRESH_TOKEN) {
            how.setRefreshToken(login[5]);
        }
        SalesforceEndpointConfig config = new SalesforceEndpointConfig();
        config.setApiVersion("62.0");
        config.setDefaultReplayId(-2L);
        SalesforceComponent component = new SalesforceComponent();
        component.setLoginConfig(how);
        component.setConfig(config);
        component.setPackages("none"); // classes are named one by one
        CamelContext context = new DefaultCamelContext();
        context.setApplicationContextClassLoader(CamelTest.class.getClassLoader());
        context.addComponent("salesforce", component);
        context.start();
        return context;
    }
    static String text(Object body) throws Exception {
        if (body instanceof InputStream) return new String(((InputStream)body).readAllBytes(), StandardCharsets.UTF_8);
        return String.valueOf(body);
    }
    /* What an operation answers. headers: names and values, two by two. */
    @SuppressWarnings("unchecked")
    static <T> T call(String operation, Object body, Object... headers) throws Exception {
        Map<String, Object> all = new HashMap<>();
        for (int i = 0; i + 1 < headers.length; i += 2) all.put((String)headers[i], headers[i + 1]);
        try {
            return (T)to.requestBodyAndHeaders("salesforce:" + operation, body, all);
        } catch (CamelExecutionException error) {
            throw error.getCause() instanceof SalesforceException ? (SalesforceException)error.getCause() : error;
        }
    }
    static JsonNode raw(String operation, Object body, Object... headers) throws Exception {
        String sign = operation.contains("?") ? "&" : "?";
        return JSON.readTree(text(call(operation + sign + "rawPayload=true", body, headers)));
    }
    static JsonNode query(String soql) throws Exception { return raw("query", soql).get("records"); }
    static String http(String method, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(login[0] + path)).method(method, HttpRequest.BodyPublishers.noBody()).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    static void logins() throws Exception {
        for (AuthenticationType type : new AuthenticationType[] { AuthenticationType.REFRESH_TOKEN, AuthenticationType.CLIENT_CREDENTIALS }) {
            camel = connect(type);
            to = camel.createProducerTemplate();
            List<?> versions = call("getVersions", null);
            same(type + ": versions", versions.size() > 30, true);
            camel.stop();
        }
        camel = connect(AuthenticationType.USERNAME_PASSWORD);
        to = camel.createProducerTemplate();
    }

    static void org() throws Exception {
        Map<String, String> resources = call("getResources", null);
        same("resources", resources.get("sobjects"), "/services/data/v62.0/sobjects");
        GlobalObjects objects = call("getGlobalObjects", null);
        same("objects", objects.getEncoding() + objects.getSobjects().stream().filter(o -> o.getName().equals("Thing__c")).count(), "UTF-81");
        for (String name : new String[] { "Account", "User", "Case", "PushTopic", "ContentVersion", "Thing__c" }) {
            SObjectDescription all = call("getDescription?sObjectName=" + name, null);
            same("describe " + name, all.getName() + (all.getFields().size() > 10), name + "true");
        }
        Limits limits = call("limits", null);
        same("limits", limits.getDailyApiRequests().getMax() > limits.getDailyApiRequests().getRemaining(), true);
    }

    static void records() throws Exception {
        CreateSObjectResult made = call("createSObject?sObjectName=Thing__c", new Thing(NAME, "a b/+é", 7));
        JsonNode row = raw("getSObject?sObjectName=Thing__c", made.getId());
        same("made", row.get("Name").asText() + row.get("Ext__c").asText() + row.get("Whole__c"), NAME + "a b/+é7");
        row = raw("getSObjectWithId?sObjectName=Thing__c&sObjectIdName=Ext__c", null, "sObjectIdValue", "a b/+é");
        same("by external id", row.get("Id").asText(), made.getId());
        Thing change = new Thing("changed", null, null);
        change.setId(made.getId());
        change.getFieldsToNull().add("Whole__c");
        call("updateSObject?sObjectName=Thing__c", change);
        row = raw("getSObject?sObjectName=Thing__c&sObjectFields=Name,Whole__c", made.getId());
        same("changed", row.get("Name").asText() + row.get("Whole__c"), "changednull");
        for (boolean isNew : new boolean[] { true, false }) {
            UpsertSObjectResult put = JSON.treeToValue(raw("upsertSObject?sObjectName=Thing__c&sObjectIdName=Ext__c", "{\"Name\":\"put\"}", "sObjectIdValue", "up 1"), UpsertSObjectResult.class);
            same("upsert", put.getCreated() + " " + put.getSuccess(), isNew + " true");
        }
        call("deleteSObjectWithId?sObjectName=Thing__c&sObjectIdName=Ext__c", null, "sObjectIdValue", "up 1");
        try {
            same("gone", raw("getSObjectWithId?sObjectName=Thing__c&sObjectIdName=Ext__c", null, "sObjectIdValue", "up 1"), "an error");
        } catch (NoSuchSObjectException error) {
            same("gone", error.getErrors().get(0).getErrorCode(), "NOT_FOUND");
        }
        try {
            same("too little", raw("createSObject?sObjectName=Account", "{}"), "an error");
        } catch (SalesforceException error) {
            same("too little", error.getErrors().get(0).getErrorCode() + error.getErrors().get(0).getFields(), "REQUIRED_FIELD_MISSING[Name]");
        }
        String account = raw("createSObject?sObjectName=Account", "{\"Name\":\"camel\"}").get("id").asText();
        String file = raw("createSObject?sObjectName=Attachment", "{\"Name\":\"f\",\"ParentId\":\"" + account + "\",\"Body\":\"aGVsbG8=\"}").get("id").asText();
        same("blob", text(call("getBlobField?sObjectName=Attachment&sObjectBlobFieldName=Body", null, "sObjectId", file)), "hello");
        same("apex", raw("apexCall?apexMethod=POST&apexUrl=hello", "{\"name\":\"Zoë\",\"times\":2}").get("greeting").asText(), "Hello, Zoë");
        SearchResult2 found = call("search", "FIND {camel} IN NAME FIELDS RETURNING Account(Id)");
        same("search", found.getSearchRecords().get(0).getId(), account);
        Approvals processes = call("approvals", null);
        same("approval processes", processes.approvalsFor("Account").size(), 1);
        ApprovalRequest ask = new ApprovalRequest();
        ask.setActionType(ApprovalRequest.Action.Submit);
        ask.setContextId(account);
        ApprovalResult asked = call("approval", ask);
        same("approval", asked.iterator().next().getInstanceStatus(), "Pending");
    }

    static void many() throws Exception {
        List<Object> rows = new ArrayList<>(), changes = new ArrayList<>();
        for (int i = 0; i < 200; i++) rows.add(new Thing("many " + i, "many" + i, i));
        List<SaveSObjectResult> made = call("compositeCreateSObjectCollections", rows);
        same("collection", made.size() + " " + made.stream().filter(r -> r.getSuccess()).count(), "200 200");
        for (int i = 0; i < 2; i++) changes.add(new Thing("other " + i, null, null));
        ((Thing)changes.get(0)).setId(made.get(0).getId());
        ((Thing)changes.get(1)).setId("a00000000000000AAA");
        List<SaveSObjectResult> changed = call("compositeUpdateSObjectCollections", changes);
        same("one of two", changed.get(0).getSuccess() + changed.get(1).getErrors().get(0).getErrorCode(), "trueINVALID_CROSS_REFERENCE_KEY");
        int seen = 0, pages = 0;
        String soql = "SELECT Id, Name, Whole__c FROM Thing__c WHERE Ext__c LIKE 'many%' OR Ext__c = 'a b/+é'";
        Things page = call("query?sObjectClass=CamelTest$Things", soql, "Sforce-Query-Options", "batchSize=200");
        for (;; pages++) { // ends with the last page
            seen += page.getRecords().size();
            if (page.getDone()) break;
            page = call("queryMore?sObjectClass=CamelTest$Things", page.getNextRecordsUrl(), "Sforce-Query-Options", "batchSize=200");
        }
        same("pages", pages + " " + seen + " " + page.getTotalSize(), "1 201 201");
        Iterator<?> rest = call("query?streamQueryResult=true&sObjectClass=CamelTest$Things", soql, "Sforce-Query-Options", "batchSize=200");
        for (seen = 0; rest.hasNext(); seen++) rest.next();
        same("a stream", seen, 201);
        List<String> ids = new ArrayList<>();
        for (SaveSObjectResult r : made) ids.add(r.getId());
        List<?> gone = call("compositeDeleteSObjectCollections", ids);
        same("deleted", gone.size(), 200);
        Things all = call("queryAll?sObjectClass=CamelTest$Things", "SELECT Id, IsDeleted FROM Thing__c WHERE Ext__c = 'many1'");
        same("queryAll", all.getRecords().get(0).isIsDeleted(), true);
    }

    static void composites() throws Exception {
        SObjectComposite composite = new SObjectComposite("62.0", true);
        composite.addCreate(new Thing(NAME, "c1", 1), "made").addGet("Thing__c", "@{made.id}", "got", "Name");
        composite.addQuery("SELECT Name FROM Thing__c WHERE Ext__c = 'c1'", "found").addDelete("Thing__c", "@{made.id}", "gone");
        StringBuilder codes = new StringBuilder();
        SObjectCompositeResponse answer = call("composite", composite);
        for (SObjectCompositeResult part : answer.getCompositeResponse()) codes.append(part.getReferenceId()).append(part.getHttpStatusCode()).append(' ');
        same("composite", codes.toString(), "made201 got200 found200 gone204 ");
        same("its record", ((Map<?, ?>)answer.getCompositeResponse().get(1).getBody()).get("Name"), NAME);
        SObjectBatch batch = new SObjectBatch("62.0");
        batch.addCreate(new Thing("b", "b1", 1)).addLimits().addGet("Thing__c", "a00000000000000AAA", "Name");
        SObjectBatchResponse parts = call("composite-batch", batch);
        codes = new StringBuilder().append(parts.hasErrors());
        for (SObjectBatchResult part : parts.getResults()) codes.append(' ').append(part.getStatusCode());
        same("batch", codes.toString(), "true 201 200 404");
        SObjectTree tree = new SObjectTree();
        Thing root = new Thing(NAME, "t1", 1);
        tree.addObject(root);
        call("composite-tree", tree);
        same("tree", query("SELECT Name FROM Thing__c WHERE Id = '" + root.getId() + "'").get(0).get("Name").asText(), NAME);
    }

    static BatchInfo ended(BatchInfo batch) throws Exception {
        for (int i = 0; i < 3000; i++, Thread.sleep(10)) { // half a minute
            batch = call("getBatch", batch);
            if (batch.getState() != BatchStateEnum.QUEUED && batch.getState() != BatchStateEnum.IN_PROGRESS) return batch;
        }
        throw new Exception("batch " + batch.getId() + " does not end");
    }
    static JobInfo job(OperationEnum operation, String object, ContentType type, Object... headers) throws Exception {
        JobInfo job = new JobInfo();
        job.setOperation(operation);
        job.setObject(object);
        job.setContentType(type);
        return call("createJob", job, headers);
    }
    static void bulk1() throws Exception {
        String csv = "Name,Ext__c\n\"" + NAME.replace("\"", "\"\"") + "\",v1\ntwice,v1\n";
        String xml = "<sObjects xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\"><sObject><Name>x</Name><Ext__c>v2</Ext__c></sObject><sObject><Name>y</Name><Ext__c>v2</Ext__c></sObject></sObjects>";
        for (ContentType type : new ContentType[] { ContentType.CSV, ContentType.XML }) {
            String data = type == ContentType.CSV ? csv : xml;
            JobInfo job = job(OperationEnum.INSERT, "Thing__c", type);
            BatchInfo batch = ended(call("createBatch", data, "jobId", job.getId(), "contentType", type));
            same(type + ": batch", batch.getState() + " " + batch.getNumberRecordsProcessed() + " " + batch.getNumberRecordsFailed(), "COMPLETED 2 1");
            same(type + ": request", text(call("getRequest", batch)), data);
            same(type + ": results", text(call("getResults", batch)).contains("duplicate value found: Ext__c duplicates value on record with id: "), true);
            List<?> batches = call("getAllBatches", job);
            same(type + ": batches", batches.size(), 1);
            JobInfo closed = call("closeJob", job);
            same(type + ": closed", closed.getState() + " " + closed.getNumberRecordsFailed(), "CLOSED 1");
            JobInfo aborted = call("abortJob", job(OperationEnum.INSERT, "Thing__c", type));
            same(type + ": aborted", aborted.getState().value(), "Aborted");
        }
        JobInfo ask = job(OperationEnum.QUERY, "Thing__c", ContentType.CSV);
        BatchInfo asked = ended(call("createBatchQuery", "SELECT Name, Ext__c FROM Thing__c WHERE Ext__c = 'v1'", "jobId", ask.getId(), "contentType", ContentType.CSV));
        List<String> ids = call("getQueryResultIds", asked);
        same("query", text(call("getQueryResult", asked, "resultId", ids.get(0))), csv.replace("Name,Ext__c", "\"Name\",\"Ext__c\"").replace(",v1\ntwice,v1", ",\"v1\""));
        JobInfo chunked = job(OperationEnum.QUERY, "Contact", ContentType.CSV, "pkChunking", true, "pkChunkingChunkSize", 500);
        same("chunks: the query", ended(call("createBatchQuery", "SELECT Id FROM Contact", "jobId", chunked.getId(), "contentType", ContentType.CSV)).getState().value(), "NotProcessed");
        int rows = 0;
        List<BatchInfo> chunks = call("getAllBatches", chunked);
        for (BatchInfo chunk : chunks) rows += ended(chunk).getNumberRecordsProcessed();
        same("chunks: rows", chunks.size() + " " + rows, "5 " + raw("query", "SELECT COUNT() FROM Contact").get("totalSize"));
        try {
            same("no object", job(OperationEnum.INSERT, "Nope", ContentType.CSV), "an error");
        } catch (SalesforceException error) {
            same("no object", error.getErrors().get(0).getErrorCode() + error.getErrors().get(0).getMessage(), "InvalidJobUnable to find object: Nope");
        }
    }

    static Job ingest() throws Exception {
        Job job = new Job();
        job.setObject("Thing__c");
        job.setOperation(org.apache.camel.component.salesforce.api.dto.bulkv2.OperationEnum.UPSERT);
        job.setExternalIdFieldName("Ext__c");
        job.setContentType(ContentTypeEnum.CSV);
        job.setColumnDelimiter(ColumnDelimiterEnum.SEMICOLON);
        return call("bulk2CreateJob", job);
    }
    static boolean isOver(JobStateEnum state) { return Set.of("JOB_COMPLETE", "FAILED", "ABORTED").contains(state.toString()); }
    static void bulk2() throws Exception {
        Job job = ingest();
        String id = job.getId(), good = "\"" + NAME.replace("\"", "\"\"") + "\";\"v3\";\"2024-02-29\"\n";
        call("bulk2CreateBatch", "Name;Ext__c;Day__c\n" + good + "\"bad\";\"v4\";\"never\"\n", "jobId", id);
        job = call("bulk2CloseJob", null, "jobId", id);
        same("closed", job.getState(), JobStateEnum.UPLOAD_COMPLETE);
        for (int i = 0; i < 3000 && !isOver(job.getState()); i++, Thread.sleep(10)) job = call("bulk2GetJob", job);
        same("done", job.getState() + " " + job.getNumberRecordsProcessed() + " " + job.getNumberRecordsFailed() + " " + job.getJobType(), "JOB_COMPLETE 2 1 V2INGEST");
        String rows = text(call("bulk2GetSuccessfulResults", null, "jobId", id));
        same("good", rows.substring(rows.indexOf(";\"true\";") + 8), good);
        same("why", text(call("bulk2GetFailedResults", null, "jobId", id)).contains("'never' is not a valid value for the type xsd:date"), true);
        same("none left", text(call("bulk2GetUnprocessedRecords", null, "jobId", id)).trim().lines().count(), 1L);
        call("bulk2DeleteJob", null, "jobId", id);
        job = call("bulk2AbortJob", null, "jobId", ingest().getId());
        same("aborted", job.getState(), JobStateEnum.ABORTED);
        QueryJob ask = new QueryJob();
        ask.setOperation(org.apache.camel.component.salesforce.api.dto.bulkv2.OperationEnum.QUERY);
        ask.setQuery("SELECT Id, Name FROM Contact");
        QueryJob asked = call("bulk2CreateQueryJob", ask);
        for (int i = 0; i < 3000 && !isOver(asked.getState()); i++, Thread.sleep(10)) asked = call("bulk2GetQueryJob", asked);
        Set<String> seen = new TreeSet<>();
        String locator = null, asks = asked.getId();
        int pages = 0;
        do { // ends with the last page
            String from = locator;
            Exchange page = to.request("salesforce:bulk2GetQueryJobResults", e -> {
                e.getIn().setHeader("jobId", asks);
                e.getIn().setHeader("maxRecords", 700);
                if (from != null) e.getIn().setHeader("locator", from);
            });
            String[] lines = text(page.getMessage().getBody()).split("\n");
            same("page", lines.length - 1, Integer.valueOf((String)page.getMessage().getHeader("Sforce-NumberOfRecords")));
            for (int i = 1; i < lines.length; i++) seen.add(lines[i]);
            locator = (String)page.getMessage().getHeader("Sforce-Locator");
            pages++;
        } while (locator != null && !locator.equals("null") && pages < 100);
        same("query", pages + " " + seen.size(), "3 " + asked.getNumberRecordsProcessed());
    }

    static final Map<String, BlockingQueue<Exchange>> events = new HashMap<>();
    static void listen(String channel, String uri) throws Exception {
        BlockingQueue<Exchange> queue = new LinkedBlockingQueue<>();
        events.put(channel, queue);
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() { from("salesforce:subscribe:" + uri).routeId(channel).process(queue::add); }
        });
    }
    static Exchange next(String channel) throws Exception {
        Exchange event = events.get(channel).poll(30, TimeUnit.SECONDS);
        if (event == null) throw new Exception("no event on " + channel);
        return event;
    }
    static Object header(Exchange event, String name) { return event.getIn().getHeader("CamelSalesforce" + name); }
    static String field(Exchange event, String name) { return String.valueOf(((Map<?, ?>)event.getIn().getBody()).get(name)); }
    static String make(String name, int whole) throws Exception { return raw("createSObject?sObjectName=Thing__c", JSON.writeValueAsString(Map.of("Name", name, "Whole__c", whole))).get("id").asText(); }
    /* The event that is it: what came before is passed over, all that was written since the org's start. */
    static Exchange told(String channel, Predicate<Exchange> is) throws Exception {
        for (;;) { // ends with the event, or without one
            Exchange event = next(channel);
            if (is.test(event)) return event;
        }
    }
    static Exchange told(String channel, String name) throws Exception { return told(channel, event -> field(event, "Name").equals(name)); }
    static void streams() throws Exception {
        String topic = "Camel?updateTopic=true&notifyForFields=ALL&notifyForOperationCreate=true&notifyForOperationUpdate=true&notifyForOperationDelete=true&notifyForOperationUndelete=true&sObjectQuery=";
        listen("topic", topic + "SELECT Id, Name FROM Thing__c WHERE Whole__c > 3");
        listen("change", "data/ChangeEvents");
        listen("note", "event/Note__e");
        make("three", 3);
        String name = NAME + " 4", id = make(name, 4);
        Exchange event = next("topic");
        same("topic", field(event, "Name") + header(event, "EventType") + header(event, "TopicName"), name + "createdCamel");
        event = told("change", name);
        same("change", header(event, "ChangeType") + " " + header(event, "EntityName") + " " + header(event, "RecordIds") + " " + field(event, "Whole__c"), "CREATE Thing__c [" + id + "] 4");
        raw("createSObject?sObjectName=Note__e", JSON.writeValueAsString(Map.of("Text__c", NAME)));
        PlatformEvent note = next("note").getIn().getBody(PlatformEvent.class);
        same("platform event", note.getEventData().get("Text__c"), NAME);
        call("deleteSObject?sObjectName=Thing__c", null, "sObjectId", id);
        event = told("topic", e -> header(e, "EventType").equals("deleted"));
        same("topic: deleted", header(event, "EventType") + field(event, "Id"), "deleted" + id);
        event = told("change", e -> header(e, "ChangeType").equals("DELETE") && header(e, "RecordIds").toString().contains(id));
        same("change: deleted", header(event, "ChangeType") + "" + header(event, "RecordIds"), "DELETE[" + id + "]");
        JsonNode schema = raw("getEventSchema?eventName=Note__e", null);
        same("schema", schema.get("name").asText(), "Note__e");
        for (String end : new String[] { "POST /__org/expire-sessions", "DELETE /__org/streaming" }) {
            http(end.split(" ")[0], end.split(" ")[1]);
            make(end, 5);
            same(end, field(told("topic", end), "Name") + field(told("change", end), "Whole__c"), end + "5");
        }
        camel.getRouteController().stopRoute("topic");
        camel.removeRoute("topic");
        listen("topic", topic + "SELECT Id, Name, Whole__c FROM Thing__c WHERE Whole__c > 8");
        JsonNode row = query("SELECT Query, NotifyForFields, NotifyForOperations FROM PushTopic WHERE Name = 'Camel'").get(0);
        same("topic: changed", row.get("Query").asText() + row.get("NotifyForFields").asText(), "SELECT Id, Name, Whole__c FROM Thing__c WHERE Whole__c > 8All");
    }

    public static void main(String[] args) {
        login = args;
        try {
            logins();
            org();
            records();
            many();
            composites();
            bulk1();
            bulk2();
            streams();
            camel.stop();
        } catch (Exception error) {
            wrong++;
            error.printStackTrace(); // Camel's threads would keep the program alive
        }
        System.out.println("Camel: " + compared + " results compared, " + wrong + " wrong");
        System.exit(wrong == 0 ? 0 : 1);
    }
}
