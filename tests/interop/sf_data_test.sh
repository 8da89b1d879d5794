#!/usr/bin/env bash
# The Salesforce CLI, unmodified, against a local org: search, files of rows in bulk, files as records, REST requests and
# anonymous Apex. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/sf_cli.bash"
rows() { # SOQL JQ: what the org has, by another way than sf
    curl -sS -G -H "$auth" --data-urlencode "q=$1" "$url/services/data/v60.0/query" | jq -c "$2"
}

same "login" '[.status, .result.instanceUrl]' "[0,\"$url/\"]"

# ---- bulk ----
{
    echo 'Name,Phone,NumberOfEmployees'
    for i in $(seq 30); do echo "\"Bulk, $i\",415-555-0000,$i"; done
} >accounts.csv
sf data import bulk -s Account -f accounts.csv --wait 5 --json
same "import" '[.status, .result.processedRecords, .result.successfulRecords, .result.failedRecords]' '[0,30,30,0]'
job=$(jq -r .result.jobId "$work/answer")
is "imported" "$(rows "SELECT Name, NumberOfEmployees FROM Account WHERE Phone = '415-555-0000' ORDER BY NumberOfEmployees DESC LIMIT 1" '[.totalSize, .records[0].Name, .records[0].NumberOfEmployees]')" \
    '[1,"Bulk, 30",30]'
sf data bulk results -i "$job" --json
same "results" '[.status, .result.processedRecords, .result.successfulRecords, .result.failedRecords]' '[0,30,30,0]'
is "results in a file" "$(head -1 "$(jq -r .result.successFilePath "$work/answer")")" '"sf__Id","sf__Created",Name,Phone,NumberOfEmployees'
sf data export bulk -q "SELECT Id, Name FROM Account WHERE Phone = '415-555-0000' ORDER BY Name" --output-file out.csv -r csv --wait 5 --json
same "export" '[.status, .result.totalSize]' '[0,30]'
is "exported" "$(wc -l <out.csv) $(head -1 out.csv)" '31 "Id","Name"'
sf data export bulk -q "SELECT Name FROM Account WHERE Phone = '415-555-0000' ORDER BY NumberOfEmployees LIMIT 2" --output-file out.json -r json --wait 5 --json
is "exported as JSON" "$(jq -c 'map(.Name)' out.json)" '["Bulk, 1","Bulk, 2"]'
{ head -1 out.csv | sed 's/"Name"/"Site"/'; sed -n 2,11p out.csv | sed 's/,.*/,bulk/'; } >sites.csv
sf data update bulk -s Account -f sites.csv --wait 5 --json
same "update" '[.status, .result.successfulRecords]' '[0,10]'
is "updated" "$(rows "SELECT COUNT() FROM Account WHERE Site = 'bulk'" .totalSize)" 10
printf 'Ext__c,Name\nx/1,one\nx 2,two\n' >things.csv
sf data upsert bulk -s Thing__c -i Ext__c -f things.csv --wait 5 --json
same "upsert" '[.status, .result.jobInfo.state, (.result.records.successfulResults | map(.sf__Created))]' '[0,"JobComplete",["true","true"]]'
sed -i 's/two/zwei/' things.csv
sf data upsert bulk -s Thing__c -i Ext__c -f things.csv --wait 5 --json
same "upsert again" '.result.records.successfulResults | map(.sf__Created)' '["false","false"]'
is "upserted" "$(rows "SELECT Name FROM Thing__c WHERE Ext__c LIKE 'x%' ORDER BY Name" '[.records[].Name]')" '["one","zwei"]'
{ echo Id; sed -n 2,11p out.csv | cut -d, -f1; } >gone.csv
sf data delete bulk -s Account -f gone.csv --wait 5 --json
same "delete" '[.status, .result.jobInfo.state, .result.jobInfo.numberRecordsProcessed, .result.jobInfo.numberRecordsFailed, (.result.records.successfulResults | length)]' '[0,"JobComplete",10,0,10]'
printf 'Id\n001000000000000AAA\n' >none.csv
sf data delete bulk -s Account -f none.csv --wait 5 --json
same "delete of nothing" '[.status, .name, .data.state]' '[1,"FailedRecordDetailsError","JobComplete"]'
job=$(jq -r .data.jobId "$work/answer")
sf data bulk results -i "$job" --json
is "why" "$(sed -n 2p "$(jq -r .result.failedFilePath "$work/answer")")" '"001000000000000AAA","INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--","001000000000000AAA"'

# Without --wait it leaves, and resume goes on.
printf 'Name;Site\n"Later; 1";later\n"Later 2";later\n' >later.csv
sf data import bulk -s Account -f later.csv --column-delimiter SEMICOLON --json
same "import, and leave" '[.status, (.result | keys)]' '[0,["jobId"]]'
sf data import resume --use-most-recent --wait 5 --json
same "go on" '[.status, .result.processedRecords, .result.successfulRecords]' '[0,2,2]'
sf data export bulk -q "SELECT Name FROM Account WHERE Site = 'later' ORDER BY Name" --output-file later.out -r csv --column-delimiter PIPE --line-ending CRLF --json
same "export, and leave" '[.status, (.result.jobId | startswith("750"))]' '[0,true]'
sf data export resume --use-most-recent --json
same "go on with it" '[.status, .result.totalSize]' '[0,2]'
is "its rows" "$(cat later.out)" $'"Name"\r\n"Later 2"\r\n"Later; 1"\r'
tr ';' ',' <later.csv | sed 's/$/\r/' >crlf.csv
sf data import bulk -s Account -f crlf.csv --line-ending LF --wait 5 --json
same "other line ends than the job's" '[.status, .name, (.message | contains("LineEnding is invalid on user data. Current LineEnding setting is LF"))]' '[1,"JobFailedError",true]'

