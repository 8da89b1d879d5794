#!/usr/bin/env bash
# sforce search as a user types it: formats, columns of several objects, parameters, and wrong input.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed empty
login_org

run 0 create Account "Name=Nordic Pumps (Oslo)" NumberOfEmployees:=12
run 0 create Contact LastName=Nordic FirstName=Ada Email=ada@pumps.example

run 0 search "FIND {nordic} RETURNING Account(Name, NumberOfEmployees, Owner.Name), Contact(Name, Email)" -r csv
check "columns of all objects" test "$(head -1 out)" = "type,Name,NumberOfEmployees,Owner.Name,Email"
check "an account's row" grep -q '^Account,Nordic Pumps (Oslo),12,.*,$' out
check "a contact's row" grep -q '^Contact,Ada Nordic,,,ada@pumps.example$' out
run 0 search "FIND {nordic} RETURNING Account(Name), Contact(Name)"
check "a table has a heading and two rows" test "$(wc -l <out)" -eq 3
run 0 search "FIND {nordic} RETURNING Account(Name), Contact(Name)" -r json
json_is 'map(.attributes.type) | join(",")' Account,Contact
run 0 search "FIND {nordic} RETURNING Account(Name), Contact(Name)" -r ndjson
check "ndjson is an object a line" test "$(jq -c .Name out | wc -l)" -eq 2
run 0 search -q "FIND {nordic} RETURNING Account(Name)" --json
json_is .status 0
json_is '.result.searchRecords | length' 1
run 0 search "FIND {:text} RETURNING Account(Name WHERE Name = :text)" -p "text=Nordic Pumps (Oslo)" -r csv
out_is $'type,Name\nAccount,Nordic Pumps (Oslo)'
run 0 search "FIND {:text*} RETURNING Account(Name)" -p text=nor -r csv
check "the beginning of a word" grep -q Nordic out
run 0 search "FIND {:text} RETURNING Account(Name)" -p "text=nor*" -r csv
out_is type
run 0 search "FIND {nowhere}" -r json
json_is length 0
run 0 search "FIND {nowhere}" -r ndjson
check "nothing found is no line" test ! -s out
run 0 search "FIND {nordic} RETURNING Account(Name)" -O found.csv
check "to a file" grep -q 'Nordic Pumps' found.csv

run 2 search
run 2 search "FIND {x1}" -q "FIND {x1}"
run 2 search "FIND {:text}" -p other=1
run 1 search Nordic
check "the org's words" grep -q 'must be enclosed in braces' err
report
