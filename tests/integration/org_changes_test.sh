#!/bin/bash
# org_changes_test.sh: whatever API a record is written by, its change is told once, in the order of the transaction, with the API as
# its origin; and nothing is told of what was undone.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cometd.sh"
start_org --seed empty --schema "$source_dir/tests/integration/data/events.json"
control POST streaming '{"timeout":3000}' >/dev/null
shake
subscribe /data/ChangeEvents
told() { # WHAT WANT: changes since the last time, as Object:TYPE:records
    events '[.payload.ChangeEventHeader|.entityName,.changeType,(.recordIds|length|tostring)]|join(":")' >"$work/told"
    is "$1" "$(cat "$work/told")" "$2"
    origins=$(jq -c '[.[]|select(.data)|.data.payload.ChangeEventHeader.changeOrigin]|unique' "$work/body")
    keys=$(jq -c '[.[]|select(.data)|.data.payload.ChangeEventHeader.transactionKey]|unique|length' "$work/body")
}
by() { is "  its origin" "$origins" "[\"com/salesforce/api/$1/64.0${2-;client=loader}\"]"; }
once() { is '  one transaction' "$keys" 1; }

# ---- REST ----
a=$(rest POST sobjects/Account '{"Name":"A"}' | jq -r .id)
told 'create' '["Account:CREATE:1"]'; by rest
rest PATCH "sobjects/Account/$a" '{"Phone":"1"}'
told 'update' '["Account:UPDATE:1"]'; by rest
rest PATCH "sobjects/Account/$a" '{}' >/dev/null
rest PATCH sobjects/Account/Id '{"Name":"U"}' >/dev/null
rest PATCH "sobjects/Account/Id/$a" '{"Phone":"2"}' >/dev/null
told 'upsert, and an update of nothing' '["Account:UPDATE:1"]'
rest POST composite/sobjects '{"records":[{"attributes":{"type":"Account"},"Name":"1"},{"attributes":{"type":"Contact"},"LastName":"2"}]}' >/dev/null
told 'a collection' '["Account:CREATE:1","Contact:CREATE:1"]'; by rest; once
rest POST composite/tree/Account '{"records":[{"attributes":{"type":"Account","referenceId":"r"},"Name":"T","Contacts":{"records":[{"attributes":{"type":"Contact","referenceId":"c"},"LastName":"C"}]}}]}' >/dev/null
told 'a tree' '["Account:CREATE:1","Contact:CREATE:1"]'; once
request() { jq -nc --arg m "$1" --arg u "/services/data/v64.0/sobjects/$2" --argjson b "$3" --arg r "$4" '{method:$m,url:$u,body:$b,referenceId:$r}'; }
rest POST composite "{\"allOrNone\":true,\"compositeRequest\":[$(request POST Account '{"Name":"C1"}' x),$(request POST Contact '{"LastName":"C2","AccountId":"@{x.id}"}' y),$(request PATCH 'Account/@{x.id}' '{"Phone":"9"}' z)]}" >/dev/null
told 'a composite: its update is part of its creation' '["Account:CREATE:1","Contact:CREATE:1"]'; by rest; once
rest POST composite "{\"allOrNone\":true,\"compositeRequest\":[$(request POST Account '{"Name":"gone"}' x),$(request POST Account '{}' y)]}" >/dev/null
rest POST composite "{\"allOrNone\":false,\"compositeRequest\":[$(request POST Account '{"Name":"stays"}' x),$(request POST Account '{}' y)]}" >/dev/null
told 'one that is undone, one that is not' '["Account:CREATE:1"]'
rest POST composite/batch '{"batchRequests":[{"method":"PATCH","url":"v64.0/sobjects/Account/'"$a"'","richInput":{"Fax":"1"}}]}' >/dev/null
told 'a batch' '["Account:UPDATE:1"]'; by rest
rest POST composite/graph "{\"graphs\":[{\"graphId\":\"1\",\"compositeRequest\":[$(request POST Account '{"Name":"G"}' x)]}]}" >/dev/null
told 'a graph' '["Account:CREATE:1"]'; by rest
rest PATCH "ui-api/records/$a" '{"fields":{"Website":"w"}}' >/dev/null
told 'the UI API' '["Account:UPDATE:1"]'

