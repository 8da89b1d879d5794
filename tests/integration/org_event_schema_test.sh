#!/bin/bash
# org_event_schema_test.sh: schemas of platform events, by name and by the id in a message, in both formats and as before 43.0. The forms
# are those of the vendor's guide.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cometd.sh"
start_org --seed empty --schema "$source_dir/tests/integration/data/channel_filters.json"
at() { curl -sS --max-time 60 -H "$auth" "$url/services/data/$1"; }
plain='walk(if type == "string" then sub(":00N[0-9A-Za-z]{12}$"; ":00N") else . end)'

is 'compact' "$(at 'v64.0/sobjects/Order__e/eventSchema?payloadFormat=COMPACT' | jq -c "del(.uuid)|$plain")" \
    '{"name":"Order__e","namespace":"com.sforce.eventbus","type":"record","fields":[{"name":"CreatedDate","type":"long","doc":"CreatedDate:DateTime"},{"name":"CreatedById","type":"string","doc":"CreatedBy:EntityId"},{"name":"City__c","type":["null","string"],"doc":"Data:Text:00N","default":null},{"name":"Amount__c","type":["null","double"],"doc":"Data:Double:00N","default":null},{"name":"Urgent__c","type":["null","boolean"],"doc":"Data:Boolean:00N","default":null},{"name":"Due__c","type":["null","long"],"doc":"Data:DateOnly:00N","default":null},{"name":"At__c","type":["null","long"],"doc":"Data:DateTime:00N","default":null}]}'
is 'expanded is what is asked for by nothing' "$(at v64.0/sobjects/Order__e/eventSchema)" "$(at 'v64.0/sobjects/order__e/eventSchema?payloadFormat=EXPANDED')"
is 'a message' "$(at v64.0/sobjects/Order__e/eventSchema | jq -c '.fields[0].type.fields[1].type.fields|=.[:3]'"|$plain")" \
    '{"name":"Order__e","namespace":"com.sforce.eventbus","type":"expanded-record","fields":[{"name":"data","type":{"type":"record","name":"Data","namespace":"","fields":[{"name":"schema","type":"string"},{"name":"payload","type":{"type":"record","name":"Payload","doc":"","fields":[{"name":"CreatedDate","type":"string","doc":"CreatedDate:DateTime"},{"name":"CreatedById","type":"string","doc":"CreatedBy:EntityId"},{"name":"City__c","type":["null","string"],"doc":"Data:Text:00N","default":null}]}},{"name":"event","type":{"type":"record","name":"Event","fields":[{"name":"replayId","type":"long"}]}}]}},{"name":"channel","type":"string"}]}'
is 'times are texts there' "$(at v64.0/sobjects/Order__e/eventSchema | jq -c '[.fields[0].type.fields[1].type.fields[5,6].type[1]]')" '["string","string"]'
is 'before 43.0 there is compact alone' "$(at v42.0/sobjects/Order__e/eventSchema)" "$(at 'v64.0/sobjects/Order__e/eventSchema?payloadFormat=COMPACT')"
is 'and no parameter' "$(at 'v42.0/sobjects/Order__e/eventSchema?payloadFormat=COMPACT' | jq -c '.[0].errorCode')" '"BAD_REQUEST"'
is 'no such format' "$(at 'v64.0/sobjects/Order__e/eventSchema?payloadFormat=AVRO' | jq -c '.[0].errorCode')" '"BAD_REQUEST"'
is 'no event' "$(at v64.0/sobjects/Account/eventSchema | jq -c '.[0].errorCode')$(at v64.0/event/eventSchema/5E5OtZj5_Gm6Vax9XMXH9A | jq -c '.[0].errorCode')" '"NOT_FOUND""NOT_FOUND"'

# ---- by the id that a message has ----
shake
subscribe /event/Order__e
subscribe /event/LoginEventStream
rest POST sobjects/Order__e '{"City__c":"Porto"}' >/dev/null
curl -sS -o /dev/null "$url/services/oauth2/token" -d grant_type=client_credentials -d "client_id=$(of_org client_id)" -d "client_secret=$(of_org client_secret)"
poll
for event in Order__e LoginEventStream; do
    id=$(answer "[.[]|select(.channel==\"/event/$event\")][0].data.schema" | tr -d '"')
    is "$event by its id" "$(at "v64.0/event/eventSchema/$id")" "$(at "v64.0/sobjects/$event/eventSchema")"
    is "which its schema has" "$(at "v64.0/event/eventSchema/$id?payloadFormat=COMPACT" | jq -r .uuid)" "$id"
    is "a payload of $event has the fields of its schema" "$(answer "[.[]|select(.channel==\"/event/$event\")][0].data.payload|keys")" \
        "$(at "v64.0/event/eventSchema/$id?payloadFormat=COMPACT" | jq -c '[.fields[].name]|sort')"
done

report
