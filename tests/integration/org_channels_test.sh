#!/bin/bash
# org_channels_test.sh: channels of the org's own and what they add, objects that nobody selected, events that do not wait for their
# transaction, gaps and overflows, how long the log is, cookies, limits.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cometd.sh"
start_org --seed empty --schema "$source_dir/tests/integration/data/channels.json"
control POST streaming '{"timeout":5000}' >/dev/null
of() { jq -c --arg c "$1" "[.[]|select(.channel==\$c)|.data|$2]" "$work/body"; }
has_channel() { subscribe "$1"; is "channel $1" "$(answer '.[0].successful')" "$2"; }

# ---- which channels there are ----
shake
has_channel /data/Sales__chn true
has_channel /event/Prints__chn true
has_channel /data/AccountChangeEvent true
has_channel /data/LeadChangeEvent true
has_channel /data/ContactChangeEvent false
is 'an object that nobody selected' "$(answer '.[0].error')" '"400::The channel you requested to subscribe to does not exist {/data/ContactChangeEvent}"'
has_channel /event/Sales__chn false
has_channel /data/Nope__chn false
has_channel /data/ChangeEvents true

# ---- members, and what is added ----
kind='.payload.ChangeEventHeader|[.entityName,.changeType]'
account=$(rest POST sobjects/Account '{"Name":"A","Industry":"Energy","BillingCity":"Aveiro","Website":"w"}' | jq -r .id)
rest POST sobjects/Contact '{"LastName":"L"}' >/dev/null
rest POST sobjects/Lead '{"LastName":"L","Company":"C"}' >/dev/null
rest POST sobjects/Box__c '{"Name":"b"}' >/dev/null
poll
is 'of all selected' "$(of /data/ChangeEvents "$kind")" '[["Account","CREATE"],["Box__c","CREATE"]]'
is 'of a channel' "$(of /data/Sales__chn "$kind")" '[["Account","CREATE"],["Lead","CREATE"]]'
is 'of an object' "$(of /data/AccountChangeEvent "$kind")" '[["Account","CREATE"]]'
rest PATCH "sobjects/Account/$account" '{"Website":"v"}'
poll
is 'an update, as it is' "$(of /data/AccountChangeEvent '.payload|del(.ChangeEventHeader,.LastModifiedDate)')" '[{"Website":"v"}]'
is 'and enriched: what has a value' "$(of /data/Sales__chn '.payload|del(.ChangeEventHeader,.LastModifiedDate)' | jq -cS)" \
    '[{"BillingAddress":{"City":"Aveiro"},"Industry":"Energy","Website":"v"}]'
is 'which did not change' "$(of /data/Sales__chn '.payload.ChangeEventHeader.changedFields')" '[["LastModifiedDate","Website"]]'
is 'the header is the same' "$(answer '[.[]|select(.data)|.data.payload.ChangeEventHeader|[.transactionKey,.commitNumber,.sequenceNumber]]|unique|length')" 1
two=$(rest POST sobjects/Account '{"Name":"B","Industry":"Banking"}' | jq -r .id)
poll
rest PATCH composite/sobjects "$(jq -nc --arg a "$account" --arg b "$two" '{records:[$a,$b]|map({attributes:{type:"Account"},id:.,Industry:"Other",Website:"x"})}')" >/dev/null
poll
is 'merged' "$(of /data/AccountChangeEvent '.payload.ChangeEventHeader.recordIds|length')" '[2]'
is 'each record of it is enriched' "$(of /data/Sales__chn '[.payload.BillingAddress,(.payload.ChangeEventHeader.recordIds|length)]')" '[[{"City":"Aveiro"},1],[null,1]]'
rest DELETE "sobjects/Account/$account"
poll
is 'a deletion has fields there alone' "$(of /data/AccountChangeEvent '.payload|del(.ChangeEventHeader)')$(of /data/Sales__chn '.payload|[.Industry,.BillingAddress]')" \
    '[{}][["Other",{"City":"Aveiro"}]]'
rest POST sobjects/Low_Ink__e '{"Model__c":"XZ-5"}' >/dev/null
poll
is 'platform events' "$(of /event/Prints__chn '[.payload.Model__c,.event.EventApiName]')" '[["XZ-5","Low_Ink__e"]]'
first=$(rest POST sobjects/Low_Ink__e '{"Model__c":"first"}' >/dev/null; poll; of /event/Prints__chn .event.replayId | jq '.[0]')
rest POST sobjects/Low_Ink__e '{"Model__c":"second"}' >/dev/null
shake
subscribe /event/Prints__chn "$first"
is 'replay of a channel of its own' "$(events .payload.Model__c)" '["second"]'

