#!/bin/bash
# org_soap_test.sh: the SOAP APIs of sforce-org as a client meets them: every call with what it answers and what it changes, seen
# through REST too; headers, limits, faults; both APIs.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
cat >"$work/schema.json" <<'X'
{"sobjects":[{"name":"Account","fields":[{"name":"Ext__c","type":"string","label":"Ext","length":20,"externalId":true,
"createable":true,"updateable":true,"nillable":true,"custom":true}]}],
"duplicateRules":[{"object":"Lead","name":"Leads_DR","fields":["Email"],"message":"Use this one?","allowSave":true},
{"object":"Contact","name":"Contacts_DR","fields":["Email"],"allowSave":true}]}
X
start_org --seed empty --schema "$work/schema.json"
session=$token
admin=

# ---- helpers ----
api=u # or c
headers=
soap() { # BODY: the answer in $work/body, $status
    local kind=partner
    [ $api = c ] && kind=enterprise
    printf '%s' "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:urn=\"urn:$kind.soap.sforce.com\" xmlns:so=\"urn:sobject.$kind.soap.sforce.com\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Header><urn:SessionHeader><urn:sessionId>$session</urn:sessionId></urn:SessionHeader>$headers</soapenv:Header><soapenv:Body>$1</soapenv:Body></soapenv:Envelope>" >"$work/request"
    raw -H 'Content-Type: text/xml; charset=UTF-8' -H 'SOAPAction: ""' --data-binary @"$work/request"
}
raw() { # curl options
    : >"$work/body"
    status=$(curl -sS -g --max-time 60 -D "$work/head" -o "$work/body" -w '%{http_code}' "$@" "$url/services/Soap/$api/62.0")
}
has() { # WHAT TEXT: the answer holds it
    checks=$((checks + 1))
    grep -qF -- "$2" "$work/body" || fail "$1: no $2"
}
lacks() {
    checks=$((checks + 1))
    ! grep -qF -- "$2" "$work/body" || fail "$1: there is $2"
}
all() { grep -o "<$1>[^<]*" "$work/body" | sed 's/^<[^>]*>//'; } # texts of the elements of a name
first() { all "$1" | head -1; }
fault() { # WHAT CODE DETAIL MESSAGE-PART
    is "$1: status" "$status" 500
    is "$1: code" "$(first faultcode)" "$2"
    [ -z "$3" ] || has "$1: detail" "<detail><sf:$3 xsi:type=\"sf:$3\"><sf:exceptionCode>${2#sf:}</sf:exceptionCode>"
    [ -n "$3" ] || lacks "$1: detail" '<detail>'
    has "$1: message" "$4"
}
rest() { curl -sS -g -H "Authorization: Bearer $session" "$@"; }
field() { rest "$url/services/data/v62.0/sobjects/$1/$2?fields=$3" | jq -r ".${3%%,*}"; } # OBJECT ID FIELD
total() { rest -G "$url/services/data/v62.0/${2:-query}" --data-urlencode "q=$1" | jq .totalSize; }
record() { printf '<urn:sObjects>%s</urn:sObjects>' "$1"; }
account() { record "<so:type>Account</so:type><so:Name>$1</so:Name>${2-}"; }

# ---- sessions ----
soap '<urn:getUserInfo/>'
admin=$(first userId)
is 'user name' "$(first userName)" "$(of_org username)"
has 'allowance' '<soapenv:Header><LimitInfoHeader><limitInfo><current>1</current><limit>1000000</limit><type>API REQUESTS</type></limitInfo></LimitInfoHeader></soapenv:Header>'
soap '<urn:getServerTimestamp/>'
is 'server time' "$(first timestamp | cut -c1-4)" "$(date -u +%Y)"
has 'form of time' 'Z</timestamp></result></getServerTimestampResponse>'
soap "<urn:setPassword><urn:userId>$admin</urn:userId><urn:password>short</urn:password></urn:setPassword>"
fault 'short password' sf:INVALID_NEW_PASSWORD InvalidNewPasswordFault 'at least 8 characters'
soap "<urn:setPassword><urn:userId>003</urn:userId><urn:password>l0ng enough</urn:password></urn:setPassword>"
fault 'not an id' sf:MALFORMED_ID InvalidIdFault 'malformed id 003'
soap "<urn:setPassword><urn:userId>$admin</urn:userId><urn:password>n3w &amp; long</urn:password></urn:setPassword>"
has 'setPassword' '<setPasswordResponse><result/></setPasswordResponse>'
soap '<urn:changeOwnPassword><urn:oldPassword>wrong</urn:oldPassword><urn:newPassword>an0ther one</urn:newPassword></urn:changeOwnPassword>'
fault 'old password' sf:INVALID_OLD_PASSWORD UnexpectedErrorFault 'old password'
soap '<urn:changeOwnPassword><urn:oldPassword>n3w &amp; long</urn:oldPassword><urn:newPassword>an0ther one</urn:newPassword></urn:changeOwnPassword>'
has 'changeOwnPassword' '<changeOwnPasswordResponse><result/></changeOwnPasswordResponse>'
soap "<urn:resetPassword><urn:userId>$admin</urn:userId></urn:resetPassword>"
made=$(first password)
is 'resetPassword' "${#made}" 12
own=$session
session=none
soap "<urn:login><urn:username>$(of_org username)</urn:username><urn:password>$made$(of_org security_token)</urn:password></urn:login>"
is 'the new password logs in' "$status" 200
lacks 'login tells no allowance' LimitInfoHeader
second=$(first sessionId)
session=$own
soap "<urn:invalidateSessions><urn:sessionIds>$second</urn:sessionIds><urn:sessionIds>$second</urn:sessionIds></urn:invalidateSessions>"
is 'invalidateSessions' "$(all success | tr '\n' ' ')" 'true false '
session=$second
soap '<urn:getUserInfo/>'
fault 'dead session' sf:INVALID_SESSION_ID UnexpectedErrorFault 'Invalid Session ID found in SessionHeader: Illegal Session'
session=$own

