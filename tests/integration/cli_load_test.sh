#!/usr/bin/env bash
# sforce load and sforce jobs: result files and exit codes, bad files told before anything is sent, and loads that are
# interrupted, by Ctrl-C and by kill -9, and gone on with.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed empty
login_org

printf 'LastName,Email\nA,a@x.example\nB,bad\n"C, D",\n' >c.csv
run 4 load Contact c.csv --insert
check "counts" grep -q '^Succeeded  *2$' out
check "the reason and its line" grep -q '1× INVALID_EMAIL_ADDRESS:.*first in line 3' err
check "a sample row" grep -qx '      B,bad' err
check "the failed row" diff - c.errors.csv <<'CSV'
sf__Id,sf__Error,sf__Line,LastName,Email
,INVALID_EMAIL_ADDRESS:Email: invalid email address: bad:Email --,3,B,bad
CSV
check "the good rows" test "$(cut -d, -f2- c.success.csv | sort | tr '\n' ' ')" = '"true","A","a@x.example" "true","C, D","" sf__Created,LastName,Email '
check "no journal is left" test -z "$(ls "$HOME/.local/state/sforce/jobs")"
run 4 load Contact c.csv --insert --json --success none --errors e.csv
check "json" jq -e '.status == 4 and .result.succeeded == 2 and .result.failed == 1 and .result.reasons[0].line == 3 and .result.reasons[0].row == "B,bad" and .result.errorsFile == "e.csv"' out
run 0 load Contact c.csv --insert --dry-run --json
check "a dry run" jq -e '.result.dryRun and .result.rows == 3 and .result.jobs == 1' out
check "and the org's day" jq -e '.result | .limits.DailyApiRequests.planned == .requestsPlanned and .limits.DailyApiRequests.remaining > 0 and
    .limits.DailyBulkApiBatches.planned == 1' out
run 0 load Contact c.csv --insert --dry-run
check "the same in words" grep -Eq "^It takes about 1 batch of bulk jobs; [0-9,]+ of today's [0-9,]+ are left\.$" err
printf 'LastName,Email\nA,bad\nB,"no\nthing"\n' >none.csv
run 1 load Contact none.csv --insert --errors none --success none
check "no row at all" grep -q '^Failed  *2$' out
printf 'LastName,Email\nB,"no\nthing"\n' >none.csv
run 1 load Contact none.csv --insert --errors none --success none
check "a row of two lines in one" grep -qx '      B,"no thing"' err
run_in_file() { cp "$1" in; }
run_in_file c.csv
run_in 4 load Contact - --insert --errors none --success none
check "from a pipe" grep -q '^Rows  *3$' out

printf 'LastName,Emial\nA,a\n' >bad.csv
run 2 load Contact bad.csv --insert
check "an unknown column" grep -q 'bad.csv: line 1, column 2: Contact has no field "Emial" (did you mean Email?)' err
run 2 load Contact c.csv
check "no operation" grep -q 'want one of --insert' err
run 2 load Contact c.csv --insert --delete
fault "400:path=/jobs/ingest"
run 1 load Contact c.csv --insert
no_faults
check "nothing was begun, nothing is kept" test -z "$(ls "$HOME/.local/state/sforce/jobs")"
run 2 load Contact c.csv --insert --success /nowhere/c.csv
run 2 load Contact nothere.csv --insert
check "no file" grep -q 'nothere.csv: cannot open' err
run 1 load Nope__c c.csv --insert
run 2 load Contact c.csv --insert --job-rows 0

run 0 jobs
check "the jobs" test "$(grep -c JobComplete out)" = 5
run 0 jobs list -r ndjson
check "as ndjson" test "$(jq -r '.OBJECT // .object' out | sort -u)" = Contact
run 0 jobs status --last --json
job=$(jq -r .result.id out)
check "status" jq -e '.result.state == "JobComplete" and .result.numberRecordsFailed == 1' out
run 4 jobs wait "$job"
run 0 jobs results "$job" --failed -O failed.csv
check "its failed rows" grep -q '"B","bad"' failed.csv
run 0 jobs results "$job" --successful
check "and the others" test "$(wc -l <out)" = 3
for bytes in 40 $(($(wc -c <failed.csv) - 3)); do
    fault "truncate:after=$bytes,length=right,path=/jobs/ingest/*/failedResults*,times=1"
    run 5 jobs results "$job" --failed
done
no_faults
run 0 jobs delete "$job"
run 1 jobs status "$job"
run 2 jobs status
run 2 jobs stauts --last
check "a misspelt verb" grep -q 'did you mean status' err
printf 'LastName,Email\nM1,m1@example.com\nM2,bad\n' >m.csv
run 4 load Contact m.csv --insert
sed -i 's/,bad$/,m2@example.com/' m.errors.csv
run 0 load Contact m.errors.csv --insert
check "the failed rows, mended, as the file stands" grep -q '^Rows  *1$' out
run 0 query -r csv "SELECT Email FROM Contact WHERE LastName LIKE 'M_' ORDER BY LastName"
check "and nothing twice" test "$(tr '\n' ' ' <out)" = "Email m1@example.com m2@example.com "

