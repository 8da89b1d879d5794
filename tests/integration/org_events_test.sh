#!/bin/bash
# org_events_test.sh: what sforce-org tells its subscribers, over the wire as curl sees it: the handshake and its refusals, long
# polls that wait, what each kind of write comes to, replay, and the ends of sessions.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cometd.sh"
start_org --seed empty --schema "$source_dir/tests/integration/data/events.json"

# ---- handshake ----
cometd '[{"channel":"/meta/handshake","id":7,"version":"1.0"}]' 64.0/handshake
is 'handshake' "$(answer 'del(.[0].clientId)')" \
    '[{"ext":{"replay":true,"payload.format":true},"minimumVersion":"1.0","supportedConnectionTypes":["long-polling"],"channel":"/meta/handshake","id":7,"version":"1.0","successful":true}]'
is 'its cookie' "$(grep -ci '^set-cookie: BAYEUX_BROWSER=' "$work/head")" 1
for scheme in "OAuth $token" "$token"; do
    auth="Authorization: $scheme"
    cometd '{"channel":"/meta/handshake","id":"1"}' 64.0/
    is "a message alone, by ${scheme%% *}" "$(answer '.[0].successful')" true
done
auth='Authorization: Bearer nothing'
cometd '[{"channel":"/meta/handshake","id":"1"}]'
is 'a dead token' "$status $(answer .)" '200 [{"ext":{"sfdc":{"failureReason":"401::Authentication invalid"},"replay":true},"advice":{"reconnect":"none"},"channel":"/meta/handshake","id":"1","error":"403::Handshake denied","successful":false}]'
auth='X-None: 1'
cometd '[{"channel":"/meta/handshake","id":"1"}]'
is 'no token' "$(answer .)" '[{"error":"401::Request requires authentication","successful":false}]'
auth="Authorization: Bearer $token"
cometd '[]' 36.0
is 'an old version' "$status $(answer '.[0].error[0:28]')" '400 "400::Unsupported API version"'
cometd '{"channel":'
is 'no JSON' "$status" 400
cometd "[{\"channel\":\"/meta/handshake\",\"id\":\"$(head -c 33000 /dev/zero | tr '\0' x)\"}]"
is 'a request too large' "$status" 413
is 'no web socket' "$(curl -sS --max-time 10 -o /dev/null -w '%{http_code}' -H "$auth" "$url/cometd/64.0")" 400
cometd '[{"channel":"/meta/connect","id":"83","clientId":"abc"}]'
is 'an unknown client' "$(answer .)" '[{"advice":{"reconnect":"handshake","interval":0},"channel":"/meta/connect","id":"83","error":"403::Unknown client","successful":false}]'

# ---- subscribing ----
shake
is 'the first connect' "$(answer '.[0]|del(.clientId)')" '{"advice":{"reconnect":"retry","interval":0,"timeout":110000},"channel":"/meta/connect","id":"2","successful":true}'
subscribe /data/NopeChangeEvent
is 'no such channel' "$(answer '.[0].error')" '"400::The channel you requested to subscribe to does not exist {/data/NopeChangeEvent}"'
subscribe data/ChangeEvents
is 'no slash' "$(answer '.[0].error')" "\"400::Channel subscriptions must start with a leading '/'\""
subscribe /data/ChangeEvents 17
is 'an id that never was' "$(answer '.[0].error')" '"400::The replayId {17} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 to replay only new events."'
subscribe /data/ChangeEvents -1
is 'subscribed' "$(answer '.[0]|del(.clientId)')" '{"channel":"/meta/subscribe","id":"3","subscription":"/data/ChangeEvents","successful":true}'
subscribe /event/Low_Ink__e

# ---- a poll that waits until something happens ----
poll &
waiting=$!
account=$(rest POST sobjects/Account '{"Name":"Acme","BillingCity":"Aveiro","NumberOfEmployees":5,"AnnualRevenue":12}' | jq -r .id)
wait $waiting
is 'create' "$(answer '[.[0]|.channel,.data.payload.Name,.data.payload.BillingAddress,.data.payload.NumberOfEmployees,(.data.payload.ChangeEventHeader|.changeType,.entityName,.recordIds,.changeOrigin,.sequenceNumber,.changedFields)]')" \
    "[\"/data/ChangeEvents\",\"Acme\",{\"City\":\"Aveiro\"},5,\"CREATE\",\"Account\",[\"$account\"],\"com/salesforce/api/rest/64.0;client=loader\",1,[]]"