# ---- create, update, upsert ----
soap "<urn:create>$(account 'A &amp; B' '<so:AnnualRevenue>12000000</so:AnnualRevenue><so:Phone></so:Phone><so:Fax xsi:nil="true"/><so:Ext__c>E1</so:Ext__c>')$(record '<so:type>Contact</so:type><so:FirstName>No last name</so:FirstName>')$(account C '<so:NumberOfEmployees>many</so:NumberOfEmployees>')</urn:create>"
a=$(first id)
is 'created' "$(all success | tr '\n' ' ')" 'true false false '
has 'form of success' "<result><id>$a</id><success>true</success></result>"
has 'form of failure' '<result><errors><fields>LastName</fields><message>Required fields are missing: [LastName]</message><statusCode>REQUIRED_FIELD_MISSING</statusCode></errors><id xsi:nil="true"/><success>false</success></result>'
has 'wrong type' '<fields>NumberOfEmployees</fields><message>Employees: value not of required type: many</message><statusCode>INVALID_TYPE_ON_FIELD_IN_RECORD</statusCode>'
is 'name' "$(field Account "$a" Name)" 'A & B'
soap "<urn:create>$(record '<so:type>Contact</so:type><so:LastName>Parent by key</so:LastName><so:Account><so:type>Account</so:type><so:Ext__c>E1</so:Ext__c></so:Account>')</urn:create>"
c=$(first id)
is 'parent by external id' "$(field Contact "$c" AccountId)" "$a"
soap "<urn:create>$(account X "<so:Id>$a</so:Id>")</urn:create>"
has 'id in create' '<statusCode>INVALID_FIELD_FOR_INSERT_UPDATE</statusCode>'
soap "<urn:create>$(record '<so:type>Nope</so:type>')</urn:create>"
fault 'unknown type' sf:INVALID_TYPE InvalidSObjectFault "sObject type &apos;Nope&apos; is not supported."
has 'place' '<sf:row>-1</sf:row><sf:column>-1</sf:column>'
soap "<urn:create>$(record '<so:Name>no type</so:Name>')</urn:create>"
fault 'no type' sf:INVALID_TYPE InvalidSObjectFault 'Must send a concrete entity type.'
soap "<urn:create>$(account Y)$(account Z '<so:Nope__c>1</so:Nope__c>')</urn:create>"
fault 'unknown field' sf:INVALID_FIELD InvalidFieldFault "No such column &apos;Nope__c&apos; on entity &apos;Account&apos;"
is 'and nothing was made' "$(total "SELECT Id FROM Account WHERE Name = 'Y'")" 0
soap "<urn:update>$(account New "<so:Id>$a</so:Id><so:fieldsToNull>AnnualRevenue</so:fieldsToNull>")$(account None)$(account Bad '<so:Id>001</so:Id>')$(account Gone '<so:Id>001000000000001AAA</so:Id>')$(record "<so:type>Account</so:type><so:Id>$c</so:Id>")</urn:update>"
is 'updated' "$(all success | tr '\n' ' ')" 'true false false false false '
is 'codes' "$(all statusCode | tr '\n' ' ')" 'MISSING_ARGUMENT MALFORMED_ID INVALID_CROSS_REFERENCE_KEY MALFORMED_ID '
is 'set to null' "$(field Account "$a" AnnualRevenue)" null
soap "<urn:update>$(record "<so:type>Account</so:type><so:fieldsToNull>Phone</so:fieldsToNull><so:Id>$a</so:Id><so:Phone>1</so:Phone>")</urn:update>"
has 'set and nulled' '<statusCode>INVALID_FIELD_FOR_INSERT_UPDATE</statusCode>'
soap "<urn:upsert><urn:externalIDFieldName>ext__c</urn:externalIDFieldName>$(account Again '<so:Ext__c>E1</so:Ext__c>')$(account Fresh '<so:Ext__c>E2</so:Ext__c>')$(account Keyless)</urn:upsert>"
is 'upserted' "$(all created | tr '\n' ' ')" 'false true false '
is 'the same record' "$(first id)" "$a"
has 'form of upsert' '<result><created>true</created><id>'
has 'no key' '<created>false</created><errors><message>Ext__c not specified</message><statusCode>MISSING_ARGUMENT</statusCode></errors><id xsi:nil="true"/><success>false</success>'
soap "<urn:upsert><urn:externalIDFieldName>Phone</urn:externalIDFieldName>$(account P '<so:Phone>1</so:Phone>')</urn:upsert>"
fault 'no key field' sf:INVALID_FIELD InvalidFieldFault 'Field name provided, Phone does not match an External ID, Salesforce Id, or indexed field for Account'
soap "<urn:upsert><urn:externalIDFieldName>Id</urn:externalIDFieldName>$(account 'By id' "<so:Id>$a</so:Id>")$(account 'Made')</urn:upsert>"
is 'upsert by id' "$(all created | tr '\n' ' ')" 'false true '

# ---- headers ----
headers='<urn:AllOrNoneHeader><urn:allOrNone>true</urn:allOrNone></urn:AllOrNoneHeader>'
soap "<urn:create>$(account 'All or none')$(record '<so:type>Contact</so:type>')</urn:create>"
is 'all or none' "$(all statusCode | tr '\n' ' ')" 'ALL_OR_NONE_OPERATION_ROLLED_BACK REQUIRED_FIELD_MISSING '
has 'its message' 'Record rolled back because not all records were valid and the request was using AllOrNone header'
is 'nothing stayed' "$(total "SELECT Id FROM Account WHERE Name = 'All or none'")" 0
long=$(printf 'x%.0s' $(seq 300))
headers=
soap "<urn:create>$(account "$long")</urn:create>"
has 'too long' '<statusCode>STRING_TOO_LONG</statusCode>'
headers='<urn:AllowFieldTruncationHeader><urn:allowFieldTruncation>true</urn:allowFieldTruncation></urn:AllowFieldTruncationHeader>'
soap "<urn:create>$(account "$long")</urn:create>"
is 'cut' "$(field Account "$(first id)" Name | tr -d '\n' | wc -c)" 255
headers='<urn:Unknown soapenv:mustUnderstand="1"/>'
soap '<urn:getUserInfo/>'
fault 'a header that must be understood' soapenv:MustUnderstand '' Unknown
headers='<urn:DuplicateRuleHeader><urn:allowSave>true</urn:allowSave></urn:DuplicateRuleHeader><urn:MruHeader><urn:updateMru>true</urn:updateMru></urn:MruHeader><urn:AssignmentRuleHeader><urn:useDefaultRule>true</urn:useDefaultRule></urn:AssignmentRuleHeader>'
soap '<urn:getUserInfo/>'
is 'headers without effect' "$status" 200
headers=

