#!/usr/bin/env bash
# sforce query as a user types it: formats, nulls, binds, child rows, paging, files, a terminal, signals, and wrong input.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed sample
login_org

# ---- formats ----
run 0 query "SELECT Id, Name FROM Account ORDER BY Name LIMIT 3"
check "a table has a heading and three rows" test "$(wc -l <out)" -eq 4
check "columns in the order of the statement" grep -q '^Id  *Name' out
run 0 query "SELECT Name, Id FROM Account LIMIT 1" -r csv
check "csv columns in the order of the statement" test "$(head -1 out)" = "Name,Id"
run 0 query "SELECT Id, Name, Owner.Name FROM Account LIMIT 2" -r csv
check "a parent's field is a column" test "$(head -1 out)" = "Id,Name,Owner.Name"
run 0 query "SELECT Id, Owner.Name FROM Account LIMIT 2" -r json
json_is 'length' 2
json_is '.[0].Owner.Name | type' string
run 0 query "SELECT Id FROM Account LIMIT 5" -r ndjson
check "ndjson is an object a line" test "$(jq -c . out | wc -l)" -eq 5
run 0 query "SELECT Id FROM Account LIMIT 2" --json
json_is .status 0
json_is '.result.records | length' 2
json_is .result.done true
run 0 query "SELECT Id FROM Account WHERE Name = 'nobody is called so'" -r csv
out_is Id
run 0 query "SELECT Id FROM Account WHERE Name = 'nobody is called so'" -r json
json_is length 0
run 0 query "SELECT Id FROM Account WHERE Name = 'nobody is called so'" --json
json_is '.result.records | length' 0
run 0 query "SELECT COUNT() FROM Account" -r csv
check "COUNT() is a number" grep -qE '^[0-9]+$' out
total=$(tail -1 out)
run 0 query "SELECT COUNT() FROM Account" --json
json_is .result.totalSize "$total"
run 0 query "SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry ORDER BY Industry LIMIT 2" -r csv
check "an alias is a column" test "$(head -1 out)" = "Industry,n"
SFORCE_FORMAT=csv run 0 query "SELECT Id FROM Account LIMIT 1"
check "SFORCE_FORMAT chooses the format" test "$(head -1 out)" = Id
run 0 query "SELECT Id FROM Account LIMIT 1" --result-format human
check "sf's names of flag and format" test "$(wc -l <out)" -eq 2

# ---- values of every kind in csv ----
run 0 create Account "Name=a,b \"c\"" "Description=two
lines" -r csv
id=$(tail -1 out | cut -d, -f1)
run 0 query "SELECT Name, Description, Industry FROM Account WHERE Id = :id" -p "id=$id" -r csv
out_is $'Name,Description,Industry\n"a,b ""c""","two\nlines",'
run 0 query "SELECT Name, Industry FROM Account WHERE Id = :id" -p "id=$id" -r csv --null '#N/A' --delimiter semicolon
out_is $'Name;Industry\n"a,b ""c""";#N/A'
run 0 query "SELECT Name, Industry FROM Account WHERE Id = :id" -p "id=$id" -r csv --crlf --bom
check "byte-order mark" test "$(head -c 3 out | od -An -tx1 | tr -d ' ')" = efbbbf
check "lines end in CR LF" test "$(grep -c $'\r$' out)" -eq 2
run 0 query "SELECT Industry FROM Account WHERE Id = :id" -p "id=$id" -r json
json_is '.[0].Industry' null
run 0 query "SELECT Id, AnnualRevenue FROM Account WHERE AnnualRevenue != null LIMIT 1" -r json
revenue=$(grep -o '"AnnualRevenue":[^,}]*' out | cut -d: -f2)
run 0 query "SELECT AnnualRevenue FROM Account WHERE AnnualRevenue != null LIMIT 1" -r csv
check "a number goes out as it came" grep -qF -- "$revenue" out

# ---- binds ----
run 0 create Account "Name=O'Hara \\ & \"Co\""
run 0 query "SELECT Name FROM Account WHERE Name = :n" -p "n=O'Hara \\ & \"Co\"" -r csv
check "a bind is quoted" test "$(wc -l <out)" -eq 2
run 0 query "SELECT COUNT() FROM Account WHERE Industry IN :i" -p i=Energy -p i=Banking -r csv
several=$(tail -1 out)
run 0 query "SELECT COUNT() FROM Account WHERE Industry IN :i" -p i:list=Energy,Banking -r csv
check "a list is the parameter several times" test "$(tail -1 out)" = "$several"
printf 'Energy\nBanking\n\n' >industries
run 0 query "SELECT COUNT() FROM Account WHERE Industry IN :i" -p i:file=industries -r csv
check "or a file" test "$(tail -1 out)" = "$several"
run 0 query "SELECT COUNT() FROM Account WHERE NumberOfEmployees > :n AND CreatedDate > :d AND IsDeleted = :b" -p n:int=10 -p d:datetime=2001-01-01T00:00:00Z -p b:bool=false
run 0 query "SELECT COUNT() FROM Opportunity WHERE CloseDate > :d AND CreatedDate < :l" -p d:date=2001-01-01 -p l:literal=TOMORROW
run 0 query "SELECT Id FROM Account WHERE Industry = :i LIMIT 1" -p i:null=
run 0 query "SELECT Id FROM Account ORDER BY Id" -r csv
tail -n +2 out >all_ids
run 0 query "SELECT Id FROM Account WHERE Id IN :ids" -p ids:file=all_ids -r csv
check "a long list comes back whole" test "$(tail -n +2 out | sort -u | wc -l)" -eq "$(wc -l <all_ids)"
run 2 query "SELECT Id FROM Account WHERE Name = :n"
err_has :n
run 2 query "SELECT Id FROM Account" -p n:int=x
err_has "whole number"
run 2 query "SELECT Id FROM Account" -p n:colour=x
err_has "types are"
run 2 query "SELECT Id FROM Account" -p novalue
err_has NAME=VALUE

