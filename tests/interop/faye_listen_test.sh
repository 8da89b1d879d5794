#!/usr/bin/env bash
# sforce listen against a Bayeux server of others (faye), which forgets the client again and again: events come in order, none
# twice, and it is told goodbye. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -d $clients/node_modules/faye ]] || skip "faye"
node "$here/faye_listen_test.js" "$clients/node_modules" >"$work/port" 2>"$work/server.log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
until [[ -s $work/port ]]; do kill -0 "$server"; read -rt 0.05 <> <(:) || true; done
export HOME=$work SF_ACCESS_TOKEN='00D000000000001!tok' SF_ORG_INSTANCE_URL="http://127.0.0.1:$(cat "$work/port")"
"${SFORCE_BIN:?}" listen /event/Tick__e --api-version 64.0 >"$work/events" 2>"$work/listen.log" &
listener=$!
until [[ $(wc -l <"$work/events") -ge 150 ]]; do kill -0 "$listener" || { cat "$work/listen.log"; exit 1; }; read -rt 0.1 <> <(:) || true; done
kill -INT "$listener"
code=0
wait "$listener" || code=$?
[[ $code -eq 130 ]] || { echo "FAIL: exit $code"; cat "$work/listen.log"; exit 1; }
jq -es 'map(.payload.n) as $n | ($n == ($n | sort)) and ($n == ($n | unique)) and ($n | length) >= 150' "$work/events" >/dev/null ||
    { echo "FAIL: not in order, or twice"; exit 1; }
jq -es 'all(.replayId == .payload.n and .channel == "/event/Tick__e")' "$work/events" >/dev/null || { echo "FAIL: an event's members"; exit 1; }
[[ $(grep -c handshake "$work/server.log") -ge 3 ]] || { echo "FAIL: too few sessions"; exit 1; }
tries=0
until grep -q disconnect "$work/server.log" || ((tries++ > 100)); do read -rt 0.05 <> <(:) || true; done
grep -q disconnect "$work/server.log" || { echo "FAIL: no goodbye"; exit 1; }
echo "faye: $(wc -l <"$work/events") events over $(grep -c handshake "$work/server.log") sessions"
