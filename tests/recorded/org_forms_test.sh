#!/bin/bash
# org_forms_test.sh: the local org's answers beside those that real orgs once sent to the same requests: the same keys in
# the same order, the same types, the same headers; where the text itself is fixed, the same text. The recordings lie
# outside the repository (../shared/recorded); without them the test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
start_org

# What is not the org's own: cookies, what the transport adds, what a browser is told, names of the edge's own.
not_compared='set-cookie|strict-transport-security|x-content-type-options|x-xss-protection|content-security-policy|expect-ct|x-sfdc-edge-cache|p3p|pragma|public-key-pins.*|referrer-policy|connection|x-powered-by|content-length'
same_headers() { # WHAT: their status, and every header of theirs is one of ours, with its value where that is fixed
    local fixed='content-type|cache-control|www-authenticate|expires|x-robots-tag|vary|x-readonlymode'
    same "$1: status" "$status" "$(status_of "$work/theirhead")"
    header_names "$work/theirhead" | grep -vxE "$not_compared" >"$work/names"
    header_names "$work/head" >"$work/ournames"
    is "$1: headers that we lack" "$(comm -23 "$work/names" "$work/ournames")" ''
    is "$1: Sforce-Limit-Info where they have none" "$(grep -x sforce-limit-info "$work/ournames")" "$(grep -x sforce-limit-info "$work/names")"
    for name in $(grep -xE "$fixed" "$work/names"); do
        same "$1: $name" "$(value_of "$name" "$work/head")" "$(value_of "$name" "$work/theirhead")"
    done
}

# ---- versions, limits ----
their limits/versions-31-to-66.http
ask GET /services/data
same_by 'versions: theirs, and the newer ones behind them' '.[:36]'
same_headers 'versions'
their limits/limits-v60.http
ask GET /services/data/v60.0/limits
same_by 'limits: forms of entries' '[.[] | [keys_unsorted[0:2], (.Max|type), (.Remaining|type)]] | unique'
same_headers 'limits'
their limits/record-count-one.json
ask GET "/services/data/v62.0/limits/recordCount?sObjects=$(jq -r '.sObjects[0].name' "$work/theirs")"
same_by 'recordCount' '[keys_unsorted, (.sObjects[0] | [(keys_unsorted | sort), map_values(type)])]'
their limits/record-count-empty-list.json
ask GET '/services/data/v58.0/limits/recordCount?sObjects=NoSuchObject'
same_by 'recordCount of nothing' .

# ---- OAuth ----
password=$(of_org password)$(of_org security_token)
token() { # form fields: asks the token endpoint
    status=$(curl -sS -D "$work/head" -o "$work/ours" -w '%{http_code}' -d client_id="$(of_org client_id)" -d client_secret="$(of_org client_secret)" "$@" "$url/services/oauth2/token")
}
their oauth/token-password-sandbox-2024.http
token -d grant_type=password --data-urlencode username="$(of_org username)" --data-urlencode password="$password"
same_by 'token: keys and types' '[(keys | sort), (map_values(type) | to_entries | sort)]'
same_by 'token: forms of values' '[(.access_token | test("^00D.{12}!.{80,}$")), (.id | test("/id/00D.{15}/005.{15}$")), (.issued_at | length), (.signature | length), .token_type]'
same_headers 'token'
their oauth/token-error-invalid-grant-2015.http
token -d grant_type=password --data-urlencode username="$(of_org username)" -d password=wrong
same_by 'wrong password' '[.error, .error_description]'
their oauth/token-error-refresh.json
token -d grant_type=refresh_token -d refresh_token=dead
same_by 'dead refresh token' '[.error, .error_description]'
their oauth/token-error-unsupported-grant-type.http
token -d grant_type=magic
same_by 'unsupported grant' '[.error, .error_description]'
same 'unsupported grant: status' "$status" 400
their oauth/userinfo-2026.http
ask GET /services/oauth2/userinfo
same_by 'userinfo' '[paths | map(tostring) | join(".")]'
same_by 'userinfo: types' '[(.active|type), (.utcOffset|type), (.email_verified|type), (.address|type), (.urls.rest | sub("https?://[^/]*"; ""))]'
same_headers 'userinfo'
their oauth/identity.json
ask GET /services/data/v62.0
ask GET "$(jq -r .identity "$work/ours" | sed 's|^[a-z]*://[^/]*||')"
same_by 'identity' '[paths | map(tostring) | join(".")]'

