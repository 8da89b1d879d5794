#!/bin/bash
# org_channel_filters_test.sh: filter expressions of the members of a channel: which platform events and which changes it has then, what
# is told besides so that they can be asked, and which expressions are none.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cometd.sh"
start_org --seed empty --schema "$source_dir/tests/integration/data/channel_filters.json"
of() { jq -c --arg c "$1" "[.[]|select(.channel==\$c)|.data|$2]" "$work/body"; }

# ---- platform events ----
shake
for channel in Order__e Both__chn Like__chn In__chn NotIn__chn Null__chn Date__chn; do
    subscribe "/event/$channel"
    is "channel $channel" "$(answer '.[0].successful')" true
done
rest POST composite/sobjects '{"records":[
 {"attributes":{"type":"Order__e"},"City__c":"San Francisco","Amount__c":11},
 {"attributes":{"type":"Order__e"},"City__c":"SAN FRANCISCO","Amount__c":2,"Urgent__c":true},
 {"attributes":{"type":"Order__e"},"City__c":"San Francisco","Amount__c":10},
 {"attributes":{"type":"Order__e"},"City__c":"San José"},
 {"attributes":{"type":"Order__e"},"City__c":"aveiro","Due__c":"2026-01-02","At__c":"2025-12-31T23:59:59Z"},
 {"attributes":{"type":"Order__e"},"City__c":"Porto","Due__c":"2026-01-02","At__c":"2026-01-01T00:00:00Z"},
 {"attributes":{"type":"Order__e"},"Due__c":"2026-01-01","At__c":"2025-12-31T23:59:59Z"},
 {"attributes":{"type":"Order__e"},"Urgent__c":true}]}' >/dev/null
poll
what='.payload|[.City__c,.Amount__c,.Urgent__c]'
is 'all of them' "$(of /event/Order__e 1)" '[1,1,1,1,1,1,1,1]'
is 'and, or, case' "$(of /event/Both__chn "$what")" '[["San Francisco",11,false],["SAN FRANCISCO",2,true]]'
is 'like' "$(of /event/Like__chn '.payload.City__c')" '["San Francisco","SAN FRANCISCO","San Francisco","San José"]'
is 'in' "$(of /event/In__chn '.payload.City__c')" '["aveiro","Porto"]'
is 'not in: what is empty is in no list' "$(of /event/NotIn__chn '.payload.City__c')" '["San Francisco","SAN FRANCISCO","San Francisco","San José",null,null]'
is 'null' "$(of /event/Null__chn "$what")" '[[null,null,false]]'
is 'dates and times' "$(of /event/Date__chn '.payload.City__c')" '["aveiro"]'
is 'an event as on its own channel' "$(of /event/Date__chn '.|del(.event.replayId)')" "$(of /event/Order__e 'select(.payload.City__c=="aveiro")|del(.event.replayId)')"

# ---- changes ----
shake
for channel in Energy__chn Moved__chn First__chn AccountChangeEvent; do subscribe "/data/$channel"; done
energy=$(rest POST sobjects/Account '{"Name":"A","Industry":"Energy","BillingCity":"Porto","Phone":"1"}' | jq -r .id)
bank=$(rest POST sobjects/Account '{"Name":"B","Industry":"Banking","BillingCity":"Aveiro","Phone":"2"}' | jq -r .id)
rest POST sobjects/Lead '{"LastName":"L","Company":"C"}' >/dev/null
for id in "$energy" "$bank"; do rest PATCH "sobjects/Account/$id" '{"Website":"w"}'; done
rest PATCH "sobjects/Account/$energy" '{"Industry":"Banking"}'
rest PATCH "sobjects/Account/$bank" '{"Industry":"Energy"}'
rest DELETE "sobjects/Account/$energy"
rest DELETE "sobjects/Account/$bank"
poll
kind='.payload|[.ChangeEventHeader.changeType,.ChangeEventHeader.entityName]'
is 'changes of one kind of account, and all leads' "$(of /data/Energy__chn "$kind")" '[["CREATE","Account"],["CREATE","Lead"],["UPDATE","Account"],["UPDATE","Account"],["DELETE","Account"]]'
is 'a field that is asked is told' "$(of /data/Energy__chn '.payload|[.Industry,.Website,.BillingAddress,.ChangeEventHeader.changedFields]' | jq -c '.[2:]')" \
    '[["Energy","w",null,["LastModifiedDate","Website"]],["Energy",null,null,["LastModifiedDate","Industry"]],["Energy",null,null,[]]]'
is 'by header and by a part of an address' "$(of /data/Moved__chn '.payload|[.Phone,.BillingAddress,.Website]')" '[["2",{"City":"Aveiro"},"w"],["2",{"City":"Aveiro"},null]]'
is 'by header alone' "$(of /data/First__chn '.payload.ChangeEventHeader.changeType')" '["CREATE","CREATE","UPDATE","UPDATE","UPDATE","UPDATE"]'
is 'the object has all its changes' "$(of /data/AccountChangeEvent 1)" '[1,1,1,1,1,1,1,1]'
control POST events '{"entity":"Account","changeType":"GAP_OVERFLOW"}' >/dev/null
poll
is 'an overflow is for all' "$(of /data/Energy__chn "$kind")$(of /data/Moved__chn "$kind")" '[["GAP_OVERFLOW","Account"]][["GAP_OVERFLOW","Account"]]'
stop_org

# ---- expressions that are none ----
wrong() { # EXPRESSION WANT [ENTITY TYPE]
    jq -n --arg e "$1" --arg entity "${3-AccountChangeEvent}" --arg type "${4-data}" '{sobjects:[],platformEventChannels:[{name:"A__chn",channelType:$type,members:[{selectedEntity:$entity,filterExpression:$e}]}]}' >"$work/wrong.json"
    "$org_program" --port 0 --data :memory: --seed empty --schema "$work/wrong.json" >"$work/wrong.out" 2>&1
    is "refused: $1" "$(($? > 0)) $(grep -cF -- "$2" "$work/wrong.out")" '1 1'
}
wrong ' ' 'filterExpression is not a text'
wrong "Nope = 'x'" 'filterExpression of Account: no field that a filter can ask: Nope'
wrong "Owner.Name = 'x'" 'no field that a filter can ask: Owner.Name'
wrong "ChangeEventHeader.recordIds = 'x'" 'no member of the header that a filter can ask: recordIds'
wrong "Industry = 5" "the value is not of the field's type: Industry"
wrong "NumberOfEmployees LIKE 'x'" 'this operator is not for the field: NumberOfEmployees'
wrong "IsDeleted > true" 'this operator is not for the field: IsDeleted'
wrong "NOT Industry = 'x'" 'a filter has AND and OR: NOT'
wrong "CreatedDate = TODAY" "the value is not of the field's type: CreatedDate"
wrong "BillingAddress = 'x'" 'BillingAddress'
wrong "Industry = 'x' ORDER BY Name" 'filterExpression of Account'
wrong "Industry = 'x') LIMIT 1 (" 'filterExpression of Account'
wrong "Status = 'Success'" 'standard platform events have no filters: LoginEventStream' LoginEventStream event
wrong "Industry IN (SELECT Name FROM Account)" 'a filter has fields and values only'
start_org --seed empty

report
