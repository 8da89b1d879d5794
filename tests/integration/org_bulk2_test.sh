#!/bin/bash
# org_bulk2_test.sh: Bulk API 2.0 as sforce-org answers it: the life of an ingest and of a query job, results of each row,
# what is refused in which words, pages by locator, faults of rows, and that a killed org goes on with a job.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
start() { # options: starts the org; sets root and url
    start_org "$@"
    root=$url
    url=$root/services/data/v62.0
}

call() { # curl options: body to $work/body, headers to $work/headers, status to $status
    : >"$work/body"
    status=$(curl -sS -g --max-time 60 -H "Authorization: Bearer $token" -D "$work/headers" -o "$work/body" -w '%{http_code}' "$@")
}
get() { call "$url/$1"; }
send() { call -X "$1" "$url/$2" -H 'Content-Type: application/json' --data-binary "$3"; }
of() { jq -r "$1" "$work/body"; }
header() { tr -d '\r' <"$work/headers" | sed -n "s/^$1: //Ip"; }
soql() { call -G "$url/query" --data-urlencode "q=$1"; of "${2:-.totalSize}"; }

error() { jq -r '.[0] | .errorCode + ": " + .message' "$work/body"; }

new_job() { # JSON: creates it, sets job
    send POST jobs/ingest "$1"
    job=$(of .id 2>/dev/null)
}
upload() { call -X PUT "$url/jobs/ingest/$job/batches" -H 'Content-Type: text/csv' --data-binary "@$1"; }
close() { send PATCH "jobs/ingest/$job" '{"state":"UploadComplete"}'; }
await() { # KIND: until the job has ended; its state in $state
    for _ in $(seq 600); do
        get "jobs/$1/$job"
        state=$(of .state)
        case $state in JobComplete | Failed | Aborted) return ;; esac
        sleep 0.05
    done
    state="still $state"
}
load() { # JSON FILE: create, upload, close, wait
    new_job "$1"
    upload "$2"
    close
    await ingest
}

printf '%s' '{"sobjects":[{"name":"Contact","fields":[{"name":"Wants__c","type":"boolean"},{"name":"Ext__c","type":"string","length":40,"externalId":true,"unique":true,"idLookup":true}]},
 {"name":"Account","fields":[{"name":"Ext__c","type":"string","length":40,"externalId":true,"unique":true,"idLookup":true}]}]}' >"$work/schema.json"
start --schema "$work/schema.json" --data "$work/org.db"

# ---- the life of a job ----
new_job '{"object":"contact","operation":"insert"}'
is "created" "$status $(of '[.state,.object,.contentType,.lineEnding,.columnDelimiter,.concurrencyMode,.apiVersion]|join(" ")')" \
    "200 Open Contact CSV LF COMMA Parallel 62"
