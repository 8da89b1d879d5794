#!/bin/bash
# org_cometd_hostile_test.sh: requests to the CometD endpoint that no decent client makes, and some that decent ones do make in
# unusual forms: each gets an answer, none harms the next.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cometd.sh"
start_org --seed empty --schema "$source_dir/tests/integration/data/events.json"
control POST streaming '{"timeout":2000}' >/dev/null
send() { # CURL-OPTIONS…: the status; the body in $work/body
    curl -sS --max-time 20 -H "$auth" -o "$work/body" -w '%{http_code}' "$@"
}
handshake='[{"channel":"/meta/handshake","id":"1","version":"1.0"}]'

# ---- forms that clients have ----
for path in /cometd/64.0 /cometd/64.0/ /cometd/64.0/handshake /cometd/64.0/connect /cometd/37.0 /cometd/68.0; do
    is "path $path" "$(send --data-binary "$handshake" "$url$path") $(answer '.[0].successful')" '200 true'
done
is 'a chunked body' "$(send -H 'Transfer-Encoding: chunked' -H 'Content-Type: application/json' --data-binary "$handshake" "$url/cometd/64.0") $(answer '.[0].successful')" '200 true'
is 'a message alone' "$(send --data-binary '{"channel":"/meta/handshake"}' "$url/cometd/64.0") $(answer '.[0].successful')" '200 true'
is 'no content type' "$(send -H 'Content-Type:' --data-binary "$handshake" "$url/cometd/64.0") $(answer '.[0].successful')" '200 true'
for id in '"x"' 7 null 1.50 '{"a":[1]}'; do
    send --data-binary '[{"channel":"/meta/handshake","id":'"$id"'}]' "$url/cometd/64.0" >/dev/null
    is "the id $id comes back" "$(jq -c '.[0].id' "$work/body")" "$(jq -c . <<<"$id")"
done
shake
cometd '[{"channel":"/meta/connect","id":"1","clientId":"'"$client"'","connectionType":"long-polling"},{"channel":"/meta/subscribe","id":"2","clientId":"'"$client"'","subscription":"/event/Low_Ink__e"},{"channel":"/meta/subscribe","id":"3","clientId":"'"$client"'","subscription":"/event/Nope__e"}]'
is 'a batch, as faye sends it' "$(answer '[.[]|[.id,.successful]]')" '[["1",true],["2",true],["3",false]]'

# ---- no long polls ----
is 'a web socket' "$(send -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "$url/cometd/64.0")" 400
is 'callback polling' "$(send -G --data-urlencode "message=$handshake" --data jsonp=cb "$url/cometd/64.0")" 400
for method in PUT DELETE PATCH OPTIONS; do is "no $method" "$(send -X $method --data-binary "$handshake" "$url/cometd/64.0")" 400; done
for path in /cometd /cometd/ /cometd/x /cometd/36.0 /cometd/64 /cometd/64.1 /cometd/-1.0 /cometd/99999999999.0 /cometd/replay/36.0; do
    is "no version: $path" "$(send --data-binary "$handshake" "$url$path") $(answer '.[0].error[0:5]')" '400 "400::"'
done
is 'a connection of another type' "$(cometd '[{"channel":"/meta/connect","clientId":"'"$client"'","connectionType":"websocket"}]'; answer '.[0].error')" '"400::Invalid connection type {websocket}"'

# ---- what is no message, or too much ----
for body in '' ' ' '[' '[{]' '"x"x' "$(printf '[{"channel":"\xff"}]')" '[{"channel":"/meta/handshake"}' '{"a":}'; do
    is "no JSON: ${body//[^ -~]/?}" "$(send --data-binary "$body" "$url/cometd/64.0")" 400
done
is 'an empty array' "$(send --data-binary '[]' "$url/cometd/64.0") $(answer .)" '200 []'
for value in null 1 '"x"' '[]' '{}' '{"channel":5}' '{"channel":"/meta/nope"}' '{"channel":""}' '{"channel":"/foo"}' '{"clientId":"'"$client"'"}'; do
    is "no message: $value" "$(send --data-binary "[$value]" "$url/cometd/64.0") $(answer '[length,.[0].successful]')" '200 [1,false]'
