#!/bin/bash
# search_org_test.sh: SOSL as sforce-org answers it over REST: which rows are found, in which form, what is refused in which
# words, and that the index follows every write, a rollback, and a restart on the same file.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
start() { # options: starts the org; sets url
    start_org "$@"
    url=$url/services/data
}

call() { # curl options: body to $work/body, status to $status
    : >"$work/body"
    status=$(curl -sS -g --max-time 30 -H "Authorization: Bearer $token" -o "$work/body" -w '%{http_code}' "$@")
}

find_() { call -G "$url/v${2:-62.0}/search" --data-urlencode "q=$1"; }
post() { call "$url/v62.0/$1" -H 'Content-Type: application/json' --data-binary "$2"; }

names() { # SOSL: Name of each record found, in one line
    find_ "$1"
    jq -r '.searchRecords | map(.Name) | join(",")' "$work/body" 2>/dev/null || cat "$work/body"
}

error() { # SOSL: code and last line of the message
    find_ "$1"
    jq -r '.[0] | .errorCode + ": " + (.message | split("\n") | last)' "$work/body"
}

create() { # OBJECT JSON: prints the id
    post "sobjects/$1" "$2"
    jq -r .id "$work/body"
}

start --seed empty --data "$work/org.db"

# ---- what is found ----
acme=$(create Account '{"Name":"Acme Widgets A17","Phone":"555-0101","Website":"https://widgets.example","Description":"makes gears and O'"'"'Brien bolts"}')
create Account '{"Name":"Global Widgets","BillingCity":"Acmeville"}' >/dev/null
create Account '{"Name":"Ätna Straße & Söhne"}' >/dev/null
ada=$(create Contact '{"FirstName":"Ada","LastName":"Widgets","Email":"ada@acme.example","Phone":"+41 555 22"}')
all='RETURNING Account(Name ORDER BY Name)'
while IFS='|' read -r text group want; do
    is "FIND {$text} $group" "$(names "FIND {$text} $group $all")" "$want"
done <<'END'
acme||Acme Widgets A17
ACME||Acme Widgets A17
acme*||Acme Widgets A17,Global Widgets
acme*|IN NAME FIELDS|Acme Widgets A17
acme bolts||Acme Widgets A17
acme bolts|IN NAME FIELDS|
widgets acme||Acme Widgets A17
"widgets acme"||
"acme widgets"||Acme Widgets A17
acme OR global||Acme Widgets A17,Global Widgets
widgets AND NOT acme||Global Widgets
widgets and not (acme or gears)||Global Widgets
wid*ts||Acme Widgets A17,Global Widgets
w?dgets||Acme Widgets A17,Global Widgets
w?gets||
gl*l or g?ars||Acme Widgets A17,Global Widgets
A17||Acme Widgets A17
17||Acme Widgets A17
o\'brien||Acme Widgets A17
\& acme||Acme Widgets A17
acme AND \&\&||Acme Widgets A17
\&\& AND NOT acme||
555\-0101||Acme Widgets A17
0101|IN PHONE FIELDS|Acme Widgets A17
0101|IN NAME FIELDS|
0101|IN SIDEBAR FIELDS|Acme Widgets A17
bolts|IN SIDEBAR FIELDS|
ätna||Ätna Straße & Söhne
ÄTNA stra*||Ätna Straße & Söhne
"gears widgets"||
nothing||
END
is 'by email' "$(find_ 'FIND {ada\@acme} IN EMAIL FIELDS RETURNING Contact'; jq -r '.searchRecords[0].Id' "$work/body")" "$ada"

# ---- the form of an answer ----
find_ 'FIND {acme} RETURNING Contact(Id, Name), Account(Name, Owner.Name)'
is 'objects in the order written' "$(jq -c '[.searchRecords[] | .attributes.type]' "$work/body")" '["Contact","Account"]'
is 'fields of a record' "$(jq -c '.searchRecords[1] | keys_unsorted' "$work/body")" '["attributes","Name","Owner"]'
is 'its url' "$(jq -r '.searchRecords[1].attributes.url' "$work/body")" "/services/data/v62.0/sobjects/Account/$acme"
find_ 'FIND {acme} RETURNING Account'
is 'no fields: Id' "$(jq -c '.searchRecords[0] | keys_unsorted' "$work/body")" '["attributes","Id"]'
find_ 'FIND {widgets}'
is 'all objects' "$(jq -c '[.searchRecords[].attributes.type] | unique' "$work/body")" '["Account","Contact"]'
find_ 'FIND {nothing}'
is 'nothing found' "$(cat "$work/body")" '{"searchRecords":[]}'
find_ 'FIND {acme} RETURNING Account(Name)' 36.0
is 'before 37.0: the array alone' "$(jq -r '.[0].Name' "$work/body")" 'Acme Widgets A17'
is 'WHERE' "$(names 'FIND {widgets} RETURNING Account(Name WHERE Phone = null)')" 'Global Widgets'
is 'ORDER BY, LIMIT, OFFSET' "$(names 'FIND {widgets} RETURNING Account(Name ORDER BY Name DESC LIMIT 1 OFFSET 1)')" 'Acme Widgets A17'
is 'LIMIT 0' "$(names 'FIND {widgets} RETURNING Account(Name LIMIT 0), Contact(Name)')" 'Ada Widgets'
is 'LIMIT of all' "$(names 'FIND {widgets} RETURNING Account(Name ORDER BY Name), Contact(Name) LIMIT 1')" 'Acme Widgets A17'

# ---- what is refused ----
while IFS='~' read -r sosl want; do
    is "$sosl" "$(error "$sosl")" "$want"
