#!/usr/bin/env bash
# Salesforce's own Java client of Bulk API 1.0 against a local org. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/java.stamp ]] || skip "the Java client"
start_org
timeout "${LIMIT:-300}" java -Xmx256m -Dfile.encoding=UTF-8 -cp "$clients/java/lib/*" "$here/java/BulkTest.java" \
    "$url" "$(jq -r .username "$work/org.json")" "$(jq -r '.password + .security_token' "$work/org.json")"
