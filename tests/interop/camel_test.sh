#!/usr/bin/env bash
# Apache Camel's salesforce component against a local org. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/camel.stamp ]] || skip "Apache Camel"
jq '.sobjects += [{ name: "Note__e", label: "Note", fields: [{ name: "Text__c", type: "string", length: 80 }] }]' \
    "$here/../integration/data/things.json" >"$work/schema.json"
org_options=(--data :memory: --seed sample --policy cookies --schema "$work/schema.json")
start_org
refresh_token=$(curl -sS -X POST "$url/__org/tokens" | jq -r .refresh_token)
timeout "${LIMIT:-300}" java -Xmx256m -Dfile.encoding=UTF-8 -cp "$clients/camel/lib/*" "$here/camel/CamelTest.java" "$url" \
    "$(of_org username)" "$(of_org password)$(of_org security_token)" "$(of_org client_id)" "$(of_org client_secret)" "$refresh_token"
