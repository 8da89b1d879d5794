#!/usr/bin/env bash
# sforce describe --layouts and --picklists, deleted, updated, recent, counts, related and password as a user types them:
# formats, record types, secrets by environment and stdin, and wrong input.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed empty --schema "$(dirname "$0")/data/describe_schema.json"
login_org

# ---- picklists and layouts ----
run 0 describe Drink__c --picklists -r csv
out_is $'field,value,label,active,default,depends on,valid for
Kind__c,Hot,Hot,yes,,,
Kind__c,Cold,Cold,yes,,,
Kind__c,Other,Other,yes,,,
Name__c,Tea,The tea,yes,yes,Kind__c,Hot
Name__c,Cola,Cola,yes,,Kind__c,Cold
Name__c,Coffee,Coffee,yes,,Kind__c,Hot;Cold
Name__c,None,None,yes,,Kind__c,
Extra__c,Cubes,Cubes,yes,,Ice__c,true
Extra__c,Spoon,Spoon,yes,,Ice__c,false'
run 0 describe Drink__c --picklists --record-type house -r csv
out_is $'field,value,label,active,default,depends on,valid for
Kind__c,Cold,Cold,yes,,,
Name__c,Cola,Cola,yes,,Kind__c,Cold
Name__c,Coffee,Coffee,yes,,Kind__c,Cold
Extra__c,Cubes,Cubes,yes,,Ice__c,true
Extra__c,Spoon,Spoon,yes,,Ice__c,false'
run 0 describe Drink__c --picklists --record-type "House drink" -r json
json_is '.picklistFieldValues.Name__c.values | map(.value) | join(",")' Cola,Coffee
house=$("$sforce" describe Drink__c -r json | jq -r '.recordTypeInfos[] | select(.developerName == "House") | .recordTypeId')
run 0 describe Drink__c --picklists --record-type "${house:0:15}" -r csv
check "a record type by its short id" test "$(wc -l <out)" -eq 6
run 0 describe Drink__c --layouts
check "the layout's fields" grep -q 'Drink Information *Kind__c' out
run 0 describe Drink__c --layouts --record-type Guest -r json
json_is '.detailLayoutSections[0].heading' "Drink Information"
run 0 describe Drink__c --layouts -r json
json_is '.recordTypeMappings | length' 3
run 2 describe Drink__c --picklists --record-type Nothing
check "the way out is named" grep -q 'House, Guest, Master' err
run 2 describe --picklists
run 2 describe Drink__c --record-type House
run 2 describe Drink__c --picklists --layouts

# ---- relationships ----
account=$("$sforce" create Account Name=Acme --quiet)
for n in 1 2 3; do "$sforce" create Contact "LastName=Leaf $n" "AccountId=$account" --quiet >ids.$n; done
contact=$(cat ids.1)
run 0 related Account "$account" Contacts -F LastName,Email -r csv
out_is $'LastName,Email\nLeaf 1,\nLeaf 2,\nLeaf 3,'
run 0 related Account "$account" Contacts -r ndjson
check "a child a line" test "$(jq -r .LastName out | tr '\n' ,)" = "Leaf 1,Leaf 2,Leaf 3,"
run 0 related Account "$account" Contacts --json
json_is '.result.totalSize' 3
run 0 related Account "$account" Opportunities -r json
json_is length 0
run 0 related Contact "$contact" Account -F Name -r json
json_is .Name Acme
run 1 related Contact "$contact" ReportsTo
run 1 related Contact "$contact" Nothing__r
run 2 related Contact 003 Account
run 2 related Contact "$contact"
run 2 related Contact "$contact" Account -F ,

# ---- replication ----
run 0 delete Contact "$contact"
run 0 deleted Contact --since 1h --until "$(date -u -d '+1 hour' +%FT%TZ)" -r csv
check "the deleted one, with its time" grep -qE "^$contact,20[0-9-]+T[0-9:]+\.000Z$" out
check "where the next run begins" grep -qE 'complete up to 20[0-9T:-]+\.000Z' err
run 0 updated Contact --since 1d --until "$(date -u -d '+1 hour' +%FT%TZ)" -r json
json_is '.ids | length' 2
json_is '.latestDateCovered | length' 24
run 0 deleted Contact --since "$(date -u -d '-2 days' +%F)" --until "$(date -u -d '-1 day' +%F)" -r json
json_is '.deletedRecords | length' 0
run 0 deleted Contact --since 1h --json
json_is .status 0
run 2 deleted Contact
run 2 deleted Contact --since yesterday
check "what a time looks like" grep -q '2026-03-01T12:00:00Z' err
run 2 deleted Contact --since 40d
check "30 days are named" grep -q '30 days' err
run 1 updated Contact --since "$(date -u -d '-50 days' +%F)" --until "$(date -u -d '-40 days' +%F)"
check "the org's word" grep -q INVALID_REPLICATION_DATE err
run 1 updated Nothing__c --since 1d

# ---- recent and counts ----
run 0 recent --limit 2 -r csv
check "at most two" test "$(wc -l <out)" -eq 3
run 0 recent -r json
check "the deleted one is not recent" test "$(jq -r --arg id "$contact" 'map(select(.Id == $id)) | length' out)" = 0
run 2 recent --limit 0
run 0 counts Account Contact -r csv
out_is $'object,count\nAccount,1\nContact,2'
run 0 counts Account Nothing__c -r json
json_is '.[0].count' 1
check "what is left out is told" grep -q 'Nothing__c is not in the answer' err
run 0 counts -r json
check "all objects" test "$(jq length out)" -gt 20
run 2 counts 'a b'

# ---- duplicates ----
run 0 create Contact LastName=Twin Email=twin@x.example
run 1 create Contact LastName=Other Email=TWIN@x.example
check "the rule and the way out" grep -q 'Contacts_DR.*--allow-duplicates' err
run 0 create Contact LastName=Other Email=TWIN@x.example --allow-duplicates

# ---- passwords ----
user=$(of_org username)
run 0 password status "$user" -r json
json_is .isExpired false
printf 'Corr3ct horse\n' >in
run_in 0 password set "$user"
check "the secret is not repeated" test "$(grep -c 'Corr3ct' out err)" = $'out:0\nerr:0'
SFORCE_NEW_PASSWORD='An0ther horse' run 0 password set "$user"
printf 'short1\n' >in
run_in 1 password set "$user"
check "why, without the secret" grep -q 'at least 8 characters long' err
check "not even in the error" test "$(grep -c short1 err)" = 0
printf 'Corr3ct horse\n' >in
run_in 1 password set "$user"
check "not one of the last three" grep -q 'repeated password' err
run 2 password set "$user"
run 2 password reset "$user"
check "how a script says yes" grep -q -- --yes err
run 0 password reset "$user" --yes -r json
check "a new one is printed" test "$(jq -r '.newPassword | length' out)" -ge 8
run 2 password look "$user"
run 2 password status nobody
run 1 password status nobody@nowhere.example
report
