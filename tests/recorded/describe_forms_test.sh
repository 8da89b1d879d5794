#!/bin/bash
# describe_forms_test.sh: what the local org says of itself beside what real orgs said: recent items, record types, errors
# of records, conditions; and the forms that the vendor's pages show where no recording is at hand (layouts, picklist
# values, replication). Without ../shared/recorded the test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
start_org --data :memory: --schema "$source_dir/tests/integration/data/describe_schema.json"

ours() { same "$1" "$(jq -c "$2" "$work/ours" 2>&1)" "$3"; }

# ---- recent items ----
ask POST /services/data/v60.0/sobjects/Account -H "$json" -d '{"Name":"Recent"}'
id=$(jq -r .id "$work/ours")
ask GET /services/data/v60.0/recent?limit=1
their misc/recent-v60.http
same_by 'recent: form' '[type, (.[0] | keys_unsorted), (.[0].attributes | keys_unsorted), (.[0].attributes.type), (.[0].Id | length)]'
ours 'recent: url' '.[0].attributes.url' "\"/services/data/v60.0/sobjects/Account/$id\""

# ---- describe: record types, dependent picklists ----
ask GET /services/data/v58.0/sobjects/Account/describe
their describe/account-v58.http
same_by 'record types: keys' '[.recordTypeInfos[] | [keys_unsorted, (.urls | keys_unsorted)]] | unique'
same_by 'the master record type stands last' '.recordTypeInfos[-1] | [.developerName, .master, .name, .recordTypeId, .active]'
same_by 'picklist values: keys' '[.fields[].picklistValues[]? | keys_unsorted] | unique'
same_by 'dependent fields name their controller' '[.fields[] | select(.dependentPicklist) | .controllerName == null] | any'
ask GET /services/data/v62.0/sobjects/Drink__c/describe
ours 'validFor is a bitmap' '[.fields[] | select(.name == "Name__c") | .controllerName, .dependentPicklist, (.picklistValues | map(.validFor))[]]' \
    '["Kind__c",true,"gAAA","QAAA","wAAA","AAAA"]'

# ---- errors of records ----
their more/errors/create-400-unknown-field.json
ask POST /services/data/v62.0/sobjects/Account -H "$json" -d '{"AccountNumer":"1"}'
same_by 'unknown field' .
their more/errors/upsert-404-no-external-id-field.json
ask PATCH /services/data/v62.0/sobjects/Account/Namez/1 -H "$json" -d '{"Name":"1"}'
same_by 'no external id field' 'map([.errorCode, .message])'
their more/errors/get-404-not-found-contact-v42.http
ask GET /services/data/v42.0/sobjects/Contact/003000000000000AAA
same_by 'no such record: code' 'map(.errorCode)'
ask DELETE "/services/data/v62.0/sobjects/Account/$id"
ask DELETE "/services/data/v62.0/sobjects/Account/$id"
their more/errors/delete-404.json
same_by 'deleted twice' .
their more/describe/opportunitycontactrole.json
ask GET /services/data/v62.0/sobjects/OpportunityContactRole/describe
same_by 'describe of a small object: fields that both have' '[.fields[] | select(.name as $n | ["Id", "OpportunityId", "ContactId", "IsPrimary", "Role"] | index($n)) | [.name, .type]] | sort'

# ---- what the vendor's pages show ----
ask POST /services/data/v62.0/sobjects/Account -H "$json" -d '{"Name":"Kept"}'
start=2026-01-01T00%3A00%3A00%2B00%3A00
now=$(date -u +%s)
span="start=$(date -u -d "@$((now - 3600))" +%FT%H%%3A%M%%3A%SZ)&end=$(date -u -d "@$((now + 120))" +%FT%H%%3A%M%%3A%SZ)"
for slash in '' /; do
    ask GET "/services/data/v62.0/sobjects/Account/deleted$slash?$span"
    ours "deleted$slash" '[keys_unsorted, (.deletedRecords[0] | keys_unsorted), (.deletedRecords[0].deletedDate | gsub("[0-9]"; "0")), (.latestDateCovered | .[16:])]' \
        '[["deletedRecords","earliestDateAvailable","latestDateCovered"],["id","deletedDate"],"0000-00-00T00:00:00.000+0000",":00.000+0000"]'
    ask GET "/services/data/v62.0/sobjects/Account/updated$slash?$span"
    ours "updated$slash" '[keys_unsorted, (.ids[0] | length)]' '[["ids","latestDateCovered"],18]'
