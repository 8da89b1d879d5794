/* BulkTest.java: Salesforce's own Java client of Bulk API 1.0 (BulkConnection of its web service connector, which Data Loader uses),
 * logged in by SOAP, against sforce-org: once with bodies packed and once without. Every check compares what came; the last line
 * counts them. Arguments: the org's URL, a user's name, and password with security token. */
import com.sforce.async.AsyncApiException;
import com.sforce.async.BatchInfo;
import com.sforce.async.BatchRequest;
import com.sforce.async.BatchStateEnum;
import com.sforce.async.BulkConnection;
import com.sforce.async.ConcurrencyMode;
import com.sforce.async.ContentType;
import com.sforce.async.JobInfo;
import com.sforce.async.JobStateEnum;
import com.sforce.async.OperationEnum;
import com.sforce.async.Result;
import com.sforce.async.SObject;
import com.sforce.async.TransformationSpecRequest;
import com.sforce.soap.partner.PartnerConnection;
import com.sforce.ws.ConnectorConfig;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;

public class BulkTest {
    static final String NAME = "Zoë \"<&>\" 'O\\Neil', 日本語\nעברית 🎈";
    static int compared, wrong;
    static BulkConnection bulk;
    static PartnerConnection partner;

    static void same(String what, Object actual, Object expected) {
        compared++;
        if (Objects.equals(actual, expected)) return;
        wrong++;
        System.err.println("FAIL " + what + ": " + actual + " is not " + expected);
    }
    static void fails(String what, Callable<?> call, String expected) throws Exception {
        try {
            same(what, call.call(), "an error");
        } catch (AsyncApiException error) {
            same(what, error.getExceptionCode() + " " + error.getExceptionMessage(), expected);
        }
    }
    static InputStream in(String text) { return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)); }
    static String all(InputStream in) throws Exception { return new String(in.readAllBytes(), StandardCharsets.UTF_8); }

    static BulkConnection connection(boolean packed, String session) throws Exception {
        ConnectorConfig config = new ConnectorConfig();
        String soap = partner.getConfig().getServiceEndpoint();
        config.setSessionId(session);
        config.setRestEndpoint(soap.substring(0, soap.indexOf("Soap/")) + "async/60.0");
        config.setCompression(packed);
        return new BulkConnection(config);
    }
    static JobInfo job(OperationEnum operation, String object, ContentType type, String key) throws Exception {
        JobInfo job = new JobInfo();
        job.setOperation(operation);
        job.setObject(object);
        job.setContentType(type);
        if (key != null) job.setExternalIdFieldName(key);
        return bulk.createJob(job, type == ContentType.JSON ? ContentType.JSON : ContentType.XML);
    }
    static BatchInfo done(JobInfo job, BatchInfo batch) throws Exception {
        boolean isJson = job.getContentType() == ContentType.JSON || job.getContentType() == ContentType.ZIP_JSON;
        ContentType type = isJson ? ContentType.JSON : ContentType.XML;
        for (int i = 0; i < 3000; i++, Thread.sleep(10)) { // half a minute
            BatchInfo now = bulk.getBatchInfo(job.getId(), batch.getId(), type);
            if (now.getState() != BatchStateEnum.Queued && now.getState() != BatchStateEnum.InProgress) return now;
        }
        throw new Exception("batch " + batch.getId() + " does not end");
    }
    static String counts(BatchInfo batch) {
        return batch.getState() + " " + batch.getNumberRecordsProcessed() + " " + batch.getNumberRecordsFailed();
    }
    static String rows(Result[] results) {
        StringBuilder out = new StringBuilder();
        for (Result r : results) {
            out.append(r.getSuccess() ? "yes" : "no").append(r.getCreated() ? "+" : "").append(' ');
            if (r.getErrors().length > 0) out.append(r.getErrors()[0].getStatusCode()).append(List.of(r.getErrors()[0].getFields())).append(' ');
        }
        return out.toString().trim();
    }
    static Object field(String soql, String name) throws Exception { return partner.query(soql).getRecords()[0].getField(name); }

    static void csv(String key) throws Exception {
        JobInfo ask = new JobInfo();
        ask.setObject("Thing__c");
        ask.setOperation(OperationEnum.insert);
        ask.setContentType(ContentType.CSV);
        ask.setConcurrencyMode(ConcurrencyMode.Serial);
        JobInfo job = bulk.createJob(ask);
        same("job", job.getState() + " " + job.getConcurrencyMode() + " " + job.getApiVersion(), "Open Serial 60.0");
        String text = "Name,Ext__c,Day__c\n\"" + NAME.replace("\"", "\"\"") + "\"," + key + "1,2024-02-29\nbad," + key + "2,never\n";
        BatchInfo batch = done(job, bulk.createBatchFromStream(job, in(text)));
        same("batch", counts(batch), "Completed 2 1");
        String[] lines = all(bulk.getBatchResultStream(job.getId(), batch.getId())).split("\n");
        same("results", lines.length + lines[0] + lines[1].substring(20), "3\"Id\",\"Success\",\"Created\",\"Error\",\"true\",\"true\",\"\"");
        same("why", lines[2].startsWith("\"\",\"false\",\"false\",\"INVALID_FIELD:Failed to deserialize field at col 2. "), true);
        same("stored", field("SELECT Name FROM Thing__c WHERE Ext__c = '" + key + "1'", "Name"), NAME);
        same("request", all(bulk.getBatchRequestInputStream(job.getId(), batch.getId())), text);
        same("closed", bulk.closeJob(job.getId()).getState(), JobStateEnum.Closed);
        JobInfo now = bulk.getJobStatus(job.getId());
        same("counters", now.getNumberBatchesTotal() + " " + now.getNumberRecordsProcessed() + " " + now.getNumberRecordsFailed(), "1 2 1");
        same("list", bulk.getBatchInfoList(job.getId()).getBatchInfo().length, 1);
        fails("closed twice", () -> bulk.closeJob(job.getId()), "InvalidJobState Closing already Closed Job not allowed");
        JobInfo other = job(OperationEnum.insert, "Thing__c", ContentType.CSV, null);
        BatchInfo none = done(other, bulk.createBatchFromStream(other, in("Nmae\nx\n")));
        same("no such field", none.getState() + " " + none.getStateMessage(), "Failed InvalidBatch : Field name not found : Nmae");
        fails("its results", () -> all(bulk.getBatchResultStream(other.getId(), none.getId())), "InvalidBatch Records not processed");
        same("aborted", bulk.abortJob(other.getId()).getState(), JobStateEnum.Aborted);
    }

    static void xml(String key) throws Exception {
        JobInfo job = job(OperationEnum.upsert, "Thing__c", ContentType.XML, "Ext__c");
        BatchRequest request = bulk.createBatch(job);
        SObject parent = new SObject(), good = new SObject(), bad = new SObject();
        parent.setField("Ext__c", key + "1");
        good.setField("Name", NAME);
        good.setField("Ext__c", key + "3");
        good.setFieldReference("Parent__r", parent);
        bad.setField("Ext__c", key + "4");
        bad.setField("Whole__c", "many");
        request.addSObjects(new SObject[] { good, bad });
        BatchInfo batch = done(job, request.completeRequest());
        same("XML", rows(bulk.getBatchResult(job.getId(), batch.getId()).getResult()), "yes+ no INVALID_FIELD[Whole__c]");
        same("XML: stored", field("SELECT Name FROM Thing__c WHERE Parent__r.Ext__c = '" + key + "1'", "Name"), NAME);
    }

    static void json(String key) throws Exception {
        JobInfo job = job(OperationEnum.update, "Thing__c", ContentType.JSON, null);
        Object id = field("SELECT Id FROM Thing__c WHERE Ext__c = '" + key + "3'", "Id");
        BatchInfo batch = done(job, bulk.createBatchFromStream(job, in("[{\"Id\":\"" + id + "\",\"Name\":null},{\"Id\":\"a00000000000000AAA\"}]")));
        same("JSON", counts(batch), "Completed 2 1");
        same("JSON: results", rows(bulk.getBatchResult(job.getId(), batch.getId(), ContentType.JSON).getResult()), "yes no INVALID_CROSS_REFERENCE_KEY[]");
        same("JSON: list", bulk.getBatchInfoList(job.getId(), ContentType.JSON).getBatchInfo()[0].getId(), batch.getId());
        JobInfo close = new JobInfo();
        close.setId(job.getId());
        close.setState(JobStateEnum.Closed);
        same("JSON: closed", bulk.updateJob(close, ContentType.JSON).getState(), JobStateEnum.Closed);
    }

    static void zip() throws Exception {
        JobInfo job = job(OperationEnum.insert, "Attachment", ContentType.ZIP_CSV, null);
        Object account = field("SELECT Id FROM Account LIMIT 1", "Id");
        String text = "Name,ParentId,Body\ngood," + account + ",#dir/é.txt\nnone," + account + ",#none.txt\n";
        BatchInfo batch = done(job, bulk.createBatchWithInputStreamAttachments(job, in(text), Map.of("dir/é.txt", in(NAME))));
        String[] lines = all(bulk.getBatchResultStream(job.getId(), batch.getId())).split("\n");
        same("zip", counts(batch) + lines[2], "Completed 2 1\"\",\"false\",\"false\",\"INVALID_FIELD:File not found in the zip: #none.txt:Body --\"");
        Object body = field("SELECT Body FROM Attachment WHERE Id = '" + lines[1].substring(1, 19) + "'", "Body");
        same("zip: the bytes", new String(Base64.getDecoder().decode((String)body), StandardCharsets.UTF_8), NAME);
    }

    /* The rows of XML and of JSON name the files of their zip as those of CSV do. */
    static void typedZips() throws Exception {
        Object account = field("SELECT Id FROM Account LIMIT 1", "Id");
        byte[] bytes = { 0, 1, (byte)254, (byte)255 };
        for (ContentType type : new ContentType[] { ContentType.ZIP_XML, ContentType.ZIP_JSON }) {
            JobInfo job = job(OperationEnum.insert, "Attachment", type, null);
            String name = type + " " + compared;
            String text = type == ContentType.ZIP_JSON
                ? "[{\"Name\":\"" + name + "\",\"ParentId\":\"" + account + "\",\"Body\":\"#a/b.bin\"}]"
                : "<sObjects xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\"><sObject><Name>" + name + "</Name><ParentId>" + account + "</ParentId><Body>#a/b.bin</Body></sObject></sObjects>";
            BatchInfo added = done(job, bulk.createBatchWithInputStreamAttachments(job, in(text), Map.of("a/b.bin", new ByteArrayInputStream(bytes))));
            same(type + "", counts(added), "Completed 1 0");
            same(type + ": the bytes", field("SELECT Body FROM Attachment WHERE Name = '" + name + "'", "Body"), Base64.getEncoder().encodeToString(bytes));
        }
    }

    static void charsets(String key) throws Exception {
        for (String charset : new String[] { "ISO-8859-1", "UTF-16", "Shift_JIS", "UTF-8" }) {
            JobInfo job = job(OperationEnum.insert, "Thing__c", ContentType.CSV, null);
            String name = charset.equals("ISO-8859-1") ? "Zoë" : "日本語";
            byte[] rows = ("Name,Ext__c\n" + name + "," + key + charset + "\n").getBytes(charset);
            same(charset, counts(done(job, bulk.createBatchFromForeignCsvStream(job, new ByteArrayInputStream(rows), charset))), "Completed 1 0");
            same(charset + ": stored", field("SELECT Name FROM Thing__c WHERE Ext__c = '" + key + charset + "'", "Name"), name);
        }
    }

    static void spec(String key) throws Exception {
        JobInfo job = job(OperationEnum.insert, "Thing__c", ContentType.CSV, null);
        TransformationSpecRequest spec = bulk.createTransformationSpec(job);
        spec.addSpecRow("Name", "Full Name", "", "");
        spec.addSpecRow("Ext__c", "Key", "", "");
        spec.addSpecRow("Day__c", "Date", "", "dd/MM/yyyy");
        spec.addSpecRow("Text__c", "", "always", "");
        spec.completeRequest();
        BatchInfo batch = done(job, bulk.createBatchFromStream(job, in("Full Name,Key,Date\nZoë," + key + "spec,29/02/2024\n")));
        String why = batch.getStateMessage() != null ? batch.getStateMessage() : "";
        same("spec", counts(batch) + why, "Completed 1 0");
        var row = partner.query("SELECT Name, Day__c, Text__c FROM Thing__c WHERE Ext__c = '" + key + "spec'").getRecords()[0];
        same("spec: stored", row.getField("Name") + " " + row.getField("Day__c") + " " + row.getField("Text__c"), "Zoë 2024-02-29 always");
    }

    static void query(String key) throws Exception {
        List<String> found = new ArrayList<>();
        for (ContentType type : new ContentType[] { ContentType.CSV, ContentType.XML, ContentType.JSON }) {
            JobInfo job = job(OperationEnum.query, "Thing__c", type, null);
            BatchInfo batch = done(job, bulk.createBatchFromStream(job, in("SELECT Ext__c, Parent__r.Ext__c FROM Thing__c WHERE Ext__c = '" + key + "3'")));
            String[] ids = bulk.getQueryResultList(job.getId(), batch.getId(), type).getResult();
            found.add(counts(batch) + " " + ids.length + all(bulk.getQueryResultStream(job.getId(), batch.getId(), ids[0])));
        }
        same("query: CSV", found.get(0), "Completed 1 0 1\"Ext__c\",\"Parent__r.Ext__c\"\n\"" + key + "3\",\"" + key + "1\"\n");
        same("query: XML", found.get(1).endsWith("<Ext__c>" + key + "3</Ext__c><Parent__r xsi:type=\"sObject\"><type>Thing__c</type><Ext__c>" + key + "1</Ext__c></Parent__r></records></queryResult>"), true);
        same("query: JSON", found.get(2).endsWith(",\"Ext__c\":\"" + key + "1\"}}]"), true);
        BulkConnection chunked = connection(false, bulk.getConfig().getSessionId());
        chunked.addHeader("Sforce-Enable-PKChunking", "chunkSize=200");
        JobInfo ask = new JobInfo();
        ask.setOperation(OperationEnum.query);
        ask.setObject("Contact");
        ask.setContentType(ContentType.CSV);
        JobInfo job = chunked.createJob(ask);
        same("chunks: the query", done(job, chunked.createBatchFromStream(job, in("SELECT Id FROM Contact"))).getState(), BatchStateEnum.NotProcessed);
        int rows = 0;
        for (BatchInfo batch : chunked.getBatchInfoList(job.getId()).getBatchInfo()) rows += done(job, batch).getNumberRecordsProcessed();
        same("chunks: rows", rows, partner.query("SELECT COUNT() FROM Contact").getSize());
    }

    static void errors() throws Exception {
        fails("no such object", () -> job(OperationEnum.insert, "Nope__c", ContentType.CSV, null), "InvalidJob Unable to find object: Nope__c");
        fails("no such key", () -> job(OperationEnum.upsert, "Thing__c", ContentType.CSV, "Foo__c"),
            "InvalidJob Field name provided, Foo__c does not match an External ID for Thing__c");
        fails("no such job", () -> bulk.getJobStatus("750000000000000AAA"), "InvalidJob Invalid job id: 750000000000000AAA");
        BulkConnection dead = connection(true, "00Ddead!session");
        fails("no session", () -> dead.getJobStatus("750000000000000AAA"), "InvalidSessionId Invalid session id");
    }

    public static void main(String[] args) throws Exception {
        ConnectorConfig login = new ConnectorConfig();
        login.setUsername(args[1]);
        login.setPassword(args[2]);
        login.setAuthEndpoint(args[0] + "/services/Soap/u/60.0");
        partner = new PartnerConnection(login);
        for (boolean packed : new boolean[] { true, false }) {
            String key = packed ? "p" : "q";
            bulk = connection(packed, login.getSessionId());
            csv(key);
            xml(key);
            json(key);
            zip();
            typedZips();
            charsets(key);
            spec(key);
            query(key);
            errors();
        }
        System.out.println("BulkConnection: " + compared + " results compared, " + wrong + " wrong");
        System.exit(wrong == 0 ? 0 : 1);
    }
}
