#!/usr/bin/env bash
# sforce listen against npm's cometd-nodejs-server. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
source "$here/listen_server.bash"
[[ -d $clients/node_modules/cometd-nodejs-server ]] || skip "cometd-nodejs-server"
start_server() {
    node "$here/cometd_listen_test.js" "$clients/node_modules" "$1" "$2" >"$work/port" 2>>"$work/server.log" &
    server=$!
}
listen_through
