#!/usr/bin/env bash
# Three `sforce listen` in one group on Redis, whose leader is killed again and again while events are published, and Redis once:
# every event is in the output, the first time in its order. SF_EVENTS (600), SF_EVENTS_KILLS (4).
events=${SF_EVENTS:-600} kills=${SF_EVENTS_KILLS:-4}
. "$(dirname "$0")/../integration/cli_lib.sh" # which unsets such variables
command -v redis-server >/dev/null && [[ $("$sforce" --version) == *redis* ]] || exit 77
export XDG_STATE_HOME=$work/state
start_org --seed empty --schema "$source_dir/tests/integration/data/events.json"
login_org
redis_pid=
declare -A members=()
clean_up() { for pid in "${members[@]}" $redis_pid; do kill -KILL "$pid" 2>/dev/null; done; }

start_redis() {
    rm -f redis.sock
    redis-server --port 0 --unixsocket "$work/redis.sock" --save '' --appendonly yes --appendfsync always --dir "$work" >>redis.log 2>&1 &
    redis_pid=$!
    until [[ -S redis.sock ]]; do kill -0 $redis_pid || break; done
}
start_member() { # NAME: all write to one file, and say on one who leads
    "$sforce" listen Low_Ink__e --group ink --coordinator "unix://$work/redis.sock" --liveness 900ms --replay earliest -r ndjson >>all.out \
        2> >(sed -u "s/^/$1 /" >>said) &
    members[$1]=$!
}
publish() { seq "$1" "$2" | sed 's/.*/{"Model__c":"m","Level__c":&}/' | "$sforce" publish Low_Ink__e - --quiet >/dev/null; }
leader() { grep 'Leading group' said | tail -1 | cut -d' ' -f1; }
alive() { for name in "${!members[@]}"; do kill -0 "${members[$name]}" 2>/dev/null || { fail "$name ended by itself"; tail -5 said; return 1; }; done; }
until_there() { until grep -q "\"Level__c\":$1[.,}]" all.out; do alive || return; done; }

start_redis
touch all.out said
for name in a b c; do start_member $name; done
until grep -q 'Leading group' said; do alive || break; done
each=$((events / (kills + 1))) done=0
for ((k = 0; k <= kills; k++)); do
    publish $((done + 1)) $((done + each)) &
    publisher=$!
    until_there $((done + 1 + RANDOM % each)) # somewhere amid what is published
    if ((k == kills / 2)); then
        kill -KILL "$redis_pid"
        wait "$redis_pid" 2>/dev/null
        start_redis
    fi
    name=$(leader)
    if ((k < kills)); then
        kill -KILL "${members[$name]}"
        wait "${members[$name]}" 2>/dev/null
        start_member "$name"
    fi
    wait $publisher
    check "published $k" test $? = 0
    done=$((done + each))
done
until_there "$done"
for name in a b c; do
    kill -TERM "${members[$name]}"
    wait "${members[$name]}"
    check "$name ends when it is told to" test $? = 143
done
members=()
# A line that a kill cut short is no event: its successor writes it again. None may be, for a line is one write.
jq -c '.payload.Level__c | floor' all.out >levels || fail 'a line is not whole'
check 'every event, the first time in its order' test "$(awk '!seen[$1]++' levels | tr '\n' ' ')" = "$(seq -s ' ' 1 "$done") "
check 'somebody was killed' test "$(grep -c 'Leading group' said)" -gt "$kills"
echo "$done events, $kills leaders killed, Redis once: $(($(wc -l <levels) - done)) lines came again"
report
