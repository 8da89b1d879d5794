#!/usr/bin/env bash
# sforce listen beyond lines: where it begins (a time, so long ago), and batches for a program: their sizes, positions that
# move only when it exits 0, repeats, dead letters, signals, sessions that end in between, and wrong input.
. "$(dirname "$0")/cli_lib.sh"
export XDG_STATE_HOME=$work/state
start_org --seed empty --schema "$source_dir/tests/integration/data/events.json"
login_org

# publish FROM TO: events with these levels.
publish() { seq "$1" "$2" | sed 's/.*/{"Model__c":"m","Level__c":&}/' | "$sforce" publish Low_Ink__e - --quiet >/dev/null; }
levels() { jq -sc 'map(.payload.Level__c | floor)' "$1"; } # of the events in a file
until_has() { until grep -q "$2" "$1" 2>/dev/null; do kill -0 "$3" || break; done; } # FILE TEXT PID
same() { # WHAT GOT WANT
    checks=$((checks + 1))
    [[ $2 == "$3" ]] || fail "$1 is $2, want $3"
}

# ---- where it begins ----
publish 1 3
run 8 listen Low_Ink__e --replay -1h --max-idle 1s
same "the last hour" "$(levels out)" '[1,2,3]'
run 8 listen Low_Ink__e --replay 2020-01-01T00:00:00Z --max-idle 1s
same "since a time" "$(levels out)" '[1,2,3]'
run 8 listen Low_Ink__e --replay 2020-01-01 --max-idle 1s
same "since a date" "$(levels out)" '[1,2,3]'
run 8 listen Low_Ink__e --replay -2 --max-idle 1s
same "the API's own number" "$(levels out)" '[1,2,3]'
middle=$(jq -s '.[1].payload.CreatedDate' out | tr -d '"')
run 8 listen Low_Ink__e --replay "$middle" --max-idle 1s
same "since the time of an event, that one too" "$(levels out | grep -c '2,3]')" 1
for wrong in yesterday -5 -h -2x 12:00 2020-13-01 2999-01-01T00:00:00Z ''; do
    run 2 listen Low_Ink__e --replay "$wrong"
done
err_has 'want latest, earliest, stored'

# ---- batches ----
publish 4 250
run 8 listen Low_Ink__e --replay earliest --max-idle 1s --exec 'echo "$SFORCE_EVENTS $SFORCE_ATTEMPT" >>runs; cat >>got'
same "three batches, each the first time" "$(paste -sd, runs)" '100 1,100 1,50 1'
same "all, in order" "$(levels got)" "$(seq 250 | jq -sc .)"
same "whole events" "$(jq -sc 'map([.channel, (.replayId | type), (.event.EventUuid | length)]) | unique' got)" '[["/event/Low_Ink__e","number",36]]'
err_has '250 events.'
rm -f got runs
publish 251 257
run 8 listen Low_Ink__e --max-idle 1s --batch 3 --exec 'echo $SFORCE_EVENTS >>runs; cat >>got'
same "only what is new: the position was kept" "$(levels got)" '[251,252,253,254,255,256,257]'
same "as large as they may be" "$(paste -sd, runs)" '3,3,1'
run 8 listen Low_Ink__e --max-idle 1s --exec 'cat >>got'
same "nothing more" "$(wc -l <got)" 7
publish 258 258
run 8 listen Low_Ink__e --max-idle 1s --exec 'exit 0'
run 8 listen Low_Ink__e --max-idle 1s --exec 'cat >>got'
same "a program that does not look at its input has handled it all the same" "$(wc -l <got)" 7
rm -f got

# A batch that waits: what comes within that time goes along.
"$sforce" listen Low_Ink__e --batch-wait 1h --batch 4 --exec 'cat >>got' 2>live.err &
listener=$!
until_has live.err Listening $listener
for i in 301 302 303; do publish $i $i; done
check "three wait" test ! -e got
publish 304 304
until [[ -s got ]]; do kill -0 $listener || break; done
same "four are a batch" "$(levels got)" '[301,302,303,304]'
kill -INT $listener
wait $listener
same "Ctrl-C" $? 130

