#!/bin/bash
# collections_org_test.sh: /composite/sobjects as sforce-org answers it over REST: a result for each row in its order, what
# is refused of the whole and in which words, roll-back, and that nothing of a refused row stays in the org.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
start_org --data :memory: --schema "$source_dir/tests/integration/data/things.json"
base=$url/services/data
version=62.0

ask() { # METHOD PATH [BODY]: status and body in one line to $got
    local body=()
    [ $# -gt 2 ] && body=(-H 'Content-Type: application/json' --data-binary "$3")
    got=$(curl -sS -g --max-time 30 -X "$1" -H "Authorization: Bearer $token" -w '%{http_code}' -o "$work/body" "${body[@]}" "$base/v$version/$2")
    got="$got $(cat "$work/body")"
}
answers() { # WHAT WANT: of the last ask; ids of new records read as ID
    is "$1" "$(printf %s "$got" | sed -E 's/"id":"[0-9A-Za-z]{18}"/"id":"ID"/g')" "$2"
}
count() { # SOQL
    curl -sS -G -H "Authorization: Bearer $token" "$base/v62.0/query" --data-urlencode "q=$1" | jq -r .totalSize
}
id_of() { jq -r ".[$1].id" "$work/body"; }
account() { printf '{"attributes":{"type":"Account"},"Name":"%s"}' "$1"; }
thing() { printf '{"attributes":{"type":"Thing__c"},%s}' "$1"; }
ok='{"id":"ID","success":true,"errors":[]}'
bad() { printf '{"success":false,"errors":[{"statusCode":"%s","message":"%s","fields":[%s]}]' "$1" "$2" "${3:-}"; }
rolled=$(bad ALL_OR_NONE_OPERATION_ROLLED_BACK 'Record rolled back because not all records were valid and the request was using AllOrNone header')

# ---- create ----
ask POST composite/sobjects "{\"records\":[$(account one),$(account two)]}"
answers 'two are created' "200 [$ok,$ok]"
one=$(id_of 0)
two=$(id_of 1)
is 'ids rise' "$([[ $one < $two ]] && echo yes)" yes
ask POST composite/sobjects "{\"allOrNone\":false,\"records\":[$(account three),{\"attributes\":{\"type\":\"Account\"}},$(account four)]}"
answers 'a bad row between good ones' "200 [$ok,$(bad REQUIRED_FIELD_MISSING 'Required fields are missing: [Name]' '"Name"')},$ok]"
ask POST composite/sobjects "{\"records\":[{\"attributes\":{\"type\":\"Contact\"},\"LastName\":\"C\",\"Nope\":1},$(account five)],\"allOrNone\":true}"
answers 'all or none' "200 [$(bad INVALID_FIELD "No such column 'Nope' on sobject of type Contact")},$rolled}]"
is 'nothing of it stayed' "$(count "SELECT Id FROM Account WHERE Name = 'five'")" 0
ask POST composite/sobjects "{\"allOrNone\":true,\"records\":[$(account six),{\"attributes\":{\"type\":\"contact\"},\"LastName\":\"Mixed\"}]}"
answers 'two types, in any case' "200 [$ok,$ok]"
is 'prefixes' "$(id_of 0 | cut -c1-3) $(id_of 1 | cut -c1-3)" '001 003'
ask POST composite/sobjects "{\"records\":[{\"attributes\":{\"type\":\"Task\"},\"Who\":{\"Email\":\"x@y.z\"}}]}"
answers "a row's JSON" "200 [$(bad JSON_PARSER_ERROR 'Nested object for polymorphic foreign key must have an attributes field before any other fields.')}]"
ask POST composite/sobjects "{\"records\":[{\"attributes\":{\"type\":\"Account\"},\"Name\":\"n\",\"NumberOfEmployees\":\"many\"}]}"
is "a value that does not fit is the row's" "$(jq -r '.[0].errors[0].statusCode' "$work/body")" JSON_PARSER_ERROR
ask POST composite/sobjects "{\"records\":[{\"attributes\":{\"type\":\"Account\"},\"Name\":\"$(printf 'x%.0s' {1..300})\"}]}"
is 'too long' "$(jq -r '.[0].errors[0] | .statusCode, .fields[0]' "$work/body" | paste -sd' ')" 'STRING_TOO_LONG Name'

# ---- what is wrong with the whole ----
ask POST composite/sobjects '{"records":[]}'
answers 'no rows' '400 [{"message":"At least 1 record is required","errorCode":"REQUIRED_FIELD_MISSING"}]'
ask POST composite/sobjects '{"allOrNone":true}'
answers 'no records' '400 [{"message":"At least 1 record is required","errorCode":"REQUIRED_FIELD_MISSING"}]'
ask POST composite/sobjects "{\"records\":[$(for i in {1..200}; do account "n$i"; printf ,; done)$(account n201)]}"
answers '201 rows' '400 [{"message":"record limit reached. cannot submit more than 200 records into this call","errorCode":"EXCEEDED_ID_LIMIT"}]'
ask POST composite/sobjects '{"records":[{"Name":"no type"}]}'
is 'no type' "${got%% *} $(jq -r '.[0].errorCode' "$work/body")" '400 INVALID_TYPE'
ask POST composite/sobjects '{"records":[{"attributes":{"type":"Acount"},"Name":"x"}]}'
answers 'unknown type' "400 [{\"message\":\"sObject type 'Acount' is not supported.\",\"errorCode\":\"INVALID_TYPE\"}]"
ask POST composite/sobjects '{"records":[7]}'
is 'a row that is none' "${got%% *} $(jq -r '.[0].errorCode' "$work/body")" '400 JSON_PARSER_ERROR'
ask POST composite/sobjects '{"records":[{"attributes":{"type":"Account"},"Name":}]}'
is 'broken JSON' "${got%% *} $(jq -r '.[0].errorCode' "$work/body")" '400 JSON_PARSER_ERROR'
contact='{"attributes":{"type":"Contact"},"LastName":"run"}'
rows=$(for i in {1..5}; do printf '%s,%s,' "$(account run)" "$contact"; done)
ask POST composite/sobjects "{\"records\":[${rows%,}]}"
is 'ten runs' "${got%% *} $(jq 'map(select(.success)) | length' "$work/body")" '200 10'
ask POST composite/sobjects "{\"records\":[$rows$(account run)]}"
answers 'eleven runs' '400 [{"message":"Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking.","errorCode":"LIMIT_EXCEEDED"}]'
is 'none of the eleven' "$(count "SELECT Id FROM Account WHERE Name = 'run'")" 5
ask PUT composite/sobjects '{}'
is 'another method' "${got%% *}" 405
version=41.0
ask POST composite/sobjects "{\"records\":[$(account old)]}"
is 'before 42.0' "${got%% *}" 404
version=45.0
ask PATCH composite/sobjects/Thing__c/Ext__c "{\"records\":[$(thing '"Ext__c":"v"')]}"
is 'upsert before 46.0' "${got%% *}" 404
version=62.0

# ---- update ----
ask PATCH composite/sobjects "{\"records\":[{\"attributes\":{\"type\":\"Account\"},\"id\":\"$one\",\"Name\":\"uno\"},{\"attributes\":{\"type\":\"Account\"},\"ID\":\"${two:0:15}\",\"Name\":\"due\"}]}"
answers 'update, Id in any case, 15 characters too' "200 [$ok,$ok]"
is 'updated' "$(count "SELECT Id FROM Account WHERE Name IN ('uno','due')")" 2
ask PATCH composite/sobjects "{\"records\":[$(account x),{\"attributes\":{\"type\":\"Account\"},\"Id\":\"001000000000001AAA\",\"Name\":\"y\"},{\"attributes\":{\"type\":\"Account\"},\"Id\":\"oops\",\"Name\":\"y\"},{\"attributes\":{\"type\":\"Account\"},\"Id\":\"003000000000001AAA\",\"Name\":\"y\"},{\"attributes\":{\"type\":\"Account\"},\"Id\":\"$one\",\"CreatedDate\":\"2020-01-01T00:00:00Z\"}]}"
is 'update: codes' "$(jq -r 'map(.errors[0].statusCode) | join(" ")' "$work/body")" \
    'MISSING_ARGUMENT INVALID_CROSS_REFERENCE_KEY MALFORMED_ID MALFORMED_ID INVALID_FIELD_FOR_INSERT_UPDATE'
is 'update: messages' "$(jq -r 'map(.errors[0].message)[0:3] | join("|")' "$work/body")" \
    'Id not specified in an update call|invalid cross reference id|malformed id oops'
is 'update: no ids' "$(jq -c 'map(has("id")) | unique' "$work/body")" '[false]'
ask PATCH composite/sobjects "{\"allOrNone\":true,\"records\":[{\"attributes\":{\"type\":\"Account\"},\"Id\":\"$one\",\"Name\":\"no\"},$(account x)]}"
answers 'update, all or none' "200 [$rolled},$(bad MISSING_ARGUMENT 'Id not specified in an update call')}]"
is 'the first is as before' "$(count "SELECT Id FROM Account WHERE Name = 'uno'")" 1

# ---- upsert ----
ask PATCH composite/sobjects/thing__c/ext__c "{\"records\":[$(thing '"Ext__c":"A","Text__c":"a"'),$(thing '"Ext__c":"B"')]}"
answers 'upsert creates' "200 [${ok%\}},\"created\":true},${ok%\}},\"created\":true}]"
a=$(id_of 0)
ask PATCH composite/sobjects/Thing__c/Ext__c "{\"records\":[$(thing '"EXT__C":"A","Text__c":"a2"'),$(thing '"Ext__c":"C"'),$(thing '"Text__c":"none"'),$(thing '"Ext__c":"D","Nope":1')]}"
answers 'upsert updates, creates, refuses' "200 [${ok%\}},\"created\":false},${ok%\}},\"created\":true},$(bad MISSING_ARGUMENT 'Ext__c not specified'),\"created\":false},$(bad INVALID_FIELD "No such column 'Nope' on sobject of type Thing__c"),\"created\":false}]"
is 'the same record' "$(id_of 0)" "$a"
ask PATCH composite/sobjects/Thing__c/Ext__c "{\"records\":[$(thing '"Ext__c":"E"'),$(thing '"Ext__c":"F"'),$(thing '"Ext__c":"E"')]}"
is 'a value twice' "$(jq -r 'map(.errors[0].statusCode // "ok") | join(" ")' "$work/body")" 'DUPLICATE_VALUE ok DUPLICATE_VALUE'
is 'a value twice: message' "$(jq -r '.[0].errors[0].message' "$work/body")" 'Duplicate external id specified: E'
ask POST composite/sobjects "{\"records\":[$(thing '"Loose__c":"L"'),$(thing '"Loose__c":"L"')]}"
first=$(id_of 0)
second=$(id_of 1)
ask PATCH composite/sobjects/Thing__c/Loose__c "{\"records\":[$(thing '"Loose__c":"L"')]}"
answers 'several have it' "200 [$(bad DUPLICATE_EXTERNAL_ID "Loose__c: more than one record found for external id field: [$first, $second]" '"Loose__c"'),\"created\":false}]"
ask PATCH composite/sobjects/Contact/Email '{"records":[{"attributes":{"type":"Contact"},"LastName":"E","Email":"e1@example.com"}]}'
answers 'an idLookup field' "200 [${ok%\}},\"created\":true}]"
ask PATCH composite/sobjects/Account/Id "{\"records\":[{\"attributes\":{\"type\":\"Account\"},\"Id\":null,\"Name\":\"by null id\"},{\"attributes\":{\"type\":\"Account\"},\"Id\":\"$one\",\"Name\":\"by id\"},{\"attributes\":{\"type\":\"Account\"},\"Id\":\"001000000000001AAA\",\"Name\":\"z\"}]}"
is 'upsert by Id' "$(jq -r 'map(.created, .errors[0].statusCode // "-") | join(" ")' "$work/body")" 'true - false - false INVALID_CROSS_REFERENCE_KEY'
ask PATCH composite/sobjects/Account/Industry "{\"records\":[$(account x)]}"
answers 'no external id' '404 [{"message":"Provided external ID field does not exist or is not accessible: Industry","errorCode":"NOT_FOUND"}]'
ask PATCH composite/sobjects/Account/Id "{\"records\":[$contact]}"
is 'another type than the path' "${got%% *}" 400
ask PATCH composite/sobjects/Thing__c/Ext__c "{\"allOrNone\":true,\"records\":[$(thing '"Ext__c":"R1"'),$(thing '"Nope":1,"Ext__c":"R2"')]}"
answers 'upsert, all or none' "200 [$rolled,\"created\":false},$(bad INVALID_FIELD "No such column 'Nope' on sobject of type Thing__c"),\"created\":false}]"
is 'R1 is not there' "$(count "SELECT Id FROM Thing__c WHERE Ext__c = 'R1'")" 0

# ---- retrieve ----
ask GET "composite/sobjects/Account?ids=$two,001000000000001AAA,${one:0:15}&fields=Name,Industry"
answers 'rows in the order of ids, null where none is' "200 [{\"attributes\":{\"type\":\"Account\",\"url\":\"/services/data/v62.0/sobjects/Account/$two\"},\"Name\":\"due\",\"Industry\":null,\"Id\":\"$two\"},null,{\"attributes\":{\"type\":\"Account\",\"url\":\"/services/data/v62.0/sobjects/Account/$one\"},\"Name\":\"by id\",\"Industry\":null,\"Id\":\"$one\"}]"
ask POST composite/sobjects/Account "{\"ids\":[\"$two\"],\"fields\":[\"id\",\"name\"]}"
answers 'by POST' "200 [{\"attributes\":{\"type\":\"Account\",\"url\":\"/services/data/v62.0/sobjects/Account/$two\"},\"Id\":\"$two\",\"Name\":\"due\"}]"
ids=$(for i in {1..2000}; do printf '"%s",' "$one"; done)
ask POST composite/sobjects/Account "{\"ids\":[${ids%,}],\"fields\":[\"Id\"]}"
is '2,000 rows' "${got%% *} $(jq length "$work/body")" '200 2000'
ask POST composite/sobjects/Account "{\"ids\":[$ids\"$one\"],\"fields\":[\"Id\"]}"
is '2,001 rows' "${got%% *} $(jq -r '.[0].errorCode' "$work/body")" '400 EXCEEDED_ID_LIMIT'
ask POST composite/sobjects/Account "{\"ids\":[\"$one\"],\"fields\":[\"Nope\"]}"
is 'unknown field' "${got%% *} $(jq -r '.[0].errorCode' "$work/body")" '400 INVALID_FIELD'
ask POST composite/sobjects/Account "{\"ids\":[\"$one\"]}"
is 'no fields' "${got%% *} $(jq -r '.[0].errorCode' "$work/body")" '400 REQUIRED_FIELD_MISSING'
ask GET "composite/sobjects/Account?ids=bad&fields=Id"
is 'malformed id' "${got%% *} $(jq -r '.[0].errorCode' "$work/body")" '400 MALFORMED_ID'
ask GET "composite/sobjects/Nope?ids=$one&fields=Id"
is 'unknown object' "${got%% *}" 404

# ---- delete ----
ask DELETE "composite/sobjects?ids=$two,001000000000001AAA,xyz,$two"
is 'delete: codes' "$(jq -r 'map(.errors[0].statusCode // "ok") | join(" ")' "$work/body")" 'ok INVALID_CROSS_REFERENCE_KEY MALFORMED_ID ENTITY_IS_DELETED'
ask DELETE "composite/sobjects?ids=$one,001000000000001AAA&allOrNone=true"
answers 'delete, all or none' "200 [$rolled},$(bad INVALID_CROSS_REFERENCE_KEY 'invalid cross reference id')}]"
is 'it lives' "$(count "SELECT Id FROM Account WHERE Id = '$one'")" 1
ask DELETE "composite/sobjects?ids=$one,$a&allOrNone=true&sObjectName=Account"
answers 'delete two types' "200 [$ok,$ok]"
ask DELETE 'composite/sobjects?ids='
is 'delete nothing' "${got%% *} $(jq -r '.[0].errorCode' "$work/body")" '400 REQUIRED_FIELD_MISSING'
ask DELETE "composite/sobjects?ids=$(for i in {1..201}; do printf '%s,' "$one"; done)$one"
is 'delete 202' "${got%% *} $(jq -r '.[0].errorCode' "$work/body")" '400 EXCEEDED_ID_LIMIT'

# ---- inside a composite request ----
ask POST composite "{\"allOrNone\":true,\"compositeRequest\":[{\"method\":\"POST\",\"url\":\"/services/data/v62.0/composite/sobjects\",\"referenceId\":\"c\",\"body\":{\"records\":[$(account part)]}},{\"method\":\"PATCH\",\"url\":\"/services/data/v62.0/sobjects/Account/@{c[0].id}\",\"referenceId\":\"p\",\"body\":{\"Nope\":1}}]}"
is 'a composite takes them along' "$(count "SELECT Id FROM Account WHERE Name = 'part'")" 0

report