# ---- SOAP ----
soap() { # PATH BODY
    status=$(curl -sS -D "$work/head" -o "$work/ours" -w '%{http_code}' -H 'Content-Type: text/xml' -H 'SOAPAction: login' --data-binary \
        "<se:Envelope xmlns:se=\"http://schemas.xmlsoap.org/soap/envelope/\"><se:Header/><se:Body>$2</se:Body></se:Envelope>" "$url/services/Soap/$1")
}
login_body() { printf '<login xmlns="urn:%s.soap.sforce.com"><username>%s</username><password>%s</password></login>' "$1" "$(of_org username)" "$2"; }
elements() { sed 's/></>\n</g' "$1" | sed 's/>[^<]*</></g'; }
their soap/login-partner-v42.http
soap u/42.0 "$(login_body partner "$password")"
same 'SOAP login: elements' "$(elements "$work/ours" | sed 's/<roleId[^>]*>.*/<roleId>/')" "$(elements "$work/theirs" | sed 's/<roleId[^>]*>.*/<roleId>/')"
same_headers 'SOAP login'
their soap/fault-invalid-login-with-prefix.xml
soap u/42.0 "$(login_body partner wrong)"
same 'SOAP wrong password' "$(cat "$work/ours")" "$(cat "$work/theirs")"
their soap/fault-invalid-login-enterprise-prefix.xml
soap c/42.0 "$(login_body enterprise wrong)"
same 'SOAP wrong password, enterprise' "$(cat "$work/ours")" "$(cat "$work/theirs")"
their errors/soap-405-only-post-allowed.http
ask GET /services/Soap/u/42.0
same 'SOAP GET: type' "$status $(value_of content-type "$work/head") $(grep -o '<title>.*</title>' "$work/ours")" \
    "405 $(value_of content-type "$work/theirhead") $(grep -o '<title>.*</title>' "$work/theirs")"

# ---- errors ----
their errors/get-404-not-found-v42.http
ask GET /services/data/v42.0/sobjects/Account/001000000000001AAA
same_by '404' 'map(to_entries | sort)'
same_headers '404'
their errors/invalid-session-401-2017.http
auth='Authorization: Bearer 00D000000000001!dead' ask GET /services/data/v62.0/limits
same_by 'dead session' 'map(to_entries | sort)'
same 'dead session: WWW-Authenticate' "$status $(value_of www-authenticate "$work/head")" '401 Token'
their errors/invalid-auth-header-401.http
auth='Authorization: nonsense' ask GET /services/data/v62.0/limits
same_by 'broken header' 'map(to_entries | sort)'
same_headers 'broken header'
their errors/query-400-invalid-type.json
ask GET '/services/data/v60.0/query?q=SELECT+Id+FROM+Accout'
same_by 'no such object in a query' 'map([.errorCode, (.message | split("\n") | [length, .[0], .[4]])])'
their errors/query-400-invalid-query-filter-operator.http
ask GET "/services/data/v51.0/query?q=SELECT+Id+FROM+Contact+WHERE+(Id='somethingwonky')+LIMIT+1"
same_by 'no id in a query' 'map([.errorCode, (.message | split("\n") | [length, .[0], .[4]])])'
same_headers 'no id in a query'
their errors/patch-400-invalid-field-for-insert-update.json
ask GET '/services/data/v60.0/query?q=SELECT+Id+FROM+Account+LIMIT+1'
account=$(jq -r '.records[0].Id' "$work/ours")
ask PATCH "/services/data/v60.0/sobjects/Account/$account" -H 'Content-Type: application/json' -d '{"MasterRecordId":"001000000000001AAA"}'
same_by 'read-only field' 'map(to_entries | sort)'

