#!/usr/bin/env bash
# zeep, unmodified, against a local org, by the schema in partner.wsdl. Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
[[ -e $clients/python.stamp ]] || skip "zeep"
start_org
"$clients/venv/bin/python" "$here/zeep_soap_test.py" "$work/org.json"
