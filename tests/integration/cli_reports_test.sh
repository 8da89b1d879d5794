#!/usr/bin/env bash
# sforce report as a user types it: lists, runs in every format, filters, runs in the background, own definitions, wrong input.
. "$(dirname "$0")/cli_lib.sh"
cat >schema.json <<'J'
{ "sobjects": [ { "name": "Invoice__c", "label": "Invoice", "labelPlural": "Invoices", "fields": [
      { "name": "Due__c", "label": "Due", "type": "date" },
      { "name": "Account__c", "label": "Account", "type": "reference", "referenceTo": ["Account"], "relationshipName": "Account__r" },
      { "name": "Total__c", "label": "Total", "type": "currency", "precision": 18, "scale": 2 } ] } ],
  "reports": [
    { "name": "Invoices", "format": "TABULAR", "object": "Invoice__c", "columns": ["Name", "Account__r.Name", "Due__c", "Total__c"],
      "aggregates": ["s!Total__c", "RowCount"], "sortBy": [{ "field": "Total__c", "order": "Desc" }] },
    { "name": "Invoices by Month", "format": "SUMMARY", "object": "Invoice__c", "columns": ["Name", "Total__c"],
      "groupings": [{ "field": "Due__c", "granularity": "Month" }], "aggregates": ["s!Total__c", "RowCount"],
      "filters": [{ "column": "Total__c", "operator": "greaterThan", "value": "0" }] } ] }
J
start_org --seed empty --schema schema.json
login_org
run 0 create Account "Name=Acme, \"the\" one" --json
account=$(jq -r .result.id out)
i=0
for due in 2026-01-31 2026-02-01 2026-02-28 ''; do
    i=$((i + 1))
    run 0 create Invoice__c "Name=R$i" "Total__c:=${i}000.5" "Account__c=$account" ${due:+Due__c=$due}
done
run 0 create Invoice__c Name=R5 Account__c= Total__c:=0

run 0 report list -r csv
check "the definitions are listed" grep -qE '^00O[A-Za-z0-9]{15},Invoices by Month$' out
run 0 report list -r json
json_is 'map(select(.name == "Invoices")) | length' 1
id=$(jq -r '.[] | select(.name == "Invoices") | .id' out)

run 0 report run "$id" -r csv
out_is 'Invoice__c.Name,Invoice__c.Account__r.Name,Invoice__c.Due__c,Invoice__c.Total__c
R4,"Acme, ""the"" one",,4000.5
R3,"Acme, ""the"" one",2026-02-28,3000.5
R2,"Acme, ""the"" one",2026-02-01,2000.5
R1,"Acme, ""the"" one",2026-01-31,1000.5
R5,,,0.0'
run 0 report run "Invoices by Month" -r csv --totals
out_is 'Invoice__c.Due__c,s!Invoice__c.Total__c,RowCount
,4000.5,1
2026-01-01,1000.5,1
2026-02-01,5001.0,2
,10002.0,4'
run 0 report run "Invoices by Month" -r csv --totals --labels
check "labels as the report shows them" grep -q '^February 2026,"\$5,001.00",2$' out
run 0 report run Invoices_by_Month
check "a table has rows and totals" grep -qE '^February 2026 +\$5,001\.00 +2' out
check "and the grand total" grep -qE '^Total +\$10,002\.00 +4' out
check "and what is empty" grep -qE '^- +R4 +\$4,000\.50' out
run 0 report run Invoices_by_Month -r ndjson
check "a row a line" test "$(jq -c . out | wc -l)" -eq 4
run 0 report run Invoices_by_Month --no-details -r ndjson
check "totals a line" test "$(jq -c 'select(.RowCount)' out | wc -l)" -eq 4
run 0 report run Invoices_by_Month -r json
json_is .format SUMMARY
json_is .allData true
json_is '.rows | length' 4
json_is '.totals[-1]["s!Invoice__c.Total__c"]' 10002
json_is '.rows[1]["Invoice__c.Due__c"]' 2026-01-01
run 0 report run Invoices_by_Month --raw
json_is '.factMap["T!T"].aggregates[1].value' 4
run 0 report run Invoices_by_Month --json
json_is .status 0
# Who posts the metadata of a describe, which says hasDetailRows, gets the rows; the parameter of the address wins.
run 0 api GET analytics/reports
invoices=$(jq -r '.[] | select(.name == "Invoices by Month") | .id' out)
for case in '{"hasDetailRows":true}~~4' '{"hasDetailRows":false}~~0' '{}~~0' \
    '{"hasDetailRows":true}~?includeDetails=false~0' '{"hasDetailRows":false}~?includeDetails=true~4'; do
    IFS='~' read -r metadata query want <<<"$case"
    run 0 api POST "analytics/reports/$invoices$query" -b "{\"reportMetadata\":$metadata}"
    json_is '[.factMap[].rows | arrays | length] | add // 0' "$want"
