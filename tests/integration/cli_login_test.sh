#!/usr/bin/env bash
# Logging in and out: every flow, where secrets come from and go, which org is meant, and what is refused.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed sample
orgs=$XDG_DATA_HOME/sforce/orgs

# ---- nothing there yet ----
run 0 orgs
err_has "No logins yet"
run 3 whoami
err_has "not logged in"
err_has hint
run 3 query "SELECT Id FROM Account" --json
json_is .status 3
json_is .error.name SF_ERR_AUTH

# ---- client credentials ----
login_org acme
check "the login's file is private" test "$(stat -c %a "$orgs/acme.json")" = 600
check "in a private folder" test "$(stat -c %a "$orgs")" = 700
check "nothing else is left there" test -z "$(ls -A "$orgs" | grep -vxE 'acme\.json')"
run 0 whoami
out_has "$(of_org username)"
run 0 orgs
check "the first is the default" grep -q '^\* *acme' out
printf '%s\n%s\n' "$(of_org client_id)" "$(of_org client_secret)" >in
run_in 0 login "$url" --client-credentials -a piped
run 0 orgs -r csv
out_has "false,piped"
SFORCE_CLIENT_ID=$(of_org client_id) SFORCE_CLIENT_SECRET=wrong run 3 login "$url" --client-credentials -a acme
run 0 whoami
check "a failed attempt does not cost the login that was there" grep -q acme out
check "and leaves nothing" test -z "$(ls "$orgs" | grep login-)"
run 2 login "$url" --client-credentials
err_has SFORCE_CLIENT_ID
run 2 login --client-credentials --client-id x
err_has "own URL"
SFORCE_CLIENT_ID=x SFORCE_CLIENT_SECRET=y run 5 login https://nosuch.invalid --client-credentials -v
err_has "name server"
check "a name that does not exist is not asked for again" test "$(grep -c 'again in' err)" -eq 0

# ---- a token ----
of_org access_token >in
run_in 0 login "$url" --token - -a token
run 0 whoami -o token
echo 'wrong!token' >in
run_in 3 login "$url" --token - -a bad
check "a bad token is not kept" test ! -e "$orgs/bad.json"
run 2 login "$url" --token "00D5g000000001!AQEAQ"
err_has "everybody"
run 2 login "$url" --token nowhere.txt
err_has "no such file"

# ---- a secret where none belongs is not repeated on stderr ----
for words in "$url --token 5Aep861planted" "$url --password=planted" "$url --password planted" "$url --client-secret=planted" \
    "$url -Qplanted"; do
    # shellcheck disable=SC2086
    run 2 login $words
    check "login $words does not repeat it" test "$(grep -c planted out err | paste -sd' ')" = "out:0 err:0"
done
run 2 password set user@acme.example planted
check "password set does not repeat it" test "$(grep -c planted out err | paste -sd' ')" = "out:0 err:0"
run 2 login "$url" --client-secret=planted
err_has "unknown flag --client-secret;"
: >in
run_in 2 login "$url" --token -

# ---- refresh token and sfdx URL ----
refresh=$(curl -s -X POST "$url/__org/tokens" | jq -r .refresh_token)
echo "$refresh" >in
SFORCE_CLIENT_SECRET=$(of_org client_secret) run_in 0 login "$url" --refresh-token - --client-id "$(of_org client_id)" -a fresh
run 0 query "SELECT Id FROM Account LIMIT 1" -o fresh
echo "force://$(of_org client_id):$(of_org client_secret):$refresh@$url" >in
run_in 0 login --sfdx-url - -a sfdx
run 0 whoami -o sfdx
curl -s -X POST "$url/__org/expire-sessions" >/dev/null
run 0 query "SELECT Id FROM Account LIMIT 1" -o sfdx
check "the refresh token stays in the file" jq -e .refresh_token "$orgs/sfdx.json"
fault 'rotate'
curl -s -X POST "$url/__org/expire-sessions" >/dev/null
run 0 query "SELECT Id FROM Account LIMIT 1" -o sfdx
check "a rotated one is kept" test "$(jq -r .refresh_token "$orgs/sfdx.json")" != "$refresh"
no_faults
curl -s -X POST "$url/__org/expire-sessions" >/dev/null
run 0 query "SELECT Id FROM Account LIMIT 1" -o sfdx
echo "force://nonsense" >in
run_in 2 login --sfdx-url -
err_has force://

# ---- passwords: never kept ----
SFORCE_USERNAME=$(of_org username) SFORCE_PASSWORD=$(of_org password) SFORCE_SECURITY_TOKEN=$(of_org security_token) run 0 login "$url" --soap -a soap
run 0 whoami -o soap
SFORCE_CLIENT_ID=$(of_org client_id) SFORCE_CLIENT_SECRET=$(of_org client_secret) SFORCE_PASSWORD=$(of_org password) SFORCE_SECURITY_TOKEN=$(of_org security_token) \
    run 0 login "$url" --password -u "$(of_org username)" -a password
