#!/bin/bash
# org_topics_test.sh: PushTopics and generic channels over the wire: which queries are taken, which changes are told and how, filters,
# pushes for all and for some.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cometd.sh"
schema=$(mktemp)
jq '(.. | objects | select(.name? == "Box__c").fields) += [{"name":"Where_Seen__c","type":"string","label":"Where","length":40,"nillable":true}]' \
    "$source_dir/tests/integration/data/events.json" >"$schema"
start_org --seed empty --schema "$schema"
rm -f "$schema"
control POST streaming '{"timeout":5000}' >/dev/null
topic() { # NAME QUERY [MORE]: made; the answer
    rest POST sobjects/PushTopic "$(jq -nc --arg n "$1" --arg q "$2" '{Name:$n,Query:$q,ApiVersion:64} + '"${3:-{\}}")"
}
refused() { topic Bad "$1" | jq -c '.[0]|[.errorCode,.message,.fields]'; }

# ---- queries that are none ----
while IFS='|' read -r query message; do
    is "refused: $query" "$(refused "$query")" "[\"INVALID_FIELD\",\"$message\",[\"Query\"]]"
done <<'Q'
SELECT Name FROM Account|'Id' must be among the fields of the SELECT clause
SELECT Id, COUNT(Name) FROM Account|Aggregate queries are not supported
SELECT Id FROM Account GROUP BY Id|Aggregate queries are not supported
SELECT Id, Name FROM Contact LIMIT 10|'LIMIT' is not allowed
SELECT Id FROM Contact LIMIT 1 OFFSET 2|'LIMIT' is not allowed
SELECT Id, Name FROM Account ORDER BY Name|'ORDER BY' clause is not allowed
SELECT Id, Account.Name FROM Contact|relationships are not supported
SELECT Id, (SELECT Id FROM Contacts) FROM Account|relationships are not supported
SELECT Id FROM Contact WHERE Account.Name = 'x'|relationships are not supported
SELECT Id FROM Account WHERE NOT Name = 'x'|'NOT' is not supported
SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)|semi/anti join sub-selects are not supported
SELECT Id FROM User|sObject type 'User' is not supported
Q
is 'no such field' "$(refused 'SELECT Id, Nope__c FROM Account' | jq -c '.[0]')" '"INVALID_FIELD"'
is 'no such object' "$(refused 'SELECT Id FROM Nope__c' | jq -c '.[0]')" '"INVALID_TYPE"'
is 'no statement' "$(refused 'SELECT' | jq -c '.[0]')" '"MALFORMED_QUERY"'
is 'a name that is too long' "$(topic aaaaaaaaaaaaaaaaaaaaaaaaaa 'SELECT Id FROM Account' | jq -c '.[0].errorCode')" '"STRING_TOO_LONG"'
is 'an old version' "$(topic Old 'SELECT Id FROM Account' '{ApiVersion:20}' | jq -c '.[0]|[.errorCode,.fields]')" '["INVALID_FIELD",["ApiVersion"]]'
is 'no version' "$(rest POST sobjects/PushTopic '{"Name":"N","Query":"SELECT Id FROM Account"}' | jq -c '.[0]|[.errorCode,.fields]')" '["REQUIRED_FIELD_MISSING",["ApiVersion"]]'
is 'a wrong word' "$(topic W 'SELECT Id FROM Account' '{NotifyForFields:"Some"}' | jq -c '.[0].errorCode')" '"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"'

# ---- what is told ----
boxes=$(topic Boxes "SELECT Id, Name, Tenure__c FROM Box__c WHERE Tenure__c > 1" | jq -r .id)
is 'made' "${boxes:0:3}" 0IF
is 'its defaults' "$(rest GET "sobjects/PushTopic/$boxes" | jq -c '[.IsActive,.NotifyForFields,.NotifyForOperations,.NotifyForOperationCreate,.NotifyForOperationUndelete]')" '[true,"Referenced","All",true,true]'
is 'a name that is there' "$(topic Boxes 'SELECT Id FROM Account' | jq -c '.[0].errorCode')" '"DUPLICATE_VALUE"'
shake
subscribe /topic/Nope
is 'no such topic' "$(answer '.[0].error')" '"400::The channel you requested to subscribe to does not exist {/topic/Nope}"'
subscribe /topic/boxes
is 'names have their case' "$(answer '.[0].successful')" false
subscribe /topic/Boxes -1
is 'subscribed' "$(answer '.[0]|del(.clientId)')" '{"channel":"/meta/subscribe","id":"3","subscription":"/topic/Boxes","successful":true}'
told='[.event.type,.sobject]'
box=$(rest POST sobjects/Box__c '{"Name":"a","Tenure__c":3}' | jq -r .id)
poll
is 'created' "$(answer '.[0]|.data.event.createdDate|=length|.data.event.replayId|=type')" \
    "{\"data\":{\"event\":{\"createdDate\":24,\"replayId\":\"number\",\"type\":\"created\"},\"sobject\":{\"Id\":\"$box\",\"Name\":\"a\",\"Tenure__c\":3}},\"channel\":\"/topic/Boxes\"}"