# ---- events that do not wait ----
shake
subscribe /event/Low_Ink__e
subscribe /event/Now__e
bad='{"attributes":{"type":"Box__c"},"Nope__c":1}'
is 'all or none, but what was told' "$(rest POST composite/sobjects '{"allOrNone":true,"records":[{"attributes":{"type":"Now__e"},"Text__c":"told"},{"attributes":{"type":"Low_Ink__e"},"Model__c":"not told"},'"$bad"']}' |
    jq -c '[.[]|[.success,.errors[0].statusCode]]')" '[[true,"OPERATION_ENQUEUED"],[false,"ALL_OR_NONE_OPERATION_ROLLED_BACK"],[false,"INVALID_FIELD"]]'
is 'it was' "$(events '.payload|(.Text__c//.Model__c)')" '["told"]'
composite() { jq -nc --arg t "$1" --argjson f "$2" '{allOrNone:true,compositeRequest:[{method:"POST",url:"/services/data/v64.0/sobjects/\($t)",referenceId:"a",body:$f},{method:"POST",url:"/services/data/v64.0/sobjects/Account",referenceId:"b",body:{}}]}'; }
rest POST composite "$(composite Low_Ink__e '{"Model__c":"never"}')" >/dev/null
rest POST composite "$(composite Now__e '{"Text__c":"at once"}')" >/dev/null
is 'nor of a composite that is undone' "$(events '.payload|(.Text__c//.Model__c)')" '["at once"]'
rest POST sobjects/Now__e '{"Text__c":"alone"}' >/dev/null
is 'alone' "$(events .payload.Text__c)" '["alone"]'
bulk=$(rest POST jobs/ingest '{"object":"Low_Ink__e","operation":"insert","lineEnding":"LF"}' | jq -r .id)
curl -sS --max-time 60 -X PUT -H "$auth" -H 'Content-Type: text/csv' --data-binary $'Model__c\nby bulk\nand again\n' "$url/services/data/v64.0/jobs/ingest/$bulk/batches"
rest PATCH "jobs/ingest/$bulk" '{"state":"UploadComplete"}' >/dev/null
is 'by bulk' "$(events .payload.Model__c)" '["by bulk","and again"]'
for operation in update delete upsert; do
    is "no $operation of events" "$(rest POST jobs/ingest '{"object":"Low_Ink__e","operation":"'$operation'","lineEnding":"LF"}' | jq -c '.[0].message')" \
        '"InvalidJob : Platform events like Low_Ink__e can only be inserted"'
done

# ---- gaps and overflows ----
shake
subscribe /data/AccountChangeEvent
subscribe /data/Sales__chn
gap() { control POST events "$1"; }
gap '{"entity":"Account","changeType":"GAP_UPDATE","recordIds":["'"$two"'","001*"]}' >/dev/null
poll
is 'a gap' "$(of /data/AccountChangeEvent '.payload|[keys,(.ChangeEventHeader|.changeType,.recordIds,.changedFields,.changeOrigin)]')" \
    "[[[\"ChangeEventHeader\"],\"GAP_UPDATE\",[\"$two\",\"001*\"],[],\"\"]]"
is 'on other channels too' "$(of /data/Sales__chn .payload.ChangeEventHeader.changeType)" '["GAP_UPDATE"]'
gap '{"entity":"Account","changeType":"GAP_OVERFLOW"}' >/dev/null
is 'an overflow' "$(poll; of /data/AccountChangeEvent '.payload.ChangeEventHeader|[.changeType,.recordIds]')" '[["GAP_OVERFLOW",["000000000000000AAA"]]]'
is 'no gap of what has no events' "$(gap '{"entity":"Contact","changeType":"GAP_OVERFLOW"}' | jq -r '.[0].errorCode')" INVALID_FIELD
is 'no such gap' "$(gap '{"entity":"Account","changeType":"GAP_UPDATE"}' | jq -r '.[0].errorCode')" INVALID_EVENT
control POST streaming '{"eventBytes":1000,"changes":3}' >/dev/null
rest PATCH "sobjects/Account/$two" "{\"Description\":\"$(head -c 900 /dev/zero | tr '\0' x)\"}"
is 'a change that is too large to tell' "$(poll; of /data/AccountChangeEvent '.payload.ChangeEventHeader|[.changeType,.recordIds]')" "[[\"GAP_UPDATE\",[\"$two\"]]]"
rest POST composite/sobjects '{"records":[{"attributes":{"type":"Account"},"Name":"1"},{"attributes":{"type":"Account"},"Name":"2"},{"attributes":{"type":"Account"},"Name":"3"},{"attributes":{"type":"Account"},"Name":"4"},{"attributes":{"type":"Account"},"Name":"5"}]}' >/dev/null
is 'more changes than can be told' "$(poll; of /data/AccountChangeEvent '.payload.ChangeEventHeader|[.changeType,.sequenceNumber]')" \
    '[["CREATE",1],["CREATE",2],["CREATE",3],["GAP_OVERFLOW",4]]'