# ---- query ----
many=
for i in $(seq 200); do many+=$(account "Page $i"); done
soap "<urn:create>$many</urn:create>"
is '200 in one call' "$(grep -o '<success>true' "$work/body" | wc -l)" 200
soap "<urn:create>$many</urn:create>"
soap "<urn:create>$many$(account one more)</urn:create>"
fault '201 in one call' sf:EXCEEDED_ID_LIMIT UnexpectedErrorFault 'record limit reached. cannot submit more than 200 records into this call'
headers='<urn:QueryOptions><urn:batchSize>200</urn:batchSize></urn:QueryOptions>'
soap "<urn:query><urn:queryString>SELECT Id, Name FROM Account WHERE Name LIKE 'Page %'</urn:queryString></urn:query>"
is 'a page' "$(grep -o '<records' "$work/body" | wc -l) $(first done) $(first size)" '200 false 400'
locator=$(first queryLocator)
soap "<urn:queryMore><urn:queryLocator>$locator</urn:queryLocator></urn:queryMore>"
is 'the last page' "$(grep -o '<records' "$work/body" | wc -l) $(first done)" '200 true'
has 'no locator' '<done>true</done><queryLocator xsi:nil="true"/><records xsi:type="sf:sObject">'
headers=
soap "<urn:queryMore><urn:queryLocator>01g000000000000AAA-5</urn:queryLocator></urn:queryMore>"
fault 'locator' sf:INVALID_QUERY_LOCATOR InvalidQueryLocatorFault 'invalid query locator'
soap "<urn:query><urn:queryString>SELECT Id, AccountId, Email, Account.Name, CreatedDate, MailingAddress FROM Contact WHERE Id = '$c'</urn:queryString></urn:query>"
has 'id twice' "<records xsi:type=\"sf:sObject\"><sf:type>Contact</sf:type><sf:Id>$c</sf:Id><sf:Id>$c</sf:Id><sf:AccountId>$a</sf:AccountId><sf:Email xsi:nil=\"true\"/><sf:Account xsi:type=\"sf:sObject\"><sf:type>Account</sf:type><sf:Id xsi:nil=\"true\"/><sf:Name>By id</sf:Name></sf:Account><sf:CreatedDate>$(date -u +%Y)"
has 'no address' '<sf:MailingAddress xsi:nil="true"/></records><size>1</size></result></queryResponse>'
soap "<urn:query><urn:queryString>SELECT Name, (SELECT Id, LastName FROM Contacts), (SELECT Id FROM Opportunities) FROM Account WHERE Id = '$a'</urn:queryString></urn:query>"
has 'children' "<sf:Id xsi:nil=\"true\"/><sf:Name>By id</sf:Name><sf:Contacts xsi:type=\"QueryResult\"><done>true</done><queryLocator xsi:nil=\"true\"/><records xsi:type=\"sf:sObject\"><sf:type>Contact</sf:type><sf:Id>$c</sf:Id><sf:Id>$c</sf:Id><sf:LastName>Parent by key</sf:LastName></records><size>1</size></sf:Contacts><sf:Opportunities xsi:nil=\"true\"/>"
soap "<urn:query><urn:queryString>SELECT COUNT(Id), MAX(Name) top FROM Account WHERE Id = '$a'</urn:queryString></urn:query>"
has 'aggregates' '<records xsi:type="sf:sObject"><sf:type>AggregateResult</sf:type><sf:Id xsi:nil="true"/><sf:expr0 xsi:type="xsd:int">1</sf:expr0><sf:top xsi:type="xsd:string">By id</sf:top></records>'
soap '<urn:query><urn:queryString>SELECT COUNT() FROM Contact</urn:queryString></urn:query>'
has 'count' '<queryLocator xsi:nil="true"/><size>1</size>'
soap '<urn:query><urn:queryString>SELECT Nope FROM Account</urn:queryString></urn:query>'
fault 'unknown column' sf:INVALID_FIELD InvalidFieldFault 'ERROR at Row:1:Column:8'
has 'its place' '<sf:row>1</sf:row><sf:column>8</sf:column></sf:InvalidFieldFault>'
soap '<urn:query><urn:queryString>SELECT Id FROM</urn:queryString></urn:query>'
fault 'syntax' sf:MALFORMED_QUERY MalformedQueryFault unexpected
soap '<urn:query/>'
fault 'no query' sf:MISSING_ARGUMENT UnexpectedErrorFault queryString
soap '<urn:search><urn:searchString>FIND {By} RETURNING Account(Id, Name)</urn:searchString></urn:search>'
has 'found' "<searchRecords><record xsi:type=\"sf:sObject\"><sf:type>Account</sf:type><sf:Id>$a</sf:Id><sf:Id>$a</sf:Id><sf:Name>By id</sf:Name></record></searchRecords>"
soap '<urn:search><urn:searchString>By</urn:searchString></urn:search>'
fault 'no search' sf:MALFORMED_SEARCH MalformedSearchFault 'must be enclosed in braces'
soap "<urn:retrieve><urn:fieldList>Name, Id,Phone,Name</urn:fieldList><urn:sObjectType>account</urn:sObjectType><urn:ids>$a</urn:ids><urn:ids>001000000000001AAA</urn:ids><urn:ids>${a:0:15}</urn:ids></urn:retrieve>"
has 'retrieved in order' "<retrieveResponse><result xsi:type=\"sf:sObject\"><sf:type>Account</sf:type><sf:Id>$a</sf:Id><sf:Name>By id</sf:Name><sf:Phone xsi:nil=\"true\"/></result><result xsi:nil=\"true\"/><result xsi:type=\"sf:sObject\">"
soap "<urn:retrieve><urn:fieldList>Nope</urn:fieldList><urn:sObjectType>Account</urn:sObjectType><urn:ids>$a</urn:ids></urn:retrieve>"
fault 'retrieve of an unknown field' sf:INVALID_FIELD InvalidFieldFault Nope
soap "<urn:retrieve><urn:fieldList>Id</urn:fieldList><urn:sObjectType>Account</urn:sObjectType><urn:ids>x</urn:ids></urn:retrieve>"
fault 'retrieve of no id' sf:MALFORMED_ID InvalidIdFault 'malformed id x'
soap "<urn:create>$(record "<so:type>Attachment</so:type><so:ParentId>$a</so:ParentId><so:Name>f</so:Name><so:Body>aGVsbG8=</so:Body>")</urn:create>"
f=$(first id)
soap "<urn:query><urn:queryString>SELECT Body, BodyLength FROM Attachment WHERE Id = '$f'</urn:queryString></urn:query>"
has 'a file comes inline' '<sf:Body>aGVsbG8=</sf:Body><sf:BodyLength>5</sf:BodyLength>'
head -c 1500000 /dev/urandom >"$work/bytes"
soap "<urn:create>$(record "<so:type>Attachment</so:type><so:ParentId>$a</so:ParentId><so:Name>big</so:Name><so:Body>$(base64 -w76 "$work/bytes")</so:Body>")</urn:create>"
f=$(first id)
soap "<urn:retrieve><urn:fieldList>Id,Body</urn:fieldList><urn:sObjectType>Attachment</urn:sObjectType><urn:ids>$f</urn:ids></urn:retrieve>"
first sf:Body | base64 -d >"$work/back"
is 'bytes that are kept apart come whole' "$(cmp "$work/bytes" "$work/back" && echo same)" same

