#!/bin/bash
# bulk2_test.sh: the local org's answers of Bulk API 2.0 beside those that real orgs once sent: the same keys in the same
# order, the same types, the same words. The recordings lie outside the repository (../shared/recorded); without them the
# test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
start_org --data :memory: --schema "$source_dir/tests/recorded/bulk2.json"

keys='to_entries | map(.key + ":" + (.value | type))' # the members in their order, with their types
told='{operation, state, externalIdFieldName, concurrencyMode, contentType, lineEnding, columnDelimiter, jobType}'
upload() { # TEXT
    printf "$1" | curl -sS -X PUT -H "$auth" -H 'Content-Type: text/csv' --data-binary @- "$url/services/data/$job/batches"
}
await() { # STATE
    for _ in $(seq 200); do
        data GET "$job"
        [ "$(jq -r .state "$work/ours")" = "$1" ] && return
        sleep 0.05
    done
    same "the job's state" "$(jq -r .state "$work/ours")" "$1"
}
new_job() { # JSON
    data POST v60.0/jobs/ingest "$1"
    job=v60.0/jobs/ingest/$(jq -r .id "$work/ours")
}
upsert='{"object":"Opportunity","operation":"upsert","externalIdFieldName":"external_id__c","contentType":"CSV","lineEnding":"LF"}'

new_job "$upsert"
like bulk2/ingest-create-upsert.json "$keys"
like bulk2/ingest-create-upsert.json "$told"
same "contentUrl" "$(jq -r '.contentUrl | sub("750[^/]*"; "ID")' "$work/ours")" \
    "$(jq -r '.contentUrl | sub("750[^/]*"; "ID")' "$recorded/bulk2/ingest-create-upsert.json")"
upload 'Name,StageName,external_id__c,CloseDate\nNoemi Miller,GENERATED,external-id-3,2003-04-987654321987654321\n'
data PATCH "$job" '{"state":"UploadComplete"}'
like bulk2/ingest-close-upsert.json "$keys"
like bulk2/ingest-close-upsert.json "$told"
await JobComplete
like bulk2/ingest-info-partial-failure.json "$keys"
like more/bulk2/ingest-info-complete.json "$keys"
like bulk2/ingest-info-partial-failure.json "$told"
like bulk2/ingest-info-in-progress.json "$keys"
data GET "$job/failedResults"
same "failed rows, whole" "$(cat "$work/ours")" "$(head -2 "$recorded/bulk2/ingest-failed-results-unquoted-header.csv")"

new_job "$upsert"
upload 'Name,StageName_invalid,external_id__c\nx,y,z\n'
data PATCH "$job" '{"state":"UploadComplete"}'
await Failed
like bulk2/ingest-info-failed.json "$keys"
same "its words" "$(jq -r .errorMessage "$work/ours" | cut -c1-54)" "$(jq -r .errorMessage "$recorded/bulk2/ingest-info-failed.json" | cut -c1-54)"

new_job '{"object":"Opportunity","operation":"delete"}'
like more/bulk2/ingest-create-delete.json "$keys"
data PATCH "$job" '{"state":"UploadComplete"}'
like more/bulk2/ingest-close-delete.json "$keys"

new_job '{"object":"Account","operation":"insert"}'
data GET "$job"
like bulk2/ingest-info-open.json "$keys | sort"
upload 'Name\nSalesforce.com\nUniversal Containers\n'
data GET "$job/unprocessedrecords"
same "unprocessed rows, whole" "$(cat "$work/ours")" "$(cat "$recorded/bulk2/ingest-unprocessed.csv")"
data PATCH "$job" '{"state":"UploadComplete"}'
await JobComplete
data GET "$job/successfulResults"
same "good rows but for ids" "$(sed 's/"001[^"]*"/"ID"/' "$work/ours" | sort)" "$(sed 's/"001[^"]*"/"ID"/' "$recorded/bulk2/ingest-successful-results.csv" | sort)"

data POST v60.0/jobs/query '{"operation":"query","query":"SELECT Id, Name FROM Account"}'
like bulk2/query-create.json "$keys"
like bulk2/query-create.json "$told"
job=v60.0/jobs/query/$(jq -r .id "$work/ours")
await JobComplete
data GET "$job/results"
same "the header of a page" "$(head -1 "$work/ours")" "$(head -1 "$recorded/bulk2/query-results-page.csv")"
data GET v60.0/jobs/ingest
same "a list" "$(jq -c 'keys' "$work/ours")" "$(jq -c 'keys' "$recorded/more/bulk2/jobs-list.json")"

report 20
