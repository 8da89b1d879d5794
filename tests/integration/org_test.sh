#!/bin/bash
# org_test.sh: sforce-org as a program: started on a free port and spoken to with curl, answers read with jq. Covers every
# endpoint with its error bodies, each fault as the client sees it, and that a stopped org's rows and login are there again.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"

# ---- helpers ----
start() { # options: starts the org; sets the rest of the login too
    start_org "$@"
    username=$(of_org username)
    password=$(of_org password)
    security=$(of_org security_token)
    client=$(of_org client_id)
    secret=$(of_org client_secret)
    data=$url/services/data/v62.0
}

call() { # METHOD URL [curl options]: body to $work/body, head to $work/head, status to $status
    local method=$1 to=$2
    shift 2
    : >"$work/body"
    status=$(curl -sS -g --max-time 30 -X "$method" -H "Authorization: Bearer $token" -D "$work/head" -o "$work/body" -w '%{http_code}' "$@" "$to" 2>"$work/curl")
    curl_rc=$?
}

bare() { # the same without a session
    local method=$1 to=$2
    shift 2
    : >"$work/body"
    status=$(curl -sS -g --max-time 30 -X "$method" -D "$work/head" -o "$work/body" -w '%{http_code}' "$@" "$to" 2>"$work/curl")
    curl_rc=$?
}

post() { call POST "$1" -H 'Content-Type: application/json' --data-binary "$2"; }
patch() { call PATCH "$1" -H 'Content-Type: application/json' --data-binary "$2"; }
fault() { curl -sS -d "{\"spec\":\"$1\"}" "$url/__org/faults" >/dev/null; }
no_faults() { curl -sS -X DELETE "$url/__org/faults" >/dev/null; }
query() { call GET "$data/query?q=$(jq -rn --arg q "$1" '$q|@uri')"; }
header() { tr -d '\r' <"$work/head" | sed -n "s/^$1: //Ip" | tail -1; }
get() { jq -r "$1" "$work/body" 2>/dev/null; }

like() { # WHAT GOT PATTERN (extended regular expression)
    checks=$((checks + 1))
    [[ $2 =~ $3 ]] && return
    failed=$((failed + 1))
    echo "FAILED: $1: got '$2', want something like '$3'"
}
error() { # WHAT STATUS CODE: the answer is an error array of that code
    is "$1: status" "$status" "$2"
    is "$1: errorCode" "$(get '.[0].errorCode')" "$3"
    is "$1: message" "$(get '.[0].message | type')" string
}

# ---- versions, resources, limits ----
check_discovery() {
    bare GET "$url/services/data/"
    is 'versions need no session' "$status" 200
    is 'versions: first and last' "$(get '[.[0].version, .[-1].version] | join(" ")')" '31.0 68.0'
    is 'versions: keys' "$(get '.[31] | [.label, .url, .version] | join(" ")')" "Winter '25 /services/data/v62.0 62.0"
    is 'versions: the newest' "$(get '.[-1].label')" "Winter '27"
    is 'versions: no allowance' "$(header sforce-limit-info)" ''
    call GET "$data"
    is 'resources' "$(get .sobjects)" /services/data/v62.0/sobjects
    like 'resources: identity' "$(get .identity)" "^$url/id/00D[A-Za-z0-9]{15}/005[A-Za-z0-9]{15}$"
    call GET "$data/limits"
    is 'limits: types' "$(get '[.[] | (.Max|type) + (.Remaining|type)] | unique | join(",")')" numbernumber
    like 'allowance in header' "$(header sforce-limit-info)" '^api-usage=[0-9]+/[0-9]+$'
    like 'request id' "$(header x-sfdc-request-id)" '^[0-9a-f]{32}$'
    is 'cache-control' "$(header cache-control)" 'no-cache,must-revalidate,max-age=0,no-store,private'
    call GET "$data/limits/recordCount?sObjects=Account,Nothing"
    is 'recordCount leaves unknown names out' "$(get '[.sObjects[] | .name] | join(",")')" Account
    local all
    call GET "$data/limits/recordCount"
    all=$(get '[.sObjects[] | .name] | sort | join(",")')
    call GET "$data/limits/recordCount?sObjects"
    is 'recordCount of an empty list counts all' "$(get '[.sObjects[] | .name] | sort | join(",")')" "$all"
    call GET "$data/limits/recordCount?sObjects=Account"
    like 'recordCount counts' "$(get '.sObjects[0].count')" '^[0-9]{3,}$'
    call GET "$url/services/data/v20.0/sobjects"
    error 'retired version' 410 GONE
    call GET "$url/services/data/v99.0/sobjects"
    error 'unknown version' 404 NOT_FOUND
    call GET "$data/nothing"
    error 'unknown resource' 404 NOT_FOUND
    call PUT "$data/sobjects/Account" -d '{}'
    error 'wrong method' 405 METHOD_NOT_ALLOWED
    is 'wrong method: Allow' "$(header allow)" 'GET,HEAD,POST'
    is 'wrong method: message' "$(get '.[0].message')" "HTTP Method 'PUT' not allowed. Allowed are GET,HEAD,POST"
    call HEAD "$data/limits" --head
    is 'HEAD' "$status" 200
    call GET "$data/limits.json"
    is '.json' "$status" 200
    call GET "$data/limits" -H 'Accept: application/xml'
    error 'XML is not written' 406 NOT_ACCEPTABLE
}

