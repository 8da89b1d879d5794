#!/bin/bash
# events_org_test.sh: what the local org says over CometD beside what real orgs once said: the same members, the same types, the same
# words. The recordings lie outside the repository (../shared/recorded); without them the test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
cat >"$work/schema.json" <<'J'
{"sobjects":[
 {"name":"Employee__c","label":"Employee","fields":[
  {"name":"First_Name__c","type":"string","length":80,"nillable":true},{"name":"Last_Name__c","type":"string","length":80,"nillable":true},
  {"name":"Tenure__c","type":"double","precision":18,"scale":1,"nillable":true}]},
 {"name":"Distributor__c","label":"Distributor","fields":[]},
 {"name":"Box__c","label":"Box","fields":[{"name":"Move__c","type":"boolean"}]},
 {"name":"Status__e","label":"Status","fields":[{"name":"StatusChanged__c","type":"string","length":80,"nillable":true}]}]}
J
start_org --seed empty --schema "$work/schema.json"
cometd() { curl -sS --max-time 30 -H "$auth" -H 'Content-Type: application/json' -o "$work/ours" --data-binary "$1" "$url/cometd/64.0"; }
rest() { curl -sS --max-time 30 -X "$1" -H "$auth" -H 'Content-Type: application/json' ${3:+--data-binary "$3"} "$url/services/data/v64.0/$2"; }
# What stands there whatever the values: members with their types; words and flags of the protocol as they are.
protocol='map(.clientId? |= (if . then "c" else . end) | .id |= type) | map(with_entries(select(.value != null)))'
message() { # FILE: the last answer has the form of this recorded one
    same "$1" "$(jq -cS "$protocol" "$work/ours")" "$(jq -cS "$protocol" "$recorded/$1")"
}
cometd '[{"channel":"/meta/handshake","id":"305","version":"1.0","supportedConnectionTypes":["long-polling"]}]'
client=$(jq -r '.[0].clientId' "$work/ours")
message bayeux/handshake-ok.json
message more/bayeux/handshake-ok-2026.json
same 'order of the handshake' "$(jq -c '.[0]|keys_unsorted' "$work/ours")" "$(jq -c '.[0]|keys_unsorted' "$recorded/bayeux/handshake-ok.json")"
cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"106","clientId":"'"$client"'"}]'
message bayeux/connect-first-advice.json
cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"107","clientId":"'"$client"'","advice":{"timeout":0}}]'
message more/bayeux/connect-later-no-advice.json
cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"304","clientId":"5nbgiqfrsirccvmf20obbgdr9sm"}]'
message bayeux/connect-403-unknown-client.json
message more/bayeux/connect-403-java-log.json
text() { jq -r '.[0].error' "$1" | sed -E 's/\{[0-9]+\}/{N}/; s#/(topic/topicName|event/Status__e)#CHANNEL#'; }
cometd '[{"channel":"/meta/subscribe","id":"27","clientId":"'"$client"'","subscription":"/event/Status__e","ext":{"replay":{"/event/Status__e":82}}}]'
same 'an invalid id' "$(text "$work/ours")" "$(text "$recorded/bayeux/subscribe-400-replay-id-invalid.json")"
same 'its members' "$(jq -c '.[0]|keys_unsorted' "$work/ours")" "$(jq -c '.[0]|keys_unsorted' "$recorded/bayeux/subscribe-400-replay-id-invalid.json")"
cometd '[{"channel":"/meta/subscribe","id":"27","clientId":"'"$client"'","subscription":"/event/Status__e","ext":{"replay":{}}}]'
same 'a wrong map' "$(text "$work/ours")" "$(text "$recorded/bayeux/subscribe-400-replay-map-wrong.json")"

