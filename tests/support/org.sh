# org.sh: a local org for a script, and a folder that goes with it. Sourced by cli_lib.sh, local_org.bash, recorded.sh and the
# scripts that speak to sforce-org by themselves. Wants SFORCE_ORG_BIN; runs under set -e and without.
set -u
org_program=${SFORCE_ORG_BIN:?the program to test}
source_dir=${SF_SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
work=$(mktemp -d)
org_pid=
org_options=() # of every start_org of the script

# Its login goes to $work/org.json, what it says to $work/org.log; sets org_pid, url, token and auth.
start_org() { # more options of sforce-org
    rm -f "$work/org.json" # the loop must not see that of an earlier start
    "$org_program" --port 0 --json "${org_options[@]}" "$@" >"$work/org.json" 2>"$work/org.log" &
    org_pid=$!
    for _ in $(seq 1200); do
        [[ -s $work/org.json ]] && break
        kill -0 "$org_pid" 2>/dev/null || break
        sleep 0.05
    done
    [[ -s $work/org.json ]] || { echo "sforce-org did not start" >&2; exit 1; } # finish says what it said
    url=$(of_org url)
    token=$(of_org access_token)
    auth="Authorization: Bearer $token"
}
of_org() { jq -r ".$1" "$work/org.json"; } # a member of its login
end_org() { # SIGNAL: answers the org's exit code
    local pid=$org_pid
    [[ -n $pid ]] || return 0
    org_pid=
    kill "-$1" "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}
stop_org() { end_org TERM; }
kill_org() { end_org KILL || true; }

clean_up() { :; } # what else must end with the script; it may define this anew
# The org must end well too: a sanitizer's complaint is a failure of the test.
finish() {
    local rc=$?
    trap - EXIT
    clean_up
    stop_org || { echo "sforce-org ended with $?" >&2; [[ $rc -ne 0 ]] || rc=1; }
    wait 2>/dev/null # no child writes into the folder any more
    [[ $rc -eq 0 || $rc -eq 77 ]] || tail -20 "$work/org.log" >&2 2>/dev/null
    rm -rf "$work"
    exit "$rc"
}
trap finish EXIT