# ---- sessions and OAuth ----
grant() { bare POST "$url/services/oauth2/token" "$@"; }
oauth_error() { # WHAT ERROR DESCRIPTION
    is "$1: status" "$status" 400
    is "$1: error" "$(get .error)" "$2"
    is "$1: description" "$(get .error_description)" "$3"
    is "$1: no allowance" "$(header sforce-limit-info)" ''
}
check_oauth() {
    grant -d grant_type=password -d client_id="$client" -d client_secret="$secret" --data-urlencode username="$username" --data-urlencode password="$password$security"
    is 'password grant' "$status" 200
    is 'password grant: keys' "$(get 'keys | join(" ")')" 'access_token id instance_url issued_at signature token_type'
    is 'password grant: types' "$(get '[.[] | type] | unique | join(",")')" string
    like 'token form' "$(get .access_token)" '^00D[A-Za-z0-9]{12}![A-Za-z0-9._]{80,110}$'
    is 'instance_url' "$(get .instance_url)" "$url"
    is 'expires' "$(header expires)" 'Thu, 01 Jan 1970 00:00:00 GMT'
    local granted; granted=$(get .access_token)
    grant -F grant_type=password -F client_id="$client" -F client_secret="$secret" -F username="$username" -F password="$password$security"
    is 'multipart form' "$status" 200
    grant -u "$client:$secret" -d grant_type=client_credentials
    is 'client credentials with Basic' "$(get 'keys | join(" ")')" 'access_token id instance_url issued_at scope signature token_type'
    grant -d grant_type=client_credentials -d client_id="$client" -d client_secret="$secret" -d format=urlencoded
    like 'format=urlencoded' "$(cat "$work/body")" '^access_token=00D[^&]+&signature='
    grant -d grant_type=client_credentials -d client_id="$client" -d client_secret="$secret" -H 'Accept: application/xml'
    like 'Accept: application/xml' "$(cat "$work/body")" '<OAuth><access_token>00D'
    grant -d grant_type=password -d client_id="$client" -d client_secret="$secret" --data-urlencode username="$username" -d password=wrong
    oauth_error 'wrong password' invalid_grant 'authentication failure'
    grant -d grant_type=password -d client_id="$client" -d client_secret="$secret" --data-urlencode username="$username" --data-urlencode password="$password"
    oauth_error 'without security token' invalid_grant 'authentication failure'
    grant -d grant_type=client_credentials -d client_id=nobody -d client_secret=x
    oauth_error 'unknown client' invalid_client_id 'client identifier invalid'
    grant -d grant_type=client_credentials -d client_id="$client" -d client_secret=x
    oauth_error 'wrong secret' invalid_client 'invalid client credentials'
    grant -d grant_type=client_credentials -d client_id="$client"
    oauth_error 'no secret' invalid_client 'client secret required'
    grant -d grant_type=magic -d client_id="$client"
    oauth_error 'unknown grant' unsupported_grant_type 'grant type not supported'
    bare GET "$url/services/oauth2/token?grant_type=password"
    oauth_error 'GET' invalid_request 'must use HTTP POST'
    bare GET "$data/limits"
    error 'no session' 401 INVALID_SESSION_ID
    is 'no session: message' "$(get '.[0].message')" 'Session expired or invalid'
    is 'no session: WWW-Authenticate' "$(header www-authenticate)" Token
    is 'no session: no allowance' "$(header sforce-limit-info)" ''
    bare GET "$data/limits" -H 'Authorization: Basic YTpi'
    error 'broken header' 401 INVALID_AUTH_HEADER
    bare GET "$data/limits" -H "Authorization: OAuth $token"
    is 'scheme OAuth' "$status" 200
    bare GET "$url/services/oauth2/userinfo" -H "Authorization: Bearer $granted"
    is 'userinfo' "$(get .preferred_username)" "$username"
    is 'userinfo: types' "$(get '[(.photos|type), (.urls|type), (.address|type), (.utcOffset|type), (.active|type)] | join(",")')" 'object,object,object,number,boolean'
    call GET "$data"
    call GET "$(get .identity)?version=62.0"
    is 'identity' "$(get .username)" "$username"
    is 'identity: version filled in' "$(get .urls.rest)" "$data/"
    bare GET "$url/services/oauth2/userinfo"
    is 'userinfo without token' "$status $(cat "$work/body")" '403 Missing_OAuth_Token'
    bare GET "$url/services/oauth2/userinfo" -H 'Authorization: Bearer dead'
    is 'userinfo with a dead token' "$status $(cat "$work/body")" '403 Bad_OAuth_Token'
    bare POST "$url/services/oauth2/introspect" -d token="$granted" -d client_id="$client" -d client_secret="$secret"
    is 'introspect' "$(get '[.active, .token_type, .username, (.exp - .iat)] | map(tostring) | join(" ")')" "true access_token $username 7200"
    bare POST "$url/services/oauth2/revoke" -d token="$granted"
    is 'revoke' "$status $(wc -c <"$work/body")" '200 0'
    bare GET "$data/limits" -H "Authorization: Bearer $granted"
    error 'revoked' 401 INVALID_SESSION_ID
    bare POST "$url/services/oauth2/revoke" -d token="$granted"
    oauth_error 'revoke again' invalid_token 'invalid token'
    bare POST "$url/services/oauth2/introspect" -d token="$granted" -d client_id="$client" -d client_secret="$secret"
    is 'introspect a dead one' "$(cat "$work/body")" '{"active":false}'
}

refresh_with() { grant -d grant_type=refresh_token -d client_id="$client" -d refresh_token="$1"; }
check_refresh() {
    curl -sS -X POST "$url/__org/tokens" >"$work/tokens"
    local first; first=$(jq -r .refresh_token "$work/tokens")
    refresh_with "$first"
    is 'refresh' "$status" 200
    is 'refresh without rotation gives no new one' "$(get .refresh_token)" null
    fault rotate:times=1
    refresh_with "$first"
    local second access; second=$(get .refresh_token) access=$(get .access_token)
    like 'refresh with rotation' "$second" '^5Aep861'
    bare GET "$data/limits" -H "Authorization: Bearer $access"
    is 'its access token works' "$status" 200
    refresh_with "$first"
    oauth_error 'the old one again' invalid_grant 'expired access/refresh token'
    refresh_with "$second"
    oauth_error 'which killed the new one' invalid_grant 'expired access/refresh token'
    bare GET "$data/limits" -H "Authorization: Bearer $access"
    error 'and the access token' 401 INVALID_SESSION_ID
    no_faults
    first=$(curl -sS -X POST "$url/__org/tokens" | jq -r .refresh_token)
    fault refuse-refresh:times=1
    refresh_with "$first"
    oauth_error 'refused' invalid_grant 'expired access/refresh token'
    refresh_with "$first"
    is 'and taken the next time' "$status" 200
    no_faults
}