# ---- delete, undelete, the bin ----
begin=$(date -u -d '-5 minutes' +%Y-%m-%dT%H:%M:00.000Z)
later=$(date -u -d '+5 minutes' +%Y-%m-%dT%H:%M:00.000Z)
changes() { soap "<urn:$1><urn:sObjectType>Account</urn:sObjectType><urn:startDate>$begin</urn:startDate><urn:endDate>$later</urn:endDate></urn:$1>"; }
soap "<urn:delete><urn:ids>$a</urn:ids><urn:ids>006i000004DAKd</urn:ids><urn:ids>$a</urn:ids></urn:delete>"
is 'deleted' "$(all success | tr '\n' ' ')" 'true false false '
has 'bad id' '<message>bad id 006i000004DAKd</message><statusCode>MALFORMED_ID</statusCode></errors><id xsi:nil="true"/><success>false</success>'
has 'twice' '<statusCode>ENTITY_IS_DELETED</statusCode>'
is 'REST sees it' "$(total "SELECT Id FROM Account WHERE Id = '$a' AND IsDeleted = true" queryAll)" 1
changes getDeleted
has 'getDeleted' "<id>$a</id></deletedRecords>"
soap "<urn:retrieve><urn:fieldList>Id</urn:fieldList><urn:sObjectType>Account</urn:sObjectType><urn:ids>$a</urn:ids></urn:retrieve>"
has 'a deleted one is nil' '<retrieveResponse><result xsi:nil="true"/></retrieveResponse>'
soap "<urn:queryAll><urn:queryString>SELECT IsDeleted FROM Account WHERE Id = '$a'</urn:queryString></urn:queryAll>"
has 'queryAll' '<sf:IsDeleted>true</sf:IsDeleted>'
soap "<urn:undelete><urn:ids>$c</urn:ids><urn:ids>$a</urn:ids><urn:ids>$a</urn:ids></urn:undelete>"
is 'undeleted' "$(all success | tr '\n' ' ')" 'false true false '
has 'not in the bin' '<message>Entity is not in the recycle bin</message><statusCode>UNDELETE_FAILED</statusCode>'
is 'with its contact' "$(field Contact "$c" AccountId)" "$a"
changes getDeleted
lacks 'no longer deleted' "$a"
changes getUpdated
has 'but changed' "<ids>$a</ids>"
is 'REST says the same' "$(rest -G "$url/services/data/v62.0/sobjects/Account/updated/" --data-urlencode "start=$begin" --data-urlencode "end=$later" | jq --arg id "$a" '.ids | index($id) != null')" true
soap "<urn:emptyRecycleBin><urn:ids>$a</urn:ids></urn:emptyRecycleBin>"
has 'alive' '<message>invalid record id; no recycle bin entry found</message><statusCode>INVALID_ID_FIELD</statusCode>'
soap "<urn:delete><urn:id>$a</urn:id></urn:delete>"
has 'a client of old names its ids so' "<id>$a</id><success>true</success>"
soap "<urn:emptyRecycleBin><urn:ids>$a</urn:ids></urn:emptyRecycleBin>"
has 'emptied' "<emptyRecycleBinResponse><result><id>$a</id><success>true</success></result>"
soap "<urn:undelete><urn:ids>$a</urn:ids></urn:undelete>"
has 'gone for good' UNDELETE_FAILED
changes getDeleted
has 'replication still hears of it' "<id>$a</id>"
soap "<urn:getUpdated><urn:sObjectType>Account</urn:sObjectType><urn:startDate>$begin</urn:startDate><urn:endDate>$begin</urn:endDate></urn:getUpdated>"
fault 'no time between' sf:INVALID_REPLICATION_DATE UnexpectedErrorFault 'endDate'
soap "<urn:getUpdated><urn:sObjectType>Account</urn:sObjectType><urn:startDate>yesterday</urn:startDate><urn:endDate>$later</urn:endDate></urn:getUpdated>"
fault 'not a time' soapenv:Client '' "&apos;yesterday&apos; is not a valid value for the type xsd:dateTime"
soap "<urn:getUpdated><urn:sObjectType>Account</urn:sObjectType><urn:startDate>${begin%.*}</urn:startDate><urn:endDate>${later%.*}</urn:endDate></urn:getUpdated>"
has 'a time without a zone is UTC' '<getUpdatedResponse><result><ids>001'
event() { record "<so:type>Event</so:type><so:DurationInMinutes>5</so:DurationInMinutes><so:StartDateTime>$1</so:StartDateTime>"; }
soap "<urn:create>$(event 2020-02-29T01:02:03.5)$(event 2020-02-30T01:02:03)</urn:create>"
is 'but it must be one' "$(all success | tr '\n' ' ')" 'true false '
is 'in a record too' "$(field Event "$(first id)" StartDateTime)" 2020-02-29T01:02:03.000+0000

