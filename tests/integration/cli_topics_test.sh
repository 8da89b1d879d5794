#!/usr/bin/env bash
# sforce and PushTopics, their filters and generic channels: made, listened to, each event under the name that was asked for.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed empty --schema "$source_dir/tests/integration/data/events.json"
login_org
run 1 create PushTopic Name=Bad "Query=SELECT Name FROM Box__c" ApiVersion:=64
err_has "'Id' must be among the fields"
run 0 create PushTopic Name=Boxes "Query=SELECT Id, Name, Tenure__c FROM Box__c WHERE Name != null" ApiVersion:=64
run 0 create StreamingChannel Name=/u/notes -r json
notes=$(jq -r .id out)
for i in 1 2 3; do run 0 create Box__c Name="b$i" Tenure__c:="$i"; done
curl -sS -H "$auth" -H 'Content-Type: application/json' -d '{"pushEvents":[{"payload":"any text"}]}' \
    "$url/services/data/v64.0/sobjects/StreamingChannel/$notes/push" >/dev/null
run 8 listen '/topic/Boxes?Tenure__c>=2' /topic/Boxes /u/notes --replay earliest --max-idle 1s
of() { jq -sc --arg c "$1" "map(select(.channel == \$c)) | $2" out; }
check 'those that pass' test "$(of '/topic/Boxes?Tenure__c>=2' 'map(.payload.Name)')" = '["b2","b3"]'
check 'all of them' test "$(of /topic/Boxes 'map(.payload.Name)')" = '["b1","b2","b3"]'
check 'the kind' test "$(of /topic/Boxes 'map(.event.type)|unique')" = '["created"]'
check 'a generic event' test "$(of /u/notes 'map(.payload)')" = '["any text"]'
run 1 listen '/topic/Boxes?Tenure__c'
err_has 'The channel specified is not valid'
run 1 listen /u/nope
err_has '404::Unknown channel'
report