# ---- SOAP login ----
envelope() { # OPERATION [SESSION]
    printf '<?xml version="1.0" encoding="UTF-8"?><se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:partner.soap.sforce.com"><se:Header>%s</se:Header><se:Body>%s</se:Body></se:Envelope>' "${2:+<u:SessionHeader><u:sessionId>$2</u:sessionId></u:SessionHeader>}" "$1"
}
soap() { bare POST "$url/services/Soap/$1" -H 'Content-Type: text/xml; charset=UTF-8' -H 'SOAPAction: ""' --data-binary "$2"; }
element() { sed -n "s|.*<$1>\([^<]*\)</$1>.*|\1|p" "$work/body"; }
check_soap() {
    soap u/62.0 "$(envelope "<u:login><u:username>$username</u:username><u:password>$password$security</u:password></u:login>")"
    is 'SOAP login' "$status" 200
    is 'SOAP content type' "$(header content-type)" 'text/xml; charset=utf-8'
    like 'serverUrl' "$(element serverUrl)" "^$url/services/Soap/u/62.0/00D[A-Za-z0-9]{12}$"
    is 'sessionSecondsValid' "$(element sessionSecondsValid)" 7200
    local session; session=$(element sessionId)
    bare GET "$data/limits" -H "Authorization: Bearer $session"
    is 'sessionId is a bearer token' "$status" 200
    soap u/62.0 "$(envelope '<u:getUserInfo/>' "$session")"
    is 'getUserInfo' "$(element userName)" "$username"
    soap c/62.0/00D000000000001 "$(envelope '<u:logout/>' "$session")"
    like 'logout' "$(cat "$work/body")" '<logoutResponse/>'
    bare GET "$data/limits" -H "Authorization: Bearer $session"
    error 'after logout' 401 INVALID_SESSION_ID
    soap u/62.0 "$(envelope '<u:getServerTimestamp/>' "$session")"
    is 'dead session' "$status $(element faultcode)" '500 sf:INVALID_SESSION_ID'
    soap u/62.0 "$(envelope "<u:login><u:username>$username</u:username><u:password>wrong</u:password></u:login>")"
    is 'wrong password' "$status $(element faultcode) $(element sf:exceptionCode)" '500 sf:INVALID_LOGIN INVALID_LOGIN'
    soap u/62.0 "$(envelope "<u:login><u:username>$username</u:username><u:password>$password</u:password></u:login>")"
    is 'no security token' "$(element sf:exceptionCode)" LOGIN_MUST_USE_SECURITY_TOKEN
    soap u/65.0 "$(envelope '<u:login><u:username>x</u:username><u:password>y</u:password></u:login>')"
    is 'login is gone in 65.0' "$status $(element faultcode)" '500 soapenv:Client'
    soap u/20.0 "$(envelope '<u:login/>')"
    is 'retired version' "$(element sf:exceptionCode)" UNSUPPORTED_API_VERSION
    soap u/62.0 "$(envelope '<u:dance/>')"
    like 'unknown operation' "$(element faultstring)" '^No operation available for request \{urn:partner.soap.sforce.com\}dance'
    soap u/62.0 '<a>&broken'
    is 'broken XML' "$status $(element sf:exceptionCode)" '500 UNKNOWN_EXCEPTION'
    soap u/62.0 '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    is 'no entities' "$status $(grep -c root: "$work/body")" '500 0'
    bare GET "$url/services/Soap/u/62.0"
    is 'GET' "$status $(grep -c 'Only POST allowed' "$work/body")" '405 2'
    bare POST "$url/services/Soap/u/62.0" -H 'Content-Type: text/xml' --data-binary '<a/>'
    is 'without SOAPAction' "$status $(element faultstring)" '500 SOAPAction HTTP header missing'
}

# ---- describe ----
check_describe() {
    call GET "$data/sobjects"
    is 'global' "$(get '[.encoding, .maxBatchSize] | map(tostring) | join(" ")')" 'UTF-8 200'
    is 'global: entry' "$(get '.sobjects[] | select(.name == "Account") | .urls.describe')" /services/data/v62.0/sobjects/Account/describe
    local etag since; etag=$(header etag) since=$(header last-modified)
    like 'global: ETag' "$etag" '^"[0-9a-f]{8}"$'
    call GET "$data/sobjects/Account/describe"
    is 'describe: pages' "$(get '.urls | [.uiDetailTemplate, .uiEditTemplate, .uiNewRecord] | join(" ")')" \
        "$url/{ID} $url/{ID}/e $url/001/e"
    is 'describe' "$(get .name)" Account
    is 'describe has the same ETag' "$(header etag)" "$etag"
    call GET "$data/sobjects/Account/describe" --compressed
    is 'ETag of the compressed one' "$(header etag)" "${etag%\"}--gzip\""
    call GET "$data/sobjects/Account/describe" -H "If-Modified-Since: $since"
    is 'not modified' "$status $(wc -c <"$work/body")" '304 0'
    call GET "$data/sobjects" -H "If-None-Match: ${etag%\"}--gzip\""
    is 'not modified by ETag' "$status" 304
    call GET "$data/sobjects/Account/describe" -H "If-Modified-Since: ${since%GMT}UTC"
    is 'describe: not modified since, as Java writes it' "$status" 304
    call GET "$data/sobjects/Account/describe" -H 'If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT'
    is 'modified' "$status" 200
    call GET "$data/sobjects/account"
    is 'basic information, any case' "$(get '[.objectDescribe.name, (.recentItems|type)] | join(" ")')" 'Account array'
    call GET "$data/sobjects/Nothing/describe"
    error 'unknown object' 404 NOT_FOUND
    call GET "$data/sobjects/User/describe/namedLayouts/UserAlt"
    is 'a named layout' "$(get '[(.layouts|length), .recordTypeMappings[0].name, .recordTypeSelectorRequired[0]] | map(tostring) | join(" ")')" '1 Master false'
}

# ---- what FOR VIEW shows is recent ----
check_for_view() {
    query 'SELECT Id FROM Account ORDER BY Name LIMIT 2'
    local names; names=$(get '[.records[].Id] | join(" ")')
    query 'SELECT Id FROM Account ORDER BY Name LIMIT 2 FOR VIEW'
    is 'rows of FOR VIEW' "$(get '[.records[].Id] | join(" ")')" "$names"
    query 'SELECT Id FROM Account ORDER BY Name DESC LIMIT 2 FOR REFERENCE'
    call GET "$data/recent?limit=2"
    is 'they are recent, the first newest' "$(get '[.[].Id] | join(" ")')" "$names"
}

