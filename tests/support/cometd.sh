# cometd.sh: what the scripts that speak Bayeux to sforce-org by curl share. Sourced behind org.sh and checks.sh.
cometd() { # MESSAGES [PATH]: the answer in $work/body, $status
    status=$(curl -sS --max-time 60 -H "$auth" -H 'Content-Type: application/json' -D "$work/head" -o "$work/body" \
        -w '%{http_code}' --data-binary "$1" "$url/cometd/${2-64.0}")
}
rest() { # METHOD PATH [BODY]: the answer
    curl -sS --max-time 60 -X "$1" -H "Authorization: Bearer $token" -H 'Sforce-Call-Options: client=loader' \
        -H 'Content-Type: application/json' ${3:+--data-binary "$3"} "$url/services/data/v64.0/$2"
}
control() { curl -sS --max-time 60 -X "$1" "$url/__org/$2" ${3:+--data-binary "$3"}; }
answer() { jq -c "$1" "$work/body"; }
client=
shake() {
    cometd '[{"channel":"/meta/handshake","id":"1","version":"1.0","supportedConnectionTypes":["long-polling"],"ext":{"replay":true}}]'
    client=$(jq -r '.[0].clientId' "$work/body")
    cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"2","clientId":"'"$client"'"}]'
}
subscribe() { # CHANNEL [REPLAY]
    local ext=
    [ $# -gt 1 ] && ext=',"ext":{"replay":{"'$1'":'$2'}}'
    cometd '[{"channel":"/meta/subscribe","id":"3","clientId":"'"$client"'","subscription":"'"$1"'"'"$ext"'}]'
}
poll() { cometd '[{"channel":"/meta/connect","connectionType":"long-polling","id":"4","clientId":"'"$client"'"}]'; }
events() { # what a poll brought, through a jq program; the connect's own answer is checked
    poll
    is 'the connect is answered' "$(answer '[.[]|select(.channel=="/meta/connect")|.successful]')" '[true]'
    jq -c "[.[]|select(.data)|.data|$1]" "$work/body"
}
connect_waits() { until [ "$(control GET events | jq .waiting)" = 1 ]; do :; done; }
while_waiting() { # COMMAND…: done while a connect waits, whose answer is in $work/held then
    curl -sS --max-time 60 -H "$auth" -H 'Content-Type: application/json' -o "$work/held" "$url/cometd/64.0" \
        --data-binary '[{"channel":"/meta/connect","connectionType":"long-polling","id":"6","clientId":"'"$client"'"}]' &
    local waiting=$!
    connect_waits
    "$@" >/dev/null
    wait $waiting
}
held() { jq -c '.[0]|del(.clientId)' "$work/held"; }
