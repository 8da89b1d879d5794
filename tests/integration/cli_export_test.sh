#!/usr/bin/env bash
# sforce export: forms, endings and exit codes, and exports that are interrupted, by Ctrl-C and by kill -9 at many instants, and
# gone on with: the file is then the same, byte for byte, as one that nothing disturbed.
. "$(dirname "$0")/cli_lib.sh"
start_org
login_org
jobs_dir=$HOME/.local/state/sforce/jobs

soql='SELECT Id, Name, Account.Name FROM Contact'
run 0 export "$soql" -O c.csv
check "how many" grep -q '^1,600 rows in c.csv$' err
check "the header" test "$(head -1 c.csv)" = '"Id","Name","Account.Name"'
check "the rows" test "$(wc -l <c.csv)" = 1601
check "no journal is left" test -z "$(ls "$jobs_dir")"
check "no part is left" test ! -e c.csv.part
run 0 export "$soql" -O - --page-rows 7
check "to a pipe, in pages" cmp out c.csv
run 0 export -q "$soql" -O p.csv --page-rows 1
check "a page a row" cmp p.csv c.csv
printf '\xef\xbb\xbf%s;\n' "$soql" >q.soql
run 0 export -f q.soql -O f.csv.gz
check "gzip by the ending" cmp <(zcat f.csv.gz) c.csv
cp q.soql in
run_in 0 export - -O f.out --gzip
check "gzip by the flag" cmp <(zcat f.out) c.csv
run 0 export -f q.soql -O f.csv.zst
check "zstd by the ending" cmp <(zstd -dqc f.csv.zst) c.csv
check "with check sums" zstd -tq f.csv.zst
run 0 export -f q.soql -O f.out2 --zstd --page-rows 9
check "zstd by the flag" cmp <(zstd -dqc f.out2) c.csv
run 0 export -f q.soql -O - --zstd
check "zstd to a pipe" cmp <(zstd -dqc out) c.csv
run 2 export -f q.soql -O f.csv.zst --zstd --gzip
run 0 export "$soql" -O n.ndjson
check "ndjson by the ending" test "$(jq -rs 'length, (.[0] | keys_unsorted | join(" "))' n.ndjson | tr '\n' ' ')" = '1600 Id Name Account.Name '
check "the same values" cmp <(jq -r '[.Id, .Name, ."Account.Name"] | map(. // "") | @csv' n.ndjson) <(tail -n +2 c.csv)
run 0 export "$soql" -r ndjson
check "ndjson by the flag" cmp out n.ndjson
SFORCE_FORMAT=table run 0 export "$soql"
check "another command's format" cmp out c.csv
run 0 export Account -O a.csv --json
check "json" jq -e '.status == 0 and .result.rows == 320 and .result.file == "a.csv" and .result.pages == 1 and .result.resumed == false and (.result.job | startswith("750"))' out
check "all fields" grep -q '^"Id","IsDeleted",.*"BillingStreet"' a.csv
check "no compound ones" test "$(head -1 a.csv | grep -c BillingAddress)" = 0
run 0 export "SELECT Id FROM Contact WHERE Name = 'nobody'" -O e.csv
check "nothing but the header" test "$(cat e.csv)" = '"Id"'
run 0 export Account -O s.csv --delimiter semicolon --crlf
check "the delimiter" grep -q '^"Id";"IsDeleted";' s.csv
check "the line ends" test "$(head -1 s.csv | tail -c 2 | od -An -c | tr -d ' ')$(tail -c 2 s.csv | od -An -c | tr -d ' ')" = '\r\n\r\n'
run 0 export "$soql" --dry-run --json
check "a dry run" jq -e '.result.dryRun and .result.rows == 1600' out
run 0 export Contact -O /dev/null

run 2 export
check "nothing to export" grep -q 'want one statement or object' err
run 2 export Contact -q "$soql" -O x.csv
run 2 export Contact -O x.csv --parallel 9
run 2 export Contact -O x.csv --delimiter xy
run 2 export Contact -O x.csv -r table
check "a format that it has not" grep -q 'csv, ndjson or sqlite' err
run 2 export Contact --json
check "two things on stdout" grep -q 'give the rows a file' out
run 1 export 'SELECT Nope__c FROM Contact' -O x.csv
run 1 export 'SELECT COUNT() FROM Contact' -O x.csv
run 1 export Nope__c -O x.csv
run 2 export Contact -O nowhere/x.csv
check "no half file" test ! -e x.csv -a ! -e x.csv.part
printf x >mine
SFORCE_JOURNAL=mine run 2 export Contact -O x.csv
check "a file that is no journal stays" test -e mine
check "no journal of what cannot be done" test -z "$(ls "$jobs_dir")"
echo old >kept.csv
fault 'truncate:after=900,length=right,path=/jobs/query/*/results'
run 5 export "$soql" -O kept.csv --journal none
no_faults
check "a short page is no success, and the old file stays" test "$(cat kept.csv)" = old