# ---- list views, which are statements ----
check_list_views() {
    local id total
    call GET "$data/sobjects/account/listviews"
    is 'list views' "$(get '[.done, .nextRecordsUrl, .size, .sobjectType, (.listviews | map(.developerName) | join(" "))] | map(tostring) | join("|")')" \
        'true|null|3|Account|AllAccounts MyAccounts NewThisWeek'
    id=$(get '.listviews[0].id')
    is 'its addresses' "$(get '.listviews[0] | [.url, .describeUrl, .resultsUrl] | join(" ")')" \
        "/services/data/v62.0/sobjects/Account/listviews/$id /services/data/v62.0/sobjects/Account/listviews/$id/describe /services/data/v62.0/sobjects/Account/listviews/$id/results"
    call GET "$data/sobjects/Account/listviews/${id:0:15}"
    is 'one of them' "$(get '.label')" 'All Accounts'
    call GET "$data/sobjects/Account/listviews/$id/describe"
    is 'its description' "$(get '[.id, .sobjectType, .scope, .orderBy[0].fieldNameOrPath, .columns[0].selectListItem] | map(tostring) | join(" ")')" "$id Account null Name Name"
    query "$(get .query)"
    is 'its statement' "$status" 200
    total=$(get .totalSize)
    local first; first=$(get '.records[0].Id')
    call GET "$data/sobjects/Account/listviews/$id/results?limit=2000"
    is 'its results' "$(get '[.done, .size, .developerName, (.records[0].columns[] | select(.fieldNameOrPath == "Id").value)] | map(tostring) | join(" ")')" "true $total AllAccounts $first"
    call GET "$data/sobjects/Account/listviews/$id/results?limit=1&offset=1"
    is 'one row, not the first' "$(get '.size') $(get '.records[0].columns[] | select(.fieldNameOrPath == "Id").value' | grep -c "$first")" '1 0'
    call GET "$data/query?explain=$id"
    is 'its plan' "$(get '[.plans[0].sobjectType, .plans[0].cardinality] | map(tostring) | join(" ")')" "Account $total"
    call GET "$data/query?explain=00B000000000000AAA"
    error 'the plan of none' 404 NOT_FOUND
    call GET "$data/sobjects/Contact/listviews/$id/results"
    error "another object's" 404 NOT_FOUND
    call GET "$data/sobjects/Account/listviews/$id/results?limit=0"
    is 'a limit out of bounds' "$status" 400
    call GET "$data/sobjects/CaseStatus/listviews"
    error 'an object without list views' 404 NOT_FOUND
}

# ---- records ----
check_records() {
    post "$data/sobjects/Account" '{"Name":"Gonçalves & Söhne","Industry":"Banking","AnnualRevenue":12500000}'
    is 'create' "$status" 201
    is 'create: body' "$(get '[keys_unsorted[]] | join(" ")') $(get .success) $(get '.errors|length')" 'id success errors true 0'
    local id; id=$(get .id)
    like 'id' "$id" '^001[A-Za-z0-9]{15}$'
    is 'Location' "$(header location)" "/services/data/v62.0/sobjects/Account/$id"
    call GET "$data/sobjects/Account/$id?fields=Name,AnnualRevenue"
    is 'get' "$(cat "$work/body")" "{\"attributes\":{\"type\":\"Account\",\"url\":\"/services/data/v62.0/sobjects/Account/$id\"},\"Name\":\"Gonçalves & Söhne\",\"AnnualRevenue\":1.25E7,\"Id\":\"$id\"}"
    call GET "$data/sobjects/Account/${id:0:15}"
    is 'get by 15 characters' "$(get .Id)" "$id"
    local etag modified; etag=$(header etag) modified=$(header last-modified)
    like 'row ETag' "$etag" '^"[A-Za-z0-9+/]{43}="$'
    like 'row Last-Modified' "$modified" ' GMT$'
    call GET "$data/sobjects/Account/$id" -H "If-None-Match: $etag"
    is 'unchanged by ETag' "$status" 304
    call GET "$data/sobjects/Account/$id" -H "If-Modified-Since: $modified"
    is 'unchanged by date' "$status" 304
    call GET "$data/sobjects/Account/$id" -H 'If-Match: "other"'
    error 'If-Match fails on GET' 412 PRECONDITION_FAILED
    call PATCH "$data/sobjects/Account/$id" -H 'Content-Type: application/json' -H 'If-Match: "other"' -d '{"Name":"no"}'
    is 'If-Match fails' "$status" 412
    call PATCH "$data/sobjects/Account/$id" -H 'Content-Type: application/json' -H "If-Match: ${etag%\"}--gzip\"" -d '{"Phone":"1"}'
    is 'If-Match holds' "$status" 204
    call PATCH "$data/sobjects/Account/$id" -H 'Content-Type: application/json' -H "If-Match: $etag" -d '{"Phone":"2"}'
    is 'If-Match of the row before' "$status" 412
    call PATCH "$data/sobjects/Account/$id" -H 'Content-Type: application/json' -H 'If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT' -d '{}'
    is 'If-Unmodified-Since fails' "$status" 412
    call PATCH "$data/sobjects/Account/$id" -H 'Content-Type: application/json' -H 'If-Unmodified-Since: soon' -d '{}'
    is 'bad date' "$status" 400
    patch "$data/sobjects/Account/$id" '{"Phone":null,"Name":"Acme"}'
    is 'update' "$status $(wc -c <"$work/body") $(header content-type)" '204 0 '
    like 'update: allowance' "$(header sforce-limit-info)" '^api-usage='
    call POST "$data/sobjects/Account/$id?_HttpMethod=PATCH" -H 'Content-Type: application/json' -d '{"Phone":"3"}'
    is 'update by override' "$status" 204
    call GET "$data/sobjects/Account/$id?fields=Phone,Owner.Name"
    error 'no paths in fields' 400 INVALID_FIELD
    call GET "$data/sobjects/Account/$id?fields=Nothing"
    error 'unknown field' 400 INVALID_FIELD
    call GET "$data/sobjects/Account/$id/Owner?fields=Username"
    is 'parent' "$(get .Username)" "$username"
    post "$data/sobjects/Contact" "{\"LastName\":\"One\",\"AccountId\":\"$id\"}"
    local contact; contact=$(get .id)
    call GET "$data/sobjects/Account/$id/Contacts?fields=Id,LastName"
    is 'children' "$(get '[.totalSize, .records[0].LastName] | map(tostring) | join(" ")')" '1 One'
    call GET "$data/sobjects/Account/$id/Nothings"
    error 'unknown relationship' 404 NOT_FOUND
    call DELETE "$data/sobjects/Contact/$contact"
    is 'delete' "$status $(wc -c <"$work/body")" '204 0'
    local from to; from=$(date -u -d '-1 hour' +%FT%TZ) to=$(date -u -d '+1 hour' +%FT%TZ)
    call GET "$data/sobjects/Contact/deleted/?start=$from&end=${to/Z/%2B00:00}"
    is 'deleted rows' "$(get '[.deletedRecords[].id, (.latestDateCovered|type)] | join(" ")')" "$contact string"
    call GET "$data/sobjects/Account/updated/?start=$from&end=$to"
    like 'updated rows' "$(get '.ids | join(" ")')" "$id"
    call GET "$data/sobjects/Account/updated/?start=$to&end=$from"
    error 'span the wrong way round' 400 INVALID_REPLICATION_DATE
    call DELETE "$data/sobjects/Contact/$contact"
    error 'delete again' 404 ENTITY_IS_DELETED
    call GET "$data/sobjects/Contact/$contact"
    error 'get deleted' 404 ENTITY_IS_DELETED
    call GET "$data/sobjects/Contact/$id"
    error 'id of another object' 404 NOT_FOUND
    call GET "$data/sobjects/Account/abc"
    error 'not an id' 404 NOT_FOUND
    call GET "$data/sobjects/Account/001000000000001AAA"
    error 'no such row' 404 NOT_FOUND
    call GET "$data/sobjects/Nothing/$id"
    error 'no such object' 404 NOT_FOUND
    call GET "$data"
    local me; me=$(get '.identity | split("/") | last')
    call GET "$data/sobjects/User/$me/password"
    is 'password state' "$(cat "$work/body")" '{"isExpired":false}'
    post "$data/sobjects/User/$me/password" '{"NewPassword":"short"}'
    error 'weak password' 400 INVALID_NEW_PASSWORD
    post "$data/sobjects/User/$me/password" '{"NewPassword":"only letters"}'
    error 'letters only' 400 INVALID_NEW_PASSWORD
    post "$data/sobjects/User/$me/password" '{"NewPassword":"longer than 2 short"}'
    is 'set password' "$status" 204
    grant -d grant_type=password -d client_id="$client" -d client_secret="$secret" --data-urlencode username="$username" --data-urlencode password="$password$security"
    oauth_error 'the old password' invalid_grant 'authentication failure'
    grant -d grant_type=password -d client_id="$client" -d client_secret="$secret" --data-urlencode username="$username" --data-urlencode "password=longer than 2 short$security"
    is 'the new password' "$status" 200
    printf 'bytes\000of a file' >"$work/file"
    post "$data/sobjects/Attachment" "{\"Name\":\"a.txt\",\"ContentType\":\"text/plain\",\"ParentId\":\"$id\",\"Body\":\"$(base64 -w0 "$work/file")\"}"
    is 'create with bytes' "$status" 201
    call GET "$data/sobjects/Attachment/$(get .id)/Body"
    is 'bytes' "$status $(header content-type) $(cmp "$work/body" "$work/file" && echo same)" '200 text/plain same'
}

