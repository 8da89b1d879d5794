#!/bin/bash
# bulk1_forms_test.sh: the local org's answers of Bulk API 1.0 beside those that real orgs once sent: the same elements in the same
# order, the same members, the same content types. The recordings lie outside the repository (../shared/recorded); without
# them the test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
printf '%s' '{"sobjects":[{"name":"Contact","fields":[{"name":"Ext__c","type":"string","length":40,"externalId":true,"unique":true,"idLookup":true}]}]}' >"$work/schema.json"
start_org --seed empty --schema "$work/schema.json"
url=$url/services/async/62.0

call() { # PATH [TYPE BODY]: our answer in $work/ours, its type in $type
    local data=()
    [ $# -gt 1 ] && data=(-H "Content-Type: $2" --data-binary "$3")
    type=$(curl -sS -g --max-time 30 -H "X-SFDC-Session: $token" ${data[@]+"${data[@]}"} -o "$work/ours" -w '%{content_type}' "$url/$1")
}
of() { sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p" "$work/ours" | head -1; }
await() {
    for _ in $(seq 600); do
        call "job/$job/batch/$batch"
        grep -qE 'Completed|Failed|NotProcessed' "$work/ours" && return
        sleep 0.05
    done
}
# Elements in one line, without their texts, blanks between them and the declaration.
form() { tr -d '\r\n' <"$1" | sed -E -e 's/<\?xml[^>]*\?>//' -e 's/> +</></g' -e 's/ +xmlns="/ xmlns="/g' -e 's/ +\/>/\/>/g' -e 's/>[^<]+</></g'; }
as() { # FILE TYPE [FILTER]: the answer has the file's form
    same "$1" "$(form "$work/ours" | sed -E "${3:-}")" "$(form "$recorded/$1" | sed -E "${3:-}")"
    same "$1: content type" "$type" "$2"
}
members() { jq -c 'def m: if type == "array" then map(m) elif type == "object" then with_entries(.value |= (if type == "string" or type == "null" then "text" else type end)) else type end; [keys_unsorted, m]' "$1"; }
json_as() { # FILE
    same "$1" "$(members "$work/ours")" "$(members "$recorded/$1")"
    same "$1: content type" "$type" application/json
}
ns='xmlns="http://www.force.com/2009/06/asyncapi/dataload"'
create() { # MEMBERS
    call job 'application/xml; charset=UTF-8' "<?xml version=\"1.0\" encoding=\"UTF-8\"?><jobInfo $ns>$1</jobInfo>"
    job=$(of id)
}

# ---- jobs ----
create '<operation>insert</operation><object>Event</object><contentType>CSV</contentType>'
as bulk1/job-create-v62.xml application/xml
as bulk1/job-create-2020.xml application/xml
create '<operation>upsert</operation><object>Contact</object><externalIdFieldName>Ext__c</externalIdFieldName><contentType>CSV</contentType>'
as bulk1/job-create.xml application/xml
as bulk1/job-create-upsert.xml application/xml
call "job/$job"
as more/bulk1/job-info.xml application/xml

# ---- batches ----
call "job/$job/batch"
as bulk1/batch-list-empty.xml application/xml
call "job/$job/batch" 'text/csv; charset=UTF-8' $'Ext__c,LastName\n1,A\n2,B\n'
batch=$(of id)
as bulk1/batch-create-queued.xml application/xml
as more/bulk1/batch-create-queued-v52.xml application/xml
await
as more/bulk1/batch-info.xml application/xml 's/<stateMessage><\/stateMessage>//' # which not every org sends
call "job/$job/batch"
as more/bulk1/batch-list-completed.xml application/xml
call "job/$job/batch" text/csv $'Ext__c,LastName\n3,C\n'
call "job/$job/batch"
as bulk1/batch-list.xml application/xml
call "job/$job/batch/$batch/result"
same "bulk1/batch-result-csv.csv: header" "$(head -1 "$work/ours")" "$(head -1 "$recorded/bulk1/batch-result-csv.csv")"
same "bulk1/batch-result-csv.csv: a row" "$(sed -n '2s/"003[^"]*"/ID/p' "$work/ours")" "$(sed -n '2s/"003[^"]*"/ID/p' "$recorded/bulk1/batch-result-csv-16-rows.csv")"
same "bulk1/batch-result-csv.csv: content type" "$type" text/csv
call "job/$job" application/xml "<jobInfo $ns><state>Closed</state></jobInfo>"
as bulk1/job-close.xml application/xml
call "job/$job"
as bulk1/job-info-closed.xml application/xml
create '<operation>upsert</operation><object>Contact</object><externalIdFieldName>Ext__c</externalIdFieldName><contentType>XML</contentType>'
call "job/$job/batch" application/xml "<sObjects $ns><sObject><Ext__c>9</Ext__c><Email>none</Email><LastName>x</LastName></sObject></sObjects>"
batch=$(of id)
await
call "job/$job/batch/$batch/result"
as bulk1/batch-result-xml-no-id.xml application/xml 's/ xmlns:xsi="[^"]*"//; s/<id xsi:nil="true"\/>//' # left out in that one
call "job/$job" application/xml "<jobInfo $ns><state>Aborted</state></jobInfo>"
as more/bulk1/job-abort.xml application/xml

# ---- JSON ----
call job application/json '{"operation":"insert","object":"Contact","contentType":"JSON"}'
job=$(jq -r .id "$work/ours")
call "job/$job/batch" application/json '[{"LastName":"J"}]'
batch=$(jq -r .id "$work/ours")
json_as bulk1/batch-create-json.json
await
json_as more/bulk1/batch-info-json.json
call job application/json '{"operation":"query","object":"Account","contentType":"JSON"}'
job=$(jq -r .id "$work/ours")
call "job/$job/batch" application/json 'SELECT Id FROM Contact'
batch=$(jq -r .id "$work/ours")
await
json_as bulk1/batch-info-json-failed-state-message.json
same "the state message" "$(jq -r .stateMessage "$work/ours")" "$(jq -r .stateMessage "$recorded/bulk1/batch-info-json-failed-state-message.json")"

# ---- queries ----
call job application/json '{"operation":"query","object":"Contact","contentType":"JSON"}'
job=$(jq -r .id "$work/ours")
call "job/$job/batch" application/json 'SELECT Id, LastName, Email, CreatedDate, Account.Name FROM Contact LIMIT 1'
batch=$(jq -r .id "$work/ours")
await
call "job/$job/batch/$batch/result"
same "bulk1/query-result-list-json.json" "$(jq -c 'map(length)' "$work/ours")" "$(jq -c 'map(length)' "$recorded/bulk1/query-result-list-json.json")"
call "job/$job/batch/$batch/result/$(jq -r '.[0]' "$work/ours")"
same "bulk1/query-result-json.json: attributes first" "$(jq -c '.[0]|[keys_unsorted[0], (.attributes|keys_unsorted), (.CreatedDate|type), .Account]' "$work/ours")" \
    "$(jq -c '.[0]|[keys_unsorted[0], (.attributes|keys_unsorted), (.ActivityDateTime|type), .What]' "$recorded/bulk1/query-result-json.json")"
create '<operation>query</operation><object>Contact</object><contentType>CSV</contentType>'
call "job/$job/batch" text/csv 'SELECT Id FROM Contact'
batch=$(of id)
await
call "job/$job/batch/$batch/result"
as bulk1/query-result-list.xml application/xml

# ---- errors: the same to the letter ----
letter() { same "$1" "$(tr -d '\r\n' <"$work/ours" | sed -E -e 's/> +</></g' -e 's/ +xmlns/ xmlns/')" "$(tr -d '\r\n' <"$recorded/$1" | sed -E -e 's/> +</></g' -e 's/ +xmlns/ xmlns/' -e 's/\?> *</?></')"; }
call "job/$job/batch" 'text/cs; charset=UTF-8' x
letter bulk1/error-unsupported-content-type.xml
create '<operation>insert</operation><object>Video__c</object><contentType>CSV</contentType>'
letter more/bulk1/error-invalid-job-object.xml
create '<operation>insert</operation><object>Contact</object><contentType>CSV</contentType>'
call "job/$job/batch" text/csv $'Nmae\nx\n'
batch=$(of id)
await
call "job/$job/batch/$batch/result"
letter bulk1/error-invalid-batch.xml
token=none
call "job/$job"
letter bulk1/error-invalid-session.xml

report 41