# ---- merge ----
soap "<urn:create>$(account M)$(account L1)$(account L2)</urn:create>"
mapfile -t ids < <(all id)
soap "<urn:create>$(record "<so:type>Contact</so:type><so:LastName>Moved</so:LastName><so:AccountId>${ids[1]}</so:AccountId>")</urn:create>"
moved=$(first id)
soap "<urn:merge><urn:request><urn:masterRecord><so:type>Account</so:type><so:Id>${ids[0]}</so:Id><so:Phone>7</so:Phone></urn:masterRecord><urn:recordToMergeIds>${ids[1]}</urn:recordToMergeIds><urn:recordToMergeIds>${ids[2]}</urn:recordToMergeIds></urn:request></urn:merge>"
has 'merged' "<mergeResponse><result><id>${ids[0]}</id><mergedRecordIds>${ids[1]}</mergedRecordIds><mergedRecordIds>${ids[2]}</mergedRecordIds><success>true</success><updatedRelatedIds>$moved</updatedRelatedIds></result></mergeResponse>"
is 'the child moved' "$(field Contact "$moved" AccountId)" "${ids[0]}"
is 'the field is set' "$(field Account "${ids[0]}" Phone)" 7
is 'the losers tell their master' "$(total "SELECT Id FROM Account WHERE MasterRecordId = '${ids[0]}' AND IsDeleted = true" queryAll)" 2
soap "<urn:merge><urn:request><urn:masterRecord><so:type>Account</so:type><so:Id>${ids[0]}</so:Id></urn:masterRecord><urn:recordToMergeIds>0011500000000</urn:recordToMergeIds></urn:request></urn:merge>"
has 'as recorded' "<errors><message>bad id in recordsToMerge: 0011500000000</message><statusCode>MALFORMED_ID</statusCode></errors><id>${ids[0]}</id><success>false</success>"
soap "<urn:merge><urn:request><urn:nope/></urn:request></urn:merge>"
fault 'not of a merge' soapenv:Client '' 'Element {urn:partner.soap.sforce.com}nope invalid at this location'