# ---- SOAP ----
soap() {
    curl -sS --max-time 60 -H 'Content-Type: text/xml' -H 'SOAPAction: ""' -o "$work/soap" --data-binary "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:partner.soap.sforce.com\" xmlns:so=\"urn:sobject.partner.soap.sforce.com\"><e:Header><SessionHeader><sessionId>$token</sessionId></SessionHeader><CallOptions><client>loader</client></CallOptions></e:Header><e:Body>$1</e:Body></e:Envelope>" "$url/services/Soap/u/64.0"
}
soap '<create><sObjects><so:type>Account</so:type><Name>S</Name></sObjects></create>'
told 'SOAP create' '["Account:CREATE:1"]'; by soap
b=$(grep -o '<id>[^<]*' "$work/soap" | cut -c5-)
soap "<update><sObjects><so:type>Account</so:type><so:Id>$b</so:Id><Phone>3</Phone></sObjects></update>"
told 'SOAP update' '["Account:UPDATE:1"]'; by soap
soap "<merge><request><masterRecord><so:type>Account</so:type><so:Id>$a</so:Id></masterRecord><recordToMergeIds>$b</recordToMergeIds></request></merge>"
told 'merge' '["Account:DELETE:1"]'; by soap
soap "<delete><ids>$a</ids></delete>"
told 'SOAP delete' '["Account:DELETE:1"]'; by soap
soap "<undelete><ids>$a</ids></undelete>"
told 'undelete' '["Account:UNDELETE:1"]'; by soap
lead=$(rest POST sobjects/Lead '{"LastName":"L","Company":"C"}' | jq -r .id)
poll
soap "<convertLead><leadConverts><convertedStatus>Closed - Converted</convertedStatus><doNotCreateOpportunity>false</doNotCreateOpportunity><leadId>$lead</leadId><overwriteLeadSource>false</overwriteLeadSource><sendNotificationEmail>false</sendNotificationEmail></leadConverts></convertLead>"
told 'a lead is converted' '["Account:CREATE:1","Contact:CREATE:1","Opportunity:CREATE:1","Lead:UPDATE:1","OpportunityContactRole:CREATE:1"]'; by soap; once
is 'in the order of their numbers' "$(answer '[.[]|select(.data)|.data.payload.ChangeEventHeader.sequenceNumber]')" '[1,2,3,4,5]'

# ---- bulk ----
ingest() { # OPERATION CSV
    local job
    job=$(rest POST jobs/ingest '{"object":"Contact","operation":"'"$1"'","lineEnding":"LF"}' | jq -r .id)
    curl -sS --max-time 60 -X PUT -H "$auth" -H 'Content-Type: text/csv' --data-binary "$2" "$url/services/data/v64.0/jobs/ingest/$job/batches"
    rest PATCH "jobs/ingest/$job" '{"state":"UploadComplete"}' >/dev/null
    until [ "$(rest GET "jobs/ingest/$job" | jq -r .state)" = JobComplete ]; do :; done
}
ingest insert $'LastName,Phone\nB1,1\nB2,2\n'
told 'bulk insert' '["Contact:CREATE:1","Contact:CREATE:1"]'; by bulkapi ''; once
ids=$(rest GET 'query?q=SELECT+Id+FROM+Contact+WHERE+LastName+LIKE+%27B_%27+ORDER+BY+LastName' | jq -r '.records[].Id')
ingest update "$(printf 'Id,Department\n'; for id in $ids; do printf '%s,Same\n' "$id"; done)"
told 'the same update of rows' '["Contact:UPDATE:2"]'; by bulkapi ''
ingest delete "$(printf 'Id\n%s\n' "$ids")"
told 'rows deleted' '["Contact:DELETE:2"]'; by bulkapi ''
async() { curl -sS --max-time 60 -H "X-SFDC-Session: $token" -H "Content-Type: $2" ${3:+--data-binary "$3"} "$url/services/async/64.0/$1"; }
job=$(async job application/json '{"operation":"insert","object":"Contact","contentType":"CSV"}' | jq -r .id)
batch=$(async "job/$job/batch" text/csv $'LastName\nOld\n' | grep -o '<id>[^<]*' | head -1 | cut -c5-)
until async "job/$job/batch/$batch" text/csv | grep -q '<state>Completed'; do :; done
told 'Bulk API 1.0' '["Contact:CREATE:1"]'; by bulkapi ''

# ---- the rest ----
curl -sS --max-time 60 -G -H "$auth" -o /dev/null --data-urlencode "anonymousBody=insert new Account(Name = 'X');" "$url/services/data/v64.0/tooling/executeAnonymous"
told 'anonymous Apex' '["Account:CREATE:1"]'
report
