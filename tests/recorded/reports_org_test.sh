#!/bin/bash
# reports_org_test.sh: the local org's reports beside those that real orgs once sent: the same members with the same types.
# The recordings lie outside the repository (../shared/recorded); without them the test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
start_org
url=$url/services/data/v62.0
rest() { curl -sS -g --max-time 30 -H "$auth" -H "$json" "$@"; }
id_of() { rest "$url/query/?q=SELECT+Id+FROM+Report+WHERE+DeveloperName='$1'" | jq -r '.records[0].Id'; }
# Every path of theirs, with names of groups, columns and facts made equal, is there in ours with the same types (theirs may be null).
shape='def name: if type == "number" then "[]" else tostring end;
  def plain: map(name) | join(".") | gsub("factMap\\.[^.]+"; "factMap.K") | gsub("(detail|grouping)ColumnInfo\\.([^.]|\\.(?!dataType|label|groupingLevel))+"; "\(.a // "")columnInfo.C")
    | gsub("aggregateColumnInfo\\.[^.]+"; "aggregateColumnInfo.A");
  [paths(type != "object" and type != "array") as $p | {(($p | plain)): (getpath($p) | type)}] | map(to_entries[0]) | group_by(.key)
  | map({key: .[0].key, value: (map(.value) | unique)}) | from_entries'
compare() { # WHAT OURS THEIRS
    local missing
    jq "$shape" "$2" >"$work/ours.shape" && jq "$shape" "$3" >"$work/theirs.shape" || { fail "$1: no JSON"; return; }
    missing=$(jq -n -r --slurpfile o "$work/ours.shape" --slurpfile t "$work/theirs.shape" \
        '$t[0] | to_entries[] | select(.key as $k | ((.value - ["null"]) - ($o[0][$k] // [])) != [] or ($o[0] | has($k) | not)) | .key')
    checks=$((checks + $(jq length "$work/theirs.shape")))
    is "$1: what theirs has, and ours has not, or with other types" "$missing" ''
}
rest "$url/analytics/reports/$(id_of Contacts_and_Their_Accounts)?includeDetails=true" >"$work/tabular"
compare tabular "$work/tabular" "$recorded/reports/tabular.json"
rest "$url/analytics/reports/$(id_of Accounts_by_Type)?includeDetails=true" >"$work/summary"
compare summary "$work/summary" "$recorded/reports/summary-one-grouping.json"
rest "$url/analytics/reports/$(id_of Won_by_Type_and_Quarter)?includeDetails=true" >"$work/matrix"
compare matrix "$work/matrix" "$recorded/more/reports/matrix.json"
rest -X POST "$url/analytics/reports/$(id_of Won_by_Type_and_Quarter)" -d '{"reportMetadata":{"groupingsAcross":[{"name":"FISCAL_QUARTER"},{"name":"CLOSE_DATE","dateGranularity":"Month"}]}}' >"$work/matrix2"
compare "matrix of two levels" "$work/matrix2" "$recorded/reports/matrix-two-levels.json"
rest -X POST "$url/analytics/reports/query" -d '{"reportMetadata":{"reportType":{"type":"AccountList"},"detailColumns":["ACCOUNT.NAME"],"aggregates":["RowCount"]}}' >"$work/unsaved"
compare unsaved "$work/unsaved" "$recorded/reports/run-unsaved-no-rows-head.json"
# What both must say of the same report: the columns' labels and types, the words of empty cells, the order of the keys.
for what in SALES CREATED_DATE USERS.NAME ADDRESS1_STATE; do
    same "column $what" "$(jq -cS ".reportExtendedMetadata.detailColumnInfo[\"$what\"]" "$work/summary")" \
        "$(jq -cS ".reportExtendedMetadata.detailColumnInfo[\"$what\"]" "$recorded/reports/summary-one-grouping.json")"
done
for part in aggregateColumnInfo groupingColumnInfo; do
    same "$part" "$(jq -cS ".reportExtendedMetadata.$part" "$work/summary")" \
        "$(jq -cS ".reportExtendedMetadata.$part" "$recorded/reports/summary-one-grouping.json")"
done
empty='[.factMap[].rows[].dataCells[] | select(.value == null)] | unique'
same 'empty cells' "$(jq -cS "$empty" "$work/summary")" "$(jq -cS "$empty" "$recorded/reports/summary-one-grouping.json")"
same 'the order of an unsaved answer' "$(jq -c 'keys_unsorted[0:4]' "$work/unsaved")" \
    "$(jq -c 'keys_unsorted[0:4]' "$recorded/reports/run-unsaved-no-rows-head.json")"
same 'its attributes' "$(jq -c '.attributes | keys_unsorted' "$work/unsaved")" \
    "$(jq -c '.attributes | keys_unsorted' "$recorded/reports/run-unsaved-no-rows-head.json")"
same 'its facts have no rows' "$(jq -c '.factMap["T!T"] | keys_unsorted' "$work/unsaved")" '["aggregates"]'
# The Tooling API: the members of an answer to Apex, and of an empty query in their order.
rest -G "$url/tooling/executeAnonymous/" --data-urlencode 'anonymousBody=System.debug(1);' >"$work/apex"
same 'executeAnonymous' "$(jq -cS . "$work/apex")" "$(jq -cS 'del(.ham)' "$recorded/misc/execute-anonymous-ok.json")"
rest -G "$url/tooling/query/" --data-urlencode "q=SELECT Id FROM ApexClass WHERE Name = 'none'" >"$work/empty"
same 'an empty tooling query' "$(jq -c . "$work/empty")" "$(jq -c . "$recorded/more/query/tooling-query-empty.json")"
rest -G "$url/tooling/query/" --data-urlencode "q=SELECT Name FROM User LIMIT 4" >"$work/rows"
same 'a tooling query' "$(jq -c 'keys_unsorted, .records[0].attributes.url[0:37]' "$work/rows" | sed 's/v62/v52/')" \
    "$(jq -c 'keys_unsorted, .records[0].attributes.url[0:37]' "$recorded/more/query/tooling-query-coverage.json")"

report
