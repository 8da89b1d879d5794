#!/usr/bin/env bash
# The Salesforce CLI, unmodified, against a local org: what its users type first. Skipped when tests/interop/setup did not
# install it. Each command is a process of its own that needs a second, so they are few.
set -euo pipefail
source "$(dirname "$0")/sf_cli.bash"

same "login" '[.status, .result.username, .result.isScratch, .result.orgEdition]' '[0,"admin@local.example",false,"Developer Edition"]'
sf org display --json
same "org display" '[.result.connectedStatus, .result.alias, .result.username]' '["Connected","local","admin@local.example"]'
sf data create record -s Account -v "Name='Zoë & Söhne 🎈' NumberOfEmployees=7 Site=sf" --json
same "create" '[.status, .result.success, (.result.id | length)]' '[0,true,18]'
id=$(jq -r .result.id "$work/answer")
sf data update record -s Account -i "$id" -v "Industry=Energy NumberOfEmployees=8" --json
same "update" '[.status, .result.id]' "[0,\"$id\"]"
sf data get record -s Account -w "Name='Zoë & Söhne 🎈'" --json
same "get" '.result | [.Id, .Name, .Industry, .NumberOfEmployees, .Site]' "[\"$id\",\"Zoë & Söhne 🎈\",\"Energy\",8,\"sf\"]"
sf data create record -s Contact -v "LastName=Ann AccountId=$id" --json
sf data query -q "SELECT Name, Owner.Username, (SELECT LastName FROM Contacts) FROM Account WHERE Id = '$id'" --json
same "query" '.result | [.totalSize, .done, (.records[0] | .Name, .Owner.Username, .Contacts.records[0].LastName)]' \
    '[1,true,"Zoë & Söhne 🎈","admin@local.example","Ann"]'
sf data query -q "SELECT Industry, COUNT(Id) n FROM Account WHERE Site = 'sf' GROUP BY Industry" --result-format csv
jq -R . "$work/answer" | jq -s . >"$work/lines" && mv "$work/lines" "$work/answer"
same "csv" . '["Industry,n","Energy,1"]'
sf data query -q "SELECT COUNT() FROM Account WHERE Site = 'sf'" --json
same "count" '.result.totalSize' 1
sf data query -q "SELECT Nope FROM Account" --json
same "no such field" '[.name, (.message | contains("No such column '"'Nope'"' on entity '"'Account'"'"))]' '["INVALID_FIELD",true]'
sf data delete record -s Account -i "$id" --json
same "delete" '[.status, .result.success]' '[0,true]'
sf data get record -s Account -i "$id" --json
same "get after delete" '[.status != 0, .name]' '[true,"ENTITY_IS_DELETED"]'
sf sobject describe -s Thing__c --json
same "describe" '.result | [.name, .keyPrefix, (.fields[] | select(.name == "Ext__c") | .externalId)]' '["Thing__c","a00",true]'
sf sobject list -s custom --json
same "list of custom objects" '.result' '["Thing__c"]'
sf org list limits --json
same "limits" '.result[] | select(.name == "DailyApiRequests") | .max > .remaining' true
report