# Whoever waits for a pipe that is silent hears Ctrl-C.
mkfifo silent
for input in - silent; do
    { printf 'LastName\nA\n'; exec sleep 30; } >silent &
    writer=$!
    if [[ $input == - ]]; then exec 8<silent; else exec 8</dev/null; fi
    "$sforce" load Contact "$input" --insert >out 2>err <&8 &
    pid=$!
    exec 8<&-
    until [[ $(ls -l "/proc/$pid/fd" 2>/dev/null | grep -c 'sf-load-') -gt 0 ]] || ! kill -0 "$pid" 2>/dev/null; do read -rt 0.02 <> <(:) || true; done
    kill -INT "$pid"
    began=$SECONDS
    wait "$pid"
    code=$?
    check "Ctrl-C at a silent pipe ($input): $code" test "$code" = 130 -a $((SECONDS - began)) -lt 20
    kill "$writer" 2>/dev/null
    wait "$writer" 2>/dev/null
done
printf 'LastName,Email\nA,a@x.example\n' >f1.csv
printf 'LastName,Email\nB,b@x.example\nC,bad\n' >f2.csv
run 4 load Contact f1.csv f2.csv --insert
check "the file of a failed row" grep -q 'first in line 3 of f2.csv$' err
run 4 load Contact f1.csv f2.csv --insert --json
check "and in json" jq -e '.result.reasons[0] | .file == "f2.csv" and .line == 3' out
run 2 jobs resume
check "nothing to go on with" grep -q 'no interrupted load' err

created() { # contacts in the org
    curl -sf -H "Authorization: Bearer $(of_org access_token)" "$url/services/data/v62.0/limits/recordCount?sObjects=Contact" |
        jq '.sObjects[0].count // 0'
}
seq -f 'Int %g' 1 6000 | sed 1iLastName >int.csv
interrupt() { # SIGNAL: of a load in its middle
    "$sforce" load Contact int.csv --insert --job-rows 500 >out 2>err </dev/null &
    local pid=$! tries=0
    until [[ $(created) -gt $(($1 + 900)) ]] || ! kill -0 "$pid" 2>/dev/null; do
        read -rt 0.02 <> <(:) || true
        tries=$((tries + 1))
        [[ $tries -gt 2000 ]] && break
    done
    kill "-$2" "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    echo $?
}
# A job whose closing is not answered may be at work: the journal stays, and going on asks what became of it.
printf 'LastName\nClosing 1\nClosing 2\n' >closing.csv
fault "400:path=/jobs/ingest,method=PATCH,times=1"
run 1 load Contact closing.csv --insert
check "says how to go on when a closing failed" grep -q 'go on with: sforce jobs resume load-' err
no_faults
fault "400:path=/services/data"
run 1 jobs resume
check "what cannot go on now is kept" test -n "$(ls "$HOME/.local/state/sforce/jobs")"
no_faults
run 0 jobs resume
run 0 query "SELECT COUNT() FROM Contact WHERE LastName LIKE 'Closing %'" -r csv
check "each row once when a closing failed" test "$(tail -1 out)" = 2
code=$(interrupt "$(created)" INT)
check "Ctrl-C: $code" test "$code" = 130
check "says how to go on" grep -q 'go on with: sforce jobs resume load-' err
run 0 jobs resume
check "went on" grep -q 'Went on where an earlier run stood' err
run 0 query "SELECT COUNT() FROM Contact WHERE LastName LIKE 'Int %'" -r csv
check "each row once" test "$(tail -1 out)" = 6000
check "each result once" test "$(tail -n +2 int.success.csv | cut -d, -f3 | sort -u | wc -l)" = 6000
check "no journal is left then" test -z "$(ls "$HOME/.local/state/sforce/jobs")"
sed -i 's/Int/Killed/' int.csv
code=$(interrupt "$(created)" KILL)
check "killed: $code" test "$code" = 137
run 0 jobs resume
run 0 query "SELECT COUNT() FROM Contact WHERE LastName LIKE 'Killed %'" -r csv
check "each row once after kill -9" test "$(tail -1 out)" = 6000
check "each result once after kill -9" test "$(tail -n +2 int.success.csv | cut -d, -f3 | sort -u | wc -l)" = 6000
# ---- --async: the jobs are left to the org ----
printf 'LastName\nLeft 1\nLeft 2\n' >left.csv
run 75 load Contact left.csv --insert --async
name=$(sed -n 's/^The org has all 2 rows (jobs: 1)\. sforce jobs resume \(load-[-0-9]*\) goes on\.$/\1/p' err)
check "how to go on" test -n "$name"
run 0 jobs resume "$name"
check "what came of them" grep -q '^Succeeded  *2$' out
check "its successes" test "$(wc -l <left.success.csv)" = 3
run 75 load Contact left.csv --insert --async --json
check "the same as JSON" jq -e '.status == 75 and .result.rows == 2 and .result.jobs == 1 and (.result.resume | startswith("load-"))' out
run 0 jobs resume --json
run 75 load Contact left.csv --insert --async --journal left.journal
run 0 load Contact left.csv --insert --journal left.journal
check "by a journal of one's own" grep -q 'Went on where an earlier run stood' err
run 2 load Contact left.csv --insert --async --journal none
run 0 query "SELECT COUNT() FROM Contact WHERE LastName LIKE 'Left%'" -r csv
check "each of them once" test "$(tail -1 out)" = 6

# ---- other spellings ----
run 0 jobs --last --json
check "the newest" jq -e '.result.object == "Contact" and .result.state == "JobComplete"' out
job=$(jq -r .result.id out)
run 0 jobs "$job" --json
check "one" test "$(jq -r .result.id out)" = "$job"
run 0 bulk status "$job"
run 0 bulk results --last
run 0 bulk2 insert Contact left.csv
check "another tool's" grep -q '^Succeeded  *2$' out
run 2 bulk2 upsert -e Ext__c Contact left.csv
check "and one that has no place here" grep -q 'sforce spells it: sforce load OBJECT' err
report
