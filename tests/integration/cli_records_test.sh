#!/usr/bin/env bash
# One record at a time, describe, limits, versions and api, with what is typed wrong.
. "$(dirname "$0")/cli_lib.sh"
cat >schema.json <<'J'
{"sobjects":[{"name":"Account","fields":[{"name":"Ext__c","type":"string","length":40,"externalId":true,"unique":true,"idLookup":true,"custom":true}]}]}
J
start_org --seed sample --schema "$work/schema.json"
login_org

# ---- create ----
run 0 create Account Name="Zoë & Co" NumberOfEmployees=12 Industry=Energy
id=$(cat out)
check "the id is all that stdout has" grep -qxE '[A-Za-z0-9]{18}' out
run 0 get Account "$id" --fields Name,NumberOfEmployees,Industry -r json
json_is .Name "Zoë & Co"
json_is .NumberOfEmployees 12
run 0 create Account Name=j NumberOfEmployees:=7 Description:=null --json
json_is .status 0
json_is .result.success true
printf '{"Name":"from stdin","NumberOfEmployees":3,"attributes":{"type":"Account"}}' >in
run_in 0 create Account -
printf 'Lines\nof text' >note.txt
run 0 create Account Name=withfile Description=@note.txt
run 0 get Account "$(cat out)" --fields Description -r json
json_is .Description $'Lines\nof text'
run 0 create Account Name=parent Ext__c=P-1
run 0 create Contact LastName=Child Account.Ext__c=P-1
run 0 query "SELECT Account.Name FROM Contact WHERE LastName = 'Child'" -r csv
out_has parent
run 2 create Account
err_has missing
run 2 create Account Name
err_has FIELD=VALUE
run 2 create Account Name:=text
err_has JSON
run 2 create Account Name=@nowhere
err_has nowhere
run 2 create "not a name" Name=x
run 2 create Account "Bad Field=x"
printf '\xff\xfe' >binary
run 2 create Account Name=@binary
err_has UTF-8
echo '[1]' >in
run_in 2 create Account -
echo '{"Name":' >in
run_in 2 create Account -
err_has stdin
run 1 create Account Nope=1
err_has Nope
err_has hint
run 1 create Account Industry=Energy
err_has REQUIRED_FIELD_MISSING
run 1 create Nope Name=x --json
json_is .status 1
check "the error has a name" jq -e .error.code out

# ---- get, update, upsert, delete ----
run 0 get Account "$id"
check "a record stands upright" grep -qE '^Name +Zoë & Co' out
run 0 get Account "$id" --fields Id,Name -r csv
check "csv of one record" test "$(wc -l <out)" -eq 2
run 0 get Account Ext__c=P-1 --fields Name -r json
json_is .Name parent
run 1 get Account Ext__c=nobody
run 1 get Account 001000000000000AAA
run 2 get Account short
err_has short
run 2 get Account
run 2 get Account "$id" "$id"
run 2 get Account "$id" --fields ,
run 1 get Account "$id" --fields Nope
run 0 update Account "$id" Phone="+41 44 1" Industry=
out_empty
run 0 get Account "$id" --fields Phone,Industry -r json
json_is .Phone "+41 44 1"
json_is .Industry null
run 0 update Account Ext__c=P-1 Phone=2
run 1 update Account Ext__c=nobody Phone=2
run 0 query "SELECT COUNT() FROM Account WHERE Ext__c = 'nobody'" -r csv
check "an update never creates" test "$(tail -1 out)" -eq 0
run 2 update Account "$id"
run 2 update Account "$id" --if-unmodified-since yesterday Name=x
run 0 upsert Account Ext__c=U-1 Name=new -r json
json_is .created true
new_id=$(jq -r .id out)
run 0 upsert Account Ext__c=U-1 Name=newer -r json
json_is .created false
json_is .id "$new_id"
run 2 upsert Account "$new_id" Name=x
run 1 upsert Account Ext__c=U-2 Name=x --update-only
run 0 delete Account Ext__c=U-1
run 1 get Account "$new_id"
run 0 delete Account "$id"
out_empty
run 1 delete Account "$id"
run 2 delete Account
run 1 delete Nope 001000000000000AAA

