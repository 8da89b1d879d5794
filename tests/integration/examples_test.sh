#!/usr/bin/env bash
# The programs of examples/ and of the README run against a local org and say what they should; the C of docs/ is theirs.
set -euo pipefail
build=${SF_BINARY_DIR:?} source=${SF_SOURCE_DIR:?}
. "$(dirname "$0")/../support/org.sh"
fail() { echo "FAIL: $*" >&2; cat "$work"/*.out >&2 2>/dev/null; exit 1; }

start_org --data :memory: --seed sample --schema "$source/examples/schema.json"
SFORCE_URL=$url SFORCE_CLIENT_ID=$(of_org client_id) SFORCE_CLIENT_SECRET=$(of_org client_secret)
export SFORCE_URL SFORCE_CLIENT_ID SFORCE_CLIENT_SECRET

"$build/bin/example_first" >"$work/first.out" 2>&1 || fail "example_first"
[[ $(wc -l <"$work/first.out") -eq 5 ]] || fail "example_first wants 5 rows"
"$build/bin/example_tour" >"$work/tour.out" 2>&1 || fail "example_tour"
for word in 'logged in' 'created ' 'Zoë Müller-Łukasiewicz, born 1990-02-28' 'updated ' 'upserted ' 'deleted ' SF_ERR_NOT_FOUND; do
    grep -q -- "$word" "$work/tour.out" || fail "example_tour does not say '$word'"
done
SFORCE_CLIENT_SECRET=wrong "$build/bin/example_first" >"$work/wrong.out" 2>&1 && fail "a wrong secret must not work"
[[ $(wc -l <"$work/wrong.out") -eq 1 ]] || fail "a wrong secret gets one line"

# The README's first program is examples/first.c, word for word.
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/README.md" >"$work/readme.c"
diff <(sed '1,/^$/{/^\/\*/d}' "$source/examples/first.c") "$work/readme.c" >"$work/diff.out" || fail "README and examples/first.c differ"
run() { # name, arguments…: its output in NAME.out
    local name=$1; shift
    "$build/bin/example_$name" "$@" >"$work/$name.out" 2>&1 || fail "example_$name"
}
says() { grep -qE -- "$2" "$work/$1.out" || fail "example_$1 does not say '$2'"; }

run auth "$work/session.json"; says auth 'logins 1$'
run auth "$work/session.json"; says auth 'logins 0$' # the session of the first run
[[ $(stat -c %a "$work/session.json") == 600 ]] || fail "the token file's mode"
SFORCE_TOKEN=$(jq -r .access_token "$work/session.json") run auth "$work/other.json"; says auth 'logins 0$'
SHARED_REDIS=redis://127.0.0.1:1 run auth "$work/other.json"; says auth 'logins 1$'; says auth 'token store cannot be read' # nobody there: in memory
SFORCE_CLIENT_SECRET=wrong "$build/bin/example_auth" "$work/new.json" >"$work/auth.out" 2>&1 && fail "a wrong secret must not work"
says auth 'login refused \(invalid_client'

run records
for word in 'account created' 'invoice saved' 'phone changed' 'invoice deleted'; do says records "$word"; done
run records; says records 'account updated'

run collections; says collections '^row 0: 001'; says collections '^row 1: REQUIRED_FIELD_MISSING'; says collections '^1000 rows, 1000 written, 0 failed'
run collections; says collections '^1000 rows, 1000 written, 0 failed' # an upsert may be run again

run tooling; says tooling '^it ran$'; says tooling '^line 2, column 8: Variable does not exist: b$'
says tooling '^it threw: System.AssertException: .*Expected: 1, Actual: 2'; says tooling '^object Account$'

run bulk1; says bulk1 '^row 1: 003'; says bulk1 '^row 2: Required fields are missing: \[LastName\]$'; says bulk1 '^[1-9][0-9]{3} rows in [2-9] chunks$'

mkdir "$work/bulk"
run bulk "$work/bulk"; says bulk '^3 rows, 2 written$'; says bulk '^1 times, first in line 3: INVALID_EMAIL_ADDRESS'; says bulk '^exported [1-9][0-9]+ rows'
says bulk '^a page of 2 rows$'
run bulk_rows "$work/bulk/rows.journal"; says bulk_rows '^20000 rows, 20000 written$'; [[ ! -e $work/bulk/rows.journal ]] || fail "example_bulk_rows: its journal"
[[ $(wc -l <"$work/bulk/export.csv") -eq $(($(grep -oE '^exported [0-9]+' "$work/bulk.out" | grep -oE '[0-9]+') + 1)) ]] || fail "example_bulk: lines of the export"

run query
says query '^[1-9][0-9]+ accounts$'; says query '^[1-9][0-9]* of [1-9][0-9]* rows$'; says query '^  [^ ]'
contacts=$(grep -oE '^[0-9]+ contacts in two parts' "$work/query.out" | grep -oE '^[0-9]+')
[[ $contacts -ge 1500 ]] || fail "example_query: $contacts contacts"

mkdir "$work/cache"
run describe "$work/cache"; says describe '^must be set: Name \(string\)$'; says describe '^Rating: Hot$'
[[ $(find "$work/cache" -name 'describe-*.json' -perm 600 | wc -l) -eq 1 ]] || fail "example_describe keeps no answer"
run describe "$work/cache"; says describe '^Rating: Hot$'
[[ $(grep '^Late: ' "$work/describe.out" | tr '\n' ,) == 'Late: Holiday,Late: Strike,' ]] || fail "the dependent picklist"