check_refusals() {
    post "$data/sobjects/Contact" '{}'
    error 'required field' 400 REQUIRED_FIELD_MISSING
    is 'required field: message' "$(get '.[0].message')" 'Required fields are missing: [LastName]'
    is 'required field: fields' "$(get '.[0].fields | join(",")')" LastName
    post "$data/sobjects/Account" '{"Name":"x","Nmae":"y"}'
    error 'unknown field' 400 INVALID_FIELD
    post "$data/sobjects/Account" '{"Name":"x","CreatedDate":"2024-01-01T00:00:00Z"}'
    error 'read-only field' 400 INVALID_FIELD_FOR_INSERT_UPDATE
    post "$data/sobjects/Account" '{"Name":'
    error 'broken JSON' 400 JSON_PARSER_ERROR
    like 'broken JSON: place' "$(get '.[0].message')" '\[line:1, column:[0-9]+\]$'
    post "$data/sobjects/Account" '[]'
    error 'not an object' 400 JSON_PARSER_ERROR
    post "$data/sobjects/Account" ''
    error 'no body' 400 JSON_PARSER_ERROR
    is 'no body: message' "$(get '.[0].message')" 'The HTTP entity body is required, but this request has no entity body.'
    printf '{"Name":"a\377b"}' >"$work/bad"
    post "$data/sobjects/Account" @"$work/bad"
    error 'invalid UTF-8' 400 JSON_PARSER_ERROR
    printf '{"Name":"a\000b"}' >"$work/bad"
    post "$data/sobjects/Account" @"$work/bad"
    error 'NUL byte' 400 JSON_PARSER_ERROR
    call POST "$data/sobjects/Account" -H 'Content-Type: text/plain' -d '{}'
    error 'not JSON' 415 UNSUPPORTED_MEDIA_TYPE
    head -c 300 /dev/zero | tr '\0' x >"$work/long"
    post "$data/sobjects/Account" "{\"Name\":\"$(cat "$work/long")\"}"
    error 'too long' 400 STRING_TOO_LONG
    call GET "$data/sobjects/%00"
    error 'NUL in the path' 400 BAD_REQUEST
    call GET "$data/query?q=%ff"
    error 'invalid UTF-8 in a parameter' 400 BAD_REQUEST
    head -c 17000 /dev/zero | tr '\0' x >"$work/long"
    call GET "$data/query?q=$(cat "$work/long")"
    is 'URL too long' "$status" 414
    call GET "$data/limits" -H "X-Long: $(cat "$work/long")"
    is 'head too long' "$status" 431
    head -c 52428801 /dev/zero | tr '\0' ' ' >"$work/large"
    call POST "$data/sobjects/Account" -H 'Content-Type: application/json' -H 'Expect:' --data-binary @"$work/large"
    is 'more than 50 MB' "$status" 413
    call PUT "$data/jobs/ingest/750000000000000AAA/batches" -H 'Content-Type: text/csv' -H 'Expect:' --data-binary @"$work/large"
    is 'bulk data may be larger' "$status" 404
    printf '{"Name":"Large"}' | dd of="$work/large" conv=notrunc status=none
    truncate -s 52428800 "$work/large"
    call POST "$data/sobjects/Account" -H 'Content-Type: application/json' -H 'Expect:' --data-binary @"$work/large"
    is '50 MB' "$status" 201
    rm "$work/large"
    head -c 60000000 /dev/zero | gzip -1 >"$work/bomb"
    call POST "$data/sobjects/Account" -H 'Content-Type: application/json' -H 'Content-Encoding: gzip' --data-binary @"$work/bomb"
    is 'too large when inflated' "$status" 413
    printf '{"Name":"Packed"}' | gzip >"$work/packed"
    call POST "$data/sobjects/Account" -H 'Content-Type: application/json' -H 'Content-Encoding: gzip' --data-binary @"$work/packed"
    is 'compressed request' "$status" 201
}