# ---- convertLead ----
soap "<urn:create>$(for i in 1 2 3 4; do record "<so:type>Lead</so:type><so:FirstName>Ada</so:FirstName><so:LastName>Lovelace $i</so:LastName><so:Company>Engines $i</so:Company><so:City>London</so:City><so:LeadSource>Web</so:LeadSource>"; done)</urn:create>"
mapfile -t leads < <(all id)
convert() { soap "<urn:convertLead><urn:leadConverts>$1</urn:leadConverts></urn:convertLead>"; }
done='<urn:convertedStatus>Closed - Converted</urn:convertedStatus>'
convert "$done<urn:doNotCreateOpportunity>false</urn:doNotCreateOpportunity><urn:leadId>${leads[0]}</urn:leadId><urn:overwriteLeadSource>false</urn:overwriteLeadSource><urn:sendNotificationEmail>false</urn:sendNotificationEmail>"
first_account=$(first accountId) first_contact=$(first contactId) first_opportunity=$(first opportunityId)
has 'converted' "<convertLeadResponse><result><accountId>$first_account</accountId><contactId>$first_contact</contactId><leadId>${leads[0]}</leadId><opportunityId>$first_opportunity</opportunityId><success>true</success></result></convertLeadResponse>"
is 'account' "$(field Account "$first_account" Name) $(field Account "$first_account" BillingCity)" 'Engines 1 London'
is 'contact' "$(field Contact "$first_contact" Name) $(field Contact "$first_contact" AccountId)" "Ada Lovelace 1 $first_account"
is 'opportunity' "$(field Opportunity "$first_opportunity" Name) $(field Opportunity "$first_opportunity" StageName) $(field Opportunity "$first_opportunity" Amount)" 'Engines 1 Prospecting null'
is 'lead' "$(field Lead "${leads[0]}" IsConverted) $(field Lead "${leads[0]}" ConvertedContactId)" "true $first_contact"
is 'role' "$(total "SELECT Id FROM OpportunityContactRole WHERE OpportunityId = '$first_opportunity' AND ContactId = '$first_contact' AND IsPrimary = true")" 1
convert "<urn:leadId>${leads[0]}</urn:leadId>$done"
has 'twice' "<result><accountId xsi:nil=\"true\"/><contactId xsi:nil=\"true\"/><errors><message>cannot reference converted lead</message><statusCode>CANNOT_UPDATE_CONVERTED_LEAD</statusCode></errors><leadId>${leads[0]}</leadId><opportunityId xsi:nil=\"true\"/><success>false</success></result>"
is 'REST refuses it too' "$(rest -X PATCH -H 'Content-Type: application/json' -d '{"Title":"x"}' "$url/services/data/v62.0/sobjects/Lead/${leads[0]}" | jq -r '.[0].errorCode')" CANNOT_UPDATE_CONVERTED_LEAD
convert "<urn:leadId>${leads[1]}</urn:leadId><urn:contactId></urn:contactId><urn:contactId xsi:nil=\"true\"/><urn:accountId>$first_account</urn:accountId>$done<urn:doNotCreateOpportunity>true</urn:doNotCreateOpportunity>"
has 'into an account, without an opportunity' "<leadId>${leads[1]}</leadId><opportunityId xsi:nil=\"true\"/><success>true</success>"
is 'the account there' "$(first accountId)" "$first_account"
convert "<urn:leadId>${leads[2]}</urn:leadId><urn:convertedStatus>Working - Contacted</urn:convertedStatus>"
has 'status' '<errors><fields>Status</fields><message>invalid convertedStatus: Working - Contacted</message><statusCode>INVALID_STATUS</statusCode></errors>'
convert "<urn:leadId>${leads[2]}</urn:leadId>$done<urn:opportunityName>First</urn:opportunityName><urn:opportunityRecord><so:type>Opportunity</so:type><so:Amount>5</so:Amount></urn:opportunityRecord><urn:contactRecord><so:type>Contact</so:type><so:fieldsToNull>LeadSource</so:fieldsToNull><so:Department>D</so:Department></urn:contactRecord>"
is 'with records' "$(field Opportunity "$(first opportunityId)" Name) $(field Opportunity "$(first opportunityId)" Amount) $(field Contact "$(first contactId)" Department) $(field Contact "$(first contactId)" LeadSource)" 'First 5 D null'
convert "<urn:leadId>${leads[3]}</urn:leadId>$done<urn:nope/>"
fault 'not of a lead' soapenv:Client '' 'Element {urn:partner.soap.sforce.com}nope invalid at this location'
convert "<urn:leadId>${leads[3]}</urn:leadId>$done<urn:contactRecord><so:type>Account</so:type><so:Name>x</so:Name></urn:contactRecord>"
fault 'a record of another type' sf:INVALID_TYPE InvalidSObjectFault 'contactRecord takes a record of type Contact'
headers='<urn:AllOrNoneHeader><urn:allOrNone>true</urn:allOrNone></urn:AllOrNoneHeader>'
soap "<urn:convertLead><urn:leadConverts><urn:leadId>${leads[3]}</urn:leadId>$done</urn:leadConverts><urn:leadConverts><urn:leadId>${leads[0]}</urn:leadId>$done</urn:leadConverts></urn:convertLead>"
is 'all or none' "$(all statusCode | tr '\n' ' ')" 'ALL_OR_NONE_OPERATION_ROLLED_BACK CANNOT_UPDATE_CONVERTED_LEAD '
is 'nothing of it' "$(field Lead "${leads[3]}" IsConverted) $(total "SELECT Id FROM Account WHERE Name = 'Engines 4'")" 'false 0'
headers=
soap "<urn:convertLead>$(for _ in $(seq 101); do echo "<urn:leadConverts>$done</urn:leadConverts>"; done)</urn:convertLead>"
fault '101 leads' sf:EXCEEDED_LEAD_CONVERT_LIMIT UnexpectedErrorFault '100 leads'

soap "<urn:create>$(record '<so:type>Contact</so:type><so:LastName>There</so:LastName><so:Email>there@t.example</so:Email>')$(record '<so:type>Lead</so:type><so:LastName>Again</so:LastName><so:Company>Again</so:Company><so:Email>there@t.example</so:Email>')</urn:create>"
again=$(all id | tail -1)
convert "<urn:leadId>$again</urn:leadId>$done"
has 'its contact would be a duplicate' '<statusCode>DUPLICATES_DETECTED</statusCode>'
is 'and no account was made' "$(total "SELECT Id FROM Account WHERE Name = 'Again'")" 0
convert "<urn:leadId>$again</urn:leadId>$done<urn:bypassContactDedupeCheck>true</urn:bypassContactDedupeCheck>"
is 'bypassed' "$(all success)" true

