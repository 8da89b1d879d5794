#!/usr/bin/env bash
# sforce convert-lead, merge, undelete, recycle-bin and soap as a user types them: rows, formats, exit codes, wrong input.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed empty
login_org
create() { "$sforce" create "$@" --quiet; }
lead() { create Lead "LastName=$1" "Company=$2"; }

# ---- convert-lead ----
a=$(lead Ada "A & Sons <\"'>") b=$(lead Bob "B שלום 😀") c=$(lead Cy "C AG")
run 0 convert-lead "$a"
err_has 'Status: Closed - Converted'
err_has 'Converted 1 lead.'
out_has "$a"
run 0 convert-lead "$b" --json --opportunity-name "First <deal> & \"more\"" --account-field Phone=77 --contact-field Title=🦆
json_is .status 0
json_is '.result[0].success' true
json_is '.result[0].leadId' "$b"
account=$(jq -r '.result[0].accountId' out) contact=$(jq -r '.result[0].contactId' out) deal=$(jq -r '.result[0].opportunityId' out)
run 0 get Account "$account" --fields Name,Phone -r json
json_is .Name 'B שלום 😀'
json_is .Phone 77
run 0 get Contact "$contact" --fields LastName,Title,AccountId -r json
json_is '[.LastName,.Title,.AccountId]|join(",")' "Bob,🦆,$account"
run 0 get Opportunity "$deal" --fields Name -r json
json_is .Name 'First <deal> & "more"'
converted=$("$sforce" query -r csv "SELECT ConvertedAccountId FROM Lead WHERE Id = '$a'" | tail -1)
run 0 get Account "$converted" --fields Name -r json
json_is .Name "A & Sons <\"'>"
run 4 convert-lead "$a" "$c" --no-opportunity -r csv --account "$account"
check "one was converted before" grep -q "^$a,false,,,,CANNOT_UPDATE_CONVERTED_LEAD: " out
check "the other goes into the account" grep -qE "^$c,true,$account,003[A-Za-z0-9]{15},,$" out
err_has 'Converted 1 of 2 leads'
d=$(lead Dee D)
run 4 convert-lead "$d" --status Nonsense --json
json_is '.result[0].success' false
json_is '.result[0].error | startswith("INVALID_STATUS: ")' true
json_is .status 4
run 2 convert-lead
run 2 convert-lead 00Q
err_has '00Q is no record id'
run 2 convert-lead "$d" --no-opportunity --opportunity-name x
run 2 convert-lead "$d" --contact "$contact"
err_has account_id
run 2 convert-lead "$d" --account-field Name=$'a\x01b'
err_has U+0001
run 0 query "SELECT IsConverted FROM Lead WHERE Id = '$d'" -r csv
out_is $'IsConverted\nfalse'

# More than a call takes: 100 at a time.
for _ in $(seq 13); do printf '<sObjects><so:type>Lead</so:type><so:LastName>Many</so:LastName><so:Company>M</so:Company></sObjects>%.0s' $(seq 8); done >many.xml
printf '<create>%s</create>' "$(cat many.xml)" >in
run_in 0 soap -
mapfile -t many < <("$sforce" query -r csv "SELECT Id FROM Lead WHERE LastName = 'Many'" | tail -n +2)
check "104 leads" test "${#many[@]}" -eq 104
run 0 convert-lead "${many[@]}" --no-opportunity -r csv
check "104 rows" test "$(grep -c ',true,' out)" -eq 104
run 0 query "SELECT COUNT() FROM Lead WHERE LastName = 'Many' AND IsConverted = true" -r csv
check "all are converted" grep -q 104 out

