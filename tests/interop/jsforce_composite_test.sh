#!/usr/bin/env bash
# jsforce, unmodified, with composite, batch, graph, tree and GraphQL requests. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/node.stamp ]] || skip "jsforce"
start_org
NODE_NO_WARNINGS=1 node "$here/jsforce_composite_test.js" "$clients/node_modules" "$work/org.json"
