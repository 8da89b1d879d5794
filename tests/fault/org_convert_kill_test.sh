#!/bin/bash
# org_convert_kill_test.sh: sforce-org is killed while it converts leads and merges accounts. After a restart each lead is converted
# with all that belongs to it, or not at all; an answer that came is true; merges and undeletes are whole too.
set -u
org=${SFORCE_ORG_BIN:?the program to test}
work=$(mktemp -d)
pid=
checks=0
failed=0
trap '[ -n "$pid" ] && kill -9 $pid 2>/dev/null; rm -rf "$work"' EXIT

start() {
    rm -f "$work/login"
    "$org" --port 0 --json --seed empty --data "$work/org.db" >"$work/login" 2>"$work/stderr" &
    pid=$!
    for _ in $(seq 600); do
        [ -s "$work/login" ] && break
        kill -0 $pid 2>/dev/null || { cat "$work/stderr"; exit 1; }
        sleep 0.1
    done
    url=$(jq -r .url "$work/login")
    session=$(jq -r .access_token "$work/login")
}
soap() { # BODY
    printf '%s' "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:partner.soap.sforce.com\" xmlns:so=\"urn:sobject.partner.soap.sforce.com\"><e:Header><SessionHeader><sessionId>$session</sessionId></SessionHeader></e:Header><e:Body>$1</e:Body></e:Envelope>" |
        curl -sS --max-time 60 -H 'Content-Type: text/xml' -H 'SOAPAction: ""' --data-binary @- "$url/services/Soap/u/62.0" 2>/dev/null
}
query() { curl -sS -G -H "Authorization: Bearer $session" "$url/services/data/v62.0/queryAll" --data-urlencode "q=$1"; }
is() {
    checks=$((checks + 1))
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    echo "FAILED: $1: got '$2', want '$3'"
}
all() { grep -o "<$1>[^<]*" | sed 's/^<[^>]*>//'; }

for round in 1 2 3 4; do
    start
    body=
    for i in $(seq 100); do body+="<sObjects><so:type>Lead</so:type><so:LastName>L$round-$i</so:LastName><so:Company>R$round C$i</so:Company></sObjects>"; done
    mapfile -t leads < <(soap "<create>$body</create>" | all id)
    body=
    for lead in "${leads[@]}"; do body+="<sObjects><so:type>Task</so:type><so:Subject>T</so:Subject><so:WhoId>$lead</so:WhoId></sObjects>"; done
    soap "<create>$body</create>" >"$work/tasks"
    is "round $round: leads and tasks" "${#leads[@]} $(all success <"$work/tasks" | grep -c true)" '100 100'
    : >"$work/told"
    (
        for lead in "${leads[@]}"; do
            soap "<convertLead><leadConverts><convertedStatus>Closed - Converted</convertedStatus><leadId>$lead</leadId></leadConverts></convertLead>" >"$work/answer" || exit
            grep -q '<success>true' "$work/answer" && echo "$lead" >>"$work/told"
        done
    ) &
    loop=$!
    until [ "$(wc -l <"$work/told")" -ge $((round * 7)) ] || ! kill -0 $loop; do :; done # somewhere in the middle
    kill -9 $pid
    wait $pid 2>/dev/null
    wait $loop
    start
    query "SELECT Id, IsConverted, ConvertedAccountId, ConvertedContactId, ConvertedOpportunityId FROM Lead WHERE LastName LIKE 'L$round-%'" >"$work/leads"
    query "SELECT Id FROM Account WHERE Name LIKE 'R$round C%'" >"$work/accounts"
    query "SELECT Id, AccountId FROM Contact WHERE LastName LIKE 'L$round-%'" >"$work/contacts"
    query "SELECT Id, AccountId FROM Opportunity WHERE Name LIKE 'R$round C%'" >"$work/opportunities"
    query "SELECT WhoId FROM Task" >"$work/tasks"
    query "SELECT ContactId FROM OpportunityContactRole" >"$work/roles"
    ids() { jq -r ".records[] | $1" "$work/$2" | sort; }
    is "round $round: what was told is true" "$(comm -23 <(sort "$work/told") <(ids 'select(.IsConverted) | .Id' leads))" ''
    is "round $round: no account without its lead" "$(ids .Id accounts)" "$(ids 'select(.IsConverted) | .ConvertedAccountId' leads)"
    is "round $round: no contact without its lead" "$(ids .Id contacts)" "$(ids 'select(.IsConverted) | .ConvertedContactId' leads)"
    is "round $round: no opportunity without its lead" "$(ids .Id opportunities)" "$(ids 'select(.IsConverted) | .ConvertedOpportunityId' leads)"
    is "round $round: contacts belong to the accounts" "$(ids .AccountId contacts)" "$(ids .Id accounts)"
    is "round $round: roles" "$(comm -23 <(ids .Id contacts) <(ids .ContactId roles))" ''
    is "round $round: each task hangs on what is there" "$(comm -23 <(ids 'if .IsConverted then .ConvertedContactId else .Id end' leads) <(ids .WhoId tasks))" ''
    is "round $round: something was cut off" "$(($(wc -l <"$work/told") < 100))" 1
    kill -TERM $pid
    wait $pid
    is "round $round: a good end" $? 0
    pid=
done
echo "org_convert_kill_test: $checks checks, $failed failed"
[ $failed -eq 0 ]