# ---- describe ----
their describe/account-v58.http
ask GET /services/data/v58.0/sobjects/Account/describe -H 'Accept-Encoding: gzip'
same 'describe: ETag' "$(value_of etag "$work/head" | sed 's/[0-9a-f]\{8\}/x/')" "$(value_of etag "$work/theirhead" | sed 's/[0-9a-f]\{8\}/x/')"
same_headers 'describe'
gunzip -c "$work/ours" >"$work/plain" && mv "$work/plain" "$work/ours"
same_by 'describe: keys' keys_unsorted
same_by 'describe: keys of fields' '[.fields[] | keys_unsorted] | unique'
same_by 'describe: keys of child relationships' '[.childRelationships[] | keys_unsorted] | unique'
same_by 'describe: keys of record types' '[.recordTypeInfos[] | [keys_unsorted, (.urls | keys_unsorted)]] | unique'
same_by 'describe: keys of picklist values' '[.fields[].picklistValues[] | keys_unsorted] | unique'
same_by 'describe: key prefix and name field' '[.name, .keyPrefix, [.fields[] | select(.nameField) | .name]]'
# What a field is by nature, for the fields that both have; picklists and what an org configures are its own.
by_nature='select(.custom | not) | {name, type, soapType, createable, updateable, nillable, filterable, sortable, idLookup, relationshipName, referenceTo, compoundFieldName}'
for side in ours theirs; do
    other=$([ $side = ours ] && echo theirs || echo ours)
    jq -c --slurpfile o "$work/$other" "[.fields[] | select(.name as \$n | \$o[0].fields | any(.name == \$n)) | $by_nature] | sort_by(.name) | .[]" "$work/$side" >"$work/$side.fields"
done
same 'describe: the fields that both have' "$(cat "$work/ours.fields")" "$(cat "$work/theirs.fields")"
their describe/global-v59-first-200.http
ask GET /services/data/v59.0/sobjects
same_by 'global: keys' '[keys_unsorted, .encoding, .maxBatchSize, ([.sobjects[] | keys_unsorted] | unique)]'
their describe/basic-info-account-v63.http
ask GET /services/data/v63.0/sobjects/Account
same_by 'basic information' '[keys_unsorted, (.objectDescribe | keys_unsorted), (.objectDescribe.urls | keys | sort), ([.recentItems[] | keys_unsorted] | unique)]'
same_headers 'basic information'

# ---- records ----
their records/create-201-account-v59.http
ask POST /services/data/v59.0/sobjects/Account -H "$json" -d '{"Name":"Form"}'
made=$(jq -r .id "$work/ours")
same_by 'create' '[to_entries[] | [.key, (.value | type)]]'
same_headers 'create'
same 'create: Location' "$(value_of location "$work/head")" "/services/data/v59.0/sobjects/Account/$made"
their records/get-account-all-fields-v62.http
ask GET "/services/data/v62.0/sobjects/Account/$made"
same_by 'row: attributes first, then Id' '[keys_unsorted[0:3], (.attributes | keys_unsorted)]'
same_by 'row: types of system fields' '[.Id, .IsDeleted, .OwnerId, .CreatedDate, .CreatedById, .LastModifiedDate, .SystemModstamp] | map(type)'
same_by 'row: form of times' '[.CreatedDate, .SystemModstamp] | map(gsub("[0-9]"; "0"))'
same 'row: ETag' "$(value_of etag "$work/head" | tr 'A-Za-z0-9+/' x | tr -s x)" "$(value_of etag "$work/theirhead" | sed 's/--gzip//' | tr 'A-Za-z0-9+/' x | tr -s x)"
same_headers 'row'
their records/patch-by-external-id-200-v59.http
ask PATCH "/services/data/v59.0/sobjects/Account/Id/$made" -H "$json" -d '{"Phone":"1"}'
same_by 'update by id field' '[to_entries[] | [.key, (.value | type)]]'
same_headers 'update by id field'
their records/upsert-201-created-v60.http
ask PATCH /services/data/v60.0/sobjects/Contact/Email/forms%40example.com -H "$json" -d '{"LastName":"Form"}'
same_by 'upsert' '[to_entries[] | [.key, (.value | type)]] + [[.success, .created]]'
same_headers 'upsert'
their records/update-204-v37.http
ask PATCH "/services/data/v37.0/sobjects/Account/$made" -H "$json" -d '{"Phone":"2"}'
same_headers 'update'
same 'update: no body' "$(wc -c <"$work/ours")" 0
their records/delete-204-v37.http
ask DELETE "/services/data/v37.0/sobjects/Account/$made"
same_headers 'delete'

