#!/usr/bin/env bash
# sforce against a SOAP peer that is neither our XML nor our HTTP (Python's expat and http.server): what it reads, and answers in
# forms that no org of ours gives.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../integration/cli_lib.sh"
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
coproc PEER { exec python3 "$here/soap_expat_test.py" 2>peer.log; }
read -r port <&"${PEER[0]}" || { echo "FAIL: the peer did not start: $(cat peer.log)" >&2; exit 1; }
export SF_ACCESS_TOKEN='00D000000000001!to<k&n' SF_ORG_INSTANCE_URL=http://127.0.0.1:$port
odd=$'<&>"\' 😀 שלום ]]> &amp; \u00a0\u2028end'

run 4 convert-lead 00Q000000000001AAA 00Q000000000002AAA --status Qualified --opportunity-name "$odd" --account-field "Site=$odd" --api-version 62.0 --json
json_is '.result[0].success' true
json_is '.result[0].accountId' 001000000000001AAA
json_is '.result[0].contactId' 003000000000001AAA
json_is '.result[0].opportunityId' null
json_is '.result[0].leadId' 00Q000000000001AAA
json_is '.result[1].success' false
json_is '.result[1].error' 'INVALID_STATUS: <&> is "no" name 😀'
run 0 undelete 001000000000001AAA 001000000000002AAA --api-version 62.0 -r csv
out_is $'id,success,error\n001000000000001AAA,true,\n001000000000002AAA,true,'
echo '<nothing/>' >in
run_in 1 soap - --api-version 62.0
err_has '{urn:partner.soap.sforce.com}nothing'
check "the peer has nothing to complain of" test ! -s peer.log
exec {PEER[1]}>&-
report