is 'what is never told' "$(answer '.[0].data.payload|[.Id,.IsDeleted,.SystemModstamp,.Phone]')" '[null,null,null,null]'
is 'and the connect behind it' "$(answer '.[1]|[.channel,.id,.successful]')" '["/meta/connect","4",true]'
first=$(answer '.[0].data.event.replayId')

# ---- what writes come to ----
header='[.payload.ChangeEventHeader|.changeType,.entityName,.recordIds,.changedFields]'
rest PATCH "sobjects/Account/$account" '{"Phone":"1","BillingCity":null,"BillingStreet":"S","AnnualRevenue":12}'
is 'update' "$(events '[(.payload|.Phone,.BillingAddress,has("AnnualRevenue"),has("LastModifiedDate"),has("LastModifiedById")),.payload.ChangeEventHeader.changedFields]')" \
    '[["1",{"Street":"S"},false,true,false,["LastModifiedDate","BillingAddress.Street","BillingAddress.City","Phone"]]]'
rest PATCH "sobjects/Account/$account" '{"Phone":null}'
is 'a field that was emptied' "$(events '.payload|[has("Phone"),.Phone]')" '[[true,null]]'
contact=$(rest POST sobjects/Contact '{"LastName":"L","FirstName":"F","AccountId":"'"$account"'"}' | jq -r .id)
is 'a name' "$(events '.payload.Name')" '[{"LastName":"L","FirstName":"F"}]'
rest DELETE "sobjects/Account/$account"
is 'delete with what goes along' "$(events "$header")" \
    "[[\"DELETE\",\"Account\",[\"$account\"],[]],[\"DELETE\",\"Contact\",[\"$contact\"],[]]]"
is 'one transaction' "$(answer '[.[]|select(.data)|.data.payload.ChangeEventHeader]|[(map(.transactionKey)|unique|length),map(.sequenceNumber),(map(.commitNumber)|unique|length)]')" '[1,[1,2],1]'
ids=$(rest POST composite/sobjects '{"records":[{"attributes":{"type":"Box__c"},"Name":"a","Move__c":true},{"attributes":{"type":"Box__c"},"Nope__c":1},{"attributes":{"type":"Box__c"},"Name":"b","Tenure__c":3}]}' | jq -r '[.[].id//empty]|join(",")')
is 'a collection, without its failure' "$(events '.payload|[.Name,.Move__c,.Tenure__c,.ChangeEventHeader.sequenceNumber]')" '[["a",true,null,1],["b",false,3,2]]'
rest POST composite/sobjects '{"allOrNone":true,"records":[{"attributes":{"type":"Box__c"},"Name":"c"},{"attributes":{"type":"Box__c"},"Nope__c":1}]}' >/dev/null
rest PATCH composite/sobjects "$(printf '%s' "$ids" | jq -Rc '{records:[split(",")[]|{attributes:{type:"Box__c"},id:.,Tenure__c:9}]}')" >/dev/null
is 'one event for the same update' "$(events "$header")" "[[\"UPDATE\",\"Box__c\",[\"${ids%,*}\",\"${ids#*,}\"],[\"LastModifiedDate\",\"Tenure__c\"]]]"
rest DELETE "composite/sobjects?ids=$ids" >/dev/null
is 'one for records deleted together' "$(events "$header")" "[[\"DELETE\",\"Box__c\",[\"${ids%,*}\",\"${ids#*,}\"],[]]]"
soap() {
    curl -sS --max-time 60 -H 'Content-Type: text/xml' -H 'SOAPAction: ""' --data-binary "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:partner.soap.sforce.com\" xmlns:so=\"urn:sobject.partner.soap.sforce.com\"><e:Header><SessionHeader><sessionId>$token</sessionId></SessionHeader></e:Header><e:Body>$1</e:Body></e:Envelope>" "$url/services/Soap/u/64.0"
}
soap "<undelete><ids>$account</ids></undelete>" >/dev/null
is 'undelete' "$(events '[.payload.ChangeEventHeader.changeType,.payload.ChangeEventHeader.changeOrigin,.payload.ChangeEventHeader.entityName]')" \
    '[["UNDELETE","com/salesforce/api/soap/64.0","Account"],["UNDELETE","com/salesforce/api/soap/64.0","Contact"]]'