gone=$(curl -sf -H "$auth" -H 'Content-Type: application/json' -d '{"LastName":"Gone"}' "$SFORCE_URL/services/data/v62.0/sobjects/Contact" | jq -r .id)
curl -sf -X DELETE -H "$auth" "$SFORCE_URL/services/data/v62.0/sobjects/Contact/$gone"
run replication; says replication '^next time from [0-9]{13}$'; says replication '^[0-9]+ updated$'; says replication '^of .+:$'; says replication '^  .+'

run reports; says reports '^Prospect [|] '; says reports '^Customer - Direct: Sum of Annual Revenue [$][0-9,]+ Record Count [0-9]+$'
says reports '^all: '; says reports '^the run 0LG[0-9A-Za-z]{15} has ended$'; grep -q '^Other' "$work/reports.out" && fail "the filter does not hold"
run actions; says actions '^contact 003.*: The contact was created.$'; says actions '^case 500'
says actions 'input 2: The flow failed to run'; says actions '^the account is Approved$'

seq 200000 >"$work/numbers.txt"
run blobs "$work/numbers.txt" "$work/copy.txt"; says blobs '^version 068'; says blobs '^200000 lines$'
cmp -s "$work/numbers.txt" "$work/copy.txt" || fail "example_blobs: the copy differs"
run apex; says apex '^case 500.*: Pump leaks$'; says apex '^text/csv; charset=UTF-8, 33 bytes$'; says apex 'HTTP 422, OUT_OF_STOCK: '; says apex '^deleted$'
run composite; says composite '^created 001'; says composite '^REQUIRED_FIELD_MISSING: part nobody: '; says composite '^part 2: 200$'
says composite '^graph0: done$'; says composite '^graph1: refused$'; says composite '^leaf is 003'
run graphql; says graphql '^[1-9][0-9]* accounts, [1-9][0-9]* contacts$'; says graphql '^.+, of .+@local.example$'; says graphql '^[1-9][0-9]* rows$'
says graphql '^ValidationError: .*line 1, column 19'

run errors; says errors 'mend the record: REQUIRED_FIELD_MISSING in .*LastName'; says errors '^created$'
fault() { curl -sf -X DELETE "$SFORCE_URL/__org/faults" >/dev/null; curl -sf -d "{\"spec\":\"$1\"}" "$SFORCE_URL/__org/faults" >/dev/null; }
fault 'lost:method=POST,path=/sobjects/Lead,skip=1'; run errors; says errors 'it took effect'
fault '500:body=empty,method=POST,path=/sobjects/Lead,skip=1'; run errors; says errors 'it did not'
curl -sf -X DELETE "$SFORCE_URL/__org/faults" >/dev/null

run publish; says publish '^published [0-9a-f-]{36}$'; says publish '^event 0: [0-9a-f-]{36}$'; says publish '^event 1: INVALID_FIELD'
says publish '^1000 published, 0 failed, 0 unknown$'

run events "$work/at.json"; says events '^Account 001'; says events '^  BillingAddress.City: Aveiro$'; says events '^XZ-5 is at 12 %$'
says events '^dead letter: /event/Low_Ink__e: the handler failed 3 times .*"Level__c":11'; says events ' events, [1-9][0-9]* dead letters$'
run events "$work/at.json"; says events '^4 events, 1 dead letters$' # those of this run only

run standby "$work/group"; says standby '^standing by$'; says standby '^leading, connected$'; says standby '^replay id [0-9]*: XZ-'; says standby '^stopped$'
run standby "$work/group"; says standby '^leading, connected$'
if grep -q '^replay id' "$work/standby.out"; then fail 'standby: its second run does not go on where the first one ended'; fi

run soap
for word in 'logged in as ' 'converted: account 001.*, contact 003.*, opportunity 006' 'opportunity none$' 'not converted: CANNOT_UPDATE_CONVERTED_LEAD' \
    'merged: 0 failed' 'taken back: 0 failed' '[1-9][0-9]* contacts, the first is Lovelace'; do says soap "$word"; done

# Each C block of docs/ stands in one of the programs, line by line; how deep it is indented does not matter.
python3 - "$source" >"$work/docs.out" <<'PYTHON' || fail "docs/ and examples/ differ"
import glob, re, sys
def lines(text): return [line.strip() for line in text.strip("\n").split("\n")]
programs = [lines(open(path, encoding="utf-8").read()) for path in glob.glob(sys.argv[1] + "/examples/*.c")]
count = 0
for path in glob.glob(sys.argv[1] + "/docs/*.md"):
    for block in re.findall(r"^```c\n(.*?)^```$", open(path, encoding="utf-8").read(), re.M | re.S):
        want = lines(block)
        count += 1
        if not any(p[i:i + len(want)] == want for p in programs for i in range(len(p))):
            sys.exit(path + ": no program of examples/ has this:\n" + block)
print(count, "blocks")
assert count > 5
PYTHON
echo "examples: first, tour, auth, records, query, describe, errors; $(cat "$work/docs.out") of docs/"