done <<'END'
FIND Acme~MALFORMED_SEARCH: No search term found. The search term must be enclosed in braces.
FIND {}~MALFORMED_SEARCH: No search term found. The search term must be enclosed in braces.
FIND {a}~MALFORMED_SEARCH: search term must be longer than one character: a
FIND {a b*}~MALFORMED_SEARCH: search term must be longer than one character: a b*
FIND {joe|smith}~MALFORMED_SEARCH: line 1:9 mismatched character '|' expecting '}'
FIND {joe-smith}~MALFORMED_SEARCH: line 1:9 mismatched character '-' expecting '}'
FIND {joe~MALFORMED_SEARCH: line 1:9 mismatched character '<EOF>' expecting '}'
FIND {(joe}~MALFORMED_SEARCH: line 1:10 mismatched character '}' expecting ')'
FIND {joe)}~MALFORMED_SEARCH: line 1:9 mismatched character ')' expecting '}'
FIND {joe} IN TYPE FIELDS~MALFORMED_SEARCH: Malformed search token: TYPE
FIND {joe} RETURNING Account(Nmae)~INVALID_FIELD: No such column 'Nmae' on entity 'Account'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.
FIND {joe} RETURNING Account(Id WHERE Id IN (SELECT AccountId FROM Contact))~MALFORMED_SEARCH: semi-joins are not allowed in a search
FIND {joe} WITH SNIPPET~MALFORMED_SEARCH: WITH SNIPPET is not supported by this org
FIND {joe} RETURNING Account bogus~MALFORMED_SEARCH: unexpected token: 'bogus'
END
is 'unknown object' "$(error 'FIND {joe} RETURNING Acount' | cut -d' ' -f1-6)" "INVALID_TYPE: sObject type 'Acount' is not"

# ---- the index follows ----
post 'composite' '{"allOrNone":true,"compositeRequest":[
  {"method":"POST","url":"/services/data/v62.0/sobjects/Account","referenceId":"a","body":{"Name":"Rollback Ltd"}},
  {"method":"POST","url":"/services/data/v62.0/sobjects/Account","referenceId":"b","body":{}}]}'
is 'rolled back' "$(names 'FIND {rollback} RETURNING Account(Name)')" ''
call -X PATCH "$url/v62.0/sobjects/Account/$acme" -H 'Content-Type: application/json' --data-binary '{"Name":"Bolted Cogs"}'
is 'update: new word' "$(names 'FIND {cogs} RETURNING Account(Name)')" 'Bolted Cogs'
is 'update: old word' "$(names 'FIND {A17} RETURNING Account(Name)')" ''
call -X DELETE "$url/v62.0/sobjects/Account/$acme"
is 'deleted' "$(names 'FIND {cogs} RETURNING Account(Name)')" ''
is 'deleted with it, or not found by it' "$(names 'FIND {global} RETURNING Account(Name)')" 'Global Widgets'
stop_org
start --data "$work/org.db"
create Account '{"Name":"Later Widgets"}' >/dev/null
is 'after a restart' "$(names "FIND {widgets} $all")" 'Global Widgets,Later Widgets'
stop_org
cat >"$work/schema.json" <<'END'
{"sobjects":[{"name":"Account","fields":[{"name":"Motto__c","type":"string","label":"Motto","length":80}]}]}
END
start --data "$work/org.db" --schema "$work/schema.json"
create Account '{"Name":"Third","Motto__c":"onwards and upwards"}' >/dev/null
is 'a field that came later' "$(names 'FIND {onwards} RETURNING Account(Name)')" 'Third'
is 'and the others' "$(names "FIND {widgets} $all")" 'Global Widgets,Later Widgets'

# ---- parameterized search, suggestions ----
call -G "$url/v62.0/parameterizedSearch" -d q=widgets -d sobject=Account -d Account.fields=Id,Name -d Account.limit=1 \
    --data-urlencode 'Account.orderBy=Name DESC' -d in=NAME
is 'by URL' "$(jq -c '[.searchRecords[].Name]' "$work/body")" '["Later Widgets"]'
post parameterizedSearch '{"q":"widgets or (x)","in":"ALL","sobjects":[{"name":"Account"}]}'
is 'its text is words' "$(cat "$work/body")" '{"searchRecords":[]}'
post parameterizedSearch '{"q":"widgets","in":"ALL","fields":["Name"],"sobjects":[{"name":"Contact"},{"name":"Account","limit":1,"where":"BillingCity = null"}]}'
is 'by body' "$(jq -c '[.searchRecords[].Name]' "$work/body")" '["Ada Widgets","Later Widgets"]'
post parameterizedSearch '{"in":"ALL"}'
is 'without text' "$status $(jq -r '.[0].errorCode' "$work/body")" '400 MALFORMED_SEARCH'
call "$url/v62.0/search/suggestions?q=lat&sobject=Account"
is 'suggestion' "$(jq -c '[.autoSuggestResults[0].Name, .hasMoreResults]' "$work/body")" '["Later Widgets",false]'
call "$url/v62.0/search/suggestions?q=wid&sobject=Account&limit=1"
is 'more suggestions' "$(jq -c '[(.autoSuggestResults | length), .hasMoreResults]' "$work/body")" '[1,true]'
call "$url/v62.0/search/scopeOrder"
is 'scope' "$(jq -r 'map(select(.type == "Account"))[0].url' "$work/body")" '/services/data/v62.0/sobjects/Account/describe'
call "$url/v62.0/search"
is 'no q' "$status $(jq -r '.[0].errorCode' "$work/body")" '400 MALFORMED_SEARCH'
stop_org

report
