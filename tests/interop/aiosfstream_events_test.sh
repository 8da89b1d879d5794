#!/usr/bin/env bash
# aiosfstream-ng, unmodified, against a local org: channels, positions, refusals, sessions that end. Skipped when
# tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/local_org.bash"
compgen -G "$clients/venv/lib/python3*/site-packages/aiosfstream_ng" >/dev/null || skip "aiosfstream-ng"
org_options=(--data :memory: --seed empty --schema "$here/../integration/data/events.json") # its cookies want a name, not an address
start_org
PYTHONDONTWRITEBYTECODE=1 timeout 120 "$clients/venv/bin/python" "$here/aiosfstream_events_test.py" "$work/org.json"
