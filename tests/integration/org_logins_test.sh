#!/bin/bash
# org_logins_test.sh: /event/LoginEventStream of sforce-org: each flow's login and each failure that has a user is one event, kept and
# told again as others are; nobody else publishes it.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cometd.sh"
start_org --seed empty
form() { curl -sS --max-time 60 "$url/services/oauth2/token" -d "client_id=$(of_org client_id)" -d "client_secret=$(of_org client_secret)" "$@"; }
soap() { # API VERSION BODY [HEADER]
    curl -sS --max-time 60 -H 'Content-Type: text/xml' -H 'SOAPAction: ""' "$url/services/Soap/$1/$2" --data-binary \
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:$([[ $1 = c ]] && echo enterprise || echo partner).soap.sforce.com\"><e:Header>${4-}</e:Header><e:Body>$3</e:Body></e:Envelope>"
}
soap_login() { soap "$1" "$2" "<login><username>$username</username><password>$3</password></login>"; }
username=$(of_org username)
password=$(of_org password)
secret=$password$(of_org security_token)
stream=/event/LoginEventStream

shake
subscribe "$stream"
is 'there is such a channel' "$(answer '.[0].successful')" true
subscribe /event/LogoutEventStream
is 'but none of what nobody does here' "$(answer '.[0].error[0:17]')" '"400::The channel "'

# ---- logins ----
what='.payload|[.LoginType,.ApiType,.ApiVersion,.Status,.SessionLevel,.Username]'
by_oauth='"Remote Access 2.0","N/A","N/A"'
poll &
waiting=$!
form -d grant_type=client_credentials >/dev/null
wait $waiting
is 'a connect that waits hears of it' "$(answer "[.[]|select(.data)|.data|$what]")" "[[$by_oauth,\"Success\",\"STANDARD\",\"$username\"]]"
form -d grant_type=password --data-urlencode "username=$username" --data-urlencode "password=$secret" >/dev/null
is 'by password' "$(events "$what")" "[[$by_oauth,\"Success\",\"STANDARD\",\"$username\"]]"
refresh=$(control POST tokens | jq -r .refresh_token)
form -d grant_type=refresh_token -d "refresh_token=$refresh" >/dev/null
is 'by the web, and its refresh' "$(events "$what")" "[[$by_oauth,\"Success\",\"STANDARD\",\"$username\"],[$by_oauth,\"Success\",\"STANDARD\",\"$username\"]]"
soap_login u 64.0 "$secret" >/dev/null
soap_login c 50.0 "$secret" >/dev/null
is 'by SOAP' "$(events "$what")" "[[\"Other Apex API\",\"SOAP Partner\",\"64.0\",\"Success\",\"STANDARD\",\"$username\"],[\"Other Apex API\",\"SOAP Enterprise\",\"50.0\",\"Success\",\"STANDARD\",\"$username\"]]"

# ---- failures ----
form -d grant_type=password --data-urlencode "username=$username" -d 'password=no' >/dev/null
form -d grant_type=password --data-urlencode "username=$username" --data-urlencode "password=$password" >/dev/null
soap_login u 64.0 'a wrong one with twenty-four behind' >/dev/null
is 'what went wrong' "$(events '.payload|[.Status,.SessionLevel,.LoginKey,.ApiType]')" \
    '[["Invalid Password",null,null,"N/A"],["Failed: API security token required",null,null,"N/A"],["Invalid Password",null,null,"SOAP Partner"]]'
me=$(curl -sS -H "$auth" "$url/services/oauth2/userinfo" | jq -r .user_id)
gone=$(rest POST sobjects/User "$(rest GET "sobjects/User/$me" | jq -c '{ProfileId,LocaleSidKey,LanguageLocaleKey,EmailEncodingKey,TimeZoneSidKey,Username:"gone@example.com",LastName:"G",Email:"g@example.com",Alias:"g",CommunityNickname:"g"}')" | jq -r .id)
rest POST "sobjects/User/$gone/password" '{"NewPassword":"long enough 1"}' >/dev/null
rest PATCH "sobjects/User/$gone" '{"IsActive":false}'
form -d grant_type=password -d username=gone@example.com --data-urlencode 'password=long enough 1' >/dev/null
is 'and who is no user any more' "$(events '.payload|[.Status,.Username,.UserId,.SessionLevel]')" "[[\"User is Inactive\",\"gone@example.com\",\"$gone\",null]]"
form -d grant_type=password -d username=nobody@example.com -d 'password=no' >/dev/null
form -d grant_type=refresh_token -d refresh_token=none >/dev/null
curl -sS "$url/services/oauth2/token" -d grant_type=client_credentials -d client_id=x -d client_secret=y >/dev/null
form -d grant_type=client_credentials >/dev/null
is 'of a login without a user nothing is told' "$(events '.payload.Status')" '["Success"]'

