#!/usr/bin/env bash
# The Salesforce CLI, unmodified, against a local org: data export tree, data import tree (files and plans) and api request
# graphql; and the same files through sforce, both ways. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/sf_cli.bash"
sforce() {
    rc=0
    "${SFORCE_BIN:?}" "$@" >"$work/answer" 2>"$work/sf.err" || rc=$?
}
family() { # NAME: its accounts and their people as the org has them
    sforce query "SELECT Name, Industry, (SELECT LastName, Email FROM Contacts ORDER BY LastName) FROM Account WHERE Name LIKE '$1%' ORDER BY Name" -r json
    jq -c '[.[] | [.Name, .Industry, [.Contacts.records[]? | [.LastName, .Email]]]]' "$work/answer"
}

of_org access_token | "${SFORCE_BIN:?}" login "$url" --token - -a local --default --quiet

cat >start.json <<'X'
{"records":[
 {"attributes":{"type":"Account","referenceId":"AccountRef1"},"Name":"Oak","Industry":"Energy","Contacts":{"records":[
  {"attributes":{"type":"Contact","referenceId":"ContactRef1"},"LastName":"Ash","Email":"ash@oak.example"},
  {"attributes":{"type":"Contact","referenceId":"ContactRef2"},"LastName":"Elm"}]}},
 {"attributes":{"type":"Account","referenceId":"AccountRef2"},"Name":"Oak Two","Industry":"Media"}]}
X
sf data import tree -f start.json --json
is "sf import" "$(answer '[.status, (.result | map([.refId, .type]) | sort)]')" \
    '[0,[["AccountRef1","Account"],["AccountRef2","Account"],["ContactRef1","Contact"],["ContactRef2","Contact"]]]'
oak='[["Oak","Energy",[["Ash","ash@oak.example"],["Elm",null]]],["Oak Two","Media",[]]]'
is "what sf imported" "$(family Oak)" "$oak"

soql="SELECT Id, Name, Industry, (SELECT Id, LastName, Email FROM Contacts ORDER BY LastName) FROM Account WHERE Name LIKE 'Oak%' ORDER BY Name"
mkdir theirs ours
sf data export tree -q "$soql" -d theirs --json
sforce data export tree -q "$soql" -d ours --json # as sf spells it
is "one file, the same name" "$(ls ours)" "$(ls theirs)"
is "one file, the same records" "$(jq -c . ours/*)" "$(jq -c . theirs/*)"
sf data export tree -q "$soql" -d theirs -p -x plan --json
sforce tree export "$soql" -d ours --plan -x plan
is "the plan's files" "$(ls ours)" "$(ls theirs)"
for file in $(ls theirs); do is "$file" "$(jq -c . "ours/$file")" "$(jq -c . "theirs/$file")"; done

# Each takes the other's files.
sed -i 's/"Oak/"Pine/' ours/plan-Account.json
sf data import tree -p ours/plan-Account-Contact-plan.json --json
is "sf takes our plan" "$(answer '[.status, (.result | length)]')" '[0,4]'
is "what it made of it" "$(family Pine)" "${oak//Oak/Pine}"
sed -i 's/"Oak/"Yew/' theirs/*.json
sforce tree import theirs/plan-Account-Contact-plan.json --json
is "we take their plan" "$(answer '[.status, (.result | length)]')" '[0,4]'
is "what we made of it" "$(family Yew)" "${oak//Oak/Yew}"

sed 's/"Elm"/null/; s/"Oak/"Fir/' start.json >bad.json
sf data import tree -f bad.json --json
is "sf tells the record at fault" "$(answer '[.status, (.data // .result // [] | map([.referenceId, .StatusCode]))]')" \
    '[1,[["ContactRef2","REQUIRED_FIELD_MISSING"]]]'
sforce query "SELECT Id FROM Account WHERE Name LIKE 'Fir%'" -r json
is "and nothing of it was saved" "$(answer length)" 0

query="query oaks { uiapi { query { Account(where: { Name: { like: \"Oak%\" } }, orderBy: { Name: { order: ASC } }) { edges { node { Name { value } } } totalCount } } } }"
sf api request graphql --body "$query"
is "sf api request graphql" "$(answer '[.errors, (.data.uiapi.query.Account | .totalCount, (.edges | map(.node.Name.value)))]')" '[[],2,["Oak","Oak Two"]]'
cp "$work/answer" "$work/theirs.json"
sforce api request graphql --body "$query"
is "the same answer" "$(answer .)" "$(jq -c . "$work/theirs.json")"
report 16
