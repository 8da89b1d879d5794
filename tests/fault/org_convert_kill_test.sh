#!/bin/bash
# org_convert_kill_test.sh: sforce-org is killed while it converts leads and merges accounts. After a restart each lead is converted
# with all that belongs to it, or not at all; an answer that came is true; merges and undeletes are whole too.
. "$(dirname "$0")/../support/org.sh"
. "$(dirname "$0")/../support/checks.sh"
org_options=(--seed empty --data "$work/org.db")

soap() { # BODY
    printf '%s' "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:partner.soap.sforce.com\" xmlns:so=\"urn:sobject.partner.soap.sforce.com\"><e:Header><SessionHeader><sessionId>$token</sessionId></SessionHeader></e:Header><e:Body>$1</e:Body></e:Envelope>" |
        curl -sS --max-time 60 -H 'Content-Type: text/xml' -H 'SOAPAction: ""' --data-binary @- "$url/services/Soap/u/62.0" 2>/dev/null
}
query() { curl -sS -G -H "$auth" "$url/services/data/v62.0/queryAll" --data-urlencode "q=$1"; }
all() { grep -o "<$1>[^<]*" | sed 's/^<[^>]*>//'; }

for round in 1 2 3 4; do
    start_org
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
    kill_org
    wait $loop
    start_org
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
    stop_org
    is "round $round: a good end" $? 0
done

report
