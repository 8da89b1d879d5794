#!/usr/bin/env bash
# sforce local: start, find, stop, start again; a process that is not ours is never ended.
. "$(dirname "$0")/cli_lib.sh"
local_dir=$XDG_DATA_HOME/sforce/local
pid_of() { jq -r .pid "$local_dir/$1.pid"; }

run 2 local
run 2 local restart
run 0 local stop
err_has "No local org"
run 0 local start
url=$(cat out)
err_has "Next: sforce query"
pid=$(pid_of local)
check "it runs" kill -0 "$pid"
check "its data lies in a file of its own" test -s "$local_dir/local.db"
check "which nobody else reads" test "$(stat -c %a "$local_dir/local.db")" = 600
check "in a folder of ours" test "$(stat -c %a "$local_dir")" = 700
check "it is apart from our terminal" test "$(ps -o sid= -p "$pid" | tr -d ' ')" = "$pid"
run 0 orgs
check "its login is the default" grep -qE "^\* +local " out
run 0 query "SELECT COUNT() FROM Account" -r csv
run 0 create Account Name="stays"
run 0 local start
err_has "runs already"
out_is "$url"
run 0 local start --json
json_is .result.already_running true
json_is .result.pid "$pid"
run 0 local env
check "a program's variables" test "$(eval "$(cat out)"; echo "$SFORCE_URL")" = "$url"
run 0 local stop
check "it has ended when stop returns" test -z "$(ps -o stat= -p "$pid" | grep -v Z)"
run 5 query "SELECT Id FROM Account"
err_has "sforce local start"
run 2 local env
run 0 local start -r csv
check "the same address as before" grep -qF "$url" out
run 0 query "SELECT COUNT() FROM Account WHERE Name = 'stays'" -r csv
check "the data stays" test "$(tail -1 out)" -eq 1

# ---- two at a time, of other names ----
run 0 local start --name second --data :memory: --records 500
run 0 query "SELECT COUNT() FROM Account" -o second
run 0 orgs -r csv
out_has "false,second"
run 0 local stop --name second
run 2 local start --name ../evil
run 1 local start --name third --seed nonsense
err_has nonsense
err_has hint
check "what did not start leaves no file" test ! -e "$local_dir/third.pid"
run 1 local start --name third --port 99999
run 1 local start --name third --schema nowhere.json
err_has nowhere.json

# ---- a process that got the same id ----
pid=$(pid_of local)
run 0 local stop
sleep 1000 &
stranger=$!
printf '{"pid":%d,"started":12345,"url":"http://127.0.0.1:1"}\n' "$stranger" >"$local_dir/local.pid"
run 0 local stop
check "a stranger lives on" kill -0 "$stranger"
printf '{"pid":%d,"started":12345,"url":"http://127.0.0.1:1"}\n' "$stranger" >"$local_dir/local.pid"
run 0 local start
check "and is not taken for it" test "$(pid_of local)" != "$stranger"
kill "$stranger"
wait "$stranger" 2>/dev/null
kill -KILL "$(pid_of local)"
while kill -0 "$(pid_of local)" 2>/dev/null && [[ $(ps -o stat= -p "$(pid_of local)") != Z* ]]; do :; done
run 0 local start
run 0 query "SELECT COUNT() FROM Account WHERE Name = 'stays'" -r csv
check "a killed one comes back with its data" test "$(tail -1 out)" -eq 1
"$sforce" local start >first.out 2>&1 &
a=$!
"$sforce" local start >second.out 2>&1 &
wait $a $!
check "two starts at once agree" test "$(grep -h '^http' first.out second.out | sort -u | wc -l)" -eq 1
run 0 local stop
report
