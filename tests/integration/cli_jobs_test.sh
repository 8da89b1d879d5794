#!/usr/bin/env bash
# sforce jobs on jobs of Bulk API 1.0, which other programs made: they are listed, told of, waited for, aborted, and their rows
# come out: of ingest jobs what became of each, of queries all of them.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed sample
login_org
async() { # METHOD PATH TYPE [BODY]: the answer
    curl -sS -X "$1" -H "X-SFDC-Session: $token" -H "Content-Type: $3" ${4:+--data-binary "$4"} "$url/services/async/62.0/$2"
}
new_job() { # OPERATION OBJECT FORMAT: its id
    async POST job 'application/json' "{\"operation\":\"$1\",\"object\":\"$2\",\"contentType\":\"$3\"}" | jq -r .id
}
close_job() { async POST "job/$1" 'application/json' '{"state":"Closed"}' >/dev/null; }

# ---- an ingest job of two batches, with rows that fail ----
job=$(new_job insert Contact CSV)
check "a job" grep -qE '^750[0-9A-Za-z]{15}$' <<<"$job"
async POST "job/$job/batch" text/csv $'LastName,Email\nOne,one@example.com\n,two@example.com\nThree,no address\n' >/dev/null
async POST "job/$job/batch" text/csv $'LastName\nFour\n' >/dev/null
close_job "$job"
run 4 jobs wait "$job"
out_has Classic
out_has '2 completed'
run 0 jobs status "$job" -r json
json_is '[.id[:15], .jobType, .state, .contentType, .numberBatchesCompleted, .numberRecordsProcessed, .numberRecordsFailed] | join(" ")' \
    "${job:0:15} Classic Closed CSV 2 4 2"
run 0 --json jobs status --last
json_is .result.jobType Classic
run 0 jobs list -r csv
check "listed" grep -q ',Classic,insert,Contact,' out
run 0 jobs results "$job"
check "a header and the rows that failed" test "$(wc -l <out)" -eq 3
check "with the reason" grep -qE '^751[^,]*,2,,false,false,REQUIRED_FIELD_MISSING,' out
check "and the next" grep -qE '^751[^,]*,3,,false,false,INVALID_EMAIL_ADDRESS,' out
run 0 jobs results "$job" --successful -O done.csv
check "those that succeeded" test "$(cut -d, -f2,4,5 done.csv | paste -sd' ')" = 'row,success,created 1,true,true 1,true,true'
id=$(tail -1 done.csv | cut -d, -f3)
run 0 get Contact "$id" --fields LastName -r json
json_is .LastName Four
run 0 jobs results "$job" --unprocessed
out_empty
run 1 jobs delete "$job"
err_has 'cannot be deleted'
fault "truncate:after=40,length=right,path=*/result,times=1"
run 1 jobs results "$job"
no_faults

# ---- a job that is aborted before it is worked off ----
job=$(new_job insert Contact CSV)
run 0 jobs abort "$job"
err_has "Aborted $job"
run 0 jobs status "$job" -r json
json_is .state Aborted

# ---- a batch that cannot be read is told of, and what was uploaded comes back ----
job=$(new_job insert Contact CSV)
async POST "job/$job/batch" text/csv $'LastName,Nothing__c\nFive,x\n' >/dev/null
close_job "$job"
"$sforce" jobs wait "$job" >out 2>err
check "exit code 1 or 4" grep -qxE '1|4' <<<$?
run 0 jobs results "$job" --unprocessed
"$sforce" jobs status "$job" -r json >out
if [[ $(jq .numberBatchesFailed out) -eq 1 ]]; then
    run 0 jobs results "$job" --unprocessed
    out_is $'LastName,Nothing__c\nFive,x'
fi

# ---- queries: rows in the job's format ----
job=$(new_job query Account CSV)
async POST "job/$job/batch" text/csv 'SELECT Id, Name FROM Account ORDER BY Name' >/dev/null
close_job "$job"
run 0 jobs wait "$job"
run 0 jobs results "$job" -O rows.csv
run 0 query 'SELECT Id, Name FROM Account ORDER BY Name' -r csv
check "as many as a query has" test "$(wc -l <rows.csv)" -eq "$(wc -l <out)"
check "the same" test "$(tail -n +2 rows.csv | tr -d '"' | sort | md5sum)" = "$(tail -n +2 out | tr -d '"' | sort | md5sum)"
job=$(new_job query Account JSON)
async POST "job/$job/batch" application/json 'SELECT Name FROM Account LIMIT 2' >/dev/null
close_job "$job"
run 0 jobs wait "$job"
run 0 jobs results "$job"
json_is length 2

job=$(new_job query Account CSV)
async POST "job/$job/batch" text/csv 'SELECT Name FROM Account LIMIT 2' >/dev/null
async POST "job/$job/batch" text/csv 'SELECT Nope__c FROM Account' >/dev/null
close_job "$job"
"$sforce" jobs wait "$job" >out 2>err
run 4 jobs results "$job" # a part must not pass for all
err_has 'failed as a whole'
check "and the rows of the other batch" test "$(wc -l <out)" -eq 3

run 1 jobs status 750000000000001AAA
err_has NOT_FOUND
run 2 jobs status 17
run 2 jobs results "$job" -r json
report