# ---- external ids (custom field of the --schema file) ----
check_external_ids() {
    local by=$data/sobjects/Account/Ext__c
    patch "$by/A%2F1" '{"Name":"Upserted"}'
    is 'upsert creates' "$status $(get .created) $(get .success)" '201 true true'
    local id; id=$(get .id)
    is 'upsert: Location' "$(header location)" "/services/data/v62.0/sobjects/Account/$id"
    patch "$by/a%2F1" '{"Name":"Upserted twice"}'
    is 'upsert updates, any case' "$status $(get .created) $(get .id)" "200 false $id"
    call PATCH "$url/services/data/v45.0/sobjects/Account/Ext__c/A%2F1" -H 'Content-Type: application/json' -d '{"Phone":"1"}'
    is 'upsert updates in 45.0' "$status $(wc -c <"$work/body")" '204 0'
    call GET "$by/A%2F1?fields=Name"
    is 'get by external id' "$(get .Name)" 'Upserted twice'
    patch "$by/new?updateOnly=true" '{"Name":"no"}'
    is 'updateOnly' "$status" 404
    patch "$by/A%2F1" '{"Ext__c":"A/1"}'
    error 'the key in the body' 400 INVALID_FIELD
    call GET "$by/missing"
    error 'no such value' 404 NOT_FOUND
    call GET "$data/sobjects/Account/Name/x"
    error 'not an external id' 404 NOT_FOUND
    is 'not an external id: message' "$(get '.[0].message')" 'Provided external ID field does not exist or is not accessible: Name'
    post "$data/sobjects/Account" '{"Name":"first","Loose__c":"twin"}'
    post "$data/sobjects/Account" '{"Name":"second","Loose__c":"twin"}'
    patch "$data/sobjects/Account/Loose__c/twin" '{"Phone":"1"}'
    is 'several rows' "$status $(get 'length') $(get '.[0]|type')" '300 2 string'
    call GET "$data/sobjects/Account/Loose__c/twin"
    like 'several rows on GET' "$status $(get '.[0]')" '^300 /services/data/v62.0/sobjects/Account/001'
    call GET "$data/sobjects/Account/Id/$id?fields=Name"
    is 'by Id' "$(get .Name)" 'Upserted twice'
    patch "$data/sobjects/Account/Id/$id" '{"Phone":"7"}'
    is 'update by Id' "$status $(get .created)" '200 false'
    post "$data/sobjects/Account/Id" '{"Name":"plain"}'
    is 'create by Id' "$status" 201
    call DELETE "$by/A%2F1"
    is 'delete by external id' "$status" 204
    call DELETE "$by/A%2F1"
    error 'delete by external id again' 404 NOT_FOUND
}

# ---- query ----
check_query() {
    query "SELECT Id, Name FROM Account ORDER BY Name LIMIT 2"
    is 'query' "$(get '[.totalSize, .done, (.records|length)] | map(tostring) | join(" ")')" '2 true 2'
    is 'query: keys' "$(get 'keys_unsorted | join(" ")')" 'totalSize done records'
    call GET "$data/query/?q=SELECT+count()+FROM+Account"
    like 'count, + is a blank' "$(get .totalSize)" '^[0-9]{3,}$'
    call GET "$data/query?q=SELECT+Id+FROM+Contact" -H 'Sforce-Query-Options: batchSize=200'
    is 'first page' "$(get '[.done, (.records|length)] | map(tostring) | join(" ")')" 'false 200'
    local total next seen=200; total=$(get .totalSize) next=$(get .nextRecordsUrl)
    while [ "$next" != null ] && [ $seen -lt 100000 ]; do
        call GET "$url$next" -H 'Sforce-Query-Options: batchSize=200'
        [ "$status" = 200 ] || break
        seen=$((seen + $(get '.records|length')))
        next=$(get .nextRecordsUrl)
    done
    is 'all pages' "$seen $(get .done)" "$total true"
    query 'SELECT Nmae FROM Account'
    error 'no such field' 400 INVALID_FIELD
    query 'SELECT FROM'
    error 'malformed' 400 MALFORMED_QUERY
    call GET "$data/query"
    error 'no q' 400 MALFORMED_QUERY
    call GET "$data/query/01g000000000001AAA-2000"
    error 'unknown locator' 400 INVALID_QUERY_LOCATOR
    call GET "$data/queryAll?q=SELECT+Id+FROM+Contact+WHERE+IsDeleted+%3D+true"
    like 'queryAll sees deleted rows' "$(get .totalSize)" '^[1-9]'
    call GET "$data/query?explain=SELECT+Id+FROM+Account"
    is 'explain' "$(get '.plans[0].sobjectType')" Account
    call GET "$data/query?q=SELECT+Id,Name+FROM+Contact+LIMIT+100" -H 'Accept-Encoding: gzip'
    is 'gzip' "$(header content-encoding)" gzip
    is 'gzip holds JSON' "$(gunzip -c "$work/body" | jq '.records|length')" 100
}

