#!/usr/bin/env bash
# sforce listen against the Java CometD server in Jetty. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
source "$here/listen_server.bash"
[[ -e $clients/java.stamp ]] || skip "the Java CometD server"
javac -cp "$clients/java/lib/*" -d "$work/classes" "$here/java/ListenServer.java" 2>"$work/javac.log" || { cat "$work/javac.log"; exit 1; }
start_server() {
    java -Xmx256m -cp "$work/classes:$clients/java/lib/*" ListenServer "$1" "$2" >"$work/port" 2>>"$work/server.log" &
    server=$!
}
listen_through
