# Sourced by the tests of this folder: where the clients are, and a local org with objects of its own.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../support/org.sh"
clients=$source_dir/build/interop
org_options=(--data :memory: --seed sample --schema "$here/../integration/data/things.json")

skip() { echo "skipped: $1 is not installed (tests/interop/setup)"; exit 77; }
