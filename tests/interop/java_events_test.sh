#!/usr/bin/env bash
# The Java CometD client, driven as the vendor's connector does, against a local org. Skipped when tests/interop/setup did not
# install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/java.stamp ]] || skip "the Java CometD client"
org_options=(--data :memory: --seed empty --policy cookies --schema "$here/../integration/data/events.json")
start_org
timeout "${LIMIT:-300}" java -Xmx256m -cp "$clients/java/lib/*" "$here/java/EventsTest.java" "$url" "$token"