# ---- events ----
cometd '[{"channel":"/meta/subscribe","id":"1","clientId":"'"$client"'","subscription":"/data/ChangeEvents"},{"channel":"/meta/subscribe","id":"2","clientId":"'"$client"'","subscription":"/event/Status__e"}]'
id=$(rest POST sobjects/Employee__c '{"Name":"e-100","First_Name__c":"Patricia","Last_Name__c":"Smith"}' | jq -r .id)
rest PATCH "sobjects/Employee__c/$id" '{"Tenure__c":3}'
rest DELETE "sobjects/Employee__c/$id"
box=$(rest POST sobjects/Box__c '{"Name":"b"}' | jq -r .id)
rest PATCH "sobjects/Box__c/$box" '{"Move__c":true}'
contact=$(rest POST sobjects/Contact '{"LastName":"Old"}' | jq -r .id)
rest PATCH "sobjects/Contact/$contact" '{"LastName":"Youngest"}'
rest POST sobjects/Status__e '{"StatusChanged__c":"Escalated"}' >/dev/null
cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"3","clientId":"'"$client"'"}]'
cp "$work/ours" "$work/all"
# ---- PushTopics ----
rest POST sobjects/PushTopic '{"Name":"Employees","Query":"SELECT Id, Name, First_Name__c, Last_Name__c FROM Employee__c","ApiVersion":64}' >/dev/null
rest POST sobjects/PushTopic '{"Name":"Accounts","Query":"SELECT Id, Name, Type, Phone, Fax, Website, Industry, Ownership, Rating, Site, AccountNumber, ShippingAddress FROM Account","ApiVersion":64}' >/dev/null
cometd '[{"channel":"/meta/subscribe","id":"1","clientId":"'"$client"'","subscription":"/topic/Employees"},{"channel":"/meta/subscribe","id":"2","clientId":"'"$client"'","subscription":"/topic/Accounts"}]'
id=$(rest POST sobjects/Employee__c '{"Name":"e-101","First_Name__c":"Ada"}' | jq -r .id)
rest PATCH "sobjects/Employee__c/$id" '{"Last_Name__c":"Lima"}'
rest DELETE "sobjects/Employee__c/$id"
rest POST sobjects/Account '{"Name":"A","Site":"S","Industry":"Apparel","Ownership":"Public","Type":"Prospect","Phone":"1","Website":"w","Fax":"1","AccountNumber":"1","ShippingCity":"Nugegoda","ShippingState":"western","ShippingCountry":"Sri Lanka","ShippingPostalCode":"1","ShippingStreet":"s"}' >/dev/null
cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"3","clientId":"'"$client"'"}]'
jq -c 'map(select(.channel | startswith("/topic/")) | .data)' "$work/ours" >"$work/topics"
topic() { # INDEX FILE: members and their types; the fields of records are what each topic selects
    local form='.event.type as $type | .event |= map_values(type) | .event.type = $type | .sobject |= (if $deep then map_values(if type == "object" then (keys|sort) else "value" end) else length end)'
    local ours theirs deep=${3:-false}
    ours=$(jq -cS --argjson deep "$deep" ".[$1] | $form" "$work/topics")
    theirs=$(jq -cS --argjson deep "$deep" "$form" "$recorded/$2")
    same "$2" "$ours" "$theirs"
}
topic 0 events/pushtopic-created.json
topic 1 more/events/pushtopic-updated.json
topic 2 events/pushtopic-deleted.json
topic 3 events/pushtopic-compound-address.json true
# Values that are facts of the record stay; ids, times and numbers become their types and lengths.
form='walk(if type == "number" then "number" elif type == "string" and test("^[0-9]{4}-.*Z$") then gsub("[0-9]"; "9") elif type == "string" and test("^(a|0|e)[0-9a-zA-Z]{17}$") then "id" else . end)
 | .schema |= length | if .payload.ChangeEventHeader then .payload.ChangeEventHeader |= ((.transactionKey | strings) |= gsub("[0-9a-f]"; "x") | del(.changeOrigin)) else . end'
