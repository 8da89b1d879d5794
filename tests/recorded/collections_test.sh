#!/bin/bash
# collections_test.sh: the local org's answers to collections beside those that real orgs once sent: the same keys in the
# same order, the same types, the same words where the recording has them from the org alone. The recordings lie outside
# the repository (../shared/recorded); without them the test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
start_org --data :memory: --schema "$source_dir/tests/integration/data/things.json"

whole='.'
form='map(if has("id") then .id |= "ID" else . end)' # all but the ids themselves
type() { printf '{"attributes":{"type":"%s"},%s}' "$1" "$2"; }

data POST v63.0/composite/sobjects "{\"allOrNone\":false,\"records\":[$(type Account '"Name":"Test Account"')]}"
like composite/collections-create-v63.http "$form"
like more/composite/collections-create-v42.http "$form"
first=$(jq -r '.[0].id' "$work/ours")
six=$(for i in 1 2 3 4 5 6; do type Account "\"Name\":\"six $i\""; printf ,; done)
data POST v62.0/composite/sobjects "{\"records\":[${six%,}]}"
like more/composite/collections-create-six.json "$form"
ids=$(jq -r 'map(.id)[0:5] | join(",")' "$work/ours")
data POST v42.0/composite/sobjects "{\"allOrNone\":false,\"records\":[$(type Account '"AccountNumber":"shouldnotexist","Name":null')]}"
like composite/collections-create-required-field-missing-v42.http "$whole"
data POST v60.0/composite/sobjects "{\"allOrNone\":true,\"records\":[$(type Contact '"FirstName":"none"'),$(type Contact '"LastName":"some"')]}"
like composite/collections-all-or-none-rolled-back.json "$whole"
data POST v60.0/composite/sobjects '{"records":[]}'
like errors/collections-400-no-records.json "$whole"

data PATCH v60.0/composite/sobjects "{\"records\":[$(type Contact '"LastName":"a"'),$(type Contact '"LastName":"b"')]}"
like composite/collections-update-missing-argument.json "$whole"
data PATCH v59.0/composite/sobjects "{\"records\":[$(type Account '"Id":"001000000000001AAA","Name":"x"')]}"
like composite/collections-update-error-v59.http "$whole"
data PATCH v42.0/composite/sobjects "{\"allOrNone\":false,\"records\":[$(type Account "\"id\":\"$first\",\"Name\":\"y\""),$(type Thing__c '"Id":"a00000000000001AAA","Mail__c":"badone"')]}"
like composite/collections-update-mixed-v42.http 'map({keys: keys_unsorted, success})'
data POST v42.0/composite/sobjects "{\"records\":[$(type Contact '"LastName":"c"')]}"
contact=$(jq -r '.[0].id' "$work/ours")
data PATCH v59.0/composite/sobjects "{\"allOrNone\":true,\"records\":[$(type Contact "\"Id\":\"$contact\",\"LastName\":\"d\""),$(type Contact "\"Id\":\"$contact\",\"unknownField_LastName\":\"e\"")]}"
like more/composite/collections-update-all-or-none.json "$whole"
data POST v42.0/composite/sobjects "{\"records\":[$(type Thing__c '"Mail__c":"badone"')]}"
sed '1,/^\r*$/d' "$recorded/composite/collections-update-mixed-v42.http" | jq -c '[.[1]]' >"$work/theirs"
same 'a bad address' "$(jq -c 'map(.errors[0] | [keys_unsorted, .statusCode, (.fields|length)])' "$work/ours")" "$(jq -c 'map(.errors[0] | [keys_unsorted, .statusCode, (.fields|length)])' "$work/theirs")"

rows=$(for i in {1..16}; do type Contact "\"LastName\":\"u$i\",\"Email\":\"u$i@example.com\""; printf ,; done)
data PATCH v60.0/composite/sobjects/Contact/Email "{\"records\":[${rows%,}]}"
like composite/collections-upsert-by-email.json "$form"
rows=$(for i in {1..16}; do type Contact "\"LastName\":\"v$i\",\"Id\":null"; printf ,; done)
data PATCH v60.0/composite/sobjects/Contact/Id "{\"records\":[${rows%,}]}"
like more/composite/collections-upsert-by-id.json "$form"
data PATCH v60.0/composite/sobjects/Thing__c/Ext__c "{\"records\":[$(type Thing__c '"Ext__c":"one"')]}"
like composite/collections-upsert-one-created.json "$form"
data PATCH v63.0/composite/sobjects/Task/Id "{\"records\":[$(type Task '"Id":null,"Who":{"Email":"a@b.c"}')]}"
like composite/collections-upsert-json-parser-error-v63.http "$whole"

data DELETE "v42.0/composite/sobjects?ids=$(printf %s "$ids" | cut -d, -f1-3)&allOrNone=true"
like composite/collections-delete-three-v42.http "$form"
data DELETE "v66.0/composite/sobjects?allOrNone=false&ids=$(printf %s "$ids" | cut -d, -f4-5)&sObjectName=Account"
like composite/collections-delete-v66.http "$form"

report
