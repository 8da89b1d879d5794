#!/usr/bin/env bash
# actions_test.sh: the local org's quick actions beside those that real orgs once sent: the same keys in the same order, the same
# types, the same headers; and sforce reads the recorded answers. The recordings lie outside the repository (../shared/recorded);
# without them the test is skipped.
set -u
source_dir=${SF_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
recorded=$source_dir/../shared/recorded
[ -d "$recorded" ] || { echo 'skipped: no ../shared/recorded'; exit 77; }
work=$(mktemp -d)
"${SFORCE_ORG_BIN:?}" --port 0 --json >"$work/login" 2>"$work/stderr" &
pid=$!
trap 'kill -TERM $pid 2>/dev/null; wait $pid; rm -rf "$work"' EXIT
for _ in $(seq 600); do
    [ -s "$work/login" ] && break
    kill -0 $pid 2>/dev/null || { cat "$work/stderr"; exit 1; }
    sleep 0.1
done
url=$(jq -r .url "$work/login")
comparisons=0
failed=0
ask() { curl -sS -g --compressed -D "$work/head" -H "Authorization: Bearer $(jq -r .access_token "$work/login")" -o "$work/ours" "$url$1"; }
their() { tr -d '\r' <"$recorded/$1" | sed -n '1,/^$/p' >"$work/theirhead"; sed '1,/^\r*$/d' "$recorded/$1" >"$work/theirs"; }
same() { # WHAT OURS THEIRS
    comparisons=$((comparisons + 1))
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    echo "FAILED: $1"
    diff <(printf '%s\n' "$3") <(printf '%s\n' "$2") | head -20
}
same_by() { same "$1" "$(jq -c "$2" "$work/ours" 2>&1)" "$(jq -c "$2" "$work/theirs" 2>&1)"; }
names() { tr -d '\r' <"$1" | sed -n '2,$s/^\([^:]*\):.*/\1/p' | tr 'A-Z' 'a-z' | sort -u; }
same_headers() { same "$1: headers that we lack" "$(comm -23 <(names "$work/theirhead" | grep -vxE 'set-cookie|x-sfdc-edge-cache') <(names "$work/head"))" ''; }
value_of() { tr -d '\r' <"$2" | sed -n "s/^$1: *//Ip" | tail -1; }

their misc/quickactions-v60.http
ask /services/data/v60.0/quickActions
same_by 'keys of each action' 'map(keys_unsorted) | unique'
same_by 'keys of the urls' 'map(.urls | keys_unsorted) | unique'
# Theirs has a group too, which the local org lacks as an object.
same 'every action of theirs that we have is as theirs' \
    "$(jq -c 'map(select(.name != "NewGroup") | [.name, .label, .type, .urls]) | sort' "$work/ours")" \
    "$(jq -c 'map(select(.name != "NewGroup") | [.name, .label, .type, .urls]) | sort' "$work/theirs")"
same_by 'forms of ids' 'map(if .type == "Post" then .actionEnumOrId == .name else (.actionEnumOrId | test("^09D[A-Za-z0-9]{12}$")) end) | unique'
same_headers 'quickActions'
same 'the tag under gzip' "$(value_of etag "$work/head" | sed 's/[0-9a-f]\{8\}/X/')" "$(value_of etag "$work/theirhead" | sed 's/[0-9a-f]\{8\}/X/')"
their misc/quickaction-defaults-v59.http
ask /services/data/v59.0/quickActions/NewTask/defaultValues
same_by 'default values' '[keys_unsorted, .attributes, .Subject, .ActivityDate, .WhoId, .WhatId, .Status, (.OwnerId | test("^005.{15}$"))]'
same_headers 'default values'

echo "actions_test: $comparisons comparisons, $failed failed"
[ "$failed" = 0 ]
