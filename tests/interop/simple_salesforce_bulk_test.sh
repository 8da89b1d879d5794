#!/usr/bin/env bash
# Both bulk APIs of simple-salesforce against a local org behind a proxy that ends TLS. Skipped when tests/interop/setup did
# not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/python.stamp ]] || skip "simple-salesforce"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=sforce-org-test \
    -addext "subjectAltName=DNS:*.salesforce.com,DNS:*.my.salesforce.com,IP:127.0.0.1" \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>"$work/openssl.log" || { cat "$work/openssl.log" >&2; exit 1; }
start_org
unset NO_PROXY no_proxy ALL_PROXY all_proxy HTTP_PROXY http_proxy https_proxy
REQUESTS_CA_BUNDLE=$work/certificate.pem PYTHONDONTWRITEBYTECODE=1 \
    "$clients/venv/bin/python" "$here/simple_salesforce_bulk_test.py" "$work"
