#!/bin/bash
# org_bulk1_test.sh: Bulk API 1.0 as sforce-org answers it: jobs and batches in XML and JSON, which format answers what, rows of
# CSV, JSON, XML and zips, results in each format, queries, chunks, what is refused in which words.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
start() { # options: starts the org; sets root and url
    start_org "$@"
    root=$url
    url=$root/services/async/62.0
}

call() { # curl options: body to $work/body, headers to $work/headers, status to $status
    : >"$work/body"
    status=$(curl -sS -g --max-time 60 -H "X-SFDC-Session: $token" -D "$work/headers" -o "$work/body" -w '%{http_code}' "$@")
}
get() { call "$url/$1"; }
post() { call -X POST "$url/$1" -H "Content-Type: $2" --data-binary "$3"; } # PATH TYPE BODY
header() { tr -d '\r' <"$work/headers" | sed -n "s/^$1: //Ip"; }
of() { sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p" "$work/body" | head -1; } # text of an XML element
js() { jq -r "$1" "$work/body"; }
body() { cat "$work/body"; }
elements() { tr -d '\n' <"$work/body" | grep -o '<[a-zA-Z-]*[ >]' | tr -d '<> ' | tr '\n' ' '; } # their names in order
soql() { curl -sS -G -H "Authorization: Bearer $token" "$root/services/data/v62.0/query" --data-urlencode "q=$1" | jq -r "${2:-.totalSize}"; }
error() { if [ "$(head -c 1 "$work/body")" = "{" ]; then js '.exceptionCode + ": " + .exceptionMessage'; else echo "$(of exceptionCode): $(of exceptionMessage)"; fi; }

ns='xmlns="http://www.force.com/2009/06/asyncapi/dataload"'
new_job() { # MEMBERS as XML: sets job
    post job 'application/xml; charset=UTF-8' "<?xml version=\"1.0\" encoding=\"UTF-8\"?><jobInfo $ns>$1</jobInfo>"
    job=$(of id)
}
new_json() { # JSON: sets job
    post job application/json "$1"
    job=$(js .id)
}
add() { # TYPE DATA: sets batch
    post "job/$job/batch" "$1" "$2"
    batch=$(of id)
    [ -n "$batch" ] || batch=$(js .id 2>/dev/null)
}
await() { # until the batch has ended; its state in $state
    for _ in $(seq 600); do
        get "job/$job/batch/$batch"
        state=$(of state)
        [ -n "$state" ] || state=$(js .state)
        case $state in Completed | Failed | NotProcessed) return ;; esac
        sleep 0.05
    done
    state="still $state"
}
result() { get "job/$job/batch/$batch/result"; }

printf '%s' '{"sobjects":[{"name":"Contact","fields":[{"name":"Wants__c","type":"boolean"},{"name":"Ext__c","type":"string","length":40,"externalId":true,"unique":true,"idLookup":true}]},
 {"name":"Account","fields":[{"name":"Ext__c","type":"string","length":40,"externalId":true,"unique":true,"idLookup":true}]}]}' >"$work/schema.json"
start --schema "$work/schema.json" --data "$work/org.db"