rest PATCH "sobjects/Box__c/$box" '{"Move__c":true}'
rest PATCH "sobjects/Box__c/$box" '{"Tenure__c":1}'
rest PATCH "sobjects/Box__c/$box" '{"Tenure__c":5}'
is 'updated, where it matches and a named field changed' "$(events "$told")" "[[\"updated\",{\"Id\":\"$box\",\"Name\":\"a\",\"Tenure__c\":5}]]"
rest POST sobjects/Box__c '{"Name":"small","Tenure__c":0}' >/dev/null
rest POST composite/sobjects '{"allOrNone":true,"records":[{"attributes":{"type":"Box__c"},"Name":"c","Tenure__c":9},{"attributes":{"type":"Box__c"},"Nope__c":1}]}' >/dev/null
rest DELETE "sobjects/Box__c/$box"
is 'deleted: its id alone; nothing that was undone' "$(events "$told")" "[[\"deleted\",{\"Id\":\"$box\"}]]"
soap() {
    curl -sS --max-time 60 -H 'Content-Type: text/xml' -H 'SOAPAction: ""' --data-binary "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:partner.soap.sforce.com\"><e:Header><SessionHeader><sessionId>$token</sessionId></SessionHeader></e:Header><e:Body>$1</e:Body></e:Envelope>" "$url/services/Soap/u/64.0"
}
soap "<undelete><ids>$box</ids></undelete>" >/dev/null
is 'undeleted' "$(events "$told")" "[[\"undeleted\",{\"Id\":\"$box\",\"Name\":\"a\",\"Tenure__c\":5}]]"
rest PATCH "sobjects/PushTopic/$boxes" '{"NotifyForOperationCreate":false,"NotifyForFields":"Select","Query":"SELECT Id, Move__c FROM Box__c"}'
two=$(rest POST sobjects/Box__c '{"Name":"b","Tenure__c":3}' | jq -r .id)
rest PATCH "sobjects/Box__c/$two" '{"Tenure__c":4}'
rest PATCH "sobjects/Box__c/$two" '{"Move__c":true}'
is 'a changed topic, at once' "$(events "$told")" "[[\"updated\",{\"Id\":\"$two\",\"Move__c\":true}]]"
rest PATCH "sobjects/PushTopic/$boxes" '{"NotifyForFields":"Where","Query":"SELECT Id, Move__c FROM Box__c WHERE Tenure__c != 100"}'
rest PATCH "sobjects/Box__c/$two" '{"Move__c":false}'
rest PATCH "sobjects/Box__c/$two" '{"Tenure__c":6}'
is 'fields of the condition' "$(events "$told")" "[[\"updated\",{\"Id\":\"$two\",\"Move__c\":false}]]"
rest PATCH "sobjects/PushTopic/$boxes" '{"NotifyForFields":"All"}'
rest PATCH "sobjects/Box__c/$two" '{"Name":"bb"}'
is 'all fields' "$(events "$told")" "[[\"updated\",{\"Id\":\"$two\",\"Move__c\":false}]]"
rest PATCH "sobjects/PushTopic/$boxes" '{"IsActive":false}'
rest PATCH "sobjects/Box__c/$two" '{"Name":"bbb"}'
rest PATCH "sobjects/PushTopic/$boxes" '{"IsActive":true}'
rest PATCH "sobjects/Box__c/$two" '{"Name":"bbbb"}'
is 'one that rests tells nothing' "$(events .event.type)" '["updated"]'
rest DELETE "sobjects/PushTopic/$boxes"
subscribe /topic/Boxes
is 'one that is gone is no channel' "$(answer '.[0].successful')" false

# ---- an address, and what changes of others bring ----
topic Places "SELECT Id, Name, ShippingAddress, CreatedDate FROM Account" >/dev/null
topic Opps "SELECT Id, AccountId FROM Opportunity" >/dev/null
subscribe /topic/Places
subscribe /topic/Opps
account=$(rest POST sobjects/Account '{"Name":"A","ShippingCity":"Aveiro"}' | jq -r .id)
is 'parts keep their prefix' "$(events '.sobject|[.Name,.ShippingAddress.ShippingCity,(.ShippingAddress|has("ShippingStreet")),(.CreatedDate|test("^20..-.*T.*[.]000Z$"))]')" '[["A","Aveiro",true,true]]'
rest POST sobjects/Opportunity '{"Name":"O","StageName":"Prospecting","CloseDate":"2030-01-01","AccountId":"'"$account"'"}' >/dev/null
rest DELETE "sobjects/Account/$account"
is 'what is deleted along' "$(events .event.type)" '["deleted","created","deleted"]'
rest POST sobjects/Account '{"Name":"kept"}' >/dev/null
control DELETE events >/dev/null

