#!/usr/bin/env bash
# What needs no org: help, man pages, completion, wrong usage, and how soon it starts.
. "$(dirname "$0")/cli_lib.sh"

run 0 --version
check "version" grep -qE '^sforce [0-9]+\.[0-9]+\.[0-9]+ ' out
run 0 --help
check "names and summaries of the overview stand apart" bash -c "! grep -E '^  [a-z]' out | grep -qvE '^  [a-z-]+  '"
out_has "sforce local start"
run 2
out_has Usage
commands=$("$sforce" __complete -- '' | cut -f1)
check "there are commands" test "$(wc -w <<<"$commands")" -ge 18
for command in $commands; do
    run 0 "$command" --help
    out_has "Usage: sforce $command"
    out_has Examples
    run 0 help "$command"
    run 0 man "$command"
    check "man $command is clean" test -z "$(man --warnings -E UTF-8 -l -Tutf8 out 2>&1 >/dev/null)"
    # Every flag of an example is one that the command has.
    "$sforce" "$command" --help | sed -n "/^Examples/,/^Flags/s/^  sforce $command //p" | grep -oE '(^| )--[a-z-]+' | tr -d ' ' | sort -u |
        grep -vxF -f <("$sforce" __complete -- "$command" -- | cut -f1) >unknown
    check "examples of $command use flags that there are" test ! -s unknown
    run 2 "$command" --no-such-flag
done
run 0 man
out_has "EXIT STATUS"
run 0 man --all pages
check "a page a command and one more" test "$(ls pages | wc -l)" -eq "$(($(wc -w <<<"$commands") + 1))"
run 2 man nothing
run 2 help nothing
run 1 man --all /proc/nowhere

# ---- wrong usage ----
run 2 qeury "SELECT Id FROM Account"
err_has "did you mean query"
run 2 query --formt csv x
err_has "did you mean --format"
run 2 xyzzy
run 2 query x -r yaml
err_has "table, csv, json and ndjson"
SFORCE_FORMAT=yaml run 2 query x
err_has SFORCE_FORMAT
run 2 query x --output
err_has value
run 2 query x --json=yes
run 2 query x --timeout 5 parsecs
run 2 query x --trace /no/such/folder/file
run 2 qeury --json
json_is .status 2
json_is .error.name SF_ERR_USAGE
check "and nothing on stderr" test ! -s err
"$sforce" --help >/dev/full 2>err
check "a full disk is told" test $? -eq 1

# ---- completion ----
run 0 __complete -- qu
check "commands" test "$(cut -f1 out)" = query
run 0 __complete -- query --all
out_has --all-rows
run 0 __complete -- query -r ''
check "formats" test "$(cut -f1 out | tr '\n' ' ')" = "table csv json ndjson "
run 0 __complete -- query -O ''
out_is :files
run 0 __complete -- local s
check "start and stop" test "$(wc -l <out)" -eq 2
# Verbs come from the table that runs, explains and completes them.
for command in $commands; do
    "$sforce" "$command" --help | sed -n '/^Verbs/,/^$/s/^  \([A-Za-z]*\) .*/\1/p' >verbs
    test -s verbs || continue
    "$sforce" __complete -- "$command" '' | cut -f1 >offered
    check "$command: the verbs are offered" cmp -s verbs offered
    "$sforce" man "$command" >out
    check "$command: and in its page" test "$(grep -cxFf <(sed 's/^/.B /' verbs) out)" -eq "$(wc -l <verbs)"
    # Each is one that runs: it asks for its words or for a login, and never for another verb.
    while read -r verb; do
        "$sforce" "$command" "$verb" x -o nobody </dev/null >out 2>err && fail "$command $verb: runs without a login"
        check "$command $verb is known" test -z "$(grep -E "^sforce: $command: want [a-z, ]+ or [a-z]+, not" err)"
    done <verbs
    echo "$command"
done >with_verbs
for command in report blob recycle-bin tree password action approval rules apex jobs local; do
    check "$command has verbs" grep -qx -- "$command" with_verbs
done
run 2 report descibe
err_has "did you mean describe"
run 2 tree grow
err_has "want import or export, not grow"
run 0 __complete -- tree import ''
out_is :files
run 0 __complete -- blob put ''
out_is :files
run 0 __complete -- password re
check "reset" test "$(cut -f1 out)" = reset
run 0 __complete -- get Acc
out_empty
for shell in bash zsh fish; do
    run 0 completion "$shell"
    out_has __complete
done
run 2 completion tcsh
"$sforce" completion bash >sforce.bash
check "the bash script is bash" bash -n sforce.bash
cat >complete.bash <<'B'
source ./sforce.bash
COMP_WORDS=(sforce lim) COMP_CWORD=1 COMP_LINE='sforce lim' COMP_POINT=10
_sforce
echo "${COMPREPLY[*]}"
B
mkdir -p bin && ln -s "$sforce" bin/sforce
checks=$((checks + 1))
[[ $(PATH=$work/bin:$PATH bash complete.bash) == limits ]] || fail "bash completes a command"
start_org --seed sample
login_org acme
run 0 __complete -- query -o ''
check "logins" test "$(cut -f1 out)" = acme
run 0 __complete -- describe ''
out_empty
run 0 describe
run 0 describe Account
stop_org
run 0 __complete -- get Acc
out_has Account
run 0 __complete -- describe Account.Ind
out_has Account.Industry
run 0 __complete -- create Account Ind
out_has Industry=
run 0 __complete -- create Account Industry=Ene
out_has Industry=Energy
run 0 __complete -- query "SELECT Id FROM Acc"
out_has "SELECT Id FROM Account"
run 0 __complete -- query "SELECT Id FROM Account WHERE Indu"
out_has "SELECT Id FROM Account WHERE Industry"

# ---- it starts at once: what is opened before --version is answered is libraries only ----
if command -v strace >/dev/null && strace -o trace true 2>/dev/null; then
    ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,socket,execve -o trace "$sforce" --version >/dev/null
    check "no file of ours is read, no socket made" test -z "$(grep -E 'socket\(|sforce/|config.toml' trace | grep -v execve | grep -v '\.so')"
fi
report
