#!/usr/bin/env bash
# actions_test.sh: the local org's quick actions beside those that real orgs once sent: the same keys in the same order, the same
# types, the same headers; and sforce reads the recorded answers. The recordings lie outside the repository (../shared/recorded);
# without them the test is skipped.
. "$(dirname "$0")/../support/recorded.sh"
start_org
same_headers() { is "$1: headers that we lack" "$(comm -23 <(header_names "$work/theirhead" | grep -vxE 'set-cookie|x-sfdc-edge-cache') <(header_names "$work/head"))" ''; }

their misc/quickactions-v60.http
ask GET /services/data/v60.0/quickActions --compressed
same_by 'keys of each action' 'map(keys_unsorted) | unique'
same_by 'keys of the urls' 'map(.urls | keys_unsorted) | unique'
# Theirs has a group too, which the local org lacks as an object.
same 'every action of theirs that we have is as theirs' \
    "$(jq -c 'map(select(.name != "NewGroup") | [.name, .label, .type, .urls]) | sort' "$work/ours")" \
    "$(jq -c 'map(select(.name != "NewGroup") | [.name, .label, .type, .urls]) | sort' "$work/theirs")"
same_by 'forms of ids' 'map(if .type == "Post" then .actionEnumOrId == .name else (.actionEnumOrId | test("^09D[A-Za-z0-9]{12}$")) end) | unique'
same_headers 'quickActions'
same 'the tag under gzip' "$(value_of etag "$work/head" | sed 's/[0-9a-f]\{8\}/X/')" "$(value_of etag "$work/theirhead" | sed 's/[0-9a-f]\{8\}/X/')"
their misc/quickaction-defaults-v59.http
ask GET /services/data/v59.0/quickActions/NewTask/defaultValues --compressed
same_by 'default values' '[keys_unsorted, .attributes, .Subject, .ActivityDate, .WhoId, .WhatId, .Status, (.OwnerId | test("^005.{15}$"))]'
same_headers 'default values'

report
