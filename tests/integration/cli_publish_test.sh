#!/usr/bin/env bash
# sforce publish as a user types it: one event, files and pipes of many, by REST and SOAP; what each format tells of each event,
# exit codes, answers that are lost, pipes that stay open, and wrong input. What the org then has is compared.
. "$(dirname "$0")/cli_lib.sh"
export XDG_STATE_HOME=$work/state
start_org --seed empty --schema "$source_dir/tests/integration/data/events.json"
login_org

# published CHANNEL-EVENTS: what came to the channel since the last call, a JSON array in ./heard.
seen=earliest
published() {
    "$sforce" listen Low_Ink__e --replay "$seen" --max-idle 1s -r ndjson 2>heard.err | jq -s . >heard
    [[ $(jq length heard) -eq 0 ]] || seen=$(jq '.[-1].replayId' heard)
}
heard_is() { # FILTER VALUE
    checks=$((checks + 1))
    local got
    got=$(jq -c "$1" heard)
    [[ $got == "$2" ]] || fail "$1 of what was heard is $got, want $2"
}

run 0 describe
run 0 describe Low_Ink__e # kept for the completion

# ---- one event ----
run 0 publish Low_Ink__e Model__c=XZ-5 Level__c:=12
uuid=$(cat out)
check "its UUID alone" grep -qxE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' out
err_has 'Published Low_Ink__e.'
run 0 publish /event/Low_Ink__e Model__c=XZ-6 --soap -r json
json_is .success true
soap=$(jq -r .eventUuid out)
run 0 publish Low_Ink__e Model__c=XZ-7 -r csv --quiet
check "a header and a row" test "$(wc -l <out)" -eq 2
check "no word" test ! -s err
run 0 --json publish Low_Ink__e Model__c=XZ-8
json_is .status 0
json_is .result.success true
published
heard_is 'map(.payload.Model__c)' '["XZ-5","XZ-6","XZ-7","XZ-8"]'
heard_is 'map(.event.EventUuid)[:2]' "[\"$uuid\",\"$soap\"]"
heard_is '.[0].payload.Level__c' 12
for way in '' --soap; do
    run 1 publish Low_Ink__e Level__c:=1 $way
    err_has 'REQUIRED_FIELD_MISSING'
    run 1 publish Nowhere__e A__c=1 $way
    err_has 'Nowhere__e'
done
echo '{"Model__c":"alone"}' >in
run_in 0 publish Low_Ink__e -
check "a single object is told as words are" grep -qxE '[0-9a-f-]{36}' out
run_in 0 publish Low_Ink__e - -r json
json_is .success true
run_in 0 publish Low_Ink__e - --json
json_is .result.success true
printf '{\n  "Model__c":\n    "lines"\n}\n' >in
run_in 0 publish Low_Ink__e -f - -r ndjson
json_is .line 1
echo '[{"Model__c":"array"}]' >in
run_in 0 publish Low_Ink__e - -r json
json_is '.[0].success' true
published
heard_is 'map(.payload.Model__c)' '["alone","alone","alone","lines","array"]'

# ---- many, some of which fail ----
printf '{"Model__c":"a","Level__c":1.5}\n{"Level__c":2}\nno JSON\n\n{"Model__c":"b"} \n[1]\n{"Model__c":"c"}\n' >mixed.ndjson
for way in '' --soap; do
    run 4 publish Low_Ink__e -f mixed.ndjson -r ndjson --failed failed.ndjson $way
    check "lines, as they were" test "$(jq -sc 'map(.line)' out)" = '[1,2,3,5,6,7]'
    check "their fates" test "$(jq -sc 'map(.success)' out)" = '[true,false,false,true,false,true]'
    check "the org's reason" test "$(jq -sr '.[1].error | .code + " " + .fields[0]' out)" = 'REQUIRED_FIELD_MISSING Model__c'
    err_has '3 of 6 events published, 3 failed.'
    check "those that failed, to be sent again" test "$(sort failed.ndjson | paste -sd' ')" = "$(printf '{"Level__c":2}\n[1]\nno JSON\n' | sort | paste -sd' ')"
    jq -sc 'map(select(.success) | .eventUuid)' out >uuids
    published
    heard_is 'map(.payload.Model__c)' '["a","b","c"]'
    heard_is 'map(.event.EventUuid)' "$(cat uuids)"
done
run 4 publish Low_Ink__e -f mixed.ndjson
check "a heading and six rows" test "$(wc -l <out)" -eq 7
out_has 'REQUIRED_FIELD_MISSING'
run 4 publish Low_Ink__e -f mixed.ndjson -r csv --failed-only
check "a header and those that failed" test "$(wc -l <out)" -eq 4
run 4 publish Low_Ink__e -f mixed.ndjson -r json
json_is length 6
run 4 --json publish Low_Ink__e -f mixed.ndjson
json_is '[.status, (.result | .events, .published, .failed, .unknown, (.results | length))] | join(" ")' '4 6 3 3 0 6'
run 4 publish Low_Ink__e -f mixed.ndjson --batch 2 --max-failures 1
err_has '--max-failures 1 is reached'
run 4 --json publish Low_Ink__e -f mixed.ndjson --batch 1 --max-failures 1
json_is '.error.name' SF_ERR_LIMIT
: >empty
run 0 publish Low_Ink__e -f empty -r json
out_is '[]'
printf '[{"Model__c":"cut"},{"Model__c":"off"' >in
run_in 1 publish Low_Ink__e -
err_has 'stdin, line 1: the object that begins there never ends'
published
heard_is 'map(.payload.Model__c)[-1]' '"cut"'

