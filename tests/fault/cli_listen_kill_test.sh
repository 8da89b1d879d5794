#!/usr/bin/env bash
# sforce listen --exec, killed with SIGKILL again and again at random moments while events come: the program gets every event,
# the first of each in order; those that come twice are counted.
. "$(dirname "$0")/../integration/cli_lib.sh"
export XDG_STATE_HOME=$work/state
start_org --seed empty --schema "$source_dir/tests/integration/data/events.json"
login_org
kills=${KILLS:-30} count=0 stop=$work/stop

# Events for as long as listeners die; the last number in ./count.
(
    n=0
    until [[ -e $stop ]]; do
        seq $((n + 1)) $((n + 20)) | sed 's/.*/{"Model__c":"m","Level__c":&}/' | "$sforce" publish Low_Ink__e - --quiet >/dev/null || break
        n=$((n + 20))
        echo $n >count.new && mv count.new count
    done
) &
publisher=$!
cat >program <<'SH'
cat >"batch.$$"   # whole, or not at all: the input is complete before the program begins
cat "batch.$$" >>got
rm "batch.$$"
SH
for ((i = 0; i < kills; i++)); do
    "$sforce" listen Low_Ink__e --replay "$([[ $i -eq 0 ]] && echo earliest || echo stored)" --batch 15 --batch-wait 20ms --exec 'sh program' >out 2>err &
    listener=$!
    timeout "0.$((RANDOM % 9))$((1 + RANDOM % 9))" tail -f /dev/null --pid=$listener # some moment; 0 would be for ever
    kill -0 $listener 2>/dev/null || fail "the listener ended by itself"
    kill -KILL $listener 2>/dev/null
    wait $listener 2>/dev/null
    [[ $i -gt 0 || -n $(find state -type f 2>/dev/null) ]] || i=-1 # until it has begun at the first event
done
: >"$stop"
wait $publisher
count=$(cat count)
run 8 listen Low_Ink__e --replay stored --max-idle 2s --exec 'sh program'
checks=$((checks + 1))
jq -c '.payload.Level__c | floor' got >levels
lines=$(wc -l <levels)
missing=$(comm -13 <(sort -u levels) <(seq "$count" | sort -u) | wc -l)
[[ $missing -eq 0 ]] || fail "$missing of $count events are missing"
check "the first of each comes in order" cmp <(awk '!seen[$1]++' levels) <(seq "$count")
echo "$kills kills, $count events, $((lines - count)) came twice"
check "more than a handful" test "$count" -ge 100
report