# ---- partitions ----
same_rows() { cmp <(sort "$1") <(sort "$2"); }
run 0 export "$soql" -O y.csv --partitions 7 --jobs 3 --json
check "seven jobs" jq -e '.result.jobs == 7 and .result.rows == 1600' out
check "the same rows" same_rows y.csv c.csv
run 0 export "$soql WHERE Name LIKE 'A%' OR Name LIKE 'B%'" -O y2.csv --partitions 3
run 0 export "$soql WHERE Name LIKE 'A%' OR Name LIKE 'B%'" -O y1.csv
check "with an OR" same_rows y2.csv y1.csv
run 0 export Account -O - --partitions 2
check "an object, to a pipe" same_rows out a.csv
run 0 export "$soql" -O ch.csv --pk-chunk 400 --json
check "ranges of so many rows" jq -e '.result.jobs == 4 and .result.rows == 1600' out
run 0 export "$soql" -O sp.csv.gz --split 700
check "files of so many rows" grep -q '^1,600 rows in sp-0001.csv.gz to sp-0003.csv.gz (3 files)$' err
check "whole" test "$(for f in sp-*; do zcat "$f" | tail -n +2; done | sort | sha256sum)" = "$(tail -n +2 c.csv | sort | sha256sum)"
run 0 export "$soql" -O sq.csv --split 800 --json
check "their names" jq -e '.result.files == ["sq-0001.csv", "sq-0002.csv"] and .result.rows == 1600' out
: >sq-0003.csv
run 0 export "$soql" -O sq.csv --split 800
check "one that was there before" grep -q "sq-0003.csv is none of this export's 2 files" err
run 2 export "$soql" -O - --split 5
run 2 export "$soql" -O x.csv --pk-chunk 5 --partitions 2
run 2 export "$soql ORDER BY Name" -O x.csv --partitions 3
check "what cannot be cut" grep -q 'takes no ORDER BY' err
run 2 export "$soql LIMIT 5" --partitions 3 --dry-run
run 2 export "$soql" -O x.csv --partitions 1001
run 2 export "$soql" -O x.csv --jobs 3
check "what --jobs is of" grep -q 'want both' err
check "nothing was begun" test ! -e x.csv -a ! -e x.csv.part

# ---- --async ----
run 75 export "$soql" -O later.csv --async
check "the job" grep -Eq '^The org works on job 750[0-9A-Za-z]{15}\. sforce jobs resume export-[-0-9]* goes on\.$' err
check "no file yet" test ! -e later.csv
run 0 jobs resume
check "its rows" cmp later.csv c.csv
run 75 export "$soql" -O later.csv --async --json
check "as JSON" jq -e '.status == 75 and (.result.job | startswith("750")) and (.result.resume | startswith("export-"))' out
run 0 jobs resume
run 2 export "$soql" -O - --async

# ---- as sf spells it ----
run 0 data export bulk -q "$soql" --output-file sf.csv -r csv --wait 10 --column-delimiter SEMICOLON --line-ending CRLF -o test
check "data export bulk" cmp <(tr -d '\r' <sf.csv) <(sed 's/","/";"/g' c.csv)
run 2 data export bulk -q "$soql" --output-file sf.csv --flags-dir x
check "what we have not is not dropped" grep -q 'sforce spells it: sforce export' err
printf 'LastName,Email\nOf sf,a@x.example\n' >l.csv
run 0 data import bulk -s Contact -f l.csv --wait 10 -o test
run 0 bulk export "SELECT Id FROM Contact WHERE LastName = 'Of sf'" -O b.csv
check "bulk export" test "$(wc -l <b.csv)" = 2
printf 'Id,LastName\n%s,Of sf two\n' "$(tail -1 b.csv)" >u.csv
run 0 data upsert bulk --sobject Contact --file u.csv --external-id Id --line-ending LF
check "data upsert bulk, with the operation of its flag" test "$("$sforce" query "SELECT LastName FROM Contact WHERE LastName LIKE 'Of sf%'" -r csv | tail -1)" = 'Of sf two'
sed -i 's/two/three/' u.csv
run 0 data update bulk --sobject Contact --file u.csv
run 0 data delete bulk -s Contact -f b.csv --hard-delete -w 5
run 0 bulk load Contact l.csv --insert
run 0 bulk export "SELECT Id FROM Contact WHERE LastName LIKE 'Of sf%'" -O b.csv
check "bulk load" test "$(wc -l <b.csv)" = 2
run 0 bulk load Contact b.csv --delete
run 0 bulk jobs list
check "bulk jobs" grep -q V2Query out
run 0 data import bulk -s Contact -f l.csv
run 0 jobs --json
job=$(jq -r '[.result[] | select(.jobType == "V2Ingest")][0].id' out)
run 0 data bulk results -i "$job" -o test
run 0 data import resume --job-id "$job" --wait 2 --json
check "data import resume" jq -e '.result.state == "JobComplete"' out
run 0 data upsert resume --use-most-recent
run 2 data bulk results
check "which job" grep -q "want a job's id or --last" err
run 0 bulk export "SELECT Id FROM Contact WHERE LastName LIKE 'Of sf%'" -O b.csv
run 0 bulk load Contact b.csv --delete
run 0 export "$soql" -O b.csv
check "as before" cmp b.csv c.csv

