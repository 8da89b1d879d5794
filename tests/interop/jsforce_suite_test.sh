#!/usr/bin/env bash
# What jsforce's own users and tests call and the other tests here do not, against a local org. Skipped when
# tests/interop/setup did not install jsforce.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/node.stamp ]] || skip "jsforce"
start_org
NODE_NO_WARNINGS=1 node "$here/jsforce_suite_test.js" "$clients/node_modules" "$work/org.json"
