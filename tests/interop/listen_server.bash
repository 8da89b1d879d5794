# Sourced by the tests that run sforce listen against a CometD server of others: start_server PORT FIRST runs it in the background
# (it writes its port to $work/port and what happens to $work/server.log). Three channels at once; all sessions are removed, then
# closed by the server; the server ends and comes back. Every number must come once and in order on each channel; at the
# end the server is told goodbye.
channels=(/event/Tick__e /event/Tock__e /data/ChangeEvents)
server=
clean_up() { [[ -z $server ]] || kill "$server" 2>/dev/null || true; }
pause() { read -rt 0.05 <> <(:) || true; }
await() { # WHAT COMMAND…: until it is true; a minute at most
    local what=$1 tries=0; shift
    until "$@"; do
        kill -0 "$listener" 2>/dev/null || { echo "FAIL: $what: the listener ended"; cat "$work/listen.log"; exit 1; }
        ((tries++ < 1200)) || { echo "FAIL: $what never came"; tail -5 "$work/listen.log" "$work/server.log"; exit 1; }
        pause
    done
}
bring_up() { # PORT FIRST
    : >"$work/port"
    start_server "$1" "$2"
    until [[ -s $work/port ]]; do kill -0 "$server" || { cat "$work/server.log"; exit 1; }; pause; done
}
events_of() { grep -cF "\"channel\":\"$1\"" "$work/events" || true; }
all_have() { for c in "${channels[@]}"; do [[ $(events_of "$c") -ge $1 ]] || return 1; done; }
sessions() { grep -c '^handshake' "$work/server.log" || true; }
more() { # N: so many more on each channel than now
    local now=0
    for c in "${channels[@]}"; do [[ $(events_of "$c") -le $now ]] || now=$(events_of "$c"); done
    await "$1 more events" all_have $((now + $1))
}
has_sessions() { [[ $(sessions) -ge $1 ]]; }
listen_through() {
    : >"$work/events"
    bring_up 0 0
    local port
    port=$(cat "$work/port")
    export HOME=$work SF_ACCESS_TOKEN='00D000000000001!tok' SF_ORG_INSTANCE_URL="http://127.0.0.1:$port"
    "${SFORCE_BIN:?}" listen "${channels[@]}" --api-version 64.0 >"$work/events" 2>"$work/listen.log" &
    listener=$!
    await "the first events" all_have 100
    curl -sS --max-time 20 "http://127.0.0.1:$port/control/expire" >/dev/null
    await "a session after the removed one" has_sessions 2
    more 100
    curl -sS --max-time 20 "http://127.0.0.1:$port/control/close" >/dev/null
    await "a session after the closed one" has_sessions 3
    more 100
    kill "$server"
    wait "$server" || true
    bring_up "$port" "$(sed -n 's/^last //p' "$work/server.log" | tail -1)"
    await "a session with the new server" has_sessions 4
    more 100
    kill -INT "$listener"
    local code=0
    wait "$listener" || code=$?
    [[ $code -eq 130 ]] || { echo "FAIL: exit code $code"; cat "$work/listen.log"; exit 1; }
    local tries=0
    until grep -q '^disconnect' <(tail -3 "$work/server.log") || ((tries++ > 200)); do pause; done
    grep -q '^disconnect' <(tail -3 "$work/server.log") || { echo "FAIL: no goodbye"; tail -3 "$work/server.log"; exit 1; }
    for c in "${channels[@]}"; do
        jq -sc --arg c "$c" 'map(select(.channel == $c)) | map(.payload.n) as $n
            | { same: all(.[]; .replayId == .payload.n), many: (($n | length) >= 400), ordered: ($n == ($n | sort)),
                twice: (($n | length) - ($n | unique | length)),
                gaps: [range(1; $n | length) | select($n[.] != $n[. - 1] + 1) | [$n[. - 1], $n[.]]] }' "$work/events" >"$work/found"
        # A number can only be missing where a session ended with it on the way: this server does not replay.
        jq -e --argjson ends "$(($(sessions) - 1))" '.same and .many and .ordered and .twice == 0 and (.gaps | length) <= $ends' "$work/found" >/dev/null ||
            { echo "FAIL: $c over $(sessions) sessions: $(cat "$work/found")"; exit 1; }
    done
    echo "$(wc -l <"$work/events") events on ${#channels[@]} channels over $(sessions) sessions"
}
