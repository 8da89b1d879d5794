#!/bin/bash
# org_event_faults_test.sh: what goes wrong with streaming on command, message by message, as curl sees it.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cometd.sh"
start_org --seed empty --schema "$source_dir/tests/integration/data/events.json" --fault forget:times=1,skip=2
fault() { control POST faults "{\"spec\":\"$1\"}" >/dev/null; }
struck() { control GET faults | jq -c '[.[]|[.matched,.struck]]|.[-1]'; }
order='[.[]|if .data then .data.payload.Model__c else .channel end]'
ink() { rest POST sobjects/Low_Ink__e "{\"Model__c\":\"$1\"}" >/dev/null; }
control POST streaming '{"timeout":5000}' >/dev/null

# ---- a client is forgotten ----
shake
subscribe /event/Low_Ink__e
ink a
poll
poll
is 'forgotten, at the third connect' "$(answer .)" '[{"advice":{"reconnect":"handshake","interval":0},"channel":"/meta/connect","id":"4","error":"403::Unknown client","successful":false}]'
shake
fault 'forget:advice=none,times=1'
poll
is 'the other way' "$(answer 'map(del(.clientId))')" \
    '[{"channel":"/meta/disconnect"},{"advice":{"reconnect":"none","interval":0},"channel":"/meta/connect","id":"4","error":"403::Unknown client","successful":false}]'
is 'with its name' "$(answer '.[1].clientId')" "\"$client\""

# ---- no room ----
control DELETE faults >/dev/null
reason='{"sfdc":{"failureReason":"503::Server is too busy.  Please try your request again later."}}'
shake
fault busy:times=3
poll
is 'a connect, as the docs show it' "$(answer 'map(del(.clientId))')" \
    "[{\"ext\":$reason,\"advice\":{\"reconnect\":\"none\",\"interval\":0},\"channel\":\"/meta/connect\",\"id\":\"4\",\"error\":\"401::Authentication invalid\",\"successful\":false}]"
subscribe /event/Low_Ink__e
is 'a subscribe' "$(answer '.[0]|[.ext,.subscription,.successful]')" "[$reason,\"/event/Low_Ink__e\",false]"
cometd '[{"channel":"/meta/handshake","id":"1","version":"1.0","supportedConnectionTypes":["long-polling"]}]'
is 'a handshake' "$(answer '.[0]|[.ext.sfdc,.error]')" '[{"failureReason":"503::Server is too busy.  Please try your request again later."},"403::Handshake denied"]'
is 'HTTP has nothing to tell' "$status" 200
for want in '503|503::Server is too busy.  Please try your request again later.' '429|429::Too many requests; try again later'; do
    fault "${want%%|*}:path=/cometd,times=1"
    poll
    is "HTTP's ${want%%|*}" "$status" "${want%%|*}"
    is 'is no answer of REST' "$(answer .)" "[{\"error\":\"${want#*|}\",\"successful\":false}]"
done

# ---- answers of other forms ----
control DELETE faults >/dev/null
shake
subscribe /event/Low_Ink__e
while IFS='|' read -r spec want; do
    fault "$spec:times=1,path=/cometd"
    ink one
    ink two
    poll
    is "$spec" "$(answer "$order")" "$want"
    is "$spec struck once" "$(struck | jq '.[1]')" 1
    control DELETE faults >/dev/null
done <<'Q'
duplicate|["one","two","one","two","/meta/connect"]
events-only|["one","two"]
connect-first|["/meta/connect","one","two"]
Q
fault empty-answer:times=1
ink lost
poll
is 'an empty array; its events are gone with it' "$(answer .)" '[]'
ink next
poll
is 'and on it goes' "$(answer "$order")" '["next","/meta/connect"]'
control DELETE faults >/dev/null
# The same for a connect that waits.
for spec in 'duplicate|["w","w","/meta/connect"]' 'events-only|["w"]' 'connect-first|["/meta/connect","w"]' 'empty-answer|[]'; do
    fault "${spec%%|*}:times=1"
    while_waiting ink w
    is "waiting: ${spec%%|*}" "$(jq -c "$order" "$work/held")" "${spec#*|}"
    control DELETE faults >/dev/null
done
fault events-on-subscribe:times=1
shake
ink sub
last=$(control GET events | jq .last)
subscribe /event/Low_Ink__e -2
is 'events on the answer to a subscribe' "$(answer "$order|[.[-2:]]")" '[["sub","/meta/subscribe"]]'
control DELETE faults >/dev/null

# ---- positions that are lost ----
fault lose-replay:times=1
subscribe /event/Low_Ink__e "$last"
is 'a lost position' "$(answer '.[0].error')" "\"400::The replayId {$last} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 to replay only new events.\""
subscribe /event/Low_Ink__e -2
is 'not of all' "$(answer '.[0].successful')" true
subscribe /event/Low_Ink__e "$last"
is 'once' "$(answer '.[0].successful')" true
control DELETE faults >/dev/null

# ---- the wire, on a long poll ----
code() { # SPEC: how curl ends on a poll with an event
    fault "$1,path=/cometd,times=1"
    ink wire
    curl -sS --max-time 3 -H "$auth" -H 'Content-Type: application/json' -o "$work/body" "$url/cometd/64.0" \
        --data-binary '[{"channel":"/meta/connect","connectionType":"long-polling","id":"4","clientId":"'"$client"'"}]' 2>/dev/null
    echo $?
    control DELETE faults >/dev/null
}
is 'reset' "$(code reset:after=0)" 56
is 'a reset in mid-body' "$(code reset:after=600)" 56
is 'an end of file after so many bytes' "$(code truncate:after=40,length=wrong)" 18
is 'it got them' "$(wc -c <"$work/body")" 40
is 'a body cut short' "$(code truncate:after=40)" 0
is 'is no JSON' "$(jq . "$work/body" >/dev/null 2>&1 || echo none)" none
is 'lost' "$(code lost:method=POST)" 56
is 'a stall' "$(code stall:after=0,ms=60000)" 28
is 'a half-open connection' "$(code half-open:every=1)" 28
fault 503:path=/cometd,times=1
poll
is '503' "$status" 503
fault 503:path=/cometd,times=1,body=html
poll
is 'a page of HTML' "$status $(head -c 6 "$work/body")" '503 <html>'
token=$(control POST tokens | jq -r .access_token)
auth="Authorization: Bearer $token"
shake
curl -sS -H "$auth" -o /dev/null "$url/services/data/v64.0/limits"
control POST faults '{"spec":"expire:requests=1,path=/cometd,times=1"}' >/dev/null
poll
is 'a session that dies' "$(answer '.[0].error')" '"401::Authentication invalid"'
token=$(control POST tokens | jq -r .access_token)
auth="Authorization: Bearer $token"
control DELETE faults >/dev/null
shake
while_waiting curl -sS --max-time 20 -d "token=$token" "$url/services/oauth2/revoke"
is 'a token that is revoked while a connect waits' "$(held)" '{"advice":{"reconnect":"none","interval":0},"channel":"/meta/connect","id":"6","error":"401::Authentication invalid","successful":false}'
is 'kinds that take no such setting' "$(control POST faults '{"spec":"duplicate:advice=none"}' | jq -r '.[0].message')" "fault 'duplicate:advice=none': this kind does not take 'advice'"
report
