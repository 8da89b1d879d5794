#!/usr/bin/env bash
# Both bulk APIs of jsforce, unmodified, against a local org. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/node.stamp ]] || skip "jsforce"
start_org
NODE_NO_WARNINGS=1 node "$here/jsforce_bulk_test.js" "$clients/node_modules" "$work/org.json"
