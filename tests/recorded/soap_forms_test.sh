#!/bin/bash
# soap_forms_test.sh: the local org's SOAP answers beside those that real orgs once sent: the same elements in the same order with
# the same marks, the same namespaces; where the text itself is fixed, the same text. The recordings lie outside the
# repository (../shared/recorded); without them the test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
start_org --seed empty

soap() { # PATH BODY: our answer as $work/ours
    local kind=partner
    [ "${1%%/*}" = c ] && kind=enterprise
    printf '%s' "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:$kind.soap.sforce.com\" xmlns:so=\"urn:sobject.$kind.soap.sforce.com\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><e:Header><SessionHeader><sessionId>$token</sessionId></SessionHeader></e:Header><e:Body>$2</e:Body></e:Envelope>" >"$work/request"
    post "$1" <"$work/request"
}
post() { curl -sS --max-time 30 -H 'Content-Type: text/xml' -H 'SOAPAction: ""' --data-binary @- -o "$work/ours" "$url/services/Soap/$1"; }
# One line, without what the recorders changed (blanks between elements) and without the allowance, which not all show.
flat() { sed '1,/^\r*$/{/^HTTP/,/^\r*$/d}' "$1" | tr -d '\r\n\t' | sed -e 's/<?xml[^>]*?>//' -e 's/> *</></g' -e 's/ *\/>/\/>/g' -e 's#<soapenv:Header>.*</soapenv:Header>##'; }
names() { flat "$1" | sed -e 's/ xmlns[a-z:]*="[^"]*"//g'; }
texts() { sed -e 's/>[^<]\{1,\}</>T</g'; } # what stands in the elements is the org's own
spaces() { flat "$1" | grep -o 'xmlns[a-z:]*="[^"]*"' | sort -u; }
same_spaces() { # WHAT FILE: each namespace of theirs is declared with the same prefix by us
    is "$1: namespaces" "$(comm -23 <(spaces "$recorded/$2") <(spaces "$work/ours"))" ''
}
same_form() { # WHAT FILE
    same "$1" "$(names "$work/ours" | texts)" "$(names "$recorded/$2" | texts)"
    same_spaces "$1" "$2"
}
same_text() { # WHAT FILE
    same "$1" "$(names "$work/ours")" "$(names "$recorded/$2")"
    same_spaces "$1" "$2"
}
first() { grep -o "<$1>[^<]*" "$work/ours" | head -1 | sed 's/^<[^>]*>//'; }
record() { printf '<sObjects><so:type>%s</so:type>%s</sObjects>' "$1" "$2"; }
deal() { record Opportunity "<so:Name>$1</so:Name><so:StageName>$2</so:StageName><so:CloseDate>2030-01-01</so:CloseDate>${3-}"; }

# ---- rows ----
soap u/31.0 "<create>$(deal 'Opportunity 1' Prospecting)</create>"
same_form 'create' soap/create-ok.xml
one=$(first id)
soap u/31.0 "<create>$(deal X Prospecting "<so:Id>$one</so:Id>")</create>"
same_form 'create that fails' soap/create-failure.xml
soap u/31.0 "<update>$(record Opportunity '<so:Name>x</so:Name>')</update>"
same_form 'update that fails' more/soap/update-failure.xml
soap u/31.0 "<upsert><externalIDFieldName>Id</externalIDFieldName>$(deal 'Opportunity 2' 'Value Proposition')$(record Opportunity "<so:Id>$one</so:Id><so:Name>Opportunity 1</so:Name>")</upsert>"
same_form 'upsert' soap/upsert-two.xml
soap u/31.0 '<delete><ids>006i000004DAKd</ids></delete>'
same_text 'delete of a bad id' soap/delete-failure.xml

# ---- reading ----
two='SELECT Id, Name, StageName FROM Opportunity ORDER BY Name'
soap u/31.0 "<query><queryString>$two</queryString></query>"
same_form 'query' soap/query-two-rows.xml
soap u/31.0 "<queryAll><queryString>$two</queryString></queryAll>"
same_form 'queryAll' more/soap/query-all.xml
soap u/31.0 '<query><queryString>SELECT Id FROM Organization</queryString></query>'
same_form 'query of the id alone' soap/query-organization.xml
soap u/31.0 "<retrieve><fieldList>Id,Name,Description,StageName</fieldList><sObjectType>Opportunity</sObjectType><ids>$one</ids></retrieve>"
same_form 'retrieve' soap/retrieve-one.xml
soap u/31.0 '<search><searchString>FIND {nowhere}</searchString></search>'
same_form 'search that finds nothing' more/soap/search-empty.xml
rows=
for i in $(seq 200); do rows+=$(deal "Page $i" Prospecting); done
soap u/31.0 "<create>$rows</create>"
soap u/31.0 "<query><queryString>$two</queryString></query>"
# 202 rows: pages of 200 leave two for queryMore, as recorded.
sed -i 's#</SessionHeader>#</SessionHeader><QueryOptions><batchSize>200</batchSize></QueryOptions>#' "$work/request"
post u/31.0 <"$work/request"
locator=$(first queryLocator)
soap u/31.0 "<queryMore><queryLocator>$locator</queryLocator></queryMore>"
same_form 'queryMore' more/soap/query-more.xml

