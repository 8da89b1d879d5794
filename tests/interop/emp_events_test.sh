#!/usr/bin/env bash
# The Java CometD client of the vendor's sample connector, in its old version, against a local org. Skipped when
# tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/emp.stamp ]] || skip "the old Java CometD client"
echo '{"sobjects":[{"name":"Note__e","label":"Note","fields":[{"name":"Text__c","type":"string","length":80}]}]}' >"$work/schema.json"
org_options=(--data :memory: --seed empty --policy cookies --schema "$work/schema.json")
start_org
timeout "${LIMIT:-300}" java -Xmx256m -Dfile.encoding=UTF-8 -cp "$clients/emp/lib/*" "$here/emp/EmpTest.java" "$url" "$token"