done
ask GET "/services/data/v62.0/sobjects/Account/updated/?start=$start&end=2026-01-02T00%3A00%3A00%2B00%3A00"
ours 'too long ago' 'map(.errorCode)' '["INVALID_REPLICATION_DATE"]'
ask GET "/services/data/v62.0/sobjects/Account/updated/?end=$start"
ours 'no start' 'map(.errorCode)' '["INVALID_REPLICATION_DATE"]'
ask GET /services/data/v62.0/sobjects/Drink__c/describe/layouts
ours 'layouts' '[keys_unsorted, (.layouts[0] | keys_unsorted), (.recordTypeMappings[0] | keys_unsorted), .recordTypeSelectorRequired]' \
    '[["layouts","recordTypeMappings","recordTypeSelectorRequired"],["buttonLayoutSection","detailLayoutSections","editLayoutSections","feedView","highlightsPanelLayoutSection","id","multirowEditLayoutSections","offlineLinks","quickActionList","relatedContent","relatedLists","saveOptions"],["active","available","defaultRecordTypeMapping","developerName","layoutId","master","name","picklistsForRecordType","recordTypeId","urls"],[true]]'
ask GET /services/data/v62.0/sobjects/Account/describe/compactLayouts
ours 'compact layouts' keys_unsorted '["compactLayouts","defaultCompactLayoutId","recordTypeCompactLayoutMappings","urls"]'
ask GET /services/data/v62.0/tabs
ours 'tabs' '.[0] | keys_unsorted' '["colors","custom","iconUrl","icons","label","miniIconUrl","name","sobjectName","url"]'
ask GET /services/data/v62.0/appMenu/AppSwitcher
ours 'app menu' '.appMenuItems[0] | keys_unsorted' '["type","content","icons","colors","themes","name","label","url"]'
ask GET /services/data/v62.0/ui-api/object-info/Account/picklist-values/012000000000000AAA/Industry
ours 'picklist values' '[keys_unsorted, .controllerValues, (.values[0] | keys_unsorted)]' \
    '[["controllerValues","defaultValue","eTag","url","values"],{},["attributes","label","validFor","value"]]'
tag=$(sed -n 's/^etag: *//Ip' "$work/head" | tr -d '\r')
ask GET /services/data/v62.0/ui-api/object-info/Account/picklist-values/012000000000000AAA/Industry -H "If-None-Match: $tag"
same 'picklist values: not modified' "$status" 304
ask POST /services/data/v62.0/ui-api/records -H "$json" -d '{"apiName":"Account","fields":{"Name":"By UI"}}'
same 'ui record: created' "$status" 201
ours 'ui record: form' '[keys_unsorted, .fields.Name, (.lastModifiedDate | .[-5:])]' \
    '[["apiName","childRelationships","eTag","fields","id","lastModifiedById","lastModifiedDate","recordTypeId","recordTypeInfo","systemModstamp","weakEtag"],{"displayValue":null,"value":"By UI"},".000Z"]'
ui=$(jq -r .id "$work/ours")
ask GET "/services/data/v62.0/ui-api/records/$ui?fields=Account.Name,Account.Owner.Username"
ours 'ui record: a parent' '[.fields.Name.value, .fields.Owner.value.apiName, .fields.Owner.value.fields.Username.value]' '["By UI","User","admin@local.example"]'
ask PATCH "/services/data/v62.0/ui-api/records/$ui" -H "$json" -H 'If-Modified-Since: Sat, 23 Mar 2024 10:00:00 GMT' -d '{"fields":{"Phone":"1"}}'
same 'ui record: changed since' "$status" 412
ask PATCH "/services/data/v62.0/ui-api/records/$ui" -H "$json" -d '{"fields":{"Phone":"1"}}'
same 'ui record: updated' "$status $(jq -r .fields.Phone.value "$work/ours")" '200 1'
ask GET "/services/data/v62.0/ui-api/records/$ui?fields=Account.Nope"
ours 'ui record: no such field' 'map(.errorCode)' '["INVALID_FIELD"]'
ask DELETE "/services/data/v62.0/ui-api/records/$ui"
same 'ui record: deleted' "$status" 204
ask POST /services/data/v62.0/sobjects/Contact -H "$json" -d '{"LastName":"A","Email":"a@x.example"}'
ask POST /services/data/v62.0/sobjects/Contact -H "$json" -d '{"LastName":"B","Email":"a@x.example"}'
ours 'duplicates' '[.[0] | keys_unsorted, (.duplicateResut | keys_unsorted), (.duplicateResut.matchResults[0] | keys_unsorted), (.duplicateResut.matchResults[0].matchRecords[0] | keys_unsorted), .errorCode]' \
    '[["duplicateResut","message","errorCode"],["allowSave","duplicateRule","duplicateRuleEntityType","errorMessage","matchResults"],["entityType","errors","matchEngine","matchRecords","rule","size","success"],["additionalInformation","fieldDiffs","matchConfidence","record"],"DUPLICATES_DETECTED"]'

report