their query/list-view-results.json
ask GET /services/data/v59.0/sobjects/Account/listviews
view=$(jq -r '.listviews[0].id' "$work/ours")
ask GET "/services/data/v59.0/sobjects/Account/listviews/$view/results"
same_by 'list view: results' '[keys_unsorted, (.columns[0] | to_entries), ([.columns[], .records[0].columns[]] | map(keys_unsorted) | unique)]'
same_by 'list view: form of times' '.records[0].columns[] | select(.fieldNameOrPath == "CreatedDate").value | gsub("[A-Z][a-z][a-z]"; "Aaa") | gsub("[0-9]"; "0")'

# ---- queries ----
query() { ask GET "/services/data/v$1/query?q=$(jq -rn --arg q "$2" '$q|@uri')" "${@:3}"; }
their query/empty-result-v42.http
query 42.0 "SELECT Id FROM Account WHERE Name = 'no such name'"
same 'no rows' "$(cat "$work/ours")" "$(cat "$work/theirs")"
same_headers 'no rows'
their query/aggregate-count-id-v51.http
query 51.0 'SELECT count(Id) FROM Opportunity'
same_by 'count of ids' '[keys_unsorted, .totalSize, .done, (.records[0] | [keys_unsorted, .attributes, (.expr0 | type)])]'
their query/page1-2000-of-2086-v59.http
query 59.0 'SELECT Id, Name, AccountNumber, Industry FROM Account' -H 'Sforce-Query-Options: batchSize=200'
same_by 'a page' '[keys_unsorted, .done, (.records[0] | [keys_unsorted[0:5], (.attributes | keys_unsorted)])]'
same 'a page: nextRecordsUrl' "$(jq -r .nextRecordsUrl "$work/ours" | sed 's|/[^/]*-[0-9]*$|/LOCATOR-N|')" "$(jq -r .nextRecordsUrl "$work/theirs" | sed 's|/[^/]*-[0-9]*$|/LOCATOR-N|')"
same_headers 'a page'
their query/subquery-null-and-rows.json
query 52.0 'SELECT Name, (SELECT Name FROM Opportunities) FROM Account'
same_by 'subquery: null or a result' '[.records[].Opportunities | if . == null then null else [keys_unsorted, (.records[0] | keys_unsorted)] end] | unique'

# ---- composite ----
their composite/composite-four-queries.json
ask POST /services/data/v52.0/composite -H "$json" -d '{"compositeRequest":[{"method":"GET","url":"/services/data/v52.0/query?q=SELECT Id FROM Account LIMIT 1","referenceId":"a"}]}'
same_by 'composite' '[keys_unsorted, (.compositeResponse[0] | [(keys | sort), .httpStatusCode, .httpHeaders, (.body | keys_unsorted)])]'
their composite/batch-v57.http
ask POST /services/data/v57.0/composite/batch -H "$json" -d '{"batchRequests":[{"method":"GET","url":"v57.0/limits"}]}'
same_by 'batch' '[keys_unsorted, .hasErrors, (.results[0] | keys_unsorted)]'
same_headers 'batch'

report