# ---- an event that the org does not know: the first request says so for all ----
seq 5 | sed 's/.*/{"Level__c":&}/' >five.ndjson
for way in '' --soap; do
    run 1 publish Nowhere__e -f five.ndjson -r ndjson --batch 2 --failed failed.ndjson $way
    check "the same for all that are told" test "$(jq -sc '[.[0].line, (map(.error.code) | unique)]' out)" = '[1,["INVALID_TYPE"]]'
    err_has 'sforce describe | grep __e'
    check "all are kept" cmp -s failed.ndjson five.ndjson
done

# ---- very many: in order, and as many as there were ----
seq 5000 | sed 's/.*/{"Model__c":"n","Level__c":&}/' >many.ndjson
run 0 publish Low_Ink__e -f many.ndjson -r ndjson -O told.ndjson
check "each is told of" test "$(wc -l <told.ndjson)" -eq 5000
check "in order" test "$(jq -s 'map(.line) == [range(1; 5001)]' told.ndjson)" = true
published
heard_is 'map(.payload.Level__c) == [range(1; 5001)]' true
heard_is 'map(.event.EventUuid)' "$(jq -sc 'map(.eventUuid)' told.ndjson)"
"$sforce" publish Low_Ink__e -f many.ndjson -r ndjson 2>err | head -1 >out
check "a reader that leaves ends it, quietly" test "${PIPESTATUS[0]}" -eq 141
check "no word" test ! -s err
published # what it has sent

# ---- answers that are lost: told, and never sent again ----
seq 6 | sed 's/.*/{"Model__c":"once","Level__c":&}/' >six.ndjson
for way in '--batch 2' '--batch 2 --soap'; do
    path=/composite/sobjects
    [[ $way == *soap ]] && path=/services/Soap/u/
    fault "lost:method=POST,path=$path,skip=1,times=1"
    run 7 publish Low_Ink__e -f six.ndjson -r ndjson --failed lost.ndjson $way
    no_faults
    check "which of them" test "$(jq -sc 'map(.success)' out)" = '[true,true,false,false,true,true]'
    check "and why" test "$(jq -sr '.[2].error.name' out)" = SF_ERR_UNKNOWN_OUTCOME
    err_has '4 of 6 events published, of 2 it is not known.'
    check "kept" test "$(jq -sc 'map(.Level__c)' lost.ndjson)" = '[3,4]'
    published
    heard_is 'map(.payload.Level__c)' '[1,2,3,4,5,6]' # they had gone out
done
fault 'lost:method=POST,path=/sobjects/Low_Ink__e,times=1'
run 7 publish Low_Ink__e Model__c=lost
err_has 'may have been published or not'
no_faults
published
heard_is length 1

# ---- a pipe that stays open: what was read goes out ----
mkfifo pipe
"$sforce" publish Low_Ink__e - -r ndjson <pipe >live 2>live.err &
publisher=$!
exec 7>pipe
echo '{"Model__c":"first"}' >&7
until [[ -s live ]]; do kill -0 $publisher || break; done
check "told of, though the pipe is open" grep -q '"success":true' live
echo '{"Model__c":"second"}' >&7
until [[ $(wc -l <live) -eq 2 ]]; do kill -0 $publisher || break; done
kill -INT $publisher
wait $publisher
check "Ctrl-C is exit code 130" test $? -eq 130
exec 7>&-
published
heard_is 'map(.payload.Model__c)' '["first","second"]'
stop_org
"$sforce" publish Low_Ink__e - --timeout 1s <pipe >out 2>err &
publisher=$!
exec 7>pipe
echo '{"Model__c":"x"}' >&7
wait $publisher
check "an org that is gone ends it, though the pipe is open" test $? -eq 5
exec 7>&-

# ---- completion, from what describe kept (the org is gone) ----
run 0 __complete -- publish Low
out_has Low_Ink__e
run 0 __complete -- publish Low_Ink__e Mo
out_has Model__c=
run 0 __complete -- listen /ev
out_has /event/Low_Ink__e
run 0 __complete -- listen ''
out_has ChangeEvents
out_has Low_Ink__e
run 0 __complete -- listen X --replay ''
check "where to begin" test "$(cut -f1 out | paste -sd' ')" = 'latest earliest stored'

# ---- wrong input ----
run 2 publish
run 2 publish Low_Ink__e
err_has 'FIELD=VALUE'
run 2 publish Account Name=x
run 2 publish Event Subject=x
run 2 publish Low_Ink__e Model__c
run 2 publish Low_Ink__e many.ndjson
err_has '-f many.ndjson'
run 2 publish Low_Ink__e -f nowhere.ndjson
run 2 publish Low_Ink__e -f many.ndjson A=b
run 2 publish Low_Ink__e Model__c=x --batch 2
run 2 publish Low_Ink__e -f many.ndjson --batch 201
run 2 publish Low_Ink__e -f many.ndjson --parallel 2 --soap
err_has 'one request is under way'
run 2 publish Low_Ink__e -f many.ndjson --max-failures 0
run 2 publish Low_Ink__e -f many.ndjson --failed -
report