event() { # INDEX FILE [MORE-JQ]
    same "$2" "$(jq -cS ".[$1].data|$form${3:-}" "$work/all")" "$(jq -cS "$form${3:-}" "$recorded/$2")"
}
event 0 events/cdc-employee-create.json
event 1 events/cdc-employee-update.json
event 2 events/cdc-employee-delete.json
event 4 events/cdc-box-update-empty-origin.json
same 'schema id' "$(jq -r '.[0].data.schema|length' "$work/all")" "$(jq -r '.schema|length' "$recorded/events/cdc-employee-create.json")"
bare='{payload:.}|.schema="x"|'
same events/cdc-contact-update.json "$(jq -cS ".[6].data.payload|$bare$form" "$work/all")" "$(jq -cS "$bare$form" "$recorded/events/cdc-contact-update.json")"
event 7 events/platform-event-2021.json ' | .event |= {replayId} | .payload.CreatedDate |= length'

# ---- a standard platform event: a login ----
cometd '[{"channel":"/meta/handshake","id":"1"}]'
client=$(jq -r '.[0].clientId' "$work/ours")
cometd '[{"channel":"/meta/connect","id":"1","clientId":"'"$client"'"},{"channel":"/meta/subscribe","id":"2","clientId":"'"$client"'","subscription":"/event/LoginEventStream"}]'
curl -sS --max-time 30 -o /dev/null "$url/services/oauth2/token" -d grant_type=client_credentials -d "client_id=$(of_org client_id)" -d "client_secret=$(of_org client_secret)"
cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"3","clientId":"'"$client"'"}]'
login=bayeux/login-event-delivery.json
jq '.[:1]' "$work/ours" >"$work/login" # without the connect
# Recorded with an API version of before 52.0, whose header has the replay id alone.
login_form='map(.data.event |= {replayId} | .data |= (.schema |= type | .event |= map_values(type) | .payload |= (with_entries(.value |= if type == "string" then gsub("[0-9]{4}-[0-9T:-]+Z$"; "date") | if . == "date" then . else "string" end else type end))))'
same "$login" "$(jq -cS "$login_form" "$work/login")" "$(jq -cS "$login_form" "$recorded/$login")"
same 'order of a login' "$(jq -c '.[0].data.payload|keys_unsorted' "$work/login")" "$(jq -c '.[0].data.payload|keys_unsorted' "$recorded/$login")"
same 'words of a login' "$(jq -cS '.[0].data.payload|{ApiType,ApiVersion,AdditionalInfo,Browser,ClientVersion,HttpMethod,LoginType,Platform,SessionLevel,Status,TlsProtocol,UserType,EvaluationTime}' "$work/login")" \
    "$(jq -cS '.[0].data.payload|{ApiType,ApiVersion,AdditionalInfo,Browser,ClientVersion,HttpMethod,LoginType,Platform,SessionLevel,Status,TlsProtocol,UserType,EvaluationTime}' "$recorded/$login")"
same more/events/login-event-stream-payload.json "$(jq -c '.[0].data.payload|keys_unsorted' "$work/login")" "$(jq -c keys_unsorted "$recorded/more/events/login-event-stream-payload.json")"
same 'lengths of its ids' "$(jq -c '.[0].data.payload|map_values(strings|select(test("^0[0-9a-zA-Z]{14,17}$"))|length)' "$work/login")" "$(jq -c '.[0].data.payload|map_values(strings|select(test("^0[0-9a-zA-Z]{14,17}$"))|length)' "$recorded/$login")"