# ---- what it says ----
is 'whose it is' "$(answer '.[0].data.payload|[.UserId,.CreatedById]')" "$(curl -sS -H "$auth" "$url/services/oauth2/userinfo" | jq -c '[.user_id,.user_id]')"
is 'whence and where to' "$(answer '.[0].data.payload|[.SourceIp,.LoginUrl]')" "[\"127.0.0.1\",\"${url#http://}\"]"
is 'ids' "$(answer '.[0].data.payload|[(.LoginHistoryId|.[0:3],length),(.EventIdentifier|length),(.LoginKey|length)]')" '["0Ya",18,36,16]'
is 'whole seconds' "$(answer '.[0].data.payload|[.EventDate,.CreatedDate]|map(test("^[0-9-]{10}T[0-9:]{8}Z$"))')" '[true,true]'
is 'its name' "$(answer '.[0].data.event|[.EventApiName,(.EventUuid|length)]')" '["LoginEventStream",36]'
is 'another each time' "$(cometd "[{\"channel\":\"/meta/subscribe\",\"id\":\"3\",\"clientId\":\"$client\",\"subscription\":\"$stream\",\"ext\":{\"replay\":{\"$stream\":-2}}}]"; events '.' | jq -c 'length as $n|[$n>=10,([.[].event.EventUuid]|unique|length)==$n,([.[].payload.EventIdentifier]|unique|length)==$n,([.[].payload.LoginKey//empty]|unique|length)==$n-4]')" '[true,true,true,true]'
first=$(answer '.[0].data.event.replayId')
subscribe "$stream" "$first"
is 'from an id' "$(events '.event.replayId' | jq -c "[length>8,all(.>$first)]")" '[true,true]'

# ---- the object ----
is 'its describe' "$(rest GET sobjects/LoginEventStream/describe | jq -c '[.name,.custom,.createable,.updateable,.deletable,.queryable,.retrieveable,.keyPrefix,.urls.eventSchema]')" \
    '["LoginEventStream",false,false,false,false,false,false,null,"/services/data/v64.0/sobjects/LoginEventStream/eventSchema"]'
is 'its fields have the types of what is told' "$(jq -c --argjson told "$(answer '.[0].data.payload')" \
    '[.fields[]|{(.name):.type}]|add as $t|[$told|to_entries[]|select(.value!=null)|select((.value|type)!=({"double":"number"}[$t[.key]]//(if $t[.key] then "string" else "none" end)))|.key]' <<<"$(rest GET sobjects/LoginEventStream/describe)")" '[]'
is 'and no others but the header has' "$(jq -c --argjson told "$(answer '.[0].data.payload')" '[.fields[].name]-($told|keys)' <<<"$(rest GET sobjects/LoginEventStream/describe)")" '["EventUuid","ReplayId"]'
is 'it stands in the list' "$(rest GET sobjects | jq -c '[.sobjects[]|select(.name=="LoginEventStream")|.triggerable]')" '[false]'

# ---- nobody publishes it ----
refused='"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY","entity type cannot be inserted: Login Event Stream"'
is 'not by REST' "$(rest POST sobjects/LoginEventStream '{"Status":"Success"}' | jq -c '.[0]|[.errorCode,.message]')" "[$refused]"
is 'not by a collection' "$(rest POST composite/sobjects '{"records":[{"attributes":{"type":"LoginEventStream"},"Status":"Success"}]}' | jq -c '.[0].errors[0]|[.statusCode,.message]')" "[$refused]"
is 'not by SOAP' "$(soap u 64.0 '<create><sObjects xmlns:so="urn:sobject.partner.soap.sforce.com"><so:type>LoginEventStream</so:type><Status>Success</Status></sObjects></create>' "<SessionHeader><sessionId>$token</sessionId></SessionHeader>" | grep -o '<statusCode>[A-Z_]*' | head -1)" '<statusCode>CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY'
is 'it is no table' "$(rest GET 'query?q=SELECT+Status+FROM+LoginEventStream' | jq -c '.[0].errorCode')" '"INVALID_TYPE"'
job=$(rest POST jobs/ingest '{"object":"LoginEventStream","operation":"insert"}' | jq -r .id)
curl -sS --max-time 60 -X PUT -H "$auth" -H 'Content-Type: text/csv' --data-binary $'Status\nSuccess\n' "$url/services/data/v64.0/jobs/ingest/$job/batches"
rest PATCH "jobs/ingest/$job" '{"state":"UploadComplete"}' >/dev/null
until [[ $(rest GET "jobs/ingest/$job" | jq -r .state) =~ JobComplete|Failed ]]; do :; done
is 'not by Bulk' "$(rest GET "jobs/ingest/$job/failedResults" | sed 1d | cut -d, -f2)" '"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:entity type cannot be inserted: Login Event Stream:--"'
is 'and nothing was told' "$(control GET events | jq .last)" "$(cometd "[{\"channel\":\"/meta/subscribe\",\"id\":\"3\",\"clientId\":\"$client\",\"subscription\":\"$stream\",\"ext\":{\"replay\":{\"$stream\":-2}}}]"; events '.event.replayId' | jq 'max')"

# ---- logins push nothing else out of the log ----
count() { shake; subscribe "$1" -2; events 1 | jq length; }
rest POST sobjects/Account '{"Name":"a"}' >/dev/null
before=$(count "$stream")
control POST streaming '{"kept":1}' >/dev/null
is 'the only change is kept' "$(count /data/ChangeEvents)" 1
is 'and all logins' "$(count "$stream")" "$before"
rest POST sobjects/Account '{"Name":"b"}' >/dev/null
control POST streaming '{"kept":1}' >/dev/null
is 'one of two changes goes, by the other' "$(count /data/ChangeEvents)" 1

report