# ---- approvals and mail ----
soap "<urn:process><urn:actions xsi:type=\"urn:ProcessSubmitRequest\"><urn:comments>please</urn:comments><urn:objectId>$first_account</urn:objectId></urn:actions></urn:process>"
has 'submitted' "<processResponse><result><actorIds>$admin</actorIds><entityId>$first_account</entityId><instanceId>04g"
has 'pending' '<instanceStatus>Pending</instanceStatus><newWorkitemIds>04i'
item=$(first newWorkitemIds)
soap "<urn:update>$(account Locked "<so:Id>$first_account</so:Id>")</urn:update>"
has 'locked' '<statusCode>ENTITY_IS_LOCKED</statusCode>'
soap "<urn:process><urn:actions xsi:type=\"urn:ProcessWorkitemRequest\"><urn:action>Nod</urn:action><urn:workitemId>$item</urn:workitemId></urn:actions></urn:process>"
has 'no action' INVALID_ARGUMENT_TYPE
soap "<urn:process><urn:actions xsi:type=\"urn:ProcessWorkitemRequest\"><urn:comments>yes</urn:comments><urn:action>Approve</urn:action><urn:workitemId>$item</urn:workitemId></urn:actions></urn:process>"
has 'approved' "<result><entityId>$first_account</entityId><instanceId>"
has 'its status' '<instanceStatus>Approved</instanceStatus><success>true</success>'
soap '<urn:process><urn:actions><urn:objectId>x</urn:objectId></urn:actions></urn:process>'
fault 'no kind of action' soapenv:Client '' xsi:type
mail() { soap "<urn:sendEmail><urn:messages xsi:type=\"urn:SingleEmailMessage\">$1</urn:messages></urn:sendEmail>"; }
mail '<urn:subject>Hi &amp; bye</urn:subject><urn:plainTextBody>text</urn:plainTextBody><urn:toAddresses>a@b.example</urn:toAddresses><urn:toAddresses>c@d.example</urn:toAddresses>'
has 'sent' '<sendEmailResponse><result><success>true</success></result></sendEmailResponse>'
is 'outbox' "$(curl -sS "$url/__org/outbox" | jq -c '.messages[-1] | [.kind, .message.subject, .message.to, .message.text]')" '["email","Hi & bye",["a@b.example","c@d.example"],"text"]'
mail '<urn:plainTextBody>t</urn:plainTextBody><urn:oneClickPost>false</urn:oneClickPost><urn:toAddresses>a@b.example</urn:toAddresses><urn:unsubscribeComment xsi:nil="true"/><urn:unsubscribeUrls>https://u.example</urn:unsubscribeUrls>'
has 'with what version 64.0 added' '<success>true</success>'
mail '<urn:subject>x</urn:subject><urn:plainTextBody>text</urn:plainTextBody>'
has 'to nobody' '<errors><message>Add a recipient to send an email.</message><statusCode>REQUIRED_FIELD_MISSING</statusCode><targetObjectId xsi:nil="true"/></errors><success>false</success>'
mail '<urn:toAddresses>a@b.example</urn:toAddresses>'
has 'without a body' 'Missing body, need at least one of html or plainText'
mail '<urn:plainTextBody>t</urn:plainTextBody><urn:toAddresses>nonsense</urn:toAddresses>'
has 'bad address' INVALID_EMAIL_ADDRESS
soap "<urn:create>$(record '<so:type>Contact</so:type><so:LastName>Mailed</so:LastName><so:Email>m@m.example</so:Email>')</urn:create>"
mailed=$(first id)
mail "<urn:subject>To you</urn:subject><urn:htmlBody>&lt;b&gt;</urn:htmlBody><urn:targetObjectId>$mailed</urn:targetObjectId>"
is 'to a contact' "$(curl -sS "$url/__org/outbox" | jq -c '.messages[-1].message | [.to, .html, .targetObjectId]')" "[[\"m@m.example\"],\"<b>\",\"$mailed\"]"
is 'its task' "$(total "SELECT Id FROM Task WHERE WhoId = '$mailed' AND Subject = 'Email: To you' AND IsClosed = true")" 1
twin() { record "<so:type>Lead</so:type><so:LastName>Twin</so:LastName><so:Company>T</so:Company><so:Email>${1-t@t.example}</so:Email>"; }
soap "<urn:create>$(twin)</urn:create>"
twin=$(first id)
soap "<urn:create>$(twin)$(twin other@t.example)</urn:create>"
has 'a duplicate rule refuses' "<errors xsi:type=\"DuplicateError\"><message>Use this one?</message><statusCode>DUPLICATES_DETECTED</statusCode><duplicateResult><allowSave>true</allowSave><duplicateRule>Leads_DR</duplicateRule><duplicateRuleEntityType>Lead</duplicateRuleEntityType><errorMessage>Use this one?</errorMessage><matchResults><entityType>Lead</entityType><matchEngine>ExactMatchEngine</matchEngine><matchRecords><matchConfidence>100.0</matchConfidence><record xsi:type=\"sf:sObject\"><sf:type>Lead</sf:type><sf:Id>$twin</sf:Id><sf:Id>$twin</sf:Id></record></matchRecords><rule>Leads_DR</rule><size>1</size><success>true</success></matchResults></duplicateResult></errors><id xsi:nil=\"true\"/><success>false</success></result><result><id>"
soap "<urn:findDuplicates>$(twin)$(twin new@t.example)</urn:findDuplicates>"
has 'found without saving' '<findDuplicatesResponse><result><duplicateResults><allowSave>true</allowSave>'
has 'nothing found' '</duplicateResults><success>true</success></result><result><success>true</success></result></findDuplicatesResponse>'
headers='<urn:DuplicateRuleHeader><urn:allowSave>true</urn:allowSave><urn:includeRecordDetails>true</urn:includeRecordDetails></urn:DuplicateRuleHeader>'
soap "<urn:create>$(twin)</urn:create>"
is 'saved all the same' "$(all success)" true
headers=
soap "<urn:findDuplicates>$(account D)$(account E)</urn:findDuplicates>"
has 'no duplicate rules' '<findDuplicatesResponse><result><success>true</success></result><result><success>true</success></result></findDuplicatesResponse>'

# ---- describe ----
soap '<urn:describeGlobal/>'
has 'describeGlobal' '<result><encoding>UTF-8</encoding><maxBatchSize>200</maxBatchSize><sobjects><activateable>false</activateable>'
has 'an object' '<keyPrefix>001</keyPrefix><label>Account</label><labelPlural>Accounts</labelPlural>'
soap '<urn:describeSObjects><urn:sObjectType>Lead</urn:sObjectType><urn:sObjectType>account</urn:sObjectType></urn:describeSObjects>'
is 'in the order asked for' "$(grep -o '<mruEnabled>[a-z]*</mruEnabled><name>[^<]*' "$work/body" | sed 's/.*>//' | tr '\n' ' ')" 'Lead Account '
has 'an external id' '<externalId>true</externalId>'
lacks 'false is left out' '<externalId>false</externalId>'
has 'picklist values' '<picklistValues><active>true</active><defaultValue>false</defaultValue><label>'
has 'a default says its type, which the schema leaves open' '<defaultValue xsi:type="xsd:boolean">false</defaultValue><defaultedOnCreate>'
has 'whose prefix is declared' 'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
has 'pages' "<updateable>true</updateable><urlDetail>$url/{ID}</urlDetail><urlEdit>$url/{ID}/e</urlEdit><urlNew>$url/001/e</urlNew></result>"
# Clients read what the schema promises without asking whether it is there: an object without a prefix and pages.
soap '<urn:describeSObject><urn:sObjectType>LoginEventStream</urn:sObjectType></urn:describeSObject>'
for nil in associateEntityType keyPrefix networkScopeFieldName urlDetail urlEdit urlNew; do has "nil $nil" "<$nil xsi:nil=\"true\"/>"; done
has 'a member of SOAP alone' '<hasSubtypes>false</hasSubtypes><idEnabled>false</idEnabled><implementedBy xsi:nil="true"/>'
soap '<urn:describeGlobal/>'
has 'in the list too' '<isSubtype>false</isSubtype><keyPrefix xsi:nil="true"/><label>Login Event Stream</label>'
soap '<urn:describeSObject><urn:sObjectType>Nope</urn:sObjectType></urn:describeSObject>'
fault 'describe of nothing' sf:INVALID_TYPE InvalidSObjectFault Nope
soap '<urn:describeTabs/>'
has 'tabs' '<label>Accounts</label>'