run 0 whoami -o password
check "no file holds the password" test -z "$(grep -rlF "$(of_org password)" "$XDG_DATA_HOME" "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME" 2>/dev/null)"
SFORCE_USERNAME=$(of_org username) SFORCE_PASSWORD=wrong run 3 login "$url" --soap -a soap
check "the refused password is in no message" test "$(grep -c 'wrong' err)" -eq 0
run 2 login "$url" --soap --token -
err_has "exclude each other"

# ---- prompts on a terminal: the secret is not echoed ----
printf '%s\n%s\n' "$(of_org client_id)" "$(of_org client_secret)" | script -qec "'$sforce' login '$url' --client-credentials -a prompted" /dev/null >tty.out 2>&1
check "asked for" grep -q 'Client secret:' tty.out
check "logged in" test -e "$orgs/prompted.json"

# ---- URLs ----
run 2 login "not a url" --soap
SFORCE_USERNAME=a SFORCE_PASSWORD=b run 2 login "http://plain.example.com" --soap
SFORCE_CLIENT_ID=a SFORCE_CLIENT_SECRET=b run 5 login "http://127.0.0.1:1" --client-credentials --timeout 5s
run 2 login "$url" --client-credentials -a "../evil"
run 2 login "$url" --web

# ---- which org is meant ----
run 0 org piped
run 0 orgs -r csv
out_has "true,piped"
run 0 org
out_has config.toml
SFORCE_ORG=acme run 0 org
out_has SFORCE_ORG
SF_TARGET_ORG=acme run 0 org
out_has SF_TARGET_ORG
SFDX_DEFAULTUSERNAME=acme run 0 org
out_has SFDX_DEFAULTUSERNAME
SF_TARGET_ORG=nobody run 0 org -o acme
run 3 whoami -o acne
err_has "did you mean acme"
mkdir -p project/below
echo 'org = "acme" # ours' >project/.sforce.toml
(cd project/below && "$sforce" org) >out 2>err
out_has .sforce.toml
echo 'orgg = "acme"' >project/.sforce.toml
(cd project && "$sforce" org) >out 2>err
check "a wrong setting is an error" test $? -eq 2
err_has "line 1"
run 3 org nobody
mkdir "$HOME/.sf"
echo '{"target-org":"acme"}' >"$HOME/.sf/config.json"
XDG_CONFIG_HOME=$work/none run 0 org
out_has acme
err_has "default org of sf"
token=$(curl -s -X POST "$url/__org/tokens" | jq -r .access_token)
SF_ACCESS_TOKEN=$token SF_ORG_INSTANCE_URL=$url run 0 query "SELECT Id FROM Account LIMIT 1"
curl -s -X POST "$url/__org/expire-sessions" >/dev/null
SF_ACCESS_TOKEN=$token SF_ORG_INSTANCE_URL=$url run 3 query "SELECT Id FROM Account LIMIT 1"
run 0 query "SELECT Id FROM Account LIMIT 1"
SF_ACCESS_TOKEN=x run 3 whoami
err_has SF_ORG_INSTANCE_URL
echo '# mine
api_version = "60.0"
org = "piped"' >"$XDG_CONFIG_HOME/sforce/config.toml"
run 0 org acme
check "other settings stay" grep -q 'api_version = "60.0"' "$XDG_CONFIG_HOME/sforce/config.toml"
run 0 query "SELECT Id FROM Account LIMIT 1" -r json
out_has /v60.0/
SFORCE_TOKEN_STORE=keyring run 1 whoami
err_has keyring

# ---- a CA of one's own, from SSL_CERT_FILE ----
SSL_CERT_FILE=$work/none.pem run 2 whoami
err_has "SSL_CERT_FILE: cannot read $work/none.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out ca.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2>/dev/null
openssl s_server -accept 127.0.0.1:0 -key key.pem -cert ca.pem -www >server.log 2>&1 &
server=$!
until grep -q '^ACCEPT.*:' server.log; do kill -0 $server || break; read -rt 0.05 <> <(:) || true; done
tls=https://localhost:$(grep -oE '^ACCEPT.*' server.log | grep -oE '[0-9]+$')
printf x >in
run_in 5 login "$tls" --token - -a tls
err_has "certificate is not trusted"
SSL_CERT_FILE=$work/ca.pem run_in 1 login "$tls" --token - -a tls # it is trusted, and then turns out to be no org
err_has "is no API host"
kill $server
chmod 644 "$orgs/acme.json"
run 0 orgs
err_has "chmod 600"
chmod 600 "$orgs/acme.json"
echo '{"flow' >"$orgs/broken.json"
run 1 whoami -o broken
err_has broken.json
rm "$orgs/broken.json"

# ---- logging out ----
run 0 logout token
run 3 whoami -o token
run 3 logout token
run 0 logout
check "the default is gone" test ! -e "$orgs/acme.json"
run 3 whoami --json
run 2 logout --all
run 0 logout --all --yes
check "all are gone" test -z "$(ls "$orgs")"
report