# ---- search ----
sf data create record -s Account -v "Name='Quokka Ltd' Phone=1234567890" --json
account=$(jq -r .result.id "$work/answer")
sf data create record -s Contact -v "FirstName=Quokka LastName=Woods AccountId=$account" --json
sf data search -q 'FIND {Quokka} IN ALL FIELDS RETURNING Account(Name,Phone), Contact(FirstName,LastName)' --json
same "search" '[.status, (.result.searchRecords | map([.attributes.type, .Name // .LastName]))]' '[0,[["Account","Quokka Ltd"],["Contact","Woods"]]]'
sf data search -q 'FIND {Quokka} IN ALL FIELDS RETURNING Account(Name,Phone)' -r csv
is "search as CSV" "$(cat Account.csv)" $'Name,Phone\nQuokka Ltd,1234567890'
sf data search -q 'FIND {Zzyzx} IN ALL FIELDS RETURNING Account(Name)' --json
same "nothing found" .result '{"searchRecords":[]}'
sf data search -q "FIND 'Jones' IN ALL FIELDS" --json
same "no braces" '[.status, (.message | contains("No search term found. The search term must be enclosed in braces."))]' '[1,true]'

# ---- files ----
printf 'hi' >hi.txt
sf data create file --file hi.txt --title newName.txt --parent-id "$account" --json
same "file" '[.status, .result.Title, .result.FileExtension, .result.Id[0:3], .result.ContentDocumentId[0:3]]' '[0,"newName.txt","txt","068","069"]'
document=$(jq -r .result.ContentDocumentId "$work/answer")
version=$(jq -r .result.Id "$work/answer")
is "its link" "$(rows "SELECT LinkedEntityId FROM ContentDocumentLink WHERE LinkedEntityId = '$account' AND ContentDocumentId = '$document'" .totalSize)" 1
is "its bytes" "$(curl -sS -H "$auth" "$url/services/data/v60.0/sobjects/ContentVersion/$version/VersionData")" hi

# ---- records ----
sf data update record -s Account -w "Name='Quokka Ltd'" -v "Name='Quokka Inc'" --json
same "update by a condition" '[.status, .result.id]' "[0,\"$account\"]"
sf data get record -s Account -i "$account"
is "a record for people" "$(grep -c "^Name: Quokka Inc$" "$work/answer")" 1
sf data query -q "SELECT Id, Name, (SELECT LastName FROM Contacts) FROM Account WHERE Id = '$account'"
is "a table" "$(grep -c 'Total number of records retrieved: 1\.' "$work/answer") $(grep -c 'CONTACTS.LASTNAME' "$work/answer")" '1 1'
sf data query -q "SELECT Owner.Profile.Name FROM Account WHERE Id = '$account'" -r csv
is "a path of three" "$(cat "$work/answer")" $'Owner.Profile.Name\nSystem Administrator'
sf data query -q "SELECT Id, IsDeleted FROM Account WHERE Site = 'bulk'" --all-rows --json
same "all rows" '.result.records | map(.IsDeleted) | unique' '[true]'
sf data query -q "SELECT Id, Name FROM ApexClass LIMIT 1" -t --json
same "by the Tooling API" '[.status, .result.done]' '[0,true]'
sf data query -q "SELECT" --json
same "no query" '[.status, .name, (.message | contains("unexpected token"))]' '[1,"MALFORMED_QUERY",true]'
sf data delete record -s Account -w "Name='Quokka Inc'" --json
same "delete by a condition" '[.status, .result.id]' "[0,\"$account\"]"

# ---- requests, Apex ----
sf api request rest "/services/data/v60.0/sobjects/Account" -X POST -b '{"Name":"By REST"}'
same "POST" '[.success, .errors]' '[true,[]]'
made=$(jq -r .id "$work/answer")
sf api request rest "/services/data/v60.0/sobjects/Account/$made" -X PATCH -b '{"Site":"rest"}'
is "PATCH" "$rc $(rows "SELECT Site FROM Account WHERE Id = '$made'" '.records[0].Site')" '0 "rest"'
sf api request rest "/services/data/v60.0/sobjects/Nope__c/describe"
same "an error" '.[0].errorCode' '"NOT_FOUND"'
printf 'System.debug(42);\n' >run.apex
sf apex run -f run.apex --json
same "Apex" '[.status, .result.success, .result.compiled, (.result.logs | contains("USER_DEBUG"))]' '[0,true,true,true]'
printf 'System.debug(;\n' >bad.apex
sf apex run -f bad.apex --json
same "Apex that does not compile" '[.status, .data.success, .data.compiled, .data.line]' '[1,false,false,"1"]'
sf sobject list -s standard --json
same "standard objects" '[.status, (.result | index("Account") != null)]' '[0,true]'
sf sobject describe -s Account --json
same "describe" '.result | [.name, .keyPrefix, (.fields[] | select(.name == "Name") | .nillable)]' '["Account","001",false]'
sf org list sobject record-counts --sobject Contact --sobject Lead --json
contacts=$(rows 'SELECT COUNT() FROM Contact' .totalSize)
leads=$(rows 'SELECT COUNT() FROM Lead' .totalSize)
same "counts" '.result | map([.name, .count]) | sort' "[[\"Contact\",$contacts],[\"Lead\",$leads]]"
sf org list sobject record-counts --json
same "all counts" '.result[] | select(.name == "Contact") | .count' "$contacts"
sf org display user --json
same "user" '[.status, .result.username, .result.profileName]' '[0,"admin@local.example","System Administrator"]'
sf org list limits --json
same "limits" '[.status, (.result[] | select(.name == "DataStorageMB") | .max)]' '[0,5]'
report 48
