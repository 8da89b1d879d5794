#!/bin/bash
# collections_test.sh: the local org's answers to collections beside those that real orgs once sent: the same keys in the
# same order, the same types, the same words where the recording has them from the org alone. The recordings lie outside
# the repository (../shared/recorded); without them the test is skipped.
set -u
org=${SFORCE_ORG_BIN:?the program to test}
source_dir=${SF_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
recorded=
for place in "$source_dir/../shared/recorded" "$source_dir/shared/recorded"; do
    [ -d "$place" ] && recorded=$place
done
[ -n "$recorded" ] || { echo 'skipped: no ../shared/recorded'; exit 77; }
work=$(mktemp -d)
"$org" --port 0 --json --data :memory: --schema "$source_dir/tests/integration/data/things.json" >"$work/login" 2>"$work/stderr" &
pid=$!
trap 'kill -TERM $pid 2>/dev/null; wait $pid; rm -rf "$work"' EXIT
for _ in $(seq 600); do
    [ -s "$work/login" ] && break
    kill -0 $pid 2>/dev/null || { cat "$work/stderr"; exit 1; }
    sleep 0.1
done
url=$(jq -r .url "$work/login")
auth="Authorization: Bearer $(jq -r .access_token "$work/login")"
checks=0
failed=0

ask() { # METHOD PATH [BODY]: our answer as $work/ours
    local body=()
    [ $# -gt 2 ] && body=(-H 'Content-Type: application/json' --data-binary "$3")
    curl -sS -g --max-time 30 -X "$1" -H "$auth" -D "$work/head" -o "$work/ours" "${body[@]}" "$url/services/data/$2"
}
same() { # WHAT OURS THEIRS
    checks=$((checks + 1))
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    printf 'FAILED %s\n  ours   %s\n  theirs %s\n' "$1" "$2" "$3"
}
# FILE JQ: our last answer and the recorded one look the same through a jq program; their status and type are ours too.
like() {
    case $1 in
    *.http)
        sed '1,/^\r*$/d' "$recorded/$1" >"$work/theirs"
        same "$1: status" "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$work/head")" "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$recorded/$1")"
        same "$1: type" "$(tr -d '\r' <"$work/head" | sed -n 's/^content-type: *//Ip')" "$(tr -d '\r' <"$recorded/$1" | sed -n 's/^content-type: *//Ip' | tail -1)" ;;
    *) cp "$recorded/$1" "$work/theirs" ;;
    esac
    same "$1" "$(jq -c "$2" "$work/ours")" "$(jq -c "$2" "$work/theirs")"
}
whole='.'
form='map(if has("id") then .id |= "ID" else . end)' # all but the ids themselves
type() { printf '{"attributes":{"type":"%s"},%s}' "$1" "$2"; }

ask POST v63.0/composite/sobjects "{\"allOrNone\":false,\"records\":[$(type Account '"Name":"Test Account"')]}"
like composite/collections-create-v63.http "$form"
like more/composite/collections-create-v42.http "$form"
first=$(jq -r '.[0].id' "$work/ours")
six=$(for i in 1 2 3 4 5 6; do type Account "\"Name\":\"six $i\""; printf ,; done)
ask POST v62.0/composite/sobjects "{\"records\":[${six%,}]}"
like more/composite/collections-create-six.json "$form"
ids=$(jq -r 'map(.id)[0:5] | join(",")' "$work/ours")
ask POST v42.0/composite/sobjects "{\"allOrNone\":false,\"records\":[$(type Account '"AccountNumber":"shouldnotexist","Name":null')]}"
like composite/collections-create-required-field-missing-v42.http "$whole"
ask POST v60.0/composite/sobjects "{\"allOrNone\":true,\"records\":[$(type Contact '"FirstName":"none"'),$(type Contact '"LastName":"some"')]}"
like composite/collections-all-or-none-rolled-back.json "$whole"
ask POST v60.0/composite/sobjects '{"records":[]}'
like errors/collections-400-no-records.json "$whole"

ask PATCH v60.0/composite/sobjects "{\"records\":[$(type Contact '"LastName":"a"'),$(type Contact '"LastName":"b"')]}"
like composite/collections-update-missing-argument.json "$whole"
ask PATCH v59.0/composite/sobjects "{\"records\":[$(type Account '"Id":"001000000000001AAA","Name":"x"')]}"
like composite/collections-update-error-v59.http "$whole"
ask PATCH v42.0/composite/sobjects "{\"allOrNone\":false,\"records\":[$(type Account "\"id\":\"$first\",\"Name\":\"y\""),$(type Thing__c '"Id":"a00000000000001AAA","Mail__c":"badone"')]}"
like composite/collections-update-mixed-v42.http 'map({keys: keys_unsorted, success})'
ask POST v42.0/composite/sobjects "{\"records\":[$(type Contact '"LastName":"c"')]}"
contact=$(jq -r '.[0].id' "$work/ours")
ask PATCH v59.0/composite/sobjects "{\"allOrNone\":true,\"records\":[$(type Contact "\"Id\":\"$contact\",\"LastName\":\"d\""),$(type Contact "\"Id\":\"$contact\",\"unknownField_LastName\":\"e\"")]}"
like more/composite/collections-update-all-or-none.json "$whole"
ask POST v42.0/composite/sobjects "{\"records\":[$(type Thing__c '"Mail__c":"badone"')]}"
sed '1,/^\r*$/d' "$recorded/composite/collections-update-mixed-v42.http" | jq -c '[.[1]]' >"$work/theirs"
same 'a bad address' "$(jq -c 'map(.errors[0] | [keys_unsorted, .statusCode, (.fields|length)])' "$work/ours")" "$(jq -c 'map(.errors[0] | [keys_unsorted, .statusCode, (.fields|length)])' "$work/theirs")"

rows=$(for i in {1..16}; do type Contact "\"LastName\":\"u$i\",\"Email\":\"u$i@example.com\""; printf ,; done)
ask PATCH v60.0/composite/sobjects/Contact/Email "{\"records\":[${rows%,}]}"
like composite/collections-upsert-by-email.json "$form"
rows=$(for i in {1..16}; do type Contact "\"LastName\":\"v$i\",\"Id\":null"; printf ,; done)
ask PATCH v60.0/composite/sobjects/Contact/Id "{\"records\":[${rows%,}]}"
like more/composite/collections-upsert-by-id.json "$form"
ask PATCH v60.0/composite/sobjects/Thing__c/Ext__c "{\"records\":[$(type Thing__c '"Ext__c":"one"')]}"
like composite/collections-upsert-one-created.json "$form"
ask PATCH v63.0/composite/sobjects/Task/Id "{\"records\":[$(type Task '"Id":null,"Who":{"Email":"a@b.c"}')]}"
like composite/collections-upsert-json-parser-error-v63.http "$whole"

ask DELETE "v42.0/composite/sobjects?ids=$(printf %s "$ids" | cut -d, -f1-3)&allOrNone=true"
like composite/collections-delete-three-v42.http "$form"
ask DELETE "v66.0/composite/sobjects?allOrNone=false&ids=$(printf %s "$ids" | cut -d, -f4-5)&sObjectName=Account"
like composite/collections-delete-v66.http "$form"
echo "$checks comparisons, $failed failed"
[ $failed -eq 0 ]
