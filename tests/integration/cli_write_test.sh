#!/usr/bin/env bash
# sforce write as a user types it: every form of a file, every operation, what is told of each row, failed rows, wrong input,
# and what happens when answers are lost or the reader of the results goes away.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cli_lib.sh"
start_org --seed empty --schema "$here/data/things.json"
login_org
total() { "$sforce" query "SELECT COUNT() FROM Thing__c WHERE Ext__c LIKE '$1'" -r csv | tail -1; }
is() { checks=$((checks + 1)); [[ $2 == "$3" ]] || fail "$1: $2, want $3"; }

# ---- files ----
for i in $(seq 1 1000); do echo "{\"Ext__c\":\"A$i\",\"Text__c\":\"row $i\"}"; done >a.ndjson
run 0 write Thing__c a.ndjson --insert
out_empty
err_has '1,000 of 1,000 rows written'
is 'rows in the org' "$(total 'A%')" 1000
run 0 write Thing__c a.ndjson --upsert Ext__c -r csv
is 'a line a row and a heading' "$(wc -l <out)" 1001
is 'heading' "$(head -1 out)" line,id,success,created,code,message,fields
is 'in the order of the file' "$(sed 1d out | cut -d, -f1 | paste -sd+ | bc)/$(sed -n 1001p out | cut -d, -f1)" 500500/1000
is 'updated' "$(sed 1d out | cut -d, -f3,4 | sort -u)" true,false
run 0 write Thing__c a.ndjson --upsert Ext__c --failed-only -r ndjson -O results.ndjson
check 'nothing failed' test ! -s results.ndjson
printf '{\n "Ext__c": "B1",\n "Text__c": "} \\" {"\n}\n\n  {"Ext__c":"B2"}\r\n{\n"Ext__c":"B3", "Text__c":null}' >in
run_in 0 write Thing__c - --insert -r ndjson
is 'objects over several lines' "$(jq -c '[.line,.success,.created]' out | paste -sd' ')" '[1,true,true] [6,true,true] [7,true,true]'
printf '\xEF\xBB\xBF \n[ {"Ext__c":"C1"} ,\n\n {"Ext__c":"C2"}\n , {"Ext__c":"C3"} ] \n' >in
run_in 0 write Thing__c - --insert -r json
json_is 'map(.line)|join(",")' 2,4,5
is 'rows of both' "$(total 'B_') $(total 'C_')" '3 3'
(for i in $(seq 1 3000); do printf '{"Ext__c":"D%d","Text__c":"%0300d"}\n' "$i" "$i"; done) | # larger than one read
    "$sforce" write Thing__c - --insert --parallel 8 --batch-rows 150 >out 2>err
is 'from a pipe' "$?/$(total 'D%')" 0/3000
: >in
run_in 0 write Thing__c - --insert
err_has '0 of 0 rows written'
echo '[]' >in
run_in 0 write Thing__c - --insert --json
json_is '.result.results|length' 0
json_is .status 0

# In pieces of one byte a file reads as it does whole, and cut anywhere it ends in an error or in fewer rows.
printf '\xEF\xBB\xBF[{"Ext__c":"N1","Text__c":"[{\\"}]"},\n{"Ext__c":"N2"\n}]\n' >n1
printf '{"Ext__c":"N3"}\n\n{\n"Ext__c":"N4","Text__c":"\\\\"\n}{"Ext__c":"N5"}\nno\n' >n2
for file in n1 n2; do
    dd if=$file bs=1 status=none | "$sforce" write Thing__c - --upsert Ext__c -r ndjson 2>err | jq -c '[.line,.success]' >slow
    "$sforce" write Thing__c $file --upsert Ext__c -r ndjson 2>err | jq -c '[.line,.success]' >whole
    check "$file byte by byte" cmp slow whole
    check "$file has rows" test "$(grep -c true whole)" -ge 2
    for cut in $(seq 1 3 "$(wc -c <$file)"); do
        head -c "$cut" $file >in
        "$sforce" write Thing__c - --upsert Ext__c -r ndjson <in >out 2>err
        got=$?
        checks=$((checks + 1))
        [[ $got -le 4 && $(wc -l <out) -le $(wc -l <whole) ]] || fail "$file cut at $cut: exit $got"
    done
done

# ---- rows that fail ----
printf '{"Ext__c":"E1"}\nnot json\n{"Ext__c":"E2",}\n[1]\n{"Nope":1}\n{"Ext__c":"A1"}\n{"attributes":{},"Ext__c":"x"}\n{"Ext__c":"E3"}\n' >e.ndjson
run 4 write Thing__c e.ndjson --insert --failed again.ndjson
err_has '2 of 8 rows written, 6 failed'
err_has 'The rows that failed are in again.ndjson.'
is 'their lines' "$(sed 1d out | awk '{print $1}' | paste -sd,)" 2,3,4,5,6,7
out_has "No such column 'Nope' on sobject of type Thing__c"
out_has DUPLICATE_VALUE
is 'failed rows as they were' "$(sort again.ndjson)" "$(sed -n 2,7p e.ndjson | sort)"
run 4 write Thing__c e.ndjson --upsert Ext__c -r ndjson
is 'each row once, in order' "$(jq -r .line out | paste -sd,)" 1,2,3,4,5,6,7,8
json_is 'select(.line==5)|.error.code' MISSING_ARGUMENT
run 4 write Thing__c e.ndjson --insert --json
json_is .status 4
json_is '.result|[.rows,.succeeded,.failed,.unknown]|join(",")' 8,0,8,0
printf '{"Ext__c":"F1"}\n{\n"Ext__c":"A1"\n}\n{"Ext__c":"F2"}\n' >f.ndjson
run 4 write Thing__c f.ndjson --insert --all-or-none --failed again.ndjson
is 'all or none' "$(total 'F_')" 0
is 'three rows, one a line' "$(wc -l <again.ndjson)" 3
(for i in $(seq 1 2000); do echo '{"Nope":1}'; done) >g.ndjson
run 4 write Thing__c g.ndjson --insert --max-failures 300 --parallel 1
err_has 'failures_max'
err_has '--max-failures sets when to stop'
check 'most were not sent' test "$(grep -c 'not sent' out)" -gt 0
run 4 write Thing__c g.ndjson --insert
is 'a table ends somewhere' "$(wc -l <out)" 1001
err_has '-r ndjson tells of each row'
(for i in $(seq 1 3000); do echo 'no'; done; echo '{"Ext__c":"G1"}') >h.ndjson
run 4 write Thing__c h.ndjson --insert -r ndjson
is 'thousands of rows that are none' "$(wc -l <out)/$(tail -1 out | jq -c '[.line,.success]')" '3001/[3001,true]'