# ---- enterprise ----
api=c
soap '<urn:create><urn:sObjects xsi:type="so:Account"><so:Name>Typed</so:Name><so:AnnualRevenue>10000000</so:AnnualRevenue></urn:sObjects></urn:create>'
typed=$(first id)
soap "<urn:query><urn:queryString>SELECT Id, Name, AnnualRevenue, Owner.Name FROM Account WHERE Id = '$typed'</urn:queryString></urn:query>"
has 'typed records, the id once' "<records xsi:type=\"sf:Account\"><sf:Id>$typed</sf:Id><sf:Name>Typed</sf:Name><sf:AnnualRevenue>1.0E7</sf:AnnualRevenue><sf:Owner xsi:type=\"sf:User\"><sf:Id xsi:nil=\"true\"/><sf:Name>"
has 'its namespaces' 'xmlns="urn:enterprise.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"'
soap "<urn:update><urn:sObjects xsi:type=\"so:Account\"><so:fieldsToNull>AnnualRevenue</so:fieldsToNull><so:Id>$typed</so:Id><so:Phone>1</so:Phone></urn:sObjects></urn:update>"
is 'update' "$(field Account "$typed" Phone) $(field Account "$typed" AnnualRevenue)" '1 null'
soap '<urn:create><urn:sObjects xsi:type="so:Account"><so:Nope>x</so:Nope></urn:sObjects></urn:create>'
fault 'an unknown field' soapenv:Client '' 'Element {urn:sobject.enterprise.soap.sforce.com}Nope invalid at this location'
soap "<urn:convertLead><urn:leadConverts><urn:accountRecord xsi:type=\"so:Account\"><so:Site>S</so:Site></urn:accountRecord>$done<urn:leadId>${leads[3]}</urn:leadId></urn:leadConverts></urn:convertLead>"
is 'a typed record' "$(field Account "$(first accountId)" Site)" S
soap '<urn:query><urn:queryString>SELECT FROM x</urn:queryString></urn:query>'
has 'faults of its own' 'xmlns:sf="urn:fault.enterprise.soap.sforce.com"'
api=u

# ---- what is not a call ----
soap '<urn:nope/>'
fault 'unknown operation' soapenv:Client '' 'No operation available for request {urn:partner.soap.sforce.com}nope, please check the WSDL for the service.'
soap '<nope xmlns="urn:other"/>'
fault 'another namespace' soapenv:Client '' '{urn:other}nope'
soap '<urn:query><urn:item>x</urn:item></urn:query>'
fault 'unknown element' soapenv:Client '' 'Element {urn:partner.soap.sforce.com}item invalid at this location'
post() { raw -H "$1" -H 'SOAPAction: ""' --data-binary "$2"; }
post 'Content-Type: text/xml' '<a>'
fault 'broken XML' UNKNOWN_EXCEPTION UnexpectedErrorFault 'not well-formed'
post 'Content-Type: text/xml' '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><x>&b;</x></soapenv:Body></soapenv:Envelope>'
fault 'entities' UNKNOWN_EXCEPTION UnexpectedErrorFault DOCTYPE
post 'Content-Type: text/xml' "$(for _ in $(seq 200); do printf '<a>'; done)$(for _ in $(seq 200); do printf '</a>'; done)"
fault 'depth' UNKNOWN_EXCEPTION UnexpectedErrorFault ''
head -c 53000000 /dev/zero >"$work/huge"
raw -H 'Content-Type: text/xml' -H 'SOAPAction: ""' --data-binary @"$work/huge"
fault 'more than 50 MB' sf:EXCEEDED_MAX_SIZE_REQUEST UnexpectedErrorFault 'too large'
rm "$work/huge"
kinds=
for _ in 1 2 3 4 5; do kinds+=$(account K)$(record '<so:type>Contact</so:type><so:LastName>K</so:LastName>'); done
soap "<urn:create>$kinds</urn:create>"
is 'ten runs of a type' "$(grep -o '<success>true' "$work/body" | wc -l)" 10
soap "<urn:create>$kinds$(account K)</urn:create>"
fault 'eleven' sf:LIMIT_EXCEEDED UnexpectedErrorFault 'Cannot have more than 10 chunks in a single operation.'
post 'Content-Type: text/xml' '<x/>'
fault 'no envelope' soapenv:Client '' 'not a SOAP envelope'
post 'Content-Type: text/xml' '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><x/></e:Body></e:Envelope>'
fault 'SOAP 1.2' soapenv:VersionMismatch '' 'SOAP 1.1'
post 'Content-Type: application/soap+xml' '<x/>'
is 'content type of SOAP 1.2' "$status" 415
raw -H 'Content-Type: text/xml' --data-binary '<x/>'
fault 'no SOAPAction' soapenv:Client '' 'SOAPAction HTTP header missing'
raw
is 'GET' "$status" 405
has 'its page' 'Only POST allowed'
curl -sS -d '{"spec":"limit:path=/services/Soap*,times=1"}' "$url/__org/faults" >/dev/null
soap '<urn:getUserInfo/>'
fault 'an allowance used up, on command' sf:REQUEST_LIMIT_EXCEEDED UnexpectedErrorFault 'TotalRequests Limit exceeded.'
curl -sS -d '{"spec":"503:path=/services/Soap*,times=1"}' "$url/__org/faults" >/dev/null
soap '<urn:getUserInfo/>'
is 'a 503 on command' "$status $(first faultcode)" '503 sf:SERVER_UNAVAILABLE'

report
