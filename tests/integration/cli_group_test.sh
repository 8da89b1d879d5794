#!/usr/bin/env bash
# sforce listen --group as a user types it: members of a group through a folder and through Redis: one listens, the other stands
# by and says so; it goes on where the first ended, whether that was told to or was killed; and wrong input.
. "$(dirname "$0")/cli_lib.sh"
export XDG_STATE_HOME=$work/state
start_org --seed empty --schema "$source_dir/tests/integration/data/events.json"
login_org
redis_pid=
clean_up() { [[ -z $redis_pid ]] || { kill "$redis_pid" && wait "$redis_pid"; }; }

publish() { seq "$1" "$2" | sed 's/.*/{"Model__c":"m","Level__c":&}/' | "$sforce" publish Low_Ink__e - --quiet >/dev/null; }
levels() { jq -sc 'map(.payload.Level__c | floor)' "$@"; } # of the events in files
until_has() { until grep -q "$2" "$1" 2>/dev/null; do kill -0 "$3" || break; done; } # FILE TEXT PID
until_lines() { until [[ $(cat "$1" 2>/dev/null | wc -l) -ge $2 ]]; do kill -0 "$3" || break; done; } # FILE COUNT PID
same() { # WHAT GOT WANT
    checks=$((checks + 1))
    [[ $2 == "$3" ]] || fail "$1 is $2, want $3"
}
member() { # NAME WORDS…: a member of the group; its events in NAME.out, its pid in $member
    local name=$1
    shift
    rm -f "$name.out" "$name.err"
    "$sforce" listen Low_Ink__e --group ink --liveness 2s -r ndjson "$@" >"$name.out" 2>"$name.err" &
    member=$!
}

pair() { # WHAT WORDS…: two members by these words
    local what=$1 a b c
    shift
    rm -rf "$XDG_STATE_HOME"
    member a --replay earliest "$@"
    a=$member
    until_has a.err Listening $a
    check "$what: the first leads" grep -q 'Leading group ink' a.err
    member b --replay earliest "$@"
    b=$member
    until_has b.err 'Standing by in group ink' $b
    publish 1 5
    until_lines a.out 5 $a
    same "$what: the other gets nothing" "$(wc -l <b.out)" 0
    kill -TERM $a # it says that it goes
    wait $a
    same "$what: told to end" $? 143
    until_has b.err Listening $b
    check "$what: the other leads" grep -q 'Leading group ink' b.err
    publish 6 10
    until_lines b.out 5 $b
    same "$what: each once" "$(levels a.out b.out)" '[1,2,3,4,5,6,7,8,9,10]'
    member c --replay earliest "$@"
    c=$member
    until_has c.err 'Standing by' $c
    kill -KILL $b
    wait $b 2>/dev/null
    publish 11 15
    until grep -q '"Level__c":15' c.out; do kill -0 $c || break; done
    check "$what: none is missing after kill -9" test "$(levels c.out | jq -c '[.[] | select(. > 10)]')" = '[11,12,13,14,15]'
    kill -INT $c
    wait $c
    same "$what: Ctrl-C" $? 130
    run 8 listen Low_Ink__e --group ink --replay earliest "$@" --max-idle 1s # the group's position goes before
    out_empty
    run 8 listen Low_Ink__e --group other --replay earliest "$@" --max-idle 1s
    check "$what: another group has its own" test "$(wc -l <out)" -ge 15
    curl -sf -X DELETE "$url/__org/events" >/dev/null # the next pair begins anew
}

pair 'the state folder'
check "its folder is private" test "$(stat -c %a "$XDG_STATE_HOME/sforce/groups/test/ink")" = 700
pair 'a file' --coordinator "file:$work/shared/group"
check "its folder is private too" test "$(stat -c %a shared/group)" = 700
if command -v redis-server >/dev/null && [[ $("$sforce" --version) == *redis* ]]; then
    redis-server --port 0 --unixsocket "$work/redis.sock" --save '' --appendonly no >redis.log 2>&1 &
    redis_pid=$!
    until [[ -S redis.sock ]]; do kill -0 $redis_pid || break; done
    pair Redis --coordinator "unix://$work/redis.sock?db=3"
    export SFORCE_COORDINATOR="unix://$work/redis.sock"
    run 8 listen Low_Ink__e --group ink --max-idle 1s
    check "by the variable: nothing is in the state folder" test ! -e "$XDG_STATE_HOME/sforce/groups/test/ink/coordinator"
    kill $redis_pid
    wait $redis_pid
    redis_pid=
    member d # nobody answers: it stands by, says why, and can be ended
    d=$member
    until_has d.err 'Standing by in group ink: ' $d
    kill -TERM $d
    wait $d
    same "without a coordinator" $? 143
    unset SFORCE_COORDINATOR
fi

# A program's batches, by two members: the one that takes over has what the other had in hand.
rm -rf "$XDG_STATE_HOME" got began
mkfifo go
member e --exec 'touch began; [ -e on ] || read -r word <go; cat >>got'
e=$member
until_has e.err Listening $e
member f --exec 'cat >>got'
f=$member
until_has f.err 'Standing by' $f
until [[ -e began ]]; do
    kill -0 $e || break
    publish 21 21
done
kill -KILL $e
wait $e 2>/dev/null
publish 22 25
until grep -qs '"Level__c":25' got; do kill -0 $f || break; done
touch on
[[ -e began ]] && echo on >go # the program that was at work goes on alone
kill -TERM $f
wait $f
check "the batch that was in hand, and all since" test "$(levels got | jq -c 'unique')" = '[21,22,23,24,25]'

# ---- wrong input ----
run 2 listen Low_Ink__e --coordinator file:x
err_has '--group NAME'
run 2 listen Low_Ink__e --liveness 5s
run 2 listen Low_Ink__e --group ''
run 2 listen Low_Ink__e --group ink --coordinator ftp://example.com
err_has 'want redis://HOST:PORT/DB or file:PATH'
run 2 listen Low_Ink__e --group ink --coordinator file:
run 2 listen Low_Ink__e --group ink --coordinator redis://
run 2 listen Low_Ink__e --group ink --liveness soon
SFORCE_COORDINATOR=nowhere run 2 listen Low_Ink__e --group ink
err_has 'SFORCE_COORDINATOR nowhere'
echo '{' >broken.json
run 1 listen Low_Ink__e --group ink --coordinator file:broken.json --max-idle 1s
err_has broken.json
report
