#!/bin/bash
# apex_org_test.sh: the local org's Apex REST answers beside those of real orgs: status, headers that are there and that are
# not, and the error bodies byte for byte where their text is fixed. Without ../shared/recorded the test is skipped.
set -u
org=${SFORCE_ORG_BIN:?the program to test}
source_dir=${SF_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
recorded=
for place in "$source_dir/../shared/recorded" "$source_dir/shared/recorded"; do
    [ -d "$place" ] && recorded=$place
done
[ -n "$recorded" ] || { echo 'skipped: no ../shared/recorded'; exit 77; }
work=$(mktemp -d)
trap 'kill -TERM ${pid:-} 2>/dev/null; wait; rm -rf "$work"' EXIT
# Declared as the recorded classes answered; the rows go in as text, because jq writes numbers anew.
cat >"$work/schema.json" <<JSON
{"sobjects": [], "apexRest": [
    {"name": "LeanDataAPI", "urlMapping": "/leandata", "forbidden": true, "methods": {"GET": {}}},
    {"name": "Units", "urlMapping": "/units/*", "methods": {"GET": {"body": $(sed '1,/^\r*$/d' "$recorded/misc/apexrest-units.http")}}},
    {"name": "ShortForm", "urlMapping": "/shortForm/*", "methods": {"DELETE": {}, "GET": {"status": 400}}},
    {"name": "Listing", "urlMapping": "/Listing/*", "methods": {"GET": {
        "raises": "Exception: Method does not exist or incorrect signature: ListingLotteryService.getLotteryPreferenceByID(String)"}}}]}
JSON
"$org" --port 0 --json --schema "$work/schema.json" >"$work/login" 2>"$work/stderr" &
pid=$!
for _ in $(seq 600); do
    [ -s "$work/login" ] && break
    kill -0 $pid 2>/dev/null || { cat "$work/stderr"; exit 1; }
    sleep 0.1
done
url=$(jq -r .url "$work/login") token=$(jq -r .access_token "$work/login")
checks=0 failed=0
same() { # WHAT OURS THEIRS
    checks=$((checks + 1))
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    printf 'FAILED: %s\n  ours:   %s\n  theirs: %s\n' "$1" "$2" "$3"
}
compare() { # FILE METHOD PATH BODY: BODY is how bodies are compared: text, empty or a jq program
    local status ours theirs name
    status=$(curl -sS --max-time 30 -X "$2" -H "Authorization: Bearer $token" -D "$work/head" -o "$work/ours" -w '%{http_code}' "$url$3")
    case $1 in
    *.http) tr -d '\r' <"$recorded/$1" | sed -n '1,/^$/p' >"$work/theirhead"; sed '1,/^\r*$/d' "$recorded/$1" >"$work/theirs"
        same "$1: status" "$status" "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$work/theirhead")"
        for name in content-type sforce-limit-info cache-control x-robots-tag; do
            theirs=$(grep -i "^$name:" "$work/theirhead" | cut -d: -f2- | tr -d ' ')
            [ -z "$theirs" ] && [ $name != content-type ] && [ $name != sforce-limit-info ] && continue
            same "$1: $name" "$(tr -d '\r' <"$work/head" | grep -i "^$name:" | cut -d: -f2- | tr -d ' ')" "$theirs"
        done ;;
    *) cat "$recorded/$1" >"$work/theirs" ;;
    esac
    case $4 in
    text) ours=$(cat "$work/ours") theirs=$(cat "$work/theirs") ;;
    empty) ours=$(wc -c <"$work/ours") theirs=0 ;;
    *) ours=$(jq -c "$4" "$work/ours" 2>&1) theirs=$(jq -c "$4" "$work/theirs" 2>&1) ;;
    esac
    same "$1: body" "$ours" "$theirs"
}
compare errors/apexrest-404-no-match.http GET "/services/apexrest/v1.0/EucDemoRestService/EUC?objType=Deal" text
compare errors/apexrest-400-empty-body.http GET /services/apexrest/shortForm/x empty
compare misc/apexrest-delete-200-empty.http DELETE /services/apexrest/shortForm/x empty
compare errors/apexrest-500-apex-error.http GET /services/apexrest/Listing/x '[.[0] | keys_unsorted, (.message | split("\n")[0])]'
compare errors/apex-class-forbidden-403.json GET /services/apexrest/leandata text
compare misc/apexrest-units.http GET /services/apexrest/units/1 text
token=00Dx000000000000!none
compare more/errors/invalid-session-401-apexrest-2015.http GET /services/apexrest/units/1 text
echo "$checks comparisons, $failed failed"
[ "$failed" -eq 0 ]