# ---- a write whose answer is lost, a refused session, a busy org ----
fault 'lost:path=/sobjects/Account,times=1'
run 7 create Account Name=lost-and-found
err_has "look for the record"
run 0 query "SELECT COUNT() FROM Account WHERE Name = 'lost-and-found'" -r csv
check "it was written once" test "$(tail -1 out)" -eq 1
fault 'lost:path=/sobjects/Account,times=1'
run 0 create Account Name=lost-but-known Ext__c=L-1 --external-id Ext__c
run 0 query "SELECT COUNT() FROM Account WHERE Ext__c = 'L-1'" -r csv
check "with an external id it is repeated, and there once" test "$(tail -1 out)" -eq 1
fault 'limit:path=/sobjects,times=1'
run 6 create Account Name=limited
err_has REQUEST_LIMIT_EXCEEDED
no_faults
curl -s -X POST "$url/__org/expire-sessions" >/dev/null
run 0 get Account Ext__c=P-1 --fields Name

# ---- describe, limits, versions ----
run 0 describe
out_has Account
run 0 describe Account
check "custom fields too" grep -qE '^Ext__c .*external id' out
run 0 describe Account.Industry
out_has Energy
run 0 describe Account --picklists -r csv
out_has Industry,Energy
run 0 describe Account -r json
json_is .name Account
run 0 describe Account --json
json_is .result.name Account
check "describes are kept in private files" test -n "$(find "$XDG_CACHE_HOME" -type f)" -a -z "$(find "$XDG_CACHE_HOME" -type f ! -perm 600)"
run 1 describe Nope
err_has hint
run 1 describe Account.Indutsry
err_has "did you mean Industry"
run 2 describe Account Contact
run 2 describe --picklists
run 0 limits
out_has DailyApiRequests
run 0 limits -r json
check "limits as the org sent them" jq -e .DailyApiRequests.Max out
run 2 limits now
run 0 versions -r csv
out_has /services/data/v
run 2 versions x

# ---- api ----
run 0 api GET limits
check "the body as it came" jq -e .DailyApiRequests out
run 0 api get /services/data/ -i
out_has "HTTP 200"
run 0 api POST sobjects/Account -b '{"Name":"api"}'
api_id=$(jq -r .id out)
echo '{"Phone":"9"}' >body.json
run 0 api PATCH "sobjects/Account/$api_id" -b @body.json
out_empty
cp body.json in
run_in 0 api PATCH "sobjects/Account/$api_id" -b -
run 1 api GET nope
check "an error's body goes out too" jq -e '.[0].errorCode' out
run 1 api GET nope --json
json_is .error.httpStatus 404
run 0 api GET limits --json
json_is .result.httpStatus 200
run 2 api GET https://elsewhere.example/
run 2 api "G T" limits
run 2 api GET limits -H nonsense
run 2 api GET limits -H "Authorization: Bearer x"
run 2 api POST x -b @nowhere
run 2 api GET

# ---- as sf spells it ----
run 0 data query -q "SELECT Id FROM Account LIMIT 1" --target-org test -r csv
check "data query" test "$(head -1 out)" = Id
run 0 data create record -s Account -v "Name='x y' Phone=1"
sf_id=$(cat out)
run 0 data get record --sobject Account --record-id "$sf_id" --json
json_is .result.Name "x y"
run 0 data update record -s Account -i "$sf_id" -v "Phone=2"
run 0 data delete record -s Account -i "$sf_id"
run 0 force:data:soql:query -q "SELECT Id FROM Account LIMIT 1"
run 0 org list --json
run 0 org display
run 0 sobject describe -s Account
run 0 sobject list
run 0 org list limits
run 0 api request rest limits --method GET
run 2 data get record -s Account -w "Name=a b=c"
err_has "sforce spells it"
run 2 data get record -s Account
report