# ---- filters ----
topic Filtered "SELECT Id, Name, Tenure__c, Move__c FROM Box__c" >/dev/null
subscribe '/topic/Filtered?Name=b%C3%A9&Tenure__c>=2'
is 'a filter' "$(answer '.[0].successful')" true
cometd '[{"channel":"/meta/subscribe","id":"3","clientId":"'"$client"'","subscription":"/topic/Filtered?Move__c='"'true'"'","ext":{"replay":{"/topic/Filtered":-1}}}]'
is 'the map has the name alone' "$(answer '.[0].successful')" true
for filter in 'Name' 'Name=' '=x' "Name='x" 'Name=x&' 'Na me=x' "Name=$(printf 'x%.0s' {1..300})"; do
    subscribe "/topic/Filtered?$filter"
    is "no filter: $filter" "$(answer '.[0].error')" '"400::The channel specified is not valid"'
done
for body in '{"Name":"bé","Tenure__c":1}' '{"Name":"BÉ","Tenure__c":2}' '{"Name":"x","Tenure__c":9,"Move__c":true}' '{"Name":"bé"}'; do
    rest POST sobjects/Box__c "$body" >/dev/null
done
poll
is 'each has what passes' "$(answer '[.[]|select(.data)|[.channel,.data.sobject.Name]]')" \
    "[[\"/topic/Filtered?Name=b%C3%A9&Tenure__c>=2\",\"BÉ\"],[\"/topic/Filtered?Move__c='true'\",\"x\"]]"

# ---- a field that begins like the keyword ----
topic Seen 'SELECT Id, Where_Seen__c FROM Box__c' >/dev/null
shake
subscribe /topic/Seen -1
rest POST sobjects/Box__c '{"Name":"w","Where_Seen__c":"here"}' >/dev/null
is 'a field named Where_Seen__c' "$(events .sobject.Where_Seen__c)" '["here"]'

# ---- generic channels ----
is 'a channel has its prefix' "$(rest POST sobjects/StreamingChannel '{"Name":"notes"}' | jq -c '.[0].errorCode')" '"INVALID_FIELD"'
notes=$(rest POST sobjects/StreamingChannel '{"Name":"/u/team/notes"}' | jq -r .id)
is 'made' "${notes:0:3}" 0M6
subscribe /u/nope
is 'no such channel' "$(answer '.[0].error')" '"404::Unknown channel"'
shake
subscribe /u/team/notes
push() { rest POST "sobjects/StreamingChannel/$notes/push" "$1"; }
is 'pushed' "$(push '{"pushEvents":[{"payload":"any \"text\" 日本","userIds":[]},{"payload":"two"}]}')" '[{"fanoutCount":-1,"userOnlineStatus":{}},{"fanoutCount":-1,"userOnlineStatus":{}}]'
poll
is 'told' "$(answer '.[0]|.data.event|=keys')" '{"data":{"event":["createdDate","replayId"],"payload":"any \"text\" 日本"},"channel":"/u/team/notes"}'
is 'in order' "$(answer '.[1].data.payload')" '"two"'
me=$(rest GET chatter/users/me 2>/dev/null | jq -r '.id // empty' 2>/dev/null)
me=${me:-$(curl -sS -H "$auth" "$url/services/oauth2/userinfo" | jq -r .user_id)}
is 'for some' "$(push '{"pushEvents":[{"payload":"mine","userIds":["'"$me"'"]},{"payload":"theirs","userIds":["005000000000001AAA"]}]}')" \
    "[{\"fanoutCount\":1,\"userOnlineStatus\":{\"$me\":true}},{\"fanoutCount\":0,\"userOnlineStatus\":{\"005000000000001AAA\":false}}]"
is 'only those' "$(events .payload)" '["mine"]'
is 'who listens' "$(rest GET "sobjects/StreamingChannel/$notes/push")" "{\"OnlineUserIds\":[\"$me\"],\"ChannelName\":\"/u/team/notes\"}"
is 'too long' "$(push "{\"pushEvents\":[{\"payload\":\"$(head -c 3001 /dev/zero | tr '\0' x)\"}]}" | jq -c '.[0].errorCode')" '"STRING_TOO_LONG"'
is 'just not' "$(push "{\"pushEvents\":[{\"payload\":\"$(head -c 3000 /dev/zero | tr '\0' x)\"}]}" | jq -c '.[0].fanoutCount')" -1
is 'no events' "$(push '{}' | jq -c '.[0].errorCode')" '"INVALID_FIELD"'
is 'all of a push or nothing' "$(push '{"pushEvents":[{"payload":"a"},{"payload":5}]}' | jq -c '.[0].errorCode')$(events '.payload|length')" '"INVALID_FIELD"[3000]'
is 'no such channel to push to' "$(rest POST sobjects/StreamingChannel/0M6000000000001AAA/push '{"pushEvents":[{"payload":"a"}]}' | jq -c '.[0].errorCode')" '"NOT_FOUND"'
for wild in '/data/*' '/**' /foo/bar; do
    subscribe "$wild"
    is "not ours to make: $wild" "$(answer '.[0].error')" '"403:denied_by_security_policy:create_denied"'
done

report