# ---- where the statement comes from ----
echo "SELECT Id FROM Account LIMIT 2;" >q.soql
run 0 query -f q.soql -r csv
check "-f FILE" test "$(wc -l <out)" -eq 3
cp q.soql in
run_in 0 query - -r csv
check "- is stdin" test "$(wc -l <out)" -eq 3
run 0 query -q "SELECT Id FROM Account LIMIT 2" -r csv
run 2 query
err_has "statement is missing"
run 2 query "SELECT Id FROM Account" -q "SELECT Id FROM Contact"
run 2 query -f nowhere.soql
err_has nowhere.soql
: >empty.soql
run 2 query -f empty.soql
printf 'SELECT Id\0 FROM Account' >nul.soql
run 2 query -f nul.soql
err_has NUL
printf "SELECT Id FROM Account WHERE Name = '\xff'" >bad.soql
run 2 query -f bad.soql
err_has UTF-8
{ printf "SELECT Id FROM Account WHERE Name = '"; head -c 10000000 /dev/zero | tr '\0' x; printf "'"; } >long.soql
run 2 query -f long.soql
check "a literal of 10 MB gets one line and a hint" test "$(wc -l <err)" -eq 1
check "and a short one" test "$(wc -c <err)" -lt 1200
run 2 query SELECT Id FROM Account
err_has "one word too many"

# ---- child rows ----
soql="SELECT Id, Name, (SELECT LastName, Email FROM Contacts ORDER BY LastName) FROM Account WHERE Id IN (SELECT AccountId FROM Contact) ORDER BY Name LIMIT 3"
run 0 query "$soql"
check "a table joins them" test "$(wc -l <out)" -eq 4
run 0 query "$soql" -r csv --children json
python3 -c 'import csv,json,sys
for row in csv.DictReader(open("out", newline="")): assert json.loads(row["Contacts"])[0]["LastName"]' || fail "child rows in csv are JSON"
run 0 query "$soql" -r csv --children join
check "joined" grep -q '@' out
run 0 query "$soql" --children files -O acc.csv
check "a file a relationship" test "$(head -1 acc.Contacts.csv)" = "ParentId,LastName,Email"
check "the parent holds their number" test "$(tail -n +2 acc.csv | awk -F, '{ n += $NF } END { print n }')" -eq "$(($(wc -l <acc.Contacts.csv) - 1))"
check "each child names its parent" test -z "$(tail -n +2 acc.Contacts.csv | cut -d, -f1 | sort -u | grep -vFf <(cut -d, -f1 acc.csv))"
run 0 query "$soql" -r ndjson
check "ndjson keeps them" test "$(head -1 out | jq '.Contacts.records | length')" -ge 1
run 2 query "$soql" --children files
run 2 query "$soql" --children sideways