# ---- failures ----
rm -f got runs
publish 401 405
run 1 listen Low_Ink__e --max-idle 1s --retries 1 --exec 'echo "$SFORCE_EVENTS $SFORCE_ATTEMPT" >>runs; exit 3'
same "tried again, then one by one" "$(paste -sd, runs)" '5 1,5 2,1 1'
err_has 'the program ended with exit code 3'
err_has 'the position stands before it'
cat >pick <<'SH'
cat >batch
jq -e -s 'all(.payload.Level__c != 403)' batch >/dev/null || exit 4
cat batch >>got
SH
run 1 listen Low_Ink__e --max-idle 1s --retries 0 --exec 'sh pick'
same "those before the one that fails" "$(levels got)" '[401,402]'
run 8 listen Low_Ink__e --max-idle 1s --retries 0 --exec 'sh pick' --dead-letters dead.ndjson
same "those behind it" "$(levels got)" '[401,402,404,405]'
same "and it is set aside, with the reason" "$(jq -c '[(.payload.Level__c | floor), .error, (.failedDate | length)]' dead.ndjson)" '[403,"exit code 4",24]'
err_has '3 events, 1 of them set aside.'
err_has 'set aside in dead.ndjson'
same "nobody else may read it" "$(stat -c %a dead.ndjson)" 600
publish 403 403
run 8 listen Low_Ink__e --max-idle 1s --retries 0 --exec 'sh pick' --dead-letters dead.ndjson
same "appended" "$(jq -sc 'map(.payload.Level__c | floor)' dead.ndjson)" '[403,403]'
publish 406 406
run 1 listen Low_Ink__e --max-idle 1s --exec 'no-such-program' --dead-letters dead.ndjson
same "what cannot be run sets nothing aside" "$(wc -l <dead.ndjson)" 2
err_has 'exit code 127'
run 1 listen Low_Ink__e --max-idle 1s --retries 0 --exec 'kill -9 $$'
err_has 'signal 9'
run 1 listen Low_Ink__e --max-idle 1s --retries 0 --exec 'exit 1' --dead-letters /dev/full
err_has 'cannot write /dev/full'
rm -f got
run 8 listen Low_Ink__e --max-idle 1s --exec 'cat >>got'
same "it is still there" "$(levels got)" '[406]'

# ---- a program that is at work when the end comes ----
for signal in TERM INT; do
    rm -f got begun go
    mkfifo go
    publish 501 503
    "$sforce" listen Low_Ink__e --exec 'touch begun; read -r word <go; cat >>got' 2>live.err &
    listener=$!
    until [[ -e begun ]]; do kill -0 $listener || break; done
    kill -$signal $listener
    [[ -e begun ]] && echo on >go
    wait $listener
    same "SIG$signal" $? $([[ $signal == TERM ]] && echo 143 || echo 130)
    same "its batch is done" "$(levels got)" '[501,502,503]'
    run 8 listen Low_Ink__e --max-idle 1s --exec 'cat >>got'
    same "and not done again" "$(wc -l <got)" 3
done

# The session ends while the program is at work: what is in hand comes again from the org, and once to the program.
rm -f got begun go
mkfifo go
publish 601 604
"$sforce" listen Low_Ink__e --batch 2 --exec 'touch begun; [ -e done ] || read -r word <go; cat >>got' 2>live.err &
listener=$!
until [[ -e begun ]]; do kill -0 $listener || break; done
curl -sf -X POST "$url/__org/expire-sessions" >/dev/null
until_has live.err 'Listening again' $listener
publish 605 605
touch done
echo on >go
until [[ $(cat got 2>/dev/null | wc -l) -ge 5 ]]; do kill -0 $listener || break; done
kill -TERM $listener
wait $listener
same "each once, in order" "$(levels got)" '[601,602,603,604,605]'
rm -f done

# The first events of a channel that has no position: killed before its first batch is done, the next run has them.
rm -rf state got begun go
mkfifo go
"$sforce" listen Low_Ink__e --exec 'touch begun; read -r word <go; cat >>got' 2>live.err &
listener=$!
until_has live.err Listening $listener
until [[ -e begun ]]; do # the subscribe follows the session, and the batch the subscribe
    kill -0 $listener || break
    publish 701 701
done
kill -KILL $listener
wait $listener 2>/dev/null
publish 702 702
[[ -e begun ]] && echo on >go
run 8 listen Low_Ink__e --max-idle 1s --exec 'cat >>after'
check "the event that was in hand" grep -q '"Level__c":701' after
same "and those since" "$(levels after | grep -o '702]')" '702]'

# ---- wrong input ----
run 2 listen Low_Ink__e --batch 5
err_has '--batch is for --exec'
run 2 listen Low_Ink__e --dead-letters x
run 2 listen Low_Ink__e --exec ''
run 2 listen Low_Ink__e --exec cat --batch 0
run 2 listen Low_Ink__e --exec cat --batch 10001
run 2 listen Low_Ink__e --exec cat --batch-wait soon
run 2 listen Low_Ink__e --exec cat --retries -1
run 2 listen Low_Ink__e --exec cat -r table
run 2 listen Low_Ink__e --exec cat --dead-letters /no/such/folder/x
err_has 'cannot write /no/such/folder/x'
report
