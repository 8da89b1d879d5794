#!/usr/bin/env bash
# SFORCE_TOKEN_STORE=redis://…: runs on several machines (here: homes) share a login, a replaced refresh token is nobody's
# loss, an outage is told once, and no password is. Skipped where there is no redis-server.
. "$(dirname "$0")/cli_lib.sh"
"$sforce" --version | grep -q redis || { echo "built without Redis"; exit 77; }
command -v redis-server >/dev/null || { echo "no redis-server"; exit 77; }
start_org --seed empty --policy rotate

redis_pid=
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
start_redis() {
    redis-server --port "$port" --bind 127.0.0.1 --unixsocket "$work/redis.sock" --dir "$work" --appendonly yes --appendfsync always --save "" \
        --user shared on ">only-for-sforce" "~sforce:*" +auth +select +ping +eval +evalsha +get +set +del +exists +pttl +pexpire +time +hget +hmget +hset +hdel +lpush +blpop +keys >"$work/redis.log" 2>&1 &
    redis_pid=$!
    for _ in $(seq 600); do
        in_redis ping >ping 2>&1 && grep -q PONG ping && return
        sleep 0.05
    done
    cat "$work/redis.log" ping >&2
    echo "redis-server did not start" >&2
    exit 1
}
stop_redis() { [[ -z $redis_pid ]] || { kill "$redis_pid" 2>/dev/null; wait "$redis_pid"; }; redis_pid=; }
clean_up() { stop_redis; }
in_redis() { redis-cli -s "$work/redis.sock" --user shared --pass only-for-sforce --no-auth-warning "$@"; }
stat_of() { curl -sf "$url/__org/stats" | jq -r ".$1"; }

start_redis
curl -sf -X POST "$url/__org/tokens" -d '{}' | jq -r .refresh_token >in
SFORCE_CLIENT_SECRET=$(of_org client_secret) SFORCE_TOKEN_STORE="redis://shared:only-for-sforce@127.0.0.1:1" \
    run_in 5 login "$url" --refresh-token - --client-id "$(of_org client_id)" -a far --timeout 1s
check "no password is told" test "$(cat out err | grep -c only-for-sforce)" -eq 0

export SFORCE_TOKEN_STORE="redis://shared:only-for-sforce@127.0.0.1:$port"
SFORCE_CLIENT_SECRET=$(of_org client_secret) run_in 0 login "$url" --refresh-token - --client-id "$(of_org client_id)" -a acme
run 0 whoami
out_has "$(of_org username)"
login=$XDG_DATA_HOME/sforce/orgs/acme.json
check "the file keeps the token that the login was made with" test "$(jq -r .refresh_token "$login")" = "$(cat in)"
check "the successor lies in Redis" test "$(in_redis hget "$(in_redis keys 'sforce:token:*:data')" refresh_token)" != "$(cat in)"
check "no key tells the client id" test "$(in_redis keys '*' | grep -c "$(of_org client_id)")" -eq 0

SFORCE_TOKEN_STORE="unix://shared:only-for-sforce@$work/redis.sock" run 0 whoami # the same server, by its socket
out_has "$(of_org username)"
SFORCE_TOKEN_STORE="unix://shared:wrong-one@$work/redis.sock" run 5 query 'SELECT Id FROM Organization'
err_has WRONGPASS
check "no wrong password is told" test "$(cat out err | grep -c wrong-one)" -eq 0

# ---- several machines, each with a copy of the login as it was made ----
for n in 1 2 3 4 5 6; do
    mkdir -p "$work/home$n/sforce/orgs"
    cp "$login" "$work/home$n/sforce/orgs/"
done
for round in 1 2 3; do
    before=$(stat_of refreshes)
    curl -sf -X POST "$url/__org/expire-sessions" -d '{}' >/dev/null
    pids=()
    for n in 1 2 3 4 5 6; do
        XDG_DATA_HOME=$work/home$n "$sforce" query "SELECT Id FROM Organization" -o acme >"out$n" 2>"err$n" </dev/null &
        pids+=($!)
    done
    for n in 1 2 3 4 5 6; do
        checks=$((checks + 1))
        wait "${pids[n - 1]}" || { cat "err$n" >&2; fail "machine $n, round $round"; }
    done
    check "round $round: one refresh" test "$(($(stat_of refreshes) - before))" -eq 1
done
check "no replaced token was sent" test "$(stat_of refresh_reuses)" -eq 0

# ---- an outage ----
stop_redis
curl -sf -X POST "$url/__org/expire-sessions" -d '{}' >/dev/null
run 5 query "SELECT Id FROM Organization" -o acme --timeout 1s
err_has "not used without the store's lock"
check "told once" test "$(grep -c 'warning: .*token store' err)" -eq 1
start_redis
run 0 query "SELECT Id FROM Organization" -o acme
check "no replaced token was sent" test "$(stat_of refresh_reuses)" -eq 0

# ---- client credentials go on without ----
login_org app
stop_redis
run 0 query "SELECT Id FROM Organization" -o app
err_has "the token store cannot be"
start_redis

# ---- what is refused, and not repeated ----
for where in "redis://shared:wrong-pass@127.0.0.1:$port" "redis://shared:wrong-pass@127.0.0.1:x" "reddis://shared:wrong-pass@h" \
    "wrong-pass" "redis://wrong-pass@h" "keyring"; do
    SFORCE_TOKEN_STORE=$where "$sforce" query "SELECT Id FROM Organization" -o app -vv >out 2>err </dev/null
    checks=$((checks + 1))
    [[ $(cat out err | grep -c -e wrong-pass -e only-for-sforce) -eq 0 ]] || fail "the password is told: $where"
done
SFORCE_TOKEN_STORE=keyring run 1 query "SELECT Id FROM Organization" -o app
err_has "this build has file"
SFORCE_TOKEN_STORE=redis run 2 query "SELECT Id FROM Organization" -o app
err_has "SFORCE_TOKEN_STORE: want file, or redis://"
SFORCE_TOKEN_STORE=redis:///0 run 2 query "SELECT Id FROM Organization" -o app
err_has "names no host"
run 2 listen Low_Ink__e --group g --coordinator "reddis://u:planted@h" -o app
check "nor of a coordinator" test "$(cat out err | grep -c planted)" -eq 0
report
