#!/bin/bash
# apex_org_test.sh: the local org's Apex REST answers beside those of real orgs: status, headers that are there and that are
# not, and the error bodies byte for byte where their text is fixed. Without ../shared/recorded the test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
# Declared as the recorded classes answered; the rows go in as text, because jq writes numbers anew.
cat >"$work/schema.json" <<JSON
{"sobjects": [], "apexRest": [
    {"name": "LeanDataAPI", "urlMapping": "/leandata", "forbidden": true, "methods": {"GET": {}}},
    {"name": "Units", "urlMapping": "/units/*", "methods": {"GET": {"body": $(sed '1,/^\r*$/d' "$recorded/misc/apexrest-units.http")}}},
    {"name": "ShortForm", "urlMapping": "/shortForm/*", "methods": {"DELETE": {}, "GET": {"status": 400}}},
    {"name": "Listing", "urlMapping": "/Listing/*", "methods": {"GET": {
        "raises": "Exception: Method does not exist or incorrect signature: ListingLotteryService.getLotteryPreferenceByID(String)"}}}]}
JSON
start_org --schema "$work/schema.json"
compare() { # FILE METHOD PATH BODY: BODY is how bodies are compared: text, empty or a jq program
    local ours theirs name
    ask "$2" "$3"
    their "$1"
    if [ -s "$work/theirhead" ]; then
        same "$1: status" "$status" "$(status_of "$work/theirhead")"
        for name in content-type sforce-limit-info cache-control x-robots-tag; do
            theirs=$(value_of "$name" "$work/theirhead" | tr -d ' ')
            [ -z "$theirs" ] && [ $name != content-type ] && [ $name != sforce-limit-info ] && continue
            is "$1: $name" "$(value_of "$name" "$work/head" | tr -d ' ')" "$theirs"
        done
    fi
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
auth='Authorization: Bearer 00Dx000000000000!none'
compare more/errors/invalid-session-401-apexrest-2015.http GET /services/apexrest/units/1 text

report
