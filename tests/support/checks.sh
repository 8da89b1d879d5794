# checks.sh: checks that count, for scripts that look at answers. Sourced after org.sh.
checks=0 failed=0
shown=("$work/body") # the files that tell more of a failure

fail() { # WHAT
    failed=$((failed + 1))
    echo "FAILED: $1"
    local file
    for file in "${shown[@]}"; do
        [[ ! -s $file ]] || echo "  $(head -c 1500 "$file" | tr -d '\0')"
    done
}
is() { # WHAT GOT WANT; what differs is shown element by element
    checks=$((checks + 1))
    [[ $2 == "$3" ]] && return
    fail "$1"
    diff -U1 --label want --label got <(sed 's/></>\n</g' <<<"$3") <(sed 's/></>\n</g' <<<"$2") | head -40 || true
}
report() { # [LEAST]: the last words of a script, and whether all is well; so many checks there are at least
    echo "$(basename "$0" .sh): $checks checks, $failed failed"
    [[ $failed -eq 0 && $checks -ge ${1:-1} ]]
}
