# Sourced by the tests of this folder: where the clients are, a local org with objects of its own, and its end.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
clients=$(cd "$here/../.." && pwd)/build/interop
work=$(mktemp -d)
org_pid=

stop_org() {
    [[ -n $org_pid ]] || return 0
    kill "$org_pid" 2>/dev/null
    wait "$org_pid"
}
# The org must end well too: a sanitizer's complaint is a failure of the test.
finish() {
    local rc=$?
    trap - EXIT
    stop_org || { echo "sforce-org ended with $?" >&2; [[ $rc -ne 0 ]] || rc=1; }
    [[ $rc -eq 0 || $rc -eq 77 ]] || tail -20 "$work/org.log" >&2 2>/dev/null
    rm -rf "$work"
    exit "$rc"
}
trap finish EXIT

skip() { echo "skipped: $1 is not installed (tests/interop/setup)"; exit 77; }

start_org() { # more options of sforce-org
    "${SFORCE_ORG_BIN:?}" --port 0 --data :memory: --seed sample --schema "$here/../integration/data/things.json" --json "$@" \
        >"$work/org.json" 2>"$work/org.log" &
    org_pid=$!
    for _ in $(seq 600); do
        [[ -s $work/org.json ]] && return 0
        kill -0 "$org_pid" 2>/dev/null || { cat "$work/org.log" >&2; exit 1; }
        sleep 0.05
    done
    echo "sforce-org does not answer" >&2
    exit 1
}