done
is 'depth' "$(send --data-binary "$(printf '[%.0s' $(seq 3000))" "$url/cometd/64.0")" 400
is 'a request that is just not too large' "$(send --data-binary "[{\"channel\":\"/meta/handshake\",\"id\":\"$(head -c 32700 /dev/zero | tr '\0' x)\"}]" "$url/cometd/64.0")" 200
is 'and one that is' "$(send --data-binary "[{\"channel\":\"/meta/handshake\",\"id\":\"$(head -c 32768 /dev/zero | tr '\0' x)\"}]" "$url/cometd/64.0") $(answer '.[0].error')" '413 "413::Maximum Request Size Exceeded"'
is 'too many messages' "$(send --data-binary "[$(printf '{},%.0s' $(seq 100)){}]" "$url/cometd/64.0")" 413
for replay in 1e400 99999999999999999999 -3 1.5 '"x"' null true '[1]' -9223372036854775808; do
    cometd '[{"channel":"/meta/subscribe","clientId":"'"$client"'","subscription":"/event/Low_Ink__e","ext":{"replay":{"/event/Low_Ink__e":'"$replay"'}}}]'
    is "no position: $replay" "$status $(answer '.[0].error[0:17]')" '200 "400::The replayId"'
done
for name in '' / '//' /data /data/ /event/ /topic/ /u/ '/data/ChangeEvents/' '/data/ChangeEvents?x=1' '/event/Low_Ink__e ' '/event/low_ink__e' "/data/$(head -c 300 /dev/zero | tr '\0' a)" '/topic/x\u0000' "/topic/';DROP TABLE PushTopic;--" '/data/%2e%2e'; do
    cometd '[{"channel":"/meta/subscribe","clientId":"'"$client"'","subscription":"'"$name"'"}]'
    is "no channel: ${name:0:30}" "$status $(answer '.[0].successful')" '200 false'
done
for value in 5 null '["/event/Low_Ink__e"]' '{}'; do
    cometd '[{"channel":"/meta/subscribe","clientId":"'"$client"'","subscription":'"$value"'}]'
    is "no name: $value" "$status $(answer '.[0].successful')" '200 false'
done
cometd '[{"channel":"/meta/unsubscribe","clientId":"'"$client"'","subscription":"/never"}]'
is 'what was not subscribed' "$(answer '.[0].successful')" true
for auth in 'Authorization: ' 'Authorization: Bearer' 'Authorization: OAuth  ' 'Authorization: Basic eDp5' "Authorization: Bearer $(head -c 5000 /dev/zero | tr '\0' x)"; do
    is "no session: ${auth:0:30}" "$(send --data-binary "$handshake" "$url/cometd/64.0") $(answer '.[0].successful')" '200 false'
done
auth="Authorization: Bearer $token"

# ---- connections that end in the middle of things ----
exec 3<>"/dev/tcp/127.0.0.1/${url##*:}"
printf 'POST /cometd/64.0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 5000\r\n\r\n[{"channel":' "$token" >&3
exec 3>&-
connect='[{"channel":"/meta/connect","connectionType":"long-polling","id":"4","clientId":"'"$client"'"}]'
exec 3<>"/dev/tcp/127.0.0.1/${url##*:}"
printf 'POST /cometd/64.0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s' "$token" "${#connect}" "$connect" >&3
connect_waits
exec 3>&-
until [ "$(control GET events | jq .waiting)" = 0 ]; do :; done
is 'a poll whose client went away is gone too' "$(control GET events | jq .waiting)" 0
poll
is 'and its client may come back' "$(answer '.[0].successful')" true

# ---- many ----
for _ in $(seq 20); do
    send --data-binary "[$(printf '{"channel":"/meta/handshake"},%.0s' $(seq 99)){\"channel\":\"/meta/handshake\"}]" "$url/cometd/64.0" >/dev/null
done
is 'clients end at a thousand' "$(answer '.[-1].ext.sfdc.failureReason') $(control GET events | jq .clients)" '"403::Organization concurrent user limit exceeded" 1000'
control DELETE streaming >/dev/null
shake
is 'and begin again' "$(answer '.[0].successful')" true
messages=$(for i in $(seq 99); do printf '{"channel":"/meta/subscribe","id":%d,"clientId":"%s","subscription":"/topic/T%d"},' "$i" "$client" "$i"; done)
for i in 1 2 3; do rest POST sobjects/PushTopic "{\"Name\":\"T$i\",\"Query\":\"SELECT Id FROM Account\",\"ApiVersion\":64}" >/dev/null; done
cometd "[${messages%,}]"
is 'each answers for itself' "$(answer '[length,(map(select(.successful))|length)]')" '[99,3]'
report
