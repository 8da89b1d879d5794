#!/usr/bin/env bash
# sforce action, approval and rules as a user types them: every form, many inputs of which some fail, and wrong input.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed empty
login_org
outbox() { curl -sf "$url/__org/outbox" | jq -r "$1"; }

run 0 create Account "Name=Acme <&>\"' 🎈" Phone=123
account=$(cat out)

# ---- quick actions ----
run 0 action list -r csv
check "heading" test "$(head -1 out)" = "name,type,label"
check "a global one" grep -q '^LogACall,LogACall,Log a Call$' out
run 0 action list Account -r csv
check "the object's" grep -q '^UpdatePhone,Update,Update Phone$' out
run 0 action list --json
json_is '.result | length' 16
run 0 action describe Account.NewContact -r csv
check "a field of the form" grep -q '^input,LastName,Field,required,Last Name$' out
run 0 action defaults Account.NewOpportunity --record "$account" -r json
json_is .Name "Acme <&>\"' 🎈"
run 0 action defaults NewTask -r csv
check "a default value" grep -q '^Status,Not Started$' out
run 0 action run Account.NewContact --record "$account" LastName=Hopper
contact=$(cat out)
check "the id is printed" test "${contact:0:3}" = 003
run 0 get Contact "$contact" --fields LastName,AccountId,Phone -r csv
out_has "Hopper,$account,123"
run 0 action run LogACall "Subject=Asked <b>" -r json
json_is .created true
run 0 action run Account.UpdatePhone --record "$account" Phone=456 --json
json_is .result.message "The account was updated."
json_is .result.created false
echo '{"LastName":"From stdin"}' >in
run_in 0 action run Account.NewContact --record "$account" -
run 1 action run Account.NewContact --record "$account"
err_has LastName
run 1 action run NoSuch
run 2 action run Account.NewContact --record short LastName=x
run 2 action defaults standard/emailSimple
run 2 action
run 2 action lst
err_has "did you mean list"

# ---- invocable actions ----
run 0 action list standard -r csv
check "a standard one" grep -q '^emailSimple,EMAILSIMPLE,Send Email$' out
run 0 action list custom -r csv
check "its kinds" grep -q '^flow,/services/data/' out
run 0 action list custom/quickAction/Account -r json
json_is '.actions[0].type' QUICK_ACTION
run 0 action describe standard/emailSimple -r csv
check "a required input" grep -q '^input,emailSubject,STRING,required,Subject$' out
run 0 action run standard/emailSimple emailSubject=Hi "emailBody=Hello <&> 🎈" emailAddresses=ada@acme.example
check "the mail is in the outbox" test "$(outbox '.messages[0].message.text')" = "Hello <&> 🎈"
run 0 action run custom/flow/Open_Case subject=one -r json
json_is '.[0].outputValues.message' 'Opened one'
run 0 action run custom/flow/Open_Case subject=one
check "outputs are rows" grep -q '^caseId' out
run 1 action run custom/flow/Open_Case subject=fail
err_has "The flow failed to run"
run 1 action run custom/flow/Open_Case subject=fail --json
json_is .error.code UNKNOWN_EXCEPTION
echo '[{"subject":"a"},{"subject":"fail"},{"subject":"b"}]' >in
run_in 4 action run custom/flow/Open_Case - -r csv
check "a row an input" test "$(wc -l <out)" -eq 4
check "the failure" grep -q '^2,false,,UNKNOWN_EXCEPTION,The flow failed to run.$' out
err_has "1 of 3 inputs failed"
run_in 4 action run custom/flow/Open_Case - --json
check "json of a partly failed call is one object" jq -e .result out
json_is .status 4
run_in 4 action run custom/flow/Open_Case - -r ndjson
check "ndjson is a result a line" test "$(jq -c .isSuccess out | tr '\n' ' ')" = "true false true "
run 0 action list custom/flow -r ndjson
check "ndjson is an action a line" test "$(jq -r .name out | head -1)" = Open_Case
echo '{"inputs":[{"subject":"whole body"}]}' >in
run_in 0 action run custom/flow/Open_Case -
echo '[]' >in
run_in 2 action run custom/flow/Open_Case -
echo '{"subject":' >in
run_in 2 action run custom/flow/Open_Case -
: >in
run_in 2 action run custom/flow/Open_Case -
printf '"\xff"' >in
run_in 2 action run custom/flow/Open_Case -
jq -nc '[range(201)|{subject:"x"}]' >in
run_in 2 action run custom/flow/Open_Case -
err_has 200
run 1 action run custom/flow/Nothing x=1
run 2 action run flow/Open_Case subject=x
run 2 action run custom/flow/Open_Case subject=x --record "$account"
fault lost:method=POST,times=1
run 7 action run custom/flow/Open_Case subject=lost
no_faults
run 0 query "SELECT COUNT(Id) n FROM Case WHERE Subject = 'lost'" -r csv
out_is $'n\n1'

# ---- approvals and rules ----
run 0 approval list -r csv
check "a process" grep -q '^Account,Account Approval,04a' out
run 0 approval list Opportunity -r csv
check "of one object" test "$(wc -l <out)" -eq 2
run 0 approval submit "$account" -c "please <&>" -r json
json_is '.[0].instanceStatus' Pending
item=$(jq -r '.[0].newWorkitemIds[0]' out)
run 1 approval submit "$account"
err_has ALREADY_IN_PROCESS
run 1 update Account "$account" Name=x
err_has ENTITY_IS_LOCKED
run 4 approval approve "$item" 04i000000000000AAA -r csv
check "the one that is there" grep -q "^$item,true,Approved,,,,$" out
err_has "1 of 2 requests failed"
run 0 update Account "$account" Name=x
run 0 approval submit "$account" -r csv
item=$(sed -n 2p out | cut -d, -f4)
run 0 approval remove "$item" -r csv
check "removed" grep -q "^$item,true,Removed,,,,$" out
run 1 approval submit "$contact"
err_has NO_APPLICABLE_PROCESS
run 2 approval submit
run 2 approval submit short
run 2 approval aprove "$item"
err_has "did you mean approve"
run 0 create Lead LastName=L Company=C NumberOfEmployees:=5000
lead=$(cat out)
run 0 rules list Lead -r csv
check "a rule" grep -q '^Lead,Hot lead,01Q' out
run 0 rules run "$lead"
run 0 get Lead "$lead" --fields Rating -r csv
out_has Hot
run 1 rules run 00Q000000000000AAA
run 2 rules run
run 2 rules

# ---- definitions that are wrong name themselves ----
echo '{"quickActions":[{"name":"Bad","type":"Create","targetObject":"Account","fields":["Nope"]}]}' >bad.json
"$org_program" --port 0 --schema bad.json >out 2>err
check "a wrong definition is wrong usage" test $? -eq 2
err_has 'the --schema file: quickActions: Bad: "fields" names no field of Account: "Nope"'
report
