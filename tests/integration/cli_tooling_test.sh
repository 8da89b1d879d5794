#!/usr/bin/env bash
# sforce apex run as a user types it: files, stdin, problems with their places, a lost answer.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed empty
login_org
printf "Account a = new Account(Name = 'By \"sforce\" & co');\ninsert a;\n" >good.apex
run 0 apex run good.apex
out_empty
err_has 'ran to its end'
run 0 query "SELECT COUNT() FROM Account WHERE Name = 'By \"sforce\" & co'" -r csv
out_has 1
run 0 apex run -f good.apex --json
json_is .status 0
json_is .result.success true
printf 'System.debug(1);' >in
run_in 0 apex run - -r json
json_is .compiled true
printf '\n  insert nothing;' >bad.apex
run 1 apex run bad.apex
err_has 'bad.apex:2:10: Variable does not exist: nothing'
run 1 apex run bad.apex --json
json_is .status 1
json_is '.error.message | contains("bad.apex:2:10")' true
printf "insert new Account(Name = 'undone');\nSystem.assertEquals(1, 2);" >throws.apex
run 1 apex run throws.apex
err_has 'throws.apex:2: System.AssertException: Assertion Failed: Expected: 1, Actual: 2'
run 0 query "SELECT COUNT() FROM Account WHERE Name = 'undone'" -r csv
out_has 0
fault 'reset:after=0,path=/services/data/*/tooling/*,times=1'
run 7 apex run good.apex
no_faults
run 0 query "SELECT COUNT() FROM Account WHERE Name LIKE 'By%'" -r csv
out_has 3
head -c 20000 /dev/zero | tr '\0' ' ' >long.apex
run 2 apex run long.apex
err_has 15000
run 2 apex run
run 2 apex run missing.apex
err_has missing.apex
run 2 apex run good.apex -f good.apex
run 2 apex nothing good.apex
run 0 query --tooling "SELECT QualifiedApiName FROM EntityDefinition WHERE KeyPrefix = '001'" -r csv
out_has Account
report
