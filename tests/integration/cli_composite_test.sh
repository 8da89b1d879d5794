#!/usr/bin/env bash
# sforce batch, composite, graph and tree as a user types them: request files, what is kept, exit codes, plans, wrong input.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed empty
login_org
rows() { run 0 query "SELECT COUNT() FROM $1" -r csv; cat out; }

# ---- composite ----
cat >parts.json <<'X'
[{"method":"POST","url":"/services/data/v62.0/sobjects/Account","referenceId":"a","body":{"Name":"Acme"}},
 {"method":"POST","url":"/services/data/v62.0/sobjects/Contact","referenceId":"c","body":{"AccountId":"@{a.id}"}},
 {"method":"GET","url":"/services/data/v62.0/query?q=SELECT Id FROM Account","referenceId":"q"}]
X
run 4 composite parts.json --all-or-none -r csv
check "nothing was kept" test "$(tail -1 out | cut -d, -f1,2)" = q,400
check "the cause" grep -q '^c,400,"*,*"*REQUIRED_FIELD_MISSING: Required fields are missing: \[LastName\]' <(sed 's/""//' out)
err_has "Nothing was done"
run 0 query "SELECT Id FROM Account" -r csv
out_is Id
run 4 composite parts.json
check "a line a part" test "$(wc -l <out)" -eq 4
out_has "1 row"
err_has "1 of 3 parts failed"
run 4 composite parts.json --json
json_is '.status, .result.compositeResponse[0].httpStatusCode' $'4\n201'
jq '{allOrNone:true,compositeRequest:[.[0],.[2]]}' parts.json >in
run_in 0 composite - -r json
json_is '.compositeResponse | map(.httpStatusCode) | join(",")' 201,200
run_in 2 composite - --all-or-none
err_has "stdin"
run 4 composite parts.json -r ndjson
check "ndjson" test "$(jq -r .part out | tr '\n' ' ')" = "a c q "

# ---- batch and graph ----
echo '[{"method":"GET","url":"v62.0/limits"},{"method":"GET","url":"v62.0/none"},{"method":"GET","url":"v62.0/limits"}]' >batch.json
run 4 batch batch.json --halt-on-error -r csv
check "the rest is halted" test "$(tail -1 out | cut -d, -f1,2)" = 3,412
run 4 batch batch.json -r csv
check "the rest runs" test "$(tail -1 out | cut -d, -f1,2)" = 3,200
run 2 batch parts.json
err_has richInput
jq '{graphs:[{graphId:"bad",compositeRequest:.[0:2]},{graphId:"good",compositeRequest:.[0:1]}]}' parts.json >graphs.json
run 4 graph graphs.json -r csv
check "graphs stand first" test "$(cut -d, -f1-3 out | tr '\n' ' ')" = "graph,part,status bad,a,400 bad,c,400 good,a,201 "

# ---- wrong input ----
printf '[1,\n 2' >bad.json
run 2 composite bad.json
err_has bad.json:2:
run 2 composite none.json
err_has none.json
run 2 graph parts.json
err_has graphId
run 2 composite
run 2 composite parts.json parts.json
fault "lost:path=/composite,times=1"
run 7 composite parts.json
no_faults

# ---- trees ----
cat >tree.json <<'X'
{"records":[
 {"attributes":{"type":"Account","referenceId":"AccountRef1"},"Name":"Tree One","Contacts":{"records":[
   {"attributes":{"type":"Contact","referenceId":"ContactRef1"},"LastName":"Ann","AccountId":"@AccountRef1"},
   {"attributes":{"type":"Contact","referenceId":"ContactRef2"},"LastName":"Bob"}]}},
 {"attributes":{"type":"Account","referenceId":"AccountRef2"},"Name":"Tree Two","ParentId":"@AccountRef1"}]}
