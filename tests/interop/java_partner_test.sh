#!/usr/bin/env bash
# Salesforce's own Java client of the partner SOAP API against a local org. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/java.stamp ]] || skip "the Java client"
start_org
timeout "${LIMIT:-300}" java -Xmx256m -Dfile.encoding=UTF-8 -cp "$clients/java/lib/*" "$here/java/PartnerTest.java" \
    "$url" "$(of_org username)" "$(of_org password)$(of_org security_token)"
