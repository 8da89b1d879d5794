#!/bin/bash
# composite_test.sh: the local org's answers to composite, batch and graph beside those that real orgs once sent: the same
# keys in the same order, the same statuses and words. The recordings lie outside the repository (../shared/recorded);
# without them the test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
start_org --data :memory: --seed sample --schema "$source_dir/tests/integration/data/things.json"

# Forms without what is an org's own: ids, and the version in paths.
plain='walk(if type == "string" then gsub("0[0-9a-zA-Z]{2}[0-9a-zA-Z]{12}([0-9A-Z]{3})?"; "ID") | gsub("/v[0-9]+\\.0/"; "/vN/") else . end)'
part() { printf '{"method":"%s","url":"/services/data/%s","referenceId":"%s"%s}' "$1" "$2" "$3" "${4:+,$4}"; }

data GET 'v52.0/query?q=SELECT+Id,Name+FROM+Account+LIMIT+1'
account=$(jq -r '.records[0].Id' "$work/ours")

# One graph of one node.
data POST v66.0/composite/graph "{\"graphs\":[{\"graphId\":\"test1\",\"compositeRequest\":[$(part POST v66.0/sobjects/Account newAccount '"body":{"Name":"graph"}')]}]}"
like composite/graph-one-node-v66.http "$plain"

# Four queries, two of the id and two of the name.
queries=$(for i in 0 1 2 3; do part GET "v52.0/query?q=SELECT $([ $((i % 2)) = 0 ] && echo Id || echo Name) FROM Account LIMIT 1" "CCI__RefId__${i}__"; printf ,; done)
data POST v52.0/composite "{\"compositeRequest\":[${queries%,}]}"
like composite/composite-four-queries.json "$plain"' | .compositeResponse[].body.records[0] |= with_entries(if .key == "Name" then .value = "NAME" elif .key == "attributes" then .value.url |= sub("[^/]*$"; "ID") elif .key == "Id" then .value = "ID" else . end)'

# Describes that have not changed: no body, and the headers that say so.
describes=$(for i in 0 1 2; do part GET v52.0/sobjects/Account/describe "CCI__RefId__${i}__" '"httpHeaders":{"If-Modified-Since":"Fri, 01 Jan 2095 00:00:00 GMT"}'; printf ,; done)
data POST v52.0/composite "{\"compositeRequest\":[${describes%,}]}"
like composite/composite-delete-null-body.json '.compositeResponse | map([keys_unsorted, .body, (.httpHeaders | keys_unsorted), .httpStatusCode, .referenceId])'

# One part fails, and the other only says that it was rolled back; which of them stands first plays no part.
data POST v52.0/composite "{\"allOrNone\":true,\"compositeRequest\":[$(part POST v52.0/sobjects/Account NewPayment1 '"body":{"Name":"rolled back"}'),$(part POST v52.0/sobjects/Thing__c NewPayment2 '"body":{"Name":"x","Parent__r":{"Ext__c":"0116"}}')]}"
like composite/composite-processing-halted.json '[(.compositeResponse[0]), (.compositeResponse[1] | [keys_unsorted, .httpHeaders, .httpStatusCode, .referenceId, (.body[0] | keys_unsorted), .body[0].errorCode])]'

# A batch of one.
data POST v57.0/composite/batch '{"batchRequests":[{"method":"GET","url":"v57.0/limits"}]}'
like composite/batch-v57.http '[keys_unsorted, .hasErrors, (.results[0] | [keys_unsorted, .statusCode, (.result.DailyApiRequests | keys_unsorted)])]'

# What the guide says of reference ids and of values that are null, in old and new versions.
name=$(part GET "v51.0/sobjects/Account/$account?fields=Fax" r)
for version in 51 52; do
    data PATCH "v$version.0/sobjects/Account/$account" '{"Fax":null}'
    data POST "v$version.0/composite" "{\"compositeRequest\":[$name,$(part POST v51.0/sobjects/Account n '"body":{"Name":"null","Fax":"@{r.Fax}"}')]}"
    same "null in $version.0" "$(jq -c '.compositeResponse[1] | [.httpStatusCode, (.body | if type == "array" then .[0].message else empty end)]' "$work/ours")" \
        "$([ $version = 52 ] && echo '[201]' || echo "[400,\"Invalid reference specified. No value for r.Fax found in r. Provided referenceId ('r.Fax') must start with a letter or a number, and it can contain only letters, numbers and underscores ('_').\"]")"
    data POST "v$version.0/composite" "{\"compositeRequest\":[$(part POST v51.0/sobjects/Account 'a[1]' '"body":{"Name":"odd"}'),$(part POST v51.0/sobjects/Contact c '"body":{"LastName":"x","AccountId":"@{a[1].id}"}')]}"
    same "odd ids in $version.0" "$(jq -c '[.compositeResponse[]?.httpStatusCode?, .[0]?.errorCode?, .[0]?.message?]' "$work/ours" 2>/dev/null || jq -c '[.[0] | .errorCode, .message]' "$work/ours")" \
        "$([ $version = 51 ] && echo '[201,400]' || echo "[\"JSON_PARSER_ERROR\",\"Provided referenceId ('a[1]') must start with a letter or a number, and it can contain only letters, numbers and underscores ('_').\"]")"
done

# Limits of graphs.
deep=$(for i in $(seq 16); do part POST v62.0/sobjects/Account "r$i" "\"body\":{\"Name\":\"d\"$([ "$i" -gt 1 ] && printf ',"ParentId":"@{r%s.id}"' $((i - 1)))}"; printf ,; done)
data POST v62.0/composite/graph "{\"graphs\":[{\"graphId\":\"deep\",\"compositeRequest\":[${deep%,}]}]}"
same "deeper than 15" "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$work/head") $(jq -r '.[0].errorCode' "$work/ours")" "400 LIMIT_EXCEEDED"
data POST v62.0/composite/graph "{\"graphs\":[{\"graphId\":\"q\",\"compositeRequest\":[$(part GET 'v62.0/query?q=x' q)]}]}"
same "no queries in graphs" "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$work/head")" 400
data POST v49.0/composite/graph '{"graphs":[]}'
same "no graphs before 50.0" "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$work/head")" 404
data GET v54.0/composite
same "resources" "$(jq -c . "$work/ours")" '{"tree":"/services/data/v54.0/composite/tree","batch":"/services/data/v54.0/composite/batch","sobjects":"/services/data/v54.0/composite/sobjects","graph":"/services/data/v54.0/composite/graph"}'

report