X
run 0 tree import tree.json -r csv
check "a line a record" test "$(cut -d, -f1,2 out | tr '\n' ' ')" = "refId,type AccountRef1,Account ContactRef1,Contact ContactRef2,Contact AccountRef2,Account "
run 0 query "SELECT Name, Parent.Name FROM Account WHERE Name LIKE 'Tree%' ORDER BY Name" -r csv
out_is $'Name,Parent.Name\nTree One,\nTree Two,Tree One'
soql="SELECT Id, Name, ParentId, Owner.Name, CreatedDate, (SELECT Id, LastName, AccountId, Email FROM Contacts ORDER BY LastName) FROM Account WHERE Name LIKE 'Tree%' ORDER BY Name"
run 0 tree export "$soql"
check "export is import's form" test "$(jq -S . out)" = "$(jq -S 'del(.records[0].Contacts.records[0].AccountId)' tree.json)"
err_has "Left out"
run 0 tree export "$soql" -O again.json
run 0 tree import Account again.json --json
json_is '.result | map(.refId) | sort | join(" ")' 'AccountRef1 AccountRef2 ContactRef1 ContactRef2'
run 2 tree import Contact again.json
run 0 tree export "$soql" --plan -d data -x p
check "a plan" test "$(jq -c . data/p-Account-Contact-plan.json)" = '[{"sobject":"Account","files":["p-Account.json"]},{"sobject":"Contact","files":["p-Contact.json"]}]'
check "references in files" test "$(jq -r '.records | map(.AccountId) | unique | join(" ")' data/p-Contact.json)" = "@AccountRef1 @AccountRef2"
run 0 tree import data/p-Account-Contact-plan.json -r csv
check "the plan's records" test "$(wc -l <out)" -eq 9
run 2 tree import data/p-Contact.json
err_has "refers to @AccountRef1"

sed -i 's/"LastName": "Bob"/"LastName": null/' data/p-Contact.json
run 4 tree import data/p-Account-Contact-plan.json -r csv
check "only those at fault" test "$(grep -c REQUIRED_FIELD_MISSING out)" -eq 2
run 1 tree import <(sed 's/"Bob"/null/' tree.json)
err_has "1 records at fault"
jq -n '{records:[range(450)|{attributes:{type:"Account",referenceId:"r\(.)"},Name:"Many \(.)"}]}' >many.json
run 0 tree import many.json -r csv
check "more than 200 are split" test "$(wc -l <out)" -eq 451
run 0 query "SELECT COUNT() FROM Account WHERE Name LIKE 'Many%'"
out_has 450
jq -n '{records:[{attributes:{type:"Account",referenceId:"a"},Name:"A",ParentId:"@b"},{attributes:{type:"Account",referenceId:"b"},Name:"B",ParentId:"@a"}]}' >circle.json
run 2 tree import circle.json
err_has "wait for it"
jq -n '{records:[{attributes:{type:"Contact",referenceId:"x"},LastName:"@someone"}]}' >text.json
run 0 tree import text.json # an @ that is no reference is a text
echo '{"records":[{"Name":"x"}]}' >nameless.json
run 2 tree import nameless.json
err_has referenceId
run 2 tree import
run 2 tree frob x
run 2 tree export "$soql" --plan -O x.json
many=()
for i in {1..51}; do many+=(-q "SELECT Name FROM Account WHERE Name = 'Many $i' LIMIT 1"); done
run 0 tree export "${many[@]}"
check "no query is left out" test "$(jq '.records | length' out)" -eq 51
run 2 tree export -q "SELECT Name FROM Account LIMIT 1" -q "SELECT Name, Phone FROM Account LIMIT 2" -d both
err_has "queries 1 and 2 both find Account"
check "no file of half of them" test -z "$(ls both)"

# ---- as sf spells it ----
mkdir sf && cd sf || exit 1
run 0 data export tree -q "$soql" -p -x sf
check "into the folder at hand" test -f sf-Account-Contact-plan.json
run 0 data import tree -p sf-Account-Contact-plan.json --json
json_is .status 0
run 0 data import tree --files ../tree.json,../text.json
out_has AccountRef2
report