is "contentUrl has no leading slash" "$(of .contentUrl)" "services/data/v62.0/jobs/ingest/$job/batches"
is "an open job has no counts" "$(get "jobs/ingest/$job" && of '[has("numberRecordsProcessed"),.jobType]|join(" ")')" "false V2Ingest"
send POST sobjects/Account '{"Name":"Parent","Ext__c":"P-1"}'
cat >"$work/rows.csv" <<'CSV'
LastName,Email,Account.Ext__c,Wants__c,Birthdate,Description
Meyer,m@x.example,P-1,TRUE,1980-01-02,"two
lines, and ""quotes"""
"O'Hara, Jr",bad,,no,,

,y@x.example,,,,
Li,l@x.example,P-9,,,
Zed,z@x.example,,,2003-04-9876,
Null,n@x.example,#N/A,,#N/A,#N/A
CSV
upload "$work/rows.csv"
is "an upload" "$status $(wc -c <"$work/body")" "201 0"
close
is "closing" "$status $(of '[.state,has("lineEnding"),has("contentUrl")]|join(" ")')" "200 UploadComplete false false"
await ingest
is "the counts" "$state $(of '[.numberRecordsProcessed,.numberRecordsFailed]|join(" ")')" "JobComplete 6 4"
get "jobs/ingest/$job/successfulResults"
is "the header is the upload's" "$(head -1 "$work/body")" '"sf__Id","sf__Created",LastName,Email,Account.Ext__c,Wants__c,Birthdate,Description'
is "a good row" "$(python3 -c 'import csv,sys
for r in csv.DictReader(open(sys.argv[1],newline="")):
    if r["LastName"]=="Meyer": print(len(r["sf__Id"]), r["sf__Created"], repr(r["Description"]))' "$work/body")" "18 true 'two\\nlines, and \"quotes\"'"
get "jobs/ingest/$job/failedResults"
is "failed rows" "$(python3 -c 'import csv,sys
print(sorted((r["LastName"], r["sf__Id"], r["sf__Error"]) for r in csv.DictReader(open(sys.argv[1],newline=""))))' "$work/body")" \
    "[('', '', 'REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --'), ('Li', '', 'INVALID_FIELD:Foreign key external ID: P-9 not found for field Ext__c in entity Account:--'), (\"O'Hara, Jr\", '', 'INVALID_EMAIL_ADDRESS:Email: invalid email address: bad:Email --'), ('Zed', '', \"INVALID_FIELD:Failed to deserialize field at col 4. Due to, '2003-04-9876' is not a valid value for the type xsd:date:Birthdate --\")]"
get "jobs/ingest/$job/unprocessedRecords/"
is "nothing is unprocessed" "$(cat "$work/body")" "$(head -1 "$work/rows.csv")"
is "what was written" "$(soql "SELECT Wants__c, Account.Name FROM Contact WHERE LastName = 'Meyer' AND Email = 'm@x.example'" '.records[0]|[.Wants__c,.Account.Name]|join(" ")')" "true Parent"

# ---- another encoding than UTF-8: what is no character is U+FFFD, in the record and in the results alike ----
printf 'LastName,Email\nZo\xeb \xe6\x97,misread@x.example\nJos\xe9,bad\n' >"$work/latin.csv"
load '{"object":"Contact","operation":"insert"}' "$work/latin.csv"
get "jobs/ingest/$job/successfulResults"
is "misread, in the results" "$(sed -n '2s/.*"true","\([^"]*\)".*/\1/p' "$work/body" | iconv -f UTF-8 -t UTF-8)" "Zo� ��"
get "jobs/ingest/$job/failedResults"
is "misread, in what failed" "$(grep -c '"Jos�"' "$work/body")" 1
is "misread, in the record" "$(soql "SELECT LastName FROM Contact WHERE Email = 'misread@x.example'" '.records[0].LastName')" "Zo� ��"

# ---- update, upsert, delete ----
printf 'Ext__c,LastName\nE-1,One\nE-2,Two\n,Three\n' >"$work/up.csv"
load '{"object":"Contact","operation":"upsert","externalIdFieldName":"Ext__c"}' "$work/up.csv"
is "an upsert creates" "$state $(of '[.numberRecordsProcessed,.numberRecordsFailed]|join(" ")')" "JobComplete 3 1"
load '{"object":"Contact","operation":"upsert","externalIdFieldName":"Ext__c"}' "$work/up.csv"
get "jobs/ingest/$job/successfulResults"
is "and then updates" "$(grep -c '"false"' "$work/body")" 2
soql "SELECT Id FROM Contact WHERE Ext__c LIKE 'E-%'" '"Id", (.records[].Id)' >"$work/ids.csv"
sed '1!s/$/,#N\/A/;1s/$/,Ext__c/' "$work/ids.csv" | tr ',' '|' | sed 's/$/\r/' >"$work/update.csv"
load '{"object":"Contact","operation":"update","columnDelimiter":"PIPE","lineEnding":"CRLF"}' "$work/update.csv"
is "pipes and CRLF" "$state $(of .numberRecordsFailed)" "JobComplete 0"
get "jobs/ingest/$job/successfulResults"
is "results as the job has it" "$(head -1 "$work/body" | od -c | head -1 | tr -s ' ')" "$(printf '"sf__Id"|"sf__Created"' | od -c | head -1 | tr -s ' ')"
is "CRLF in the results" "$(tr -cd '\r' <"$work/body" | wc -c)" 3
is "#N/A is null" "$(soql "SELECT Id FROM Contact WHERE Ext__c LIKE 'E-%'")" 0
load '{"object":"Contact","operation":"delete"}' "$work/ids.csv"
is "deleted" "$state $(of .numberRecordsFailed)" "JobComplete 0"
load '{"object":"Contact","operation":"delete"}' "$work/ids.csv"
is "deleted twice" "$state $(of .numberRecordsFailed)" "JobComplete 2"
get "jobs/ingest/$job/failedResults"
is "its id is told" "$(sed -n 2p "$work/body" | cut -c1-4) $(grep -c ENTITY_IS_DELETED "$work/body")" '"003 2'

# ---- what is wrong with a whole job ----
new_job '{"object":"Nope__c","operation":"insert"}'
is "unknown object" "$status $(error)" "400 INVALIDJOB: InvalidJob : Unable to find object: Nope__c"
new_job '{"object":"Contact","operation":"upsert","externalIdFieldName":"Foo__c"}'
is "no external id" "$(error)" "INVALIDJOB: InvalidJob : Field name provided, Foo__c does not match an External ID for Contact"
new_job '{"object":"Contact","operation":"x"}'
is "unknown operation" "$(error)" "API_ERROR: Invalid value: 'x' supplied for property: 'operation'"
printf 'Nmae\nx\n' >"$work/bad.csv"
load '{"object":"Contact","operation":"insert"}' "$work/bad.csv"
is "unknown column" "$state $(of .errorMessage)" "Failed InvalidBatch : Field name not found : Nmae"
get "jobs/ingest/$job/unprocessedrecords"
is "all of it is unprocessed" "$(cat "$work/body")" "$(printf 'Nmae\n"x"')"
printf 'LastName\r\nx\r\n' >"$work/bad.csv"
load '{"object":"Contact","operation":"insert"}' "$work/bad.csv"
is "line ends" "$state $(of .errorMessage)" "Failed ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF"
new_job '{"object":"Contact","operation":"insert"}'
upload "$work/rows.csv"
upload "$work/rows.csv"
is "a second upload is taken" "$status" 201
close
is "and told when the job is closed" "$status $(error | cut -c1-54)" "400 BULK_API_ERROR: Found multiple contents for job: <${job:0:4}"
send PATCH "jobs/ingest/$job" '{"state":"Aborted"}'
is "aborting" "$status $(of .state)" "200 Aborted"
close
is "closing an aborted job" "$status $(error | cut -d: -f1)" "400 INVALIDJOBSTATE"
send PATCH "jobs/ingest/$job" '{"state":"InProgress"}'
is "a state that cannot be set" "$status $(error | cut -d: -f1)" "400 INVALIDJOBSTATE"
call -X DELETE "$url/jobs/ingest//$job/"
is "deleting" "$status" 204
get "jobs/ingest/$job"
is "it is gone" "$status $(error)" "404 NOT_FOUND: The requested resource does not exist"
new_job '{"object":"Contact","operation":"insert"}'
call -X DELETE "$url/jobs/ingest/$job"
is "an open job cannot be deleted" "$status" 400
call -X PUT "$url/jobs/ingest/$job/batches" -H 'Content-Type: application/json' --data-binary '[]'
is "an upload is CSV" "$status" 415
get jobs/ingest
is "the list" "$(of '[.done,(.records|length > 8),.nextRecordsUrl]|map(tostring)|join(" ")')" "true true null"

# ---- queries ----
ask() { # JSON
    send POST jobs/query "$1"
    job=$(of .id 2>/dev/null)
}
ask '{"operation":"query","query":"SELECT Id, Name, Account.Name, AnnualRevenue__c FROM Contact"}'
is "a query is checked" "$status $(of '.[0].errorCode')" "400 INVALID_FIELD"
ask '{"operation":"query","query":"SELECT COUNT(Id) FROM Contact"}'
is "no aggregates" "$status $(of '.[0].errorCode')" "400 FEATURENOTENABLED"
ask '{"operation":"query","query":"SELECT Id, MailingAddress FROM Contact"}'
is "no compounds" "$(error)" "FEATURENOTENABLED: Selecting compound data not supported in Bulk Query"
ask '{"operation":"query","query":"SELECT Id, Name, Account.Name, CreatedDate, Wants__c FROM Contact ORDER BY Id"}'
is "a query job" "$status $(of '[.state,.object,.operation]|join(" ")')" "200 UploadComplete Contact query"
await query
total=$(of .numberRecordsProcessed)
is "its rows are counted" "$state $total" "JobComplete $(soql 'SELECT COUNT() FROM Contact')"
pages=0 locator= rows=0
: >"$work/all.csv"
while :; do
    get "jobs/query/$job/results?maxRecords=97${locator:+&locator=$locator}"
    pages=$((pages + 1))
    rows=$((rows + $(header Sforce-NumberOfRecords)))
    [ "$pages" = 1 ] && cat "$work/body" >"$work/all.csv"
    [ "$pages" = 1 ] || tail -n +2 "$work/body" >>"$work/all.csv"
    locator=$(header Sforce-Locator)
    [ "$locator" = null ] && break
done
is "all rows in pages" "$rows $((pages > 1)) $(python3 -c 'import csv,sys;r=list(csv.DictReader(open(sys.argv[1],newline="")));print(len(r),len({x["Id"] for x in r}))' "$work/all.csv")" "$total 1 $total $total"
is "the columns" "$(head -1 "$work/all.csv")" '"Id","Name","Account.Name","CreatedDate","Wants__c"'
is "date-times have Z" "$(grep -cE '"20[0-9-]+T[0-9:]+\.000Z","(true|false)"' "$work/all.csv")" "$total"
get "jobs/query/$job/results?locator=nonsense"
is "a foreign locator" "$status $(of '.[0].errorCode')" "400 INVALID_QUERY_LOCATOR"
call "$root/services/data/v61.0/jobs/query/$job/results"
is "another version" "$status" 409
get "jobs/query/$job/resultPages"
is "result pages" "$(of '[.done,(.resultPages|length)]|map(tostring)|join(" ")')" "true 1"
call -X DELETE "$url/jobs/query/$job"
is "deleting a query job" "$status" 204

# ---- nothing to do ----
: >"$work/nothing.csv"
load '{"object":"Account","operation":"insert"}' "$work/nothing.csv"
is "an empty upload" "$state $(of '[.numberRecordsProcessed,.numberRecordsFailed]|join(" ")')" "JobComplete 0 0"
for kind in successfulResults failedResults unprocessedrecords; do
    get "jobs/ingest/$job/$kind"
    is "$kind of an empty upload" "$status $(tail -n +2 "$work/body" | wc -l)" "200 0"
done

# ---- row faults ----
curl -sf "$root/__org/faults" -d '{"spec":"lock-row:every=3"}' >/dev/null
seq -f 'Row %g' 1 30 | sed '1i LastName' >"$work/thirty.csv"
load '{"object":"Contact","operation":"insert"}' "$work/thirty.csv"
curl -sf -X DELETE "$root/__org/faults" >/dev/null
is "every third row is locked" "$state $(of .numberRecordsFailed)" "JobComplete 10"
get "jobs/ingest/$job/failedResults"
is "in these words" "$(grep -c '^"","UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record' "$work/body")" 10

# ---- a killed org ----
seq -f 'Killed %g' 1 20000 | sed '1i LastName' >"$work/many.csv"
new_job '{"object":"Contact","operation":"insert"}'
upload "$work/many.csv"
close
until get "jobs/ingest/$job" && [ "$(of '.numberRecordsProcessed // 0')" -ge 400 ]; do [ "$(of .state)" = JobComplete ] && break; done
kill_org
start --schema "$work/schema.json" --data "$work/org.db"
await ingest
is "it goes on where it stood" "$state $(of '[.numberRecordsProcessed,.numberRecordsFailed]|join(" ")')" "JobComplete 20000 0"
is "no row is doubled or lost" "$(soql "SELECT COUNT() FROM Contact WHERE LastName LIKE 'Killed %'")" 20000
get "jobs/ingest/$job/successfulResults"
is "nor a result" "$(tail -n +2 "$work/body" | cut -d, -f3 | sort -u | wc -l)" 20000
is "results come in another order" "$(sed -n 2p "$work/body" | cut -d, -f3)" '"Killed 200"'

# ---- what is too much ----
{
    echo LastName,Description
    echo "Long,$(head -c 400001 /dev/zero | tr '\0' x)"
} >"$work/long.csv"
load '{"object":"Contact","operation":"insert"}' "$work/long.csv"
is "a row of more than 400,000 characters" "$state $(of .errorMessage)" "Failed InvalidBatch : A record has more than 400000 characters"
multipart() { # FILE
    call "$url/jobs/ingest" -F 'job={"object":"Contact","operation":"insert"};type=application/json' -F "content=@$1;type=text/csv"
}
{ echo LastName; seq -f 'Zoë %05g Müller' 5500; } | head -c 100009 >"$work/wide.csv"
multipart "$work/wide.csv"
is "100,000 characters may be more bytes" "$status $(of .state)" "200 UploadComplete"
{ echo LastName; seq -f 'Zoe %05g Mueller' 6000; } >"$work/wide.csv"
multipart "$work/wide.csv"
is "more are too many" "$status $(error)" "400 API_ERROR: The content of a multipart job has at most 100000 characters"

kill_org
start --seed empty --bulk-limit 4
seq -f 'Row %g' 1 30000 | sed '1i LastName' >"$work/many.csv"
get limits
is "what is left" "$(of '[.DailyBulkApiBatches,.DailyBulkV2QueryJobs]|map("\(.Remaining) of \(.Max)")|join(", ")')" "4 of 4, 4 of 4"
load '{"object":"Contact","operation":"insert"}' "$work/many.csv"
get limits
is "30,000 rows are three batches" "$(of .DailyBulkApiBatches.Remaining)" 1
new_job '{"object":"Contact","operation":"insert"}'
is "one more" "$status" 200
upload "$work/rows.csv"
close
new_job '{"object":"Contact","operation":"insert"}'
is "and none" "$status $(error)" "403 EXCEEDEDQUOTA: ExceededQuota : ApiBatchItems Limit exceeded."
for _ in 1 2 3 4; do send POST jobs/query '{"operation":"query","query":"SELECT Id FROM Contact"}'; done
is "four query jobs" "$status" 200
send POST jobs/query '{"operation":"query","query":"SELECT Id FROM Contact"}'
is "and no fifth" "$status $(error)" "403 EXCEEDEDQUOTA: ExceededQuota : DailyBulkV2QueryJobs Limit exceeded."
call -X POST "$root/services/async/62.0/job" -H "X-SFDC-Session: $token" -H 'Content-Type: application/json' --data-binary '{"operation":"insert","object":"Contact","contentType":"JSON"}'
call -X POST "$root/services/async/62.0/job/$(of .id)/batch" -H "X-SFDC-Session: $token" -H 'Content-Type: application/json' --data-binary '[{"LastName":"x"}]'
is "nor a batch of the older API" "$status $(of '.exceptionCode + ": " + .exceptionMessage')" "403 ExceededQuota: ApiBatchItems Limit exceeded."

report 52