# ---- more changes ----
cometd '[{"channel":"/meta/handshake","id":"1"}]'
client=$(jq -r '.[0].clientId' "$work/ours")
cometd '[{"channel":"/meta/connect","id":"1","clientId":"'"$client"'"},{"channel":"/meta/subscribe","id":"2","clientId":"'"$client"'","subscription":"/data/ChangeEvents"}]'
id=$(rest POST sobjects/Employee__c '{"Name":"e-100","First_Name__c":"Patricia","Last_Name__c":"Smith","Tenure__c":3}' | jq -r .id)
rest DELETE "sobjects/Employee__c/$id"
curl -sS --max-time 30 -o /dev/null -H 'Content-Type: text/xml' -H 'SOAPAction: ""' "$url/services/Soap/u/64.0" --data-binary \
    "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:partner.soap.sforce.com\"><e:Header><SessionHeader><sessionId>$token</sessionId></SessionHeader></e:Header><e:Body><undelete><ids>$id</ids></undelete></e:Body></e:Envelope>"
rest POST sobjects/Distributor__c '{"Name":"Mohanc"}' >/dev/null
lead=$(rest POST sobjects/Lead '{"LastName":"L","Company":"C","Street":"s","PostalCode":"p"}' | jq -r .id)
rest PATCH "sobjects/Lead/$lead" '{"Street":null,"PostalCode":null}'
contact=$(rest POST sobjects/Contact '{"LastName":"L","MailingStreet":"a","MailingCity":"b","OtherPostalCode":"c"}' | jq -r .id)
rest PATCH "sobjects/Contact/$contact" '{"MailingStreet":"1235 wildwood St","MailingCity":null,"OtherPostalCode":null}'
user=$(curl -sS -H "$auth" "$url/services/oauth2/userinfo" | jq -r .user_id)
rest PATCH "sobjects/User/$user" '{"FirstName":"BUTTERBALL"}'
cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"3","clientId":"'"$client"'"}]'
cp "$work/ours" "$work/all"
event 2 more/events/cdc-employee-undelete.json
event 3 more/events/cdc-distributor-create-2024.json
change() { # INDEX FILE JQ: the payload, but what differs between recordings of one transaction
    local rest="del(.ChangeEventHeader.recordId,.ChangeEventHeader.recordIds,.LastModifiedById)|.ChangeEventHeader.changedFields=(.ChangeEventHeader.changedFields-[\"LastModifiedDate\",\"LastModifiedById\"]|sort)${3:-}"
    same "$2" "$(jq -cS ".[$1].data.payload|$bare$form|.payload|$rest" "$work/all")" "$(jq -cS "$bare$form|.payload|$rest" "$recorded/$2")"
}
change 5 more/events/cdc-lead-update-address.json
change 7 events/cdc-contact-update-address-parts.json
change 8 more/events/cdc-user-update.json '|.ChangeEventHeader.commitUser="id"'

# ---- what only goes wrong on command, and a filter in the wrong place ----
fault() { curl -sS --max-time 30 -o /dev/null -d "{\"spec\":\"$1\"}" "$url/__org/faults"; }
rest POST sobjects/PushTopic '{"Name":"TestContact1","Query":"SELECT Id, LastName FROM Contact","ApiVersion":64}' >/dev/null
topic="/topic/TestContact1?LastName='Smith'"
cometd "[{\"channel\":\"/meta/subscribe\",\"id\":\"1\",\"clientId\":\"$client\",\"subscription\":\"$topic\",\"ext\":{\"replay\":{\"$topic\":-1}}}]"
same more/bayeux/subscribe-400-replay-map-filter.json "$(jq -r '.[0].error' "$work/ours")" "$(jq -r '.[0].error' "$recorded/more/bayeux/subscribe-400-replay-map-filter.json")"
fault forget:times=1,advice=none
cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"8","clientId":"'"$client"'"}]'
jq '.[1:]' "$work/ours" >"$work/last" && mv "$work/last" "$work/ours" # a bare disconnect stands in front
message bayeux/connect-403-unknown-client-reconnect-none.json
message more/bayeux/connect-403-unknown-client-2017.json
fault deny-handshake:times=1
cometd '[{"channel":"/meta/handshake","id":"370"}]'
message bayeux/handshake-401-authentication-invalid.json

report
