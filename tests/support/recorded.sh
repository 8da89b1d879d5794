# recorded.sh: the local org's answers beside those that real orgs once sent. Sourced by tests/recorded/*_test.sh; the
# recordings lie outside the repository (../shared/recorded, see its INDEX.md), and without them a test is skipped. Our last
# answer is $work/ours with its head $work/head, theirs $work/theirs with $work/theirhead.
. "$(dirname "${BASH_SOURCE[0]}")/org.sh"
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
recorded=
for place in "$source_dir/../shared/recorded" "$source_dir/shared/recorded"; do
    [[ -d $place ]] && recorded=$place
done
[[ -n $recorded ]] || { echo 'skipped: no ../shared/recorded'; exit 77; }
json='Content-Type: application/json'

ask() { # METHOD PATH [curl options]: our answer; its status in $status
    local method=$1 path=$2
    shift 2
    : >"$work/ours"
    status=$(curl -sS -g --max-time 30 -X "$method" -H "$auth" -D "$work/head" -o "$work/ours" -w '%{http_code}' "$@" "$url$path")
}
data() { # METHOD PATH [BODY]: the same below /services/data
    ask "$1" "/services/data/$2" ${3+-H "$json" --data-binary "$3"}
}
their() { # FILE: their answer; an empty head when none was recorded
    : >"$work/theirhead"
    case $1 in
    *.http)
        tr -d '\r' <"$recorded/$1" | sed -n '1,/^$/p' >"$work/theirhead"
        sed '1,/^\r*$/d' "$recorded/$1" >"$work/theirs" ;;
    *) cat "$recorded/$1" >"$work/theirs" ;;
    esac
}
status_of() { sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$1"; }                  # HEAD
value_of() { tr -d '\r' <"$2" | sed -n "s/^$1: *//Ip" | tail -1; }          # NAME HEAD
header_names() { tr -d '\r' <"$1" | sed -n '2,$s/^\([^:]*\):.*/\1/p' | tr 'A-Z' 'a-z' | sort -u; } # HEAD
same() { # WHAT OURS THEIRS; theirs is something, or the recording is not as the test thinks
    if [[ -n $3 ]]; then is "$@"; else is "$1: nothing to compare with" "$2" something; fi
}
same_by() { # WHAT JQ: both bodies look the same through a jq program
    same "$1" "$(jq -c "$2" "$work/ours" 2>&1)" "$(jq -c "$2" "$work/theirs" 2>&1)"
}
like() { # FILE JQ: our last answer and the recorded one look the same through it; so do status and type, where they were recorded
    their "$1"
    if [[ -s $work/theirhead ]]; then
        same "$1: status" "$status" "$(status_of "$work/theirhead")"
        same "$1: type" "$(value_of content-type "$work/head")" "$(value_of content-type "$work/theirhead")"
    fi
    same_by "$1" "$2"
}
