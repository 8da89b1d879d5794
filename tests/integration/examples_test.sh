#!/usr/bin/env bash
# The programs of examples/ and of the README run against a local org and say what they should.
set -euo pipefail
build=${SF_BINARY_DIR:?} source=${SF_SOURCE_DIR:?}
work=$(mktemp -d)
org_pid=
trap '[[ -n $org_pid ]] && kill "$org_pid" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
fail() { echo "FAIL: $*" >&2; cat "$work"/*.out >&2 2>/dev/null; exit 1; }

"${SFORCE_ORG_BIN:?}" --port 0 --data :memory: --seed sample --json >"$work/org.json" 2>"$work/org.log" &
org_pid=$!
for _ in $(seq 200); do [[ -s $work/org.json ]] && break; kill -0 "$org_pid" || fail "sforce-org ended: $(cat "$work/org.log")"; sleep 0.05; done
SFORCE_URL=$(jq -r .url "$work/org.json") SFORCE_CLIENT_ID=$(jq -r .client_id "$work/org.json") SFORCE_CLIENT_SECRET=$(jq -r .client_secret "$work/org.json")
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
echo "examples: first, tour"