done
run 0 report run Invoices -O found.csv
check "to a file" test "$(wc -l <found.csv)" -eq 6

run 0 report run Invoices -r csv --filter Invoice__c.Name:equals:R1,R3
check "a filter" test "$(wc -l <out)" -eq 3
run 0 report run Invoices -r csv --filter Invoice__c.Name:equals:R1 --filter Invoice__c.Total__c:greaterThan:3,500 --logic "1 OR 2"
check "filter logic" test "$(cut -d, -f1 out | tr '\n' ' ')" = "Invoice__c.Name R4 R1 "
run 0 report run Invoices_by_Month -r csv --no-filters
check "without its filters" grep -q '^,R5,0.0$' out
echo '{"sortBy":[{"sortColumn":"Invoice__c.Name","sortOrder":"Asc"}]}' >in
run_in 0 report run Invoices -r csv -f -
check "members of the metadata" test "$(sed -n 2p out | cut -d, -f1)" = R1
echo '{"reportMetadata":{"reportType":{"type":"Account"},"detailColumns":["ACCOUNT.NAME"],"aggregates":["RowCount"]}}' >unsaved.json
run 0 report run -f unsaved.json -r json
json_is '.rows[0]["ACCOUNT.NAME"]' 'Acme, "the" one'

run 0 report run Invoices --async -r json
json_is .status New
run_id=$(jq -r .id out)
run 0 report runs Invoices -r csv
check "the run is listed" grep -q "^$run_id," out
run 0 report result Invoices "$run_id" -r csv
check "its result" test "$(wc -l <out)" -eq 6
run 0 report result Invoices "$run_id" --async -r csv
run 0 report delete Invoices "$run_id"
run 1 report result Invoices "$run_id"
run 0 report describe Invoices -r csv
check "what can be filtered" grep -q '^Invoice__c.Due__c,Due,date,filter$' out

run 2 report
run 2 report rum Invoices
err_has 'did you mean run'
run 2 report run
run 2 report run "No such report"
err_has 'No such report'
run 1 report run "$id" --filter NOPE:equals:1
err_has NOPE
run 2 report run Invoices --filter "Total equals 1"
err_has COLUMN:OPERATOR:VALUE
run 2 report run Invoices --no-filters --filter Invoice__c.Name:equals:R1
run 2 report run Invoices --logic "1 AND"
echo '{"reportFilters":[],"reportBooleanFilter":"1 AND 2"}' >logic.json
run 1 report run Invoices -f logic.json
err_has 'undefined filter: 1'
echo '{"sortBy":' >bad.json
run 2 report run Invoices -f bad.json
err_has bad.json
run 2 report result Invoices
run 0 report delete "$id"
run 2 report run Invoices
run 1 report delete "$id"

# What the org leaves out is told.
stop_org
start_org --seed sample --records 9000
login_org
run 6 report run "Contacts and Their Accounts" -r csv -O part.csv
err_has 'left the others out'
check "the rows that came are there" test "$(wc -l <part.csv)" -eq 2001
run 0 report run "Contacts and Their Accounts" --no-details -r csv
check "the totals count all" test "$(tail -1 out)" -gt 2000

# A definition that is wrong ends the org with its place.
echo '{"reports":[{"name":"x","format":"TABULAR","object":"Account","columns":["Nope"]}]}' >wrong.json
checks=$((checks + 1))
"$org_program" --port 0 --schema wrong.json >out 2>err && fail "a wrong definition is taken"
err_has 'report 1 (x)'
err_has Nope
report