# A wide row: the fields that every org has, in the recorded order; whether each is null is the row's own affair.
wide() { grep -o '<records.*' | sed -e 's/<\/records>.*//' -e 's/ xsi:nil="true"\//>T</g' -e 's/>T<>/>T</g' | grep -o '<sf:[A-Za-z]*' | grep -v __ ; }
fields=$(names "$recorded/soap/query-contacts-257kb.xml" | wide | sed 's/<sf://' | awk 'NR>2 && !seen[$0]++' | grep -vE '^(type|Id)$')
known=$(curl -sS -H "$auth" "$url/services/data/v62.0/sobjects/Contact/describe" | jq -r '.fields[].name')
common=$(grep -xF "$known" <<<"$fields")
soap u/31.0 "<create>$(record Contact '<so:LastName>Gently</so:LastName>')</create>"
soap u/31.0 "<query><queryString>SELECT Id, $(paste -sd, <<<"$common") FROM Contact</queryString></query>"
same 'a wide row' "$(names "$work/ours" | wide | sed 's/<sf://')" "$(printf 'type\nId\nId\n%s' "$common")"
same 'it is wide' "$(($(wc -l <<<"$common") > 30))" 1

# ---- the user, the objects ----
soap u/42.0 '<getUserInfo/>'
same 'getUserInfo' "$(names "$work/ours" | texts | sed -e 's/.*<result>//' -e 's/<\/result>.*//')" \
    "$(names "$recorded/soap/login-partner-v42.http" | texts | sed -e 's/.*<userInfo>//' -e 's/<\/userInfo>.*//')"
soap u/31.0 '<describeGlobal/>'
of() { names "$1" | grep -o "<$3>.*" | sed "s/<\/$3><$3>/\n/g; s/<\/\{0,1\}$3>/\n/g" | grep -F "<name>$2</name>" | head -1; }
same 'describeGlobal: an object' "$(of "$work/ours" Account sobjects)" "$(of "$recorded/soap/describe-global-two.xml" Account sobjects)"

# ---- merge, process ----
soap u/31.0 "<create>$(for n in M A B C; do record Account "<so:Name>$n</so:Name>"; done)</create>"
mapfile -t ids < <(grep -o '<id>[^<]*' "$work/ours" | cut -c5-)
soap u/31.0 "<merge><request><masterRecord><so:type>Account</so:type><so:Id>${ids[0]}</so:Id></masterRecord><recordToMergeIds>${ids[1]}</recordToMergeIds><recordToMergeIds>${ids[2]}</recordToMergeIds></request></merge>"
same_form 'merge' soap/merge-ok.xml
soap u/31.0 '<merge><request><masterRecord><so:type>Account</so:type><so:Id>'"${ids[3]}"'</so:Id></masterRecord><recordToMergeIds>0011500000000</recordToMergeIds></request></merge>'
same_form 'merge that fails' more/soap/merge-failure.xml
same 'merge that fails: text' "$(first message)" 'bad id in recordsToMerge: 0011500000000'
soap u/31.0 "<process><actions xsi:type=\"ProcessSubmitRequest\"><objectId>${ids[3]}</objectId></actions></process>"
same_form 'process: submit' soap/process-submit.xml
item=$(first newWorkitemIds)
soap u/31.0 "<process><actions xsi:type=\"ProcessWorkitemRequest\"><action>Removed</action><workitemId>$item</workitemId></actions></process>"
same_form 'process: removed' more/soap/process-workitem.xml

# ---- faults ----
token=dead
soap u/31.0 '<getUserInfo/>'
same_form 'dead session' soap/fault-invalid-session-with-detail.xml
same 'dead session: text' "$(first faultstring | cut -c1-82)" 'INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session. Se'
printf '<a b="&Cl"/>' | post u/31.0
same_form 'broken XML' soap/fault-unknown-exception-bad-xml.xml
same 'broken XML: code' "$(first faultcode)" UNKNOWN_EXCEPTION

report
