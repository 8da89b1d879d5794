#!/usr/bin/env bash
# sforce graphql as a user types it: text, file and stdin, variables, rows of all pages, errors, wrong input.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed sample
login_org

cat >accounts.graphql <<'X'
# accounts of an industry
query accounts($n: Int = 4, $industry: String) {
  uiapi { query { Account(first: $n, where: {Industry: {eq: $industry}}, orderBy: {Id: {order: ASC}}) {
    edges { node { Id Name { value } Owner { ... on User { Username { value } } } Parent { Name { value } } } }
    totalCount pageInfo { hasNextPage endCursor } } } }
}
X
run 0 graphql accounts.graphql -p industry=Energy
json_is '.errors | length' 0
json_is '.data.uiapi.query.Account.edges | length' 4
total=$(jq .data.uiapi.query.Account.totalCount out)
run 0 graphql accounts.graphql -p industry=Energy -p n:=7 --json
json_is '.status, (.result.data.uiapi.query.Account.edges | length)' $'0\n7'
run 0 query "SELECT Id, Name, Owner.Username, Parent.Name FROM Account WHERE Industry = 'Energy' ORDER BY Id" -r csv
sed '1s/.*/Id,Name,Owner.Username,Parent.Name/' out | sort >want
run 0 graphql accounts.graphql -p industry=Energy -r csv
check "the rows of all pages" test "$(wc -l <out)" -eq $((total + 1))
check "the rows of the query" test "$(sort out)" = "$(cat want)"
run 0 graphql accounts.graphql -p industry=Energy -r ndjson -O rows.ndjson
check "a node a line" test "$(jq -r .Id rows.ndjson | wc -l)" -eq "$total"
run 0 graphql accounts.graphql -p industry=Energy -r table
out_has Owner.Username
cp accounts.graphql in
run_in 0 graphql - -p industry=Nothing -r csv
out_is Id
run 0 graphql '{ uiapi { query { a: Account { totalCount } Contact(first: 2) { edges { node { Id } } pageInfo { hasNextPage endCursor } } b: Contact(first: 1) { edges { node { Id } } pageInfo { hasNextPage endCursor } } } } }'
json_is '.data.uiapi.query.b.edges | length' 1
run 2 graphql '{ uiapi { query { a: Contact { edges { node { Id } } } b: Contact { edges { node { Id } } } } } }' -r csv
err_has several
run 0 graphql '{ uiapi { query { a: Contact(first: 900) { edges { node { Id } } pageInfo { hasNextPage endCursor } } b: Contact { edges { node { Id } } } } } }' -r csv --connection uiapi.query.a
check "the connection that was named" test "$(wc -l <out)" -gt 900

run 1 graphql '{ uiapi { query { Account { edges { node { Nmae { value } } } } } } }'
json_is '.errors[0].extensions.ErrorType' ValidationError
err_has "line 1, column 44"
run 1 graphql '{ x }' --json
json_is .error.code ValidationError
run 1 graphql 'mutation { x }'
run 2 graphql none.graphql
err_has none.graphql
run 2 graphql accounts.graphql -p industry
run 2 graphql accounts.graphql -p 'n:=x'
err_has "not JSON"
run 2 graphql accounts.graphql --connection uiapi.query.Account
run 2 graphql '{ uiapi { query { Account { edges { node { Id } } } } } }' -r csv
err_has hasNextPage
run 2 graphql
run 0 api request graphql --body accounts.graphql # as sf spells it
json_is '.data.uiapi.query.Account.edges | length' 4
report