# ---- platform events ----
is 'publish' "$(rest POST sobjects/Low_Ink__e '{"Model__c":"XZ-5","Level__c":12}' | jq -c '[.success,(.id|startswith("e00")),.errors[0].statusCode,(.errors[0].message|length),.errors[0].fields]')" '[true,true,"OPERATION_ENQUEUED",36,[]]'
is 'and its event' "$(events '[(.payload|.Model__c,.Level__c,has("CreatedById"),has("Id")),.event.EventApiName,(.event.EventUuid|length)]')" '[["XZ-5",12,true,false,"Low_Ink__e",36]]'
is 'a field that must be there' "$(rest POST sobjects/Low_Ink__e '{"Level__c":1}' | jq -c '.[0]|[.errorCode,.fields]')" '["REQUIRED_FIELD_MISSING",["Model__c"]]'
is 'publish by a collection' "$(rest POST composite/sobjects '{"records":[{"attributes":{"type":"Low_Ink__e"},"Model__c":"a"},{"attributes":{"type":"Low_Ink__e"},"Model__c":"b"}]}' | jq -c '[.[].errors[0].statusCode]')" '["OPERATION_ENQUEUED","OPERATION_ENQUEUED"]'
is 'publish by SOAP' "$(soap '<create><sObjects><so:type>Low_Ink__e</so:type><Model__c>c</Model__c></sObjects></create>' | grep -o '<statusCode>OPERATION_ENQUEUED</statusCode></errors><id>e00' | wc -l)" 1
is 'all of them' "$(events '.payload.Model__c')" '["a","b","c"]'

# ---- replay ----
cometd '[{"channel":"/meta/unsubscribe","id":"9","clientId":"'"$client"'","subscription":"/event/Low_Ink__e"}]'
is 'unsubscribed' "$(answer '.[0].successful')" true
cometd '[{"channel":"/meta/disconnect","id":"9","clientId":"'"$client"'"}]'
is 'disconnected' "$(answer '.[0]|[.channel,.successful]')" '["/meta/disconnect",true]'
poll
is 'and gone' "$(answer '.[0].error')" '"403::Unknown client"'
shake
subscribe /event/Low_Ink__e -2
subscribe /data/AccountChangeEvent "$first"
is 'all, and those behind an id' "$(events '.payload.Model__c // .payload.ChangeEventHeader.changeType')" '["XZ-5","a","b","c","UPDATE","UPDATE","DELETE","UNDELETE"]'
is 'ids rise' "$(answer '[.[]|select(.data)|.data.event.replayId]|[.[:4],.[4:]]|map(.==(.|sort))')" '[true,true]'
control DELETE events >/dev/null
subscribe /data/AccountChangeEvent "$first"
is 'an id that is too old' "$(answer '.[0].error[0:17]')" '"400::The replayId"'

# ---- the ends of a poll ----
control POST streaming '{"timeout":50}' >/dev/null
poll
is 'time is up' "$(answer '.[0]|del(.clientId)')" '{"channel":"/meta/connect","id":"4","successful":true}'
control POST streaming '{"timeout":60000}' >/dev/null
cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"5","clientId":"'"$client"'","advice":{"timeout":0}}]'
is 'a client that does not want to wait' "$(answer '.[0].id')" '"5"'
while_waiting cometd '[{"channel":"/meta/disconnect","id":"9","clientId":"'"$client"'"}]'
is 'a connect that waits hears the goodbye' "$(held)" '{"advice":{"reconnect":"none","interval":0},"channel":"/meta/connect","id":"6","successful":true}'
is 'nobody waits' "$(control GET events | jq .waiting)" 0
shake
while_waiting control DELETE streaming
is 'and that its client is forgotten' "$(held)" '{"advice":{"reconnect":"handshake","interval":0},"channel":"/meta/connect","id":"6","error":"403::Unknown client","successful":false}'
shake
while_waiting cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"7","clientId":"'"$client"'","advice":{"timeout":0}}]'
is 'a second connect lets the first go' "$(held)" '{"channel":"/meta/connect","id":"6","successful":true}'
control POST expire-sessions >/dev/null
poll
is 'a session that died' "$(answer '.[0]|del(.clientId)')" '{"advice":{"reconnect":"none","interval":0},"channel":"/meta/connect","id":"4","error":"401::Authentication invalid","successful":false}'

report
