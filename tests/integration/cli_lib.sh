# cli_lib.sh: what the cli_*_test.sh share: a home of their own, an org that ends with them, checks that count and can fail.
# Sourced; wants SFORCE_BIN and SFORCE_ORG_BIN.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/org.sh"
export LC_ALL=C.UTF-8 TZ=UTC
sforce=${SFORCE_BIN:?}
org_options=(--data :memory:)
export HOME=$work/home XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config XDG_CACHE_HOME=$work/cache
mkdir -p "$HOME"
cd "$work" || exit 1
for variable in $(env | sed -n 's/^\(SF_[A-Z_]*\|SFDX_[A-Z_]*\|SFORCE_[A-Z_]*\)=.*/\1/p'); do unset "$variable"; done
checks=0 failures=0

clean_up() {
    [[ -d $XDG_DATA_HOME/sforce/local ]] && for pid_file in "$XDG_DATA_HOME"/sforce/local/*.pid; do
        [[ -f $pid_file ]] && "$sforce" local stop --name "$(basename "$pid_file" .pid)" >/dev/null 2>&1
    done
}

fault() { curl -sf -X POST "$url/__org/faults" -H 'Content-Type: application/json' -d "{\"spec\":\"$1\"}" >/dev/null || fail "no fault $1"; }
no_faults() { curl -sf -X DELETE "$url/__org/faults" >/dev/null || fail "faults stay"; }
login_org() { SFORCE_CLIENT_ID=$(of_org client_id) SFORCE_CLIENT_SECRET=$(of_org client_secret) "$sforce" login "$url" --client-credentials -a "${1:-test}" --quiet; }

fail() { failures=$((failures + 1)); echo "FAIL: $*" >&2; sed 's/^/  out: /' out | head -5 >&2; sed 's/^/  err: /' err | head -5 >&2; }

# run CODE WORDS…: sforce with these words ends with that code; stdout in ./out, stderr in ./err.
run() {
    local want=$1 got
    shift
    "$sforce" "$@" >out 2>err </dev/null
    got=$?
    checks=$((checks + 1))
    [[ $got -eq $want ]] || fail "sforce $*: exit $got, want $want"
}
# Like run, with stdin from ./in.
run_in() {
    local want=$1 got
    shift
    "$sforce" "$@" >out 2>err <in
    got=$?
    checks=$((checks + 1))
    [[ $got -eq $want ]] || fail "sforce $* <in: exit $got, want $want"
}
check() { # check WHAT COMMAND…: the command succeeds
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" >/dev/null 2>&1 || fail "$what"
}
out_is() { checks=$((checks + 1)); [[ $(cat out) == "$1" ]] || fail "stdout is not: $1"; }
out_has() { checks=$((checks + 1)); grep -qF -- "$1" out || fail "stdout lacks: $1"; }
out_empty() { checks=$((checks + 1)); [[ ! -s out ]] || fail "stdout is not empty"; }
err_has() { checks=$((checks + 1)); grep -qF -- "$1" err || fail "stderr lacks: $1"; }
json_is() { # json_is FILTER VALUE: of ./out
    checks=$((checks + 1))
    local got
    got=$(jq -r "$1" out 2>/dev/null) || { fail "no JSON for $1"; return; }
    [[ $got == "$2" ]] || fail "$1 is $got, want $2"
}
report() {
    echo "$(basename "$0" .sh): $checks checks, $failures failures"
    [[ $failures -eq 0 ]]
}