# ---- composite ----
check_composite() {
    post "$data/composite" '{"compositeRequest":[
      {"method":"POST","url":"/services/data/v62.0/sobjects/Account","referenceId":"refA","body":{"Name":"Composite"}},
      {"method":"POST","url":"/services/data/v62.0/sobjects/Contact","referenceId":"refC","body":{"LastName":"Of @{refA.id}","AccountId":"@{refA.id}"}},
      {"method":"GET","url":"/services/data/v62.0/query?q=SELECT Id, LastName FROM Contact WHERE AccountId = '"'@{refA.id}'"'","referenceId":"refQ"},
      {"method":"PATCH","url":"/services/data/v62.0/sobjects/Contact/@{refQ.records[0].Id}","referenceId":"refP","body":{"Phone":"1"}},
      {"method":"GET","url":"/services/data/v62.0/sobjects/Account/@{refX.id}","referenceId":"refG"}]}'
    is 'composite' "$status" 200
    is 'composite: statuses' "$(get '[.compositeResponse[].httpStatusCode] | map(tostring) | join(" ")')" '201 201 200 204 400'
    is 'composite: keys' "$(get '.compositeResponse[0] | keys_unsorted | join(" ")')" 'body httpHeaders httpStatusCode referenceId'
    is 'composite: Location' "$(get '.compositeResponse[0] | .httpHeaders.Location == "/services/data/v62.0/sobjects/Account/" + .body.id')" true
    is 'composite: reference inside text' "$(get '.compositeResponse | .[2].body.records[0].LastName == "Of " + .[0].body.id')" true
    is 'composite: 204' "$(get '.compositeResponse[3].body')" null
    is 'composite: unknown reference' "$(get '.compositeResponse[4].body[0].errorCode')" PROCESSING_HALTED
    curl -sS -X DELETE "$url/__org/stats" >/dev/null
    post "$data/composite" '{"allOrNone":true,"compositeRequest":[
      {"method":"POST","url":"/services/data/v62.0/sobjects/Account","referenceId":"a","body":{"Name":"Rolled back"}},
      {"method":"POST","url":"/services/data/v62.0/sobjects/Contact","referenceId":"b","body":{}},
      {"method":"POST","url":"/services/data/v62.0/sobjects/Account","referenceId":"c","body":{"Name":"Rolled back"}}]}'
    is 'all or none' "$status $(get '[.compositeResponse[].body[0].errorCode] | join(" ")')" '200 PROCESSING_HALTED REQUIRED_FIELD_MISSING PROCESSING_HALTED'
    query "SELECT Id FROM Account WHERE Name = 'Rolled back'"
    is 'none was kept' "$(get .totalSize)" 0
    is 'none was counted' "$(curl -sS "$url/__org/stats" | jq .records_created)" 0
    local ids; ids=$(printf "'%018d'," $(seq 1100))
    jq -n --arg q "SELECT Id FROM Account WHERE Name NOT IN (${ids%,}) LIMIT 1" '{compositeRequest:[{method:"GET",url:("/services/data/v62.0/query?q=" + ($q|@uri)),referenceId:"long"}]}' >"$work/long"
    post "$data/composite" @"$work/long"
    is 'a statement too long for a URL' "$(wc -c <"$work/long" | awk '{print ($1 > 20000)}') $(get '.compositeResponse[0].httpStatusCode')" '1 200'
    post "$data/composite" '{"compositeRequest":[{"method":"GET","url":"/services/data/v62.0/limits","referenceId":"a"},{"method":"GET","url":"/services/data/v62.0/limits","referenceId":"a"}]}'
    error 'references must be unique' 400 INVALID_BATCH_REQUEST
    post "$data/composite" '{}'
    error 'no parts' 400 JSON_PARSER_ERROR
    post "$data/composite/batch" '{"batchRequests":[{"method":"GET","url":"v62.0/limits"},{"method":"POST","url":"v62.0/sobjects/Account","richInput":{"Name":"Batch"}},{"method":"GET","url":"/services/data/v62.0/nothing"},{"method":"DELETE","url":"v66.0/sobjects/Account/x"}]}'
    is 'batch' "$status $(get .hasErrors) $(get '[.results[].statusCode] | map(tostring) | join(" ")')" '200 true 200 201 404 400'
    post "$data/composite/batch" '{"haltOnError":true,"batchRequests":[{"method":"GET","url":"v62.0/nothing"},{"method":"GET","url":"v62.0/limits"}]}'
    is 'batch: halt' "$(get '.results[1] | [.statusCode, .result[0].errorCode] | map(tostring) | join(" ")')" '412 BATCH_PROCESSING_HALTED'
    post "$data/composite/batch" '{"batchRequests":[{"method":"POST","url":"v62.0/composite/batch","richInput":{}}]}'
    is 'batch in a batch' "$(get '.results[0].statusCode')" 400
}

# ---- faults ----
check_faults() {
    local limits=$data/limits
    fault reset:after=0,times=1
    call GET "$limits"
    is 'reset at byte 0' "$curl_rc" 56
    fault reset:after=150,times=1
    call GET "$limits"
    is 'reset in the head' "$curl_rc $(tr -d '\r' <"$work/head" | head -1)" '56 HTTP/1.1 200 OK'
    fault 503:retry_after=2,times=1
    call GET "$limits"
    error '503' 503 SERVER_UNAVAILABLE
    is '503: Retry-After' "$(header retry-after)" 2
    fault 503:body=html,times=1
    call GET "$limits"
    is '503 as a page' "$status $(header content-type) $(header retry-after)" '503 text/html;charset=UTF-8 '
    fault 429:times=1
    call GET "$limits"
    is '429' "$status" 429
    fault limit:times=1
    call GET "$limits"
    error 'limit' 403 REQUEST_LIMIT_EXCEEDED
    fault truncate:after=200,length=wrong,times=1
    call GET "$limits"
    is 'truncated, wrong length' "$curl_rc $(wc -c <"$work/body")" '18 200'
    fault truncate:after=200,length=right,times=1
    call GET "$limits"
    is 'truncated, right length' "$curl_rc $(wc -c <"$work/body") $(header content-length)" '0 200 200'
    fault truncate:after=200,times=1
    call GET "$limits" --compressed
    is 'truncated, compressed' "$curl_rc $(wc -c <"$work/body")" '0 200'
    fault stall:after=30,ms=300,times=1
    call GET "$limits"
    is 'stall ends' "$curl_rc $status" '0 200'
    fault stall:after=30,ms=60000,times=1
    call GET "$limits" --max-time 1
    is 'stall' "$curl_rc" 28
    curl -sS -X DELETE "$url/__org/stats" >/dev/null
    fault lost:times=1,path=/sobjects
    post "$data/sobjects/Account" '{"Name":"Lost and found"}'
    is 'lost' "$curl_rc" 56
    query "SELECT Id FROM Account WHERE Name = 'Lost and found'"
    is 'lost, yet done' "$(get .totalSize)" 1
    is 'counted' "$(curl -sS "$url/__org/stats" | jq '[.records_created, .faults_struck >= 12] | map(tostring) | join(" ")' -r)" '1 true'
    fault 500:effect=yes,method=POST,times=1
    post "$data/sobjects/Account" '{"Name":"Failed, yet done"}'
    error 'failed after the effect' 500 UNKNOWN_EXCEPTION
    query "SELECT Id FROM Account WHERE Name = 'Failed, yet done'"
    is 'failed, yet done' "$(get .totalSize)" 1
    fault 503:path=/query,skip=1
    query 'SELECT Id FROM Account LIMIT 1'
    is 'skip' "$status" 200
    query 'SELECT Id FROM Account LIMIT 1'
    is 'after skip' "$status" 503
    call GET "$limits"
    is 'another path' "$status" 200
    is 'rules with counts' "$(curl -sS "$url/__org/faults" | jq -r '[.[] | select(.spec == "503:path=/query,skip=1") | .matched, .struck] | map(tostring) | join(" ")')" '2 1'
    no_faults
    bare POST "$url/__org/faults" -H 'Content-Type: application/json' -d '{"spec":"resett"}'
    error 'bad spec' 400 INVALID_FAULT
    bare GET "$url/__org/stats" -H 'Origin: http://example.com'
    error 'not for browsers' 403 FORBIDDEN
    local other; other=$(curl -sS -X POST "$url/__org/tokens" | jq -r .access_token)
    fault expire:requests=2,times=1
    local kept=$token
    token=$other
    call GET "$limits"
    call GET "$limits"
    is 'two requests' "$status" 200
    call GET "$limits"
    error 'the session died' 401 INVALID_SESSION_ID
    token=$kept
    no_faults
    curl -sS -X POST "$url/__org/expire-sessions" >/dev/null
    call GET "$limits"
    error 'all sessions died' 401 INVALID_SESSION_ID
}