# ---- transformation specs: columns of other names, names in one, values that are missing, dates and truths as written elsewhere ----
new_job '<operation>insert</operation><object>Contact</object><contentType>CSV</contentType>'
post "job/$job/spec" text/csv $'Salesforce Field,Csv Header,Value,Hint\nName,Full Name,,\nTitle,Job Title,,\nLeadSource,Lead Source,Web,\nDescription,,Imported from XYZ.csv,\nBirthdate,Date of Birth,,dd MMM yy\nWants__c,Wants,,[Yy](es)?|on\n'
is "a spec is taken" "$status $(body)" "201 "
add text/csv $'Full Name,Job Title,Lead Source,Date of Birth,Comment,Wants\n"Cat, Tom",DSH,Other,10 Feb 70,likes Jerry,Yes\nJerry B Mouse,House Mouse,,1 December 99,"likes ""Tom""",no\nDroopy,,,soon,,\n'
await
result
is "rows" "$(sed 's/"[0-9A-Za-z]*","true","true",""/ok/; s/,".*INVALID.*/ bad/' "$work/body" | paste -sd' ')" '"Id","Success","Created","Error" ok ok "" bad'
is "what became of them" "$(soql "SELECT FirstName, LastName, Title, LeadSource, Description, Birthdate, Wants__c FROM Contact WHERE LastName IN ('Cat', 'Mouse') ORDER BY LastName" '[.records[] | del(.attributes)] | tojson')" \
    '[{"FirstName":"Tom","LastName":"Cat","Title":"DSH","LeadSource":"Other","Description":"Imported from XYZ.csv","Birthdate":"1970-02-10","Wants__c":true},{"FirstName":"Jerry B","LastName":"Mouse","Title":"House Mouse","LeadSource":"Web","Description":"Imported from XYZ.csv","Birthdate":"1999-12-01","Wants__c":false}]'
get "job/$job/batch/$batch/request"
is "the request as it was made of it" "$(head -1 "$work/body")" 'LastName,FirstName,Title,LeadSource,Description,Birthdate,Wants__c'
post "job/$job/spec" text/csv $'Salesforce Field,Csv Header,Value,Hint\nLastName,Surname,,\n'
is "too late" "$status $(error)" "400 InvalidJobState: A transformation spec comes before the first batch"
add text/csv $'Job Title\n"cut'
await
is "a batch that is no CSV" "$state" Failed
new_job '<operation>insert</operation><object>Contact</object><contentType>CSV</contentType>'
post "job/$job/spec" text/csv "$(printf 'Salesforce Field,Csv Header,Value,Hint\nLastName,Title,,\nDescription,,%050000d,' 7)"
add text/csv "$(echo LastName,Title; for i in $(seq 2000); do echo "Untransformed,T$i"; done)"
await
is "rows that a spec makes too long are not taken as they stand" "$state $(soql "SELECT COUNT() FROM Contact WHERE LastName = 'Untransformed'" .totalSize)" "Failed 0"
new_job '<operation>insert</operation><object>Contact</object><contentType>CSV</contentType>'
for spec in '' 'LastName,Surname' $'Salesforce Field,Csv Header,Value,Hint\n' $'Salesforce Field,Csv Header,Value,Hint\n,Surname,,\n' $'Salesforce Field,Csv Header,Value,Hint\nLastName,,,\n' \
    $'Salesforce Field,Csv Header,Value,Hint\nBirthdate,Born,,dd QQ\n' $'Salesforce Field,Csv Header,Value,Hint\nWants__c,Wants,,(\n' $'Salesforce Field,Csv Header,Value,Hint\n"Last'; do
    post "job/$job/spec" text/csv "$spec"
    is "no spec: $spec" "$status $(error | cut -d: -f1)" "400 ClientInputError"
done
post "job/$job/spec" application/json '{}'
is "a spec is CSV" "$status $(error | cut -d: -f1)" "400 UnsupportedContentType"
get "job/$job/spec"
is "it cannot be read" "$status" 405
new_json '{"operation":"insert","object":"Contact","contentType":"JSON"}'
post "job/$job/spec" text/csv $'Salesforce Field,Csv Header,Value,Hint\nLastName,Surname,,\n'
is "of jobs of CSV" "$status $(error)" "400 InvalidJob: A transformation spec is for rows of CSV, and the job has JSON"