# ---- SQLite ----
dump() { sqlite3 -csv "$1" 'SELECT * FROM Contact ORDER BY Id'; }
has_sqlite=''
command -v sqlite3 >/dev/null && has_sqlite=yes
run 2 export "$soql" -r sqlite
check "a database to a pipe" grep -q 'goes to a path' err
run 2 export "$soql" -O x.db --gzip
run 0 export "$soql" -O s.db --page-rows 90
if [[ $has_sqlite ]]; then
    check "its rows" test "$(sqlite3 s.db 'SELECT count(*), count(DISTINCT Id) FROM Contact')" = '1600|1600'
    check "its values" cmp <(dump s.db | tr -d '"\r' | sort) <(tail -n +2 c.csv | tr -d '"' | sort)
    check "nothing else is in it" test "$(sqlite3 s.db 'SELECT group_concat(name) FROM sqlite_master; PRAGMA integrity_check' | tr '\n' ' ')" = 'Contact ok '
    run 0 export "SELECT Id FROM Contact WHERE Name = 'nobody'" -O e.sqlite --table "a \"b\""
    check "a table of that name, and no rows" test "$(sqlite3 e.sqlite 'SELECT count(*) FROM "a ""b"""')" = 0
    dump s.db >s.dump
fi

# ---- interruptions ----
interrupt() { # SIGNAL BYTES FILE FLAGS…: once FILE.part has that many bytes
    local signal=$1 bytes=$2 file=$3 pid tries=0
    shift 3
    "$sforce" export "$soql" -O "$file" --page-rows 5 "$@" >out 2>err </dev/null &
    pid=$!
    until [[ $(stat -c %s "$file.part" 2>/dev/null || echo 0) -ge $bytes ]] || ! kill -0 "$pid" 2>/dev/null; do
        read -rt 0.005 <> <(:) || true
        tries=$((tries + 1))
        [[ $tries -gt 5000 ]] && break
    done
    kill "-$signal" "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    echo $?
}
code=$(interrupt INT 20000 i.csv)
check "Ctrl-C: $code" test "$code" = 130
check "says how to go on" grep -q 'go on with: sforce jobs resume export-' err
check "not under its name" test ! -e i.csv
exec 9<"$(ls "$jobs_dir"/*.journal)"
flock 9
run 2 jobs resume
check "another is at work with it" grep -q 'another process is at work' err
exec 9<&-
check "whose journal stays" test "$(ls "$jobs_dir" | wc -l)" = 2
run 0 jobs resume
check "went on" grep -q 'Went on where an earlier run stood' err
check "the same bytes" cmp i.csv c.csv
check "no journal is left then" test -z "$(ls "$jobs_dir")"
code=$(interrupt KILL 50000 yk.csv --partitions 5)
[[ $code -eq 137 ]] && run 0 jobs resume
check "partitions, after kill -9: $code" same_rows yk.csv c.csv
rm -f "$jobs_dir"/*
for ((i = 0; i < 16; i++)); do
    file=k$i.csv want=c.csv
    case $((i % 5)) in
    1) file=k$i.ndjson want=n.ndjson ;;
    2) file=k$i.csv.gz ;;
    3) [[ $has_sqlite ]] && file=k$i.db want=s.dump ;;
    4) file=k$i.csv.zst ;;
    esac
    code=$(interrupt KILL $((i * 2501)) "$file")
    if [[ $code -eq 137 && -n $(ls "$jobs_dir") ]]; then
        run 0 jobs resume
    elif [[ ! -e $file ]]; then
        run 0 export "$soql" -O "$file"
    fi
    case $file in
    *.gz) zcat "$file" >k.out ;;
    *.zst) zstd -dqc "$file" >k.out ;;
    *.db) dump "$file" >k.out ;;
    *) cp "$file" k.out ;;
    esac
    check "the same bytes after kill -9 number $i" cmp k.out "$want"
    rm -f "$jobs_dir"/*
done
fault 'reset:path=/jobs/query/*/results,skip=40'
run 75 export "$soql" -O r.csv --page-rows 5
check "a lost network says how to go on" grep -q 'go on with: sforce jobs resume export-' err
no_faults
run 0 jobs resume
check "the same bytes after a lost network" cmp r.csv c.csv
report