# ---- starting and stopping ----
check_restart() {
    start --data "$work/org.db" --seed empty
    local before; before=$(jq -c 'del(.url, .access_token)' "$work/org.json")
    post "$data/sobjects/Account" '{"Name":"Still here"}'
    local id old; id=$(get .id) old=$token
    stop_org
    is 'SIGTERM ends with 0' $? 0
    is 'data file is private' "$(stat -c %a "$work/org.db")" 600
    start --data "$work/org.db" --seed empty
    is 'same login again' "$(jq -c 'del(.url, .access_token)' "$work/org.json")" "$before"
    call GET "$data/sobjects/Account/$id?fields=Name"
    is 'row kept' "$(get .Name)" 'Still here'
    token=$old
    call GET "$data/limits"
    is 'session kept' "$status" 200
    refused 'a second org on the file' 1 "$work/org.db: another sforce-org uses this file" --port 0 --data "$work/org.db"
    end_org INT
    is 'SIGINT ends with 0' $? 0
}

refused() { # WHAT EXIT PATTERN options…: the program says one line and ends
    local what=$1 want=$2 pattern=$3
    shift 3
    "$org_program" "$@" >"$work/out" 2>"$work/err" </dev/null
    is "$what: exit" $? "$want"
    is "$what: one line" "$(wc -l <"$work/err")" 1
    like "$what: message" "$(cat "$work/err")" "$pattern"
}
check_usage() {
    "$org_program" --help | grep -q 'Usage: sforce-org'
    is '--help' $? 0
    like '--version' "$("$org_program" --version)" '^sforce-org [0-9]+\.[0-9]+\.[0-9]+$'
    refused 'unknown option' 2 'unknown option' --nothing
    refused 'bad port' 2 "port takes a number from 0 to 65535, not '99999'" --port 99999
    refused 'bad fault' 2 "unknown kind 'resett'" --port 0 --fault resett
    refused 'bad policy' 2 "unknown policy 'lax'" --policy lax
    refused 'far host' 2 'listen-anywhere' --host 0.0.0.0
    refused 'argument' 2 'not an option' start
    refused 'no such folder' 1 "$work/no/such/org.db" --port 0 --data "$work/no/such/org.db"
    echo 'This is not a database, only text that is long enough to be looked at.' >"$work/text.db"
    refused "not a database" 1 "$work/text.db: not a data file" --port 0 --data "$work/text.db"
    refused 'no schema' 1 "$work/none.json" --port 0 --schema "$work/none.json"
    start --seed empty
    refused 'port taken' 1 "port ${url##*:}.*another program has it" --port "${url##*:}" --seed empty
    stop_org
    SFORCE_ORG_PASSWORD='s3cret word' start --seed empty
    is 'password from the environment' "$password" 's3cret word'
    stop_org
}

check_policies() {
    start --seed empty --policy no-password,no-soap-login,no-client-credentials,rotate --api-limit 3 --session-timeout 1800 --fault 429:path=/query,times=1
    grant -d grant_type=password -d client_id="$client" -d client_secret="$secret" --data-urlencode username="$username" --data-urlencode password="$password$security"
    oauth_error 'no-password' invalid_grant 'authentication failure'
    grant -d grant_type=client_credentials -d client_id="$client" -d client_secret="$secret"
    oauth_error 'no-client-credentials' invalid_grant 'no client credentials user enabled'
    soap u/62.0 "$(envelope "<u:login><u:username>$username</u:username><u:password>$password$security</u:password></u:login>")"
    is 'no-soap-login' "$status" 500
    refresh_with "$(curl -sS -X POST "$url/__org/tokens" | jq -r .refresh_token)"
    like 'rotate' "$(get .refresh_token)" '^5Aep861'
    query 'SELECT Id FROM Account'
    is '--fault' "$status" 429
    for _ in 1 2 3; do call GET "$data/limits"; done
    is 'within the allowance' "$status" 200
    call GET "$data/limits"
    error 'allowance used up' 403 REQUEST_LIMIT_EXCEEDED
    stop_org
    start --seed empty --policy no-api-scope
    call GET "$data/limits"
    error 'no-api-scope' 401 INVALID_SESSION_ID
    like 'no-api-scope: message' "$(get '.[0].message')" '^This session is not valid for use with'
    stop_org
}

cat >"$work/schema.json" <<'JSON'
{"format":1,"sobjects":[{"name":"Account","fields":[
  {"name":"Ext__c","label":"Ext","type":"string","length":40,"custom":true,"externalId":true,"unique":true,"createable":true,"updateable":true,"nillable":true,"filterable":true,"sortable":true,"idLookup":true,"soapType":"xsd:string"},
  {"name":"Loose__c","label":"Loose","type":"string","length":40,"custom":true,"externalId":true,"createable":true,"updateable":true,"nillable":true,"filterable":true,"sortable":true,"idLookup":true,"soapType":"xsd:string"}]}]}
JSON
start --schema "$work/schema.json" --log
check_discovery
check_oauth
check_refresh
check_soap
check_describe
check_for_view
check_list_views
check_records
check_refusals
check_external_ids
check_query
check_composite
check_faults
stop_org
is 'the org ends cleanly' $? 0
for planted in "$password" "$secret" "$security" "$token"; do
    is 'no secret in the log' "$(grep -cF -- "$planted" "$work/org.log")" 0
done
check_restart
check_usage
check_policies
report