# ---- the life of a job, XML, elements in any order ----
new_job '<operation>insert</operation><contentType>CSV</contentType><object>contact</object>'
is "created" "$status $(header Content-Type) $(header Location)" "201 application/xml /services/async/62.0/job/$job"
is "its elements" "$(elements)" "jobInfo id operation object createdById createdDate systemModstamp state concurrencyMode contentType numberBatchesQueued numberBatchesInProgress numberBatchesCompleted numberBatchesFailed numberBatchesTotal numberRecordsProcessed numberRetries apiVersion numberRecordsFailed totalProcessingTime apiActiveProcessingTime apexProcessingTime "
is "its words" "$(of object) $(of state) $(of concurrencyMode) $(of apiVersion) ${job:0:3} ${#job}" "Contact Open Parallel 62.0 750 18"
get "job/$job/batch/"
is "no batches" "$(body | tr '\n' ' ')" '<?xml version="1.0" encoding="UTF-8"?><batchInfoList    xmlns="http://www.force.com/2009/06/asyncapi/dataload" />'
add 'text/csv; charset=UTF-8' $'LastName,Ext__c,Email\nMeyer,E1,m@x.example\n,E2,\nWeber,E3,not an address\n'
is "a batch" "$status $(header Content-Type) $(header Location) $(of state)" "201 application/xml /services/async/62.0/job/$job/batch/$batch Queued"
is "its elements" "$(elements)" "batchInfo id jobId state createdDate systemModstamp numberRecordsProcessed numberRecordsFailed totalProcessingTime apiActiveProcessingTime apexProcessingTime "
await
is "its end" "$state $(of numberRecordsProcessed) $(of numberRecordsFailed)" "Completed 3 2"
result
is "rows in their order" "$status $(header Content-Type) $(sed -E 's/"003[^"]*"/ID/' "$work/body" | tr '\n' '|')" \
    '200 text/csv "Id","Success","Created","Error"|ID,"true","true",""|"","false","false","REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"|"","false","false","INVALID_EMAIL_ADDRESS:Email: invalid email address: not an address:Email --"|'
get "job/$job/batch/$batch/request"
is "the upload" "$(header Content-Type) $(body | head -2 | tail -1)" "text/csv Meyer,E1,m@x.example"
get "/job//$job//batch"
is "doubled slashes" "$status $(of numberRecordsProcessed)" "200 3"
post "job/$job" 'application/json' '{"state":"Closed"}'
is "closed with JSON answers JSON" "$status $(header Content-Type) $(js '[.state,.contentType,.numberBatchesTotal,.numberRecordsFailed,.apiVersion,.externalIdFieldName,.fastPathEnabled]|map(tostring)|join(" ")')" \
    "200 application/json Closed CSV 1 2 62 null false"
is "keys sorted" "$(js 'keys_unsorted == keys')" true
get "job/$job"
is "info of a CSV job is XML" "$(header Content-Type) $(of state) $(of numberBatchesCompleted)" "application/xml Closed 1"
add text/csv $'LastName\nLate\n'
is "closed" "$status $(error)" "400 InvalidJobState: Job $job is not open: its state is Closed"
post "job/$job" application/xml "<jobInfo $ns><state>Closed</state></jobInfo>"
is "twice" "$status $(error)" "400 InvalidJobState: Closing already Closed Job not allowed"

# ---- JSON ----
new_json '{"operation":"upsert","object":"Contact","externalIdFieldName":"Ext__c","contentType":"JSON","concurrencyMode":1,"assignmentRuleId":null}'
is "numbers for modes" "$status $(js '[.concurrencyMode,.externalIdFieldName,.state]|join(" ")')" "201 Serial Ext__c Open"
is "all members" "$(js 'keys|length')" 24
soql "SELECT Id FROM Account" >/dev/null
new_account=$(curl -sS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$root/services/data/v62.0/sobjects/Account" -d '{"Name":"Acme","Ext__c":"A1"}' | jq -r .id)
add application/json '[{"attributes":{"type":"Contact"},"LastName":"Zoë","Ext__c":"E1","Email":null,"Account":{"Ext__c":"A1"},"Wants__c":true},{"LastName":"","Ext__c":"E9"},{"LastName":"New","Ext__c":"E8"},{"LastName":"Keyless"}]'
is "a batch" "$status $(header Content-Type) $(js 'keys_unsorted|join(" ")')" "201 application/json apexProcessingTime apiActiveProcessingTime createdDate id jobId numberRecordsFailed numberRecordsProcessed state stateMessage systemModstamp totalProcessingTime"
await
result
is "results" "$(header Content-Type) $(js '.[]|[.success,.created,(.id|type),(.errors|map(.statusCode)|join(","))]|map(tostring)|join(" ")' | tr '\n' '|')" \
    'application/json true false string |false false null REQUIRED_FIELD_MISSING|true true string |false false null MISSING_ARGUMENT|'
is "an error" "$(js '.[1].errors[0]|tojson')" '{"fields":["LastName"],"message":"Required fields are missing: [LastName]","statusCode":"REQUIRED_FIELD_MISSING","extendedErrorDetails":null}'
is "what was written" "$(soql "SELECT LastName, Email, AccountId, Wants__c FROM Contact WHERE Ext__c = 'E1'" ".records[0]|[.LastName,.Email,.AccountId,.Wants__c]|map(tostring)|join(\" \")")" "Zoë null $new_account true"
get "job/$job/batch"
is "list" "$(js '.batchInfo|length')" 1
add application/json '[{"LastName":"Zoë","Ext__c":"E1","Account":null}]'
await
is "a parent cleared" "$(js .numberRecordsFailed) $(soql "SELECT AccountId FROM Contact WHERE Ext__c = 'E1'" '.records[0].AccountId')" "0 null"
add application/json "[{\"LastName\":\"Zoë\",\"Ext__c\":\"E1\",\"AccountId\":\"$new_account\"}]"
await
add application/json '[{"LastName":"A"},{"Nmae":"B"}]'
await
is "an unknown field" "$state $(js .stateMessage)" "Failed InvalidBatch : Field name not found : Nmae"
result
is "no results then" "$status $(error)" "400 InvalidBatch: Records not processed"
add application/json '{"LastName":"A"}'
await
is "no array" "$state $(js .stateMessage)" "Failed InvalidBatch : Failed to parse the JSON: it is no array of records"

# ---- XML ----
new_job '<operation>insert</operation><object>Contact</object><contentType>XML</contentType>'
add 'application/xml; charset=UTF-8' "<?xml version=\"1.0\" encoding=\"UTF-8\"?><sObjects $ns xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><sObject><LastName>A &amp; B</LastName><Email xsi:nil=\"true\"/><Account><sObject><Ext__c>A1</Ext__c></sObject></Account><Wants__c>1</Wants__c></sObject><sObject><FirstName>x</FirstName></sObject></sObjects>"
await
is "XML rows" "$state $(of numberRecordsProcessed) $(of numberRecordsFailed)" "Completed 2 1"
result
is "XML results" "$(header Content-Type) $(sed -E 's/<id>[^<]*/<id>ID/' "$work/body")" \
    "application/xml <?xml version=\"1.0\" encoding=\"UTF-8\"?><results $ns xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><result><id>ID</id><success>true</success><created>true</created></result><result><errors><fields>LastName</fields><message>Required fields are missing: [LastName]</message><statusCode>REQUIRED_FIELD_MISSING</statusCode></errors><id xsi:nil=\"true\"/><success>false</success><created>false</created></result></results>"
is "their parent" "$(soql "SELECT AccountId FROM Contact WHERE LastName = 'A & B'" '.records[0].AccountId')" "$new_account"

# ---- queries ----
new_job '<operation>query</operation><object>Contact</object><contentType>CSV</contentType>'
add text/csv "SELECT LastName, Account.Name FROM Contact WHERE Ext__c = 'E1'"
await
result
is "result list" "$(header Content-Type) $(sed -E 's/752[0-9A-Za-z]{12}</RESULT</' "$work/body")" "application/xml <?xml version=\"1.0\" encoding=\"UTF-8\"?><result-list $ns><result>RESULT</result></result-list>"
get "job/$job/batch/$batch/result/$(of result)?format=json"
is "rows" "$status $(header Content-Type) $(body | tr '\n' '|')" '200 text/csv "LastName","Account.Name"|"Zoë","Acme"|'
add text/csv "SELECT Id FROM Contact WHERE Ext__c = 'none'"
await
result
get "job/$job/batch/$batch/result/$(of result)"
is "no rows" "$status $(body)" "200 Records not found for this query"
add text/csv "SELECT Nmae FROM Contact"
await
is "a bad statement" "$state $(of stateMessage | cut -d: -f1-3)" "Failed InvalidBatch : Failed to process query: INVALID_FIELD"
add text/csv "SELECT Id FROM Account"
await
is "another object" "$state $(of stateMessage)" "Failed InvalidBatch : Failed to process query: INVALID_TYPE_FOR_OPERATION: The root entity of the requested query (Account) does not match the entity of the requested Bulk API Job (Contact)."
add text/csv "SELECT MailingAddress FROM Contact"
await
is "compound" "$state $(of stateMessage)" "Failed InvalidBatch : Failed to process query: FUNCTIONALITY_NOT_ENABLED: Selecting compound data not supported in Bulk Query"
new_json '{"operation":"queryAll","object":"Contact","contentType":"JSON"}'
add application/json "SELECT Id, LastName, Email, CreatedDate, Account.Name FROM Contact WHERE Ext__c = 'E1'"
await
result
is "JSON result list" "$(header Content-Type) $(body | sed -E 's/752[0-9A-Za-z]{12}"/RESULT"/')" 'application/json ["RESULT"]'
get "job/$job/batch/$batch/result/$(js '.[0]')"
is "JSON rows" "$(js '.[0]|[.attributes.type,.LastName,.Email,(.CreatedDate|type),.Account.attributes.type,.Account.Name]|map(tostring)|join(" ")')" "Contact Zoë null number Account Acme"
new_job '<operation>query</operation><object>Contact</object><contentType>XML</contentType>'
add application/xml "SELECT LastName, Email, Account.Name FROM Contact WHERE Ext__c = 'E1'"
await
result
get "job/$job/batch/$batch/result/$(of result)"
is "XML rows" "$(body)" "<?xml version=\"1.0\" encoding=\"UTF-8\"?><queryResult $ns xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><records xsi:type=\"sObject\"><type>Contact</type><LastName>Zoë</LastName><Email xsi:nil=\"true\"/><Account xsi:type=\"sObject\"><type>Account</type><Name>Acme</Name></Account></records></queryResult>"

# ---- other charsets: the Content-Type names them ----
new_job '<operation>insert</operation><object>Contact</object><contentType>CSV</contentType>'
charset() { # NAME TEXT [ENCODING]: what a row's LastName became
    printf "LastName,Ext__c\\n$2,$1\\n" >"$work/text"
    if [ $# -gt 2 ]; then iconv -f UTF-8 -t "$3" "$work/text" >"$work/rows"; else cp "$work/text" "$work/rows"; fi
    post "job/$job/batch" "text/csv; charset=$1" @"$work/rows"
    batch=$(of id)
    await
    soql "SELECT LastName FROM Contact WHERE Ext__c = '$1'" '.records[0].LastName'
}
is "Latin-1" "$(charset ISO-8859-1 'Zo\xeb')" Zoë
is "two bytes" "$(charset utf-16le Zoë UTF-16LE)" Zoë
is "a byte that is no character" "$(charset windows-1253 'Zo\xd2\xb1')" 'Zo�±'
is "UTF-8 in other letters" "$(charset utf-8 Zoë)" Zoë
post "job/$job/batch" 'text/csv; charset=klingon' 'LastName'
is "no charset" "$status $(error)" '400 UnsupportedContentType: Unsupported content type: text/csv; charset=klingon'
post "job/$job/batch" 'text/csv; charset=UTF-16//TRANSLIT' 'LastName'
is "no name" "$status" 400
new_json '{"operation":"query","object":"Contact","contentType":"JSON"}'
printf "SELECT Id FROM Contact WHERE LastName = 'Zo\xeb' AND Ext__c = 'utf-16le'" >"$work/rows"
post "job/$job/batch" 'application/json; charset=ISO-8859-1' @"$work/rows"
batch=$(js .id)
await
is "a statement" "$state $(js .numberRecordsProcessed)" "Completed 1"

# ---- chunks ----
new_json '{"operation":"insert","object":"Lead","contentType":"JSON"}'
add application/json "$(jq -cn '[range(25)|{LastName:"L\(.)",Company:"C"}]')"
await
is "25 leads" "$state $(js .numberRecordsFailed)" "Completed 0"
call -X POST "$url/job" -H 'Content-Type: application/json' -H 'Sforce-Enable-PKChunking: chunkSize=200; parent=Lead;' -d '{"operation":"query","object":"Lead","contentType":"JSON"}'
job=$(js .id)
add application/json "SELECT LastName FROM Lead WHERE Company = 'C'"
original=$batch
await
is "the original" "$state" NotProcessed
rows=0 chunks=0
for batch in $(get "job/$job/batch"; js '.batchInfo[].id'); do
    [ "$batch" = "$original" ] && continue
    await
    chunks=$((chunks + 1))
    result
    get "job/$job/batch/$batch/result/$(js '.[0]')"
    rows=$((rows + $(js length)))
done
is "its chunks" "$chunks $rows" "3 25"
get "job/$job/batch/$batch/request"
is "the last one's statement" "$(body | sed -E "s/'00Q[^']*'/'ID'/")" "SELECT LastName FROM Lead WHERE (Company = 'C') AND Id >= 'ID'"
post "job/$job" application/json '{"state":"Aborted"}'
is "aborted" "$status $(js .state)" "200 Aborted"
# Clients that send the parts as a list of values join them with commas.
call -X POST "$url/job" -H 'Content-Type: application/json' -H 'Sforce-Enable-PKChunking: true, chunkSize=200,parent=Lead' -d '{"operation":"query","object":"Lead","contentType":"JSON"}'
job=$(js .id)
add application/json "SELECT Id FROM Lead"
await
get "job/$job/batch"
is "parts with commas" "$state $(js '.batchInfo | length')" "NotProcessed 4"
call -X POST "$url/job" -H 'Content-Type: application/json' -H 'Sforce-Enable-PKChunking: true' -H 'sforce-enable-pkchunking: chunkSize=200' -d '{"operation":"query","object":"Lead","contentType":"JSON"}'
job=$(js .id)
add application/json "SELECT Id FROM Lead"
await
get "job/$job/batch"
is "parts in lines of their own" "$state $(js '.batchInfo | length')" "NotProcessed 4"
# startRow: where the first chunk begins; 15 characters are as good as 18.
from=$(soql 'SELECT Id FROM Lead ORDER BY Id LIMIT 1 OFFSET 10' '.records[0].Id')
call -X POST "$url/job" -H 'Content-Type: application/json' -H "Sforce-Enable-PKChunking: chunkSize=200; startRow=${from:0:15}" -d '{"operation":"query","object":"Lead","contentType":"JSON"}'
job=$(js .id)
add application/json "SELECT Id FROM Lead"
await
rows=0
for batch in $(get "job/$job/batch"; js '.batchInfo[1:][].id'); do
    await
    rows=$((rows + $(js .numberRecordsProcessed)))
done
is "rows from the start row on" "$rows" "$(($(soql 'SELECT COUNT() FROM Lead') - 10))"
call -X POST "$url/job" -H 'Content-Type: application/json' -H 'Sforce-Enable-PKChunking: startRow=first' -d '{"operation":"query","object":"Lead","contentType":"JSON"}'
is "no start row" "$status $(error)" "400 InvalidJob: PK chunking: startRow is first; want an id"

# ---- zips ----
if command -v zip >/dev/null; then
    mkdir -p "$work/zip/photos"
    printf 'Name,ParentId,Body\na.txt,%s,#photos/a.txt\nb.txt,%s,#photos/none\nc.txt,%s,plain\n' "$new_account" "$new_account" "$new_account" >"$work/zip/request.txt"
    printf 'the bytes' >"$work/zip/photos/a.txt"
    (cd "$work/zip" && zip -qr ../batch.zip request.txt photos)
    new_job '<operation>insert</operation><object>Attachment</object><contentType>ZIP_CSV</contentType>'
    call -X POST "$url/job/$job/batch" -H 'Content-Type: zip/csv' --data-binary "@$work/batch.zip"
    batch=$(of id)
    await
    is "a zip" "$state $(of numberRecordsProcessed) $(of numberRecordsFailed)" "Completed 3 2"
    result
    is "its rows" "$(header Content-Type) $(sed -E 's/"00P[^"]*"/ID/' "$work/body" | tr '\n' '|')" 'text/csv "Id","Success","Created","Error"|ID,"true","true",""|"","false","false","INVALID_FIELD:File not found in the zip: #photos/none:Body --"|"","false","false","INVALID_FIELD:Binary data is named by # and a path: plain:Body --"|'
    id=$(sed -n '2s/"\([^"]*\)".*/\1/p' "$work/body")
    is "its bytes" "$(curl -sS -H "Authorization: Bearer $token" "$root/services/data/v62.0/sobjects/Attachment/$id/Body")" "the bytes"
    get "job/$job/batch/$batch/request"
    cmp -s "$work/body" "$work/batch.zip"
    is "the zip comes back" "$? $(header Content-Type)" "0 zip/csv"
    add zip/csv "no zip at all, but long enough to be one"
    await
    is "no zip" "$state $(of stateMessage)" "Failed InvalidBatch : Failed to read the zip: it is no zip"
fi

# ---- what is refused ----
new_job '<operation>insert</operation><object>Nope__c</object><contentType>CSV</contentType>'
is "no object" "$status $(error)" "400 InvalidJob: Unable to find object: Nope__c"
new_json '{"operation":"upsert","object":"Contact","externalIdFieldName":"LastName","contentType":"CSV"}'
is "no external id" "$status $(header Content-Type) $(error)" "400 application/json InvalidJob: Field name provided, LastName does not match an External ID for Contact"
new_json '{"operation":"harddelete","object":"Contact","contentType":"CSV"}'
is "no operation" "$status $(error)" "400 InvalidJob: Invalid value: 'harddelete' supplied for property: 'operation'"
post job application/xml '<jobInfo><operation>'
is "no XML" "$status $(error | cut -d: -f1)" "400 InvalidXml"
post job text/plain 'x'
is "no type" "$status $(error)" "400 UnsupportedContentType: Unsupported content type: text/plain"
new_job '<operation>insert</operation><object>Contact</object><contentType>CSV</contentType>'
add 'text/cs; charset=UTF-8' $'LastName\nA\n'
is "a batch's type" "$status $(error)" "400 UnsupportedContentType: Unsupported content type: text/cs; charset=UTF-8"
add application/json '[]'
is "another type than the job's" "$status $(error | cut -d: -f1)" "400 InvalidBatch"
add text/csv ''
is "a batch of nothing" "$status $(error)" "400 ClientInputError: Unable to find any data to create batch"
add text/csv $'LastName\nA,B\n'
await
is "ragged" "$state" Failed
{ echo LastName; yes N | head -10001; } >"$work/long.csv"
call -X POST "$url/job/$job/batch" -H 'Content-Type: text/csv' --data-binary "@$work/long.csv"
batch=$(of id)
await
is "10,001 rows" "$state $(of numberRecordsProcessed)" "Failed 0"
head -c 10000001 /dev/zero | tr '\0' x >"$work/large.csv"
call -X POST "$url/job/$job/batch" -H 'Content-Type: text/csv' --data-binary "@$work/large.csv"
is "10 MB" "$status $(error)" "400 ClientInputError: Failed to read request. Exceeded max size limit of 10000000"
get job/750000000000000AAA
is "no job" "$status $(header Content-Type) $(error)" "400 application/xml InvalidJob: Invalid job id: 750000000000000AAA"
call -H 'Content-Type: application/json' "$url/job/750000000000000AAA"
is "no job, JSON" "$status $(header Content-Type) $(js .exceptionCode)" "400 application/json InvalidJob"
get "job/$job/batch/751000000000000AAA"
is "no batch" "$status $(error)" "400 InvalidBatch: Invalid batch id: 751000000000000AAA"
call -X DELETE "$url/job/$job"
is "no method" "$status $(error | cut -d: -f1)" "405 InvalidOperation"
get nothing
is "no path" "$status $(error | cut -d: -f1)" "404 InvalidUrl"
call "$root/services/async/3.0/job/$job"
is "no version" "$status $(error | cut -d: -f1)" "400 InvalidVersion"
good=$token
token=00Dnone
get "job/$job"
is "no session" "$status $(header Content-Type) $(body | tr '\n' ' ')" '400 application/xml <?xml version="1.0" encoding="UTF-8"?><error    xmlns="http://www.force.com/2009/06/asyncapi/dataload">  <exceptionCode>InvalidSessionId</exceptionCode>  <exceptionMessage>Invalid session id</exceptionMessage> </error>'
token=$good
is "a bearer will do" "$(curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" "$url/job/$job")" 200

# ---- the jobs of both APIs in one list, and over a restart ----
listed() { curl -sS -H "Authorization: Bearer $token" "$root/services/data/v62.0/jobs/$1?jobType=Classic" | jq -r ".records[]|select(.id==\"$job\")|.jobType + \" \" + .state"; }
is "in the list" "$(listed ingest) $(listed query)" "Classic Open Classic Open"
stop_org
if command -v sqlite3 >/dev/null; then # as an older version left the file
    sqlite3 "$work/org.db" 'ALTER TABLE sfo_bulk_job DROP COLUMN start_row'
fi
start --schema "$work/schema.json" --data "$work/org.db"
get "job/$job"
is "after a restart" "$status $(of state)" "200 Open"
add text/csv $'LastName\nAgain\n'
await
is "it goes on" "$state $(of numberRecordsProcessed)" "Completed 1"

# ---- an upload in gzip, rows that are locked, and an org that is killed while it works ----
printf 'LastName\nPacked\n' | gzip >"$work/packed.gz"
call -X POST "$url/job/$job/batch" -H 'Content-Type: text/csv' -H 'Content-Encoding: gzip' --data-binary "@$work/packed.gz"
batch=$(of id)
await
is "gzip" "$state $(of numberRecordsProcessed)" "Completed 1"
curl -sf "$root/__org/faults" -d '{"spec":"lock-row:every=2"}' >/dev/null
add text/csv $'LastName\nLocked\nFree\n'
await
result
is "a locked row" "$(sed -n 2p "$work/body")" '"","false","false","UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"'
curl -sS -o /dev/null -X DELETE "$root/__org/faults"
{ echo LastName; for i in $(seq 9000); do echo "Killed $i"; done; } >"$work/many.csv"
call -X POST "$url/job/$job/batch" -H 'Content-Type: text/csv' --data-binary "@$work/many.csv"
batch=$(of id)
for _ in $(seq 600); do
    get "job/$job/batch/$batch"
    [ "$(of numberRecordsProcessed)" -gt 0 ] && break
done
kill_org
start --schema "$work/schema.json" --data "$work/org.db"
await
is "after a kill" "$state $(of numberRecordsProcessed) $(of numberRecordsFailed) $(soql "SELECT COUNT() FROM Contact WHERE LastName LIKE 'Killed %'")" "Completed 9000 0 9000"
result
is "a result for each row" "$(grep -c '^"003' "$work/body")" 9000

report
