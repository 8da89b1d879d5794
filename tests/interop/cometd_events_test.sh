#!/usr/bin/env bash
# npm's cometd against a local org: several channels, every kind of event, replay, and sessions that end. Skipped when
# tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -d $clients/node_modules/cometd ]] || skip "cometd"
org_options=(--data :memory: --seed empty --policy cookies --schema "$here/../integration/data/events.json")
start_org
NODE_NO_WARNINGS=1 timeout 120 node "$here/events_clients_test.js" cometd "$clients/node_modules" "$work/org.json"