# ---- many rows: pages, files, terminals ----
run 0 query "SELECT Id, Name FROM Contact" --page-rows 200 -r csv
check "all pages come" test "$(($(wc -l <out) - 1))" -eq "$("$sforce" query 'SELECT COUNT() FROM Contact' -r csv | tail -1)"
check "no row twice" test "$(cut -d, -f1 out | sort | uniq -d | wc -l)" -eq 0
run 0 query "SELECT Id FROM Contact" -O contacts.ndjson
check "the ending chooses the format" jq -e .Id contacts.ndjson
err_has contacts.ndjson
run 1 query "SELECT Nope FROM Contact" -O never.csv
check "a failed run leaves no file" test ! -e never.csv -a -z "$(ls never.csv.* 2>/dev/null)"
echo keep >kept.csv
run 1 query "SELECT Nope FROM Contact" -O kept.csv
check "nor spoils one" test "$(cat kept.csv)" = keep
run 2 query "SELECT Id FROM Contact" -O no/such/folder/x.csv
run 2 query "SELECT Id FROM Account" -O x.csv --page-rows 5
"$sforce" query "SELECT Id, Name FROM Contact" --page-rows 200 2>err | head -2 >out
check "a reader that leaves ends it quietly" test ! -s err -a "$(wc -l <out)" -eq 2
"$sforce" query "SELECT Id, Name, Description, Email FROM Contact" -r json | true
check "as SIGPIPE ends others" test "${PIPESTATUS[0]}" -eq 141
"$sforce" query "SELECT Id FROM Contact LIMIT 1" >&- 2>err
check "a closed stdout is a failure" test $? -eq 1
check "and is not what else is open" grep -q 'cannot write stdout' err
"$sforce" query "SELECT Nope FROM Contact" >out 2>&-
check "a closed stderr changes no exit code" test $? -eq 1
mkdir elsewhere && echo old >elsewhere/real.csv && ln -s elsewhere/real.csv link.csv && ln -s nowhere dangling.csv
run 0 query "SELECT Id FROM Contact LIMIT 1" -O link.csv
check "a symbolic link stays one" test -L link.csv
check "and its file is written" grep -qx Id elsewhere/real.csv
run 2 query "SELECT Id FROM Contact LIMIT 1" -O dangling.csv
(ulimit -f 1; exec "$sforce" query "SELECT Id, Name, Email, CreatedDate, AccountId FROM Contact" -O limited.csv >out 2>err)
check "a file over its limit is a failed write" test $? -eq 1
check "and leaves nothing" test -z "$(ls limited.csv* 2>/dev/null)"
"$sforce" query "SELECT Id FROM Contact" >/dev/full 2>err
check "a full disk is an error" test $? -eq 1 -a -s err
script -qec "stty cols 60; TERM=xterm '$sforce' query \"SELECT Id, Name, Description, Website FROM Account WHERE Website != null LIMIT 5\"" /dev/null </dev/null >tty.out 2>&1
check "on a terminal lines fit" test "$(tr -d '\r' <tty.out | sed 's/\x1b\[[0-9;]*[a-zA-Z]//g' | wc -L)" -le 60
check "with a heading in bold" grep -q $'\x1b\\[1m' tty.out
script -qec "NO_COLOR=1 TERM=xterm '$sforce' query \"SELECT Id FROM Account LIMIT 1\"" /dev/null </dev/null >tty.out 2>&1
check "NO_COLOR is honoured" test "$(grep -c $'\x1b\\[1m' tty.out)" -eq 0
run 0 query "SELECT Id FROM Account LIMIT 1"
check "no colours in a pipe" test "$(grep -c $'\x1b' out)" -eq 0

# ---- what the org refuses ----
run 1 query "SELECT Id FROM Nope"
err_has Nope
run 1 query "SELECT Nope FROM Account"
err_has INVALID_FIELD
err_has hint
run 1 query "SELEC Id"
err_has MALFORMED_QUERY
run 1 query "SELECT Nope FROM Account" --json
json_is .status 1
json_is .error.code INVALID_FIELD
run 6 query "SELECT Id FROM Contact" --page-rows 200 --max-calls 2
run 6 query "SELECT Id FROM Contact" --page-rows 200 --max-calls 2 --json
json_is .status 6
json_is .result.done false
check "rows that came before are in the same object" test "$(jq '.result.records | length' out)" -ge 200
run 6 query "SELECT Id FROM Contact" --page-rows 200 --max-calls 2 -r json
check "an array cut short is no JSON" test "$(jq . out >/dev/null 2>&1; echo $?)" -ne 0
run 6 query "SELECT Id FROM Contact" --page-rows 200 --max-calls 2 -O cut.csv
check "and no file" test ! -e cut.csv
run 2 query "SELECT Id FROM Contact" --max-calls none
run 2 query "SELECT Id FROM Contact" --timeout soon
run 0 query "SELECT Id FROM Account" --explain
out_has Account
SF_ORG_API_VERSION=61.0 run 0 query "SELECT Id FROM Account LIMIT 1" -r json
out_has /v61.0/
run 0 query "SELECT Id FROM Account LIMIT 1" -r json --api-version 60.0
out_has /v60.0/
run 0 query "SELECT Id FROM Account LIMIT 1" --trace trace.log
check "a trace holds no token" test -s trace.log -a -z "$(grep -F "$(of_org access_token)" trace.log)" -a -z "$(grep -F "$(of_org client_secret)" trace.log)"

# ---- a result that is cut short is an error, whatever came before ----
fault 'truncate:path=/query,skip=1,times=1000,after=300,length=wrong'
run 5 query "SELECT Id FROM Contact" --page-rows 200 -O short.csv --timeout 2s
check "and no file" test ! -e short.csv
run 5 query "SELECT Id FROM Contact" --page-rows 200 -r csv --timeout 2s
no_faults
fault '503:times=100'
run 5 query "SELECT Id FROM Account LIMIT 1" --timeout 2s
no_faults

# ---- an interrupted run ----
fault 'stall:ms=20000,path=/query'
"$sforce" query "SELECT Id FROM Account" -O stalled.csv >out 2>err &
pid=$!
for _ in $(seq 100); do ls stalled.csv.* >/dev/null 2>&1 && break; curl -s "$url/__org/stats" | grep -q stall && break; read -rt 0.02 <> <(:); done
kill -INT $pid 2>/dev/null
kill -TERM $pid 2>/dev/null
wait $pid
code=$?
check "a signal ends it with its code ($code)" test $code -eq 143 -o $code -eq 130
check "and leaves no file" test ! -e stalled.csv -a -z "$(ls stalled.csv.* 2>/dev/null)"
report