control POST streaming '{"eventBytes":1048576,"changes":100000}' >/dev/null

# ---- how long the log is ----
shake
subscribe /data/AccountChangeEvent -2
count=$(events .event.replayId | jq length)
control POST streaming '{"kept":4}' >/dev/null
shake
subscribe /data/Sales__chn -2
kept=$(events .event.replayId)
is 'the newest are kept' "$([ "$count" -gt 4 ] && jq 'length<=4' <<<"$kept")" true
is 'limits out of range' "$(control POST streaming '{"kept":0}' | jq -r '.[0].errorCode')" INVALID_LIMIT
control POST streaming '{"kept":100000,"clients":1}' >/dev/null
control DELETE streaming >/dev/null
shake
cometd '[{"channel":"/meta/handshake","id":"1"}]'
is 'too many clients' "$(answer '.[0]|[.error,.ext.sfdc.failureReason]')" '["403::Handshake denied","403::Organization concurrent user limit exceeded"]'
control POST streaming '{"clients":1000,"session":1}' >/dev/null
read -rt 0.05 <> <(:)
poll
is 'a client that was silent for too long' "$(answer '.[0].error')" '"403::Unknown client"'
stop_org

# ---- cookies that are asked for ----
start_org --seed empty --policy cookies
jar() { curl -sS --max-time 20 -H "$auth" -H 'Content-Type: application/json' -o "$work/body" "$@" "$url/cometd/64.0"; }
jar -c "$work/jar" --data-binary '[{"channel":"/meta/handshake","id":"1"}]'
client=$(jq -r '.[0].clientId' "$work/body")
connect='[{"channel":"/meta/connect","connectionType":"long-polling","id":"2","clientId":"'$client'"}]'
jar --data-binary "$connect"
is 'none came back' "$(answer '.[0].error')" "\"400::Client {$client} has established a session, but no BAYEUX_BROWSER cookie present\""
jar -b "$work/jar" --data-binary "$connect"
is 'both did' "$(answer '.[0].successful')" true
browser=$(awk '$6 == "BAYEUX_BROWSER" { print $7 }' "$work/jar")
route=$(awk '$6 == "sfdc-stream" { print $7 }' "$work/jar")
is 'of the form of real ones' "$(grep -c '^![A-Za-z0-9/+]*/+==$' <<<"$route")" 1
jar -b "BAYEUX_BROWSER=$browser; sfdc-stream=${route//\//%2F}" --data-binary "$connect"
is 'encoded, they are others' "$(answer '.[0]|[.error,.advice.reconnect]')" '["403::Unknown client","handshake"]'
jar -b "sfdc-stream=$route; other=1; BAYEUX_BROWSER=$browser" --data-binary "$(jq -c '.[0].advice={timeout:0}' <<<"$connect")"
is 'in any order' "$(answer '.[0].error')" null
jar -H "Cookie: BAYEUX_BROWSER=$browser" -H "cookie: sfdc-stream=$route" --data-binary "$(jq -c '.[0].advice={timeout:0}' <<<"$connect")"
is 'each in a header of its own' "$(answer '.[0].error')" null
stop_org

# ---- schema files that are wrong ----
wrong() { # CHANNELS WORDS
    printf '{"sobjects":[],"platformEventChannels":%s}' "$1" >"$work/wrong.json"
    "$org_program" --port 0 --data :memory: --seed empty --schema "$work/wrong.json" >"$work/wrong.out" 2>&1
    is "refused: $2" "$? $(grep -c -- "$2" "$work/wrong.out")" '1 1'
}
wrong '{}' 'platformEventChannels is not an array'
wrong '[{"name":"Sales"}]' 'a name ends in __chn, or is ChangeEvents'
wrong '[{"name":"A__chn","channelType":"x","members":[]}]' 'channelType is data or event, not: x'
wrong '[{"name":"A__chn","members":[{"selectedEntity":"Account"}]}]' 'selectedEntity names no event: Account'
wrong '[{"name":"A__chn","members":[{"selectedEntity":"AccountChangeEvent","enrichedFields":["Nope"]}]}]' 'enrichedFields names no field: Nope'
wrong '[{"name":"A__chn","members":[]},{"name":"A__chn","members":[]}]' 'it is there twice'
start_org --seed empty

report