# ---- merge ----
one=$(create Account Name=One) two=$(create Account Name=Two) three=$(create Account Name=Three) four=$(create Account Name=Four)
child=$(create Contact LastName=Child "AccountId=$two")
run 0 merge Account "$one" "$two" "$three" "$four" Phone=99 -r csv
check "two calls, two rows" test "$(grep -c "^$one,true," out)" -eq 2
check "which are gone" grep -q "\"$two,$three\"" out
check "which child moved" grep -q "$child" out
run 0 get Account "$one" --fields Phone -r json
json_is .Phone 99
run 0 get Contact "$child" --fields AccountId -r json
json_is .AccountId "$one"
run 1 get Account "$two"
run 4 merge Account "$one" "$two" --json
json_is '.result[0].success' false
json_is '.result[0].error | length > 10' true
run 2 merge Account "$one"
run 2 merge Account "$one" Phone=1 Fax=2
run 2 merge 'Acc ount' "$one" "$two"

# ---- undelete, recycle-bin ----
run 0 recycle-bin list Account -r csv
check "all three in the bin" test "$(grep -c ^Account, out)" -eq 3
run 0 undelete Account "$two" "$three"
err_has 'Took back 2 records.'
run 0 get Account "$two"
run 4 undelete "$two" 001000000000009AAA --json
json_is '.result | map(.success) | join(",")' false,false
run 0 recycle-bin
out_has "$four"
run 0 recycle-bin empty "$four" --json
json_is '.result[0].success' true
run 4 undelete "$four"
run 4 recycle-bin empty "$four" -r csv
check "it is gone" grep -q "^$four,false," out
run 2 recycle-bin empty
run 2 recycle-bin lose
run 2 recycle-bin list 'x y'
run 2 undelete Account

# ---- soap ----
echo '<getUserInfo/>' >in
run_in 0 soap -
check "XML that can be read" python3 -c 'import xml.dom.minidom as m; m.parse("out")'
out_has '<userFullName>'
run_in 0 soap - --json
json_is '.result | startswith("<getUserInfoResponse")' true
run_in 0 soap - --envelope
out_has '<soapenv:Envelope'
run_in 0 soap - --api enterprise -O answer.xml
check "to a file" grep -q 'urn:enterprise.soap.sforce.com' answer.xml
printf '\xEF\xBB\xBF<?xml version="1.0"?>\n<urn:retrieve><urn:fieldList>Name</urn:fieldList><urn:sObjectType>Account</urn:sObjectType><urn:ids>%s</urn:ids></urn:retrieve>' "$one" >body.xml
run 0 soap body.xml
out_has '<sf:Name>One</sf:Name>'
echo '<query><queryString>SELECT Id FROM Nowhere</queryString></query>' >in
run_in 1 soap -
err_has INVALID_TYPE
echo '<nothing/>' >in
run_in 1 soap - --json
json_is .error.code Client
echo '<getUserInfo>' >in
run_in 2 soap -
err_has 'stdin: the body: not well-formed XML, line'
run 2 soap missing.xml
run 2 soap
run_in 2 soap - --api bulk
err_has 'partner, enterprise'
echo '<getUserInfo/>' >in
run_in 2 soap - --path /services/Soap/class/X

# Without libxml2 nothing is sent.
mkdir without && : >without/libxml2.so.2
f=$(lead Flo F)
checks=$((checks + 1))
LD_LIBRARY_PATH=$work/without "$sforce" convert-lead "$f" --status 'Closed - Converted' >out 2>err && fail "convert-lead without libxml2"
err_has 'needs the library libxml2'
run 0 query "SELECT IsConverted FROM Lead WHERE Id = '$f'" -r csv
out_is $'IsConverted\nfalse'

# A session that ends in between is renewed, once; a lost answer of a write is told as such and the write is there once.
curl -sf -X POST "$url/__org/expire-sessions" -d '{}' >/dev/null
run_in 0 soap -
e=$(lead Eve E)
fault 'lost:method=POST,path=/services/Soap/u,times=1'
run 7 convert-lead "$e" --status 'Closed - Converted'
no_faults
run 0 query "SELECT COUNT() FROM Account WHERE Name = 'E'" -r csv
check "converted once" grep -qx 1 out
report
