#!/usr/bin/env bash
# sforce listen and publish as a user types them: lines and JSON, going on where the last run ended, and wrong input.
. "$(dirname "$0")/cli_lib.sh"
export XDG_STATE_HOME=$work/state
cat >schema.json <<'JSON'
{"sobjects":[{"name":"Low_Ink__e","label":"Low Ink","fields":[
  {"name":"Model__c","type":"string","length":80},{"name":"Level__c","type":"double","precision":16,"scale":2}]}]}
JSON
start_org --seed empty --schema schema.json
login_org
if [[ $(curl -s -o cometd.out -w '%{http_code}' -X POST "$url/cometd/64.0" -H 'Content-Type: application/json' -d '[]') == 404 ]]; then
    echo "the local org has no events"
    exit 77
fi

# Changes that the org has kept, then nothing for a moment: exit code 8.
run 0 create Account Name=Nordic NumberOfEmployees:=12 -r json
account=$(jq -r .id out)
run 0 update Account "$account" Name=Nordic2
run 0 delete Account "$account" --yes
run 8 listen /data/ChangeEvents --replay earliest --max-idle 1s
check "three changes" test "$(jq -s length out)" -eq 3
check "their kinds, in order" test "$(jq -r .payload.ChangeEventHeader.changeType out | paste -sd,)" = CREATE,UPDATE,DELETE
check "the record" test "$(jq -r .payload.ChangeEventHeader.recordIds[0] out | sort -u)" = "$account"
check "numbers are numbers" test "$(jq -s '.[0].payload.NumberOfEmployees' out)" = 12
check "channel and replay id" test "$(jq -s '.[0] | .channel + " " + (.replayId | type)' out)" = '"/data/ChangeEvents number"'
check "what ended it" grep -q 'no event came for 1 s' err
run 8 listen AccountChangeEvent --replay earliest --max-idle 1s -r table
check "a line for people" grep -qE "UPDATE Account $account  .*Name" out
first=$(head -1 out)
check "a time first" grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T' <<<"$first"
"$sforce" listen AccountChangeEvent --replay earliest --max-idle 1s >/dev/full 2>err
check "a full disk is exit code 1" test $? -eq 1
check "and told once" test "$(grep -c '^sforce: ' err)" -eq 1
err_has 'cannot write stdout'

# Platform events, and positions that are kept.
run 8 listen Low_Ink__e --replay stored --max-idle 1s
check "nothing yet" test ! -s out
run 0 publish Low_Ink__e Model__c=XZ-5 Level__c:=12
uuid=$(cat out)
check "a UUID" grep -qE '^[0-9a-f-]{36}$' out
run 8 listen /event/Low_Ink__e --replay earliest --max-idle 1s
json_is '.payload.Model__c' XZ-5
json_is '.event.EventUuid' "$uuid"
replay=$(jq .replayId out)
echo '{"Model__c":"XZ-6"}' >in
run_in 0 publish Low_Ink__e - -r json
json_is .success true
run 8 listen /event/Low_Ink__e --replay "$replay" --max-idle 1s
json_is '.payload.Model__c' XZ-6
"$sforce" listen Low_Ink__e --replay stored >live 2>live.err &
listener=$!
until grep -q Listening live.err; do kill -0 $listener || break; done
tries=0
until grep -q '"live"' live || [[ $tries -ge 50 ]]; do
    "$sforce" publish Low_Ink__e Model__c=live --quiet >/dev/null
    tries=$((tries + 1))
done
kill -INT $listener
wait $listener
code=$?
check "Ctrl-C is exit code 130" test $code -eq 130
check "what came since the run without events, then what happens" test "$(head -3 live | jq -rs 'map(.payload.Model__c) | join(" ")')" = 'XZ-5 XZ-6 live'
last=$(tail -1 live | jq .replayId)
check "its position is kept" grep -qx "$last" "$XDG_STATE_HOME"/sforce/replay/*/*Low_Ink__e
run 0 publish Low_Ink__e Model__c=later
run 8 listen Low_Ink__e --replay stored --max-idle 1s
check "nothing twice, nothing missing" test "$(tail -1 out | jq -r .payload.Model__c)" = later
check "each after the position" test "$(jq -s --argjson last "$last" 'all(.replayId > $last)' out)" = true
for file in "$XDG_STATE_HOME"/sforce/replay/*/*Low_Ink__e; do : >"$file"; done
run 1 listen Low_Ink__e --replay stored --max-idle 1s
err_has 'is damaged: it is empty'
for file in "$XDG_STATE_HOME"/sforce/replay/*/*Low_Ink__e; do echo abc >"$file"; done
run 1 listen Low_Ink__e --replay stored --max-idle 1s
err_has "\"abc\" is no replay id; remove the file $file to begin anew"
for file in "$XDG_STATE_HOME"/sforce/replay/*/*Low_Ink__e; do echo since noon >"$file"; done
run 1 listen Low_Ink__e --replay stored --max-idle 1s
err_has "$file is damaged: it says no time; remove it to begin anew"

run 2 listen
run 2 listen /data/ChangeEvents --replay yesterday
run 2 listen /data/ChangeEvents --max-idle soon
run 2 listen /data/ChangeEvents -r csv
run 2 listen /data/ChangeEvents -O events.json
run 2 listen /meta/connect
run 2 publish Account Name=x
run 2 publish Low_Ink__e
run 1 publish Low_Ink__e Nothing__c=1
run 1 listen /event/Nowhere__e
check "the org's reason" grep -q 'Nowhere__e' err
check 'and how to find those that are there' grep -q 'sforce describe | grep __e' err
run 1 publish Nowhere__e A__c=1
check 'publishing to no event as well' grep -q 'sforce describe | grep __e' err
echo '{"A__c":"1"}' >one.ndjson
run 1 publish Nowhere__e -f one.ndjson
check 'and many' grep -q 'sforce describe | grep __e' err
run 2 publish LoginEventStream Status=x
check 'what the org alone publishes' grep -q 'LoginEventStream is published by the org alone; hint: sforce listen LoginEventStream' err
run 8 listen LoginEventStream --replay earliest --max-idle 1s
check 'but tells it' jq -e 'select(.channel=="/event/LoginEventStream")|.payload|.Status=="Success" and .UserType=="Standard"' out
report
