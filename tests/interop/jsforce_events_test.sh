#!/usr/bin/env bash
# jsforce's streaming, and faye on which it stands by itself, against a local org. Skipped when tests/interop/setup did not
# install them.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/node.stamp ]] || skip "jsforce"
org_options=(--data :memory: --seed empty --policy cookies --schema "$here/../integration/data/events.json")
start_org
NODE_NO_WARNINGS=1 timeout 120 node "$here/jsforce_events_test.js" "$clients/node_modules" "$work/org.json"