# ---- update, delete, other objects ----
"$sforce" query "SELECT Id, Ext__c FROM Thing__c WHERE Ext__c LIKE 'C_' ORDER BY Ext__c" -r ndjson | jq -c '.Text__c="new"' >u.ndjson
run 0 write Thing__c u.ndjson --update
is 'updated by Id' "$("$sforce" query "SELECT COUNT() FROM Thing__c WHERE Ext__c LIKE 'C_'" -r csv | tail -1)" 3
run 0 query "SELECT Text__c FROM Thing__c WHERE Ext__c LIKE 'C_'" -r csv
is 'with the new text' "$(sed 1d out | sort | uniq -c | awk '{print $1,$2}')" '3 new'
"$sforce" query "SELECT Id FROM Thing__c WHERE Ext__c LIKE 'C_'" -r csv | sed 1d >ids
cp ids in
run_in 0 write Thing__c - --delete
run_in 4 write Thing__c - --delete
out_has ENTITY_IS_DELETED
is 'deleted by id' "$(total 'C_')" 0
printf '{"attributes":{"type":"Account"},"Name":"other"}\n{"Ext__c":"H1"}\n' >in
run_in 0 write Thing__c - --insert -r ndjson
is 'attributes go before OBJECT' "$(jq -r '.id[0:3]' out | paste -sd,)" 001,a00

# ---- wrong input ----
run 2 write Thing__c a.ndjson
err_has 'want one of --insert'
run 2 write Thing__c a.ndjson --insert --delete
run 2 write Thing__c nofile --insert
err_has 'cannot read nofile'
run 2 write Thing__c . --insert
err_has 'it is a folder'
run 2 write 'no name' a.ndjson --insert
run 2 write Thing__c a.ndjson --insert --parallel 17
run 2 write Thing__c a.ndjson --insert --batch-rows 0
run 2 write Thing__c a.ndjson --delete --allow-duplicates
run 2 write Thing__c a.ndjson --insert --failed -
for text in '[1]' '{"a":' '[{"Ext__c":"cut"}' '[,' '['; do
    printf %s "$text" >in
    run_in "$([[ $text == *cut* ]] && echo 1 || echo 2)" write Thing__c - --insert
    err_has 'stdin, line 1'
done
printf '[{"Ext__c":"I1"}\n{"Ext__c":"I2"}]' >in
run_in 1 write Thing__c - --insert -r ndjson
err_has 'stdin, line 2: want a comma or ]'
is 'what was read before is written and told' "$(total 'I_')/$(jq -c .success out)" 1/true
printf '[{"Ext__c":"J1"}]\n{"Ext__c":"J2"}' >in
run_in 1 write Thing__c - --insert
err_has 'something follows the array'
run 1 write Nope__c a.ndjson --insert
err_has "sObject type 'Nope__c' is not supported"
run 1 write Thing__c a.ndjson --upsert Nope__c
err_has 'Nope__c'

# ---- the network, and a reader that goes away ----
for i in $(seq 1 1000); do echo "{\"Ext__c\":\"K$i\"}"; done >k.ndjson
fault 'lost:path=/composite/sobjects,times=1,skip=1'
run 7 write Thing__c k.ndjson --insert -r ndjson -O results.ndjson --parallel 2
no_faults
err_has '800 of 1,000 rows written, of 200 it is not known'
is 'none doubled' "$(total 'K%')" 1000
is 'the unknown are told' "$(jq -c 'select(.success|not)|.error.name' results.ndjson | sort | uniq -c | awk '{print $1,$2}')" '200 "SF_ERR_UNKNOWN_OUTCOME"'
fault 'lost:path=/composite/sobjects/*,times=2'
run 0 write Thing__c k.ndjson --upsert Ext__c
no_faults
fault 'limit:path=/composite/sobjects,skip=2'
for i in $(seq 1 2000); do echo "{\"Ext__c\":\"L$i\"}"; done >l.ndjson
run 6 write Thing__c l.ndjson --insert --failed again.ndjson --parallel 1
no_faults
err_has '400 of'
is 'all that is not written is kept' "$(wc -l <again.ndjson)" 1600
err_has 'that were not read'
sed -n '401,$p' l.ndjson >rest.ndjson
check 'in the order of the file' cmp again.ndjson rest.ndjson
run 0 write Thing__c again.ndjson --insert
is 'and can be sent' "$(total 'L%')" 2000
fault 'limit:path=/composite/sobjects*,skip=2'
run 6 write Thing__c l.ndjson --upsert Ext__c
no_faults
err_has 'what follows was not sent'
(for i in $(seq 1 20000); do echo "{\"Ext__c\":\"M$i\"}"; done) | "$sforce" write Thing__c - --insert -r ndjson 2>err | head -1 >out
is 'a reader that leaves ends it' "$(("$(total 'M%')" < 20000))" 1
report
