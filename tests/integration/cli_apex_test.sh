#!/usr/bin/env bash
# sforce apex as a user types it: methods, bodies from words, files and pipes, parameters, headers, answers of all kinds.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed empty
login_org

run 0 apex GET "/echo/a b" -q "name=Grüße & mehr" -q flag -H "X-Mine: yes"
json_is .path a%20b
json_is .params.name "Grüße & mehr"
json_is .params.flag ""
json_is '.headers["X-Mine"]' yes
run 0 apex post echo -b '{"a":1}'
json_is .method POST
json_is .body '{"a":1}'
json_is '.headers["Content-Type"]' "application/json; charset=UTF-8"
head -c 2000003 /dev/urandom >up.bin
run 0 apex PUT /mirror/x -b @up.bin -H "Content-Type: image/png" -O down.bin
check "the same bytes" cmp up.bin down.bin
cp up.bin in
run_in 0 apex PUT /mirror/x -b - -H "Content-Type: image/png"
check "through pipes" cmp up.bin out
run 0 apex GET /csv/x -i
out_has "HTTP 200"
out_has "Content-Disposition: attachment"
out_has "101,320000"
run 0 apex POST /nothing/x
out_empty
run 0 apex DELETE /void/x -O empty
check "an empty file" test -f empty -a ! -s empty
run 0 apex GET /void/x --json
json_is .status 0
json_is .result.httpStatus 200
json_is .result.body null
run 0 apex GET /csv/x --json
json_is '.result.body | split("\n") | length' 4
run 0 apex HEAD /csv/x -i
out_has "text/csv"

run 0 apex POST /Cases -b '{"subject":"Smoke","priority":"High"}'
id=$(jq -r . out)
run 0 apex PATCH "/Cases/$id" -b '{"Status":"Closed"}'
run 0 apex GET "/Cases/$id"
json_is .Status Closed
run 0 apex DELETE "/Cases/$id"
out_empty

echo old >kept
run 1 apex GET /raise/x -O kept
err_has "Attempt to de-reference a null object"
err_has APEX_ERROR
run 1 apex POST /refuse -b '{"item":"chairs"}'
out_has '"error":"OUT_OF_STOCK"'
err_has "There are no chairs left"
run 1 apex GET /refuse
err_has "HTTP 400"
out_empty
run 1 apex POST /refuse -b '{}' --json
json_is .error.code OUT_OF_STOCK
run 1 apex GET /nowhere
err_has "Could not find a match for URL /nowhere"
run 1 apex PATCH /csv/x -b '{}'
err_has "Allowed are GET,HEAD"
fault "lost:path=/services/apexrest/Cases,times=1"
run 7 apex POST /Cases -b '{"subject":"Lost"}'
no_faults
fault "lost:path=/services/apexrest/Cases,times=1"
run 0 apex POST /Cases -b '{"subject":"Again"}' --repeatable
no_faults

run 2 apex
run 2 apex GET
run 2 apex FETCH /echo
err_has "want GET"
run 2 apex GET https://elsewhere.example/x
run 2 apex GET /echo/../data
run 2 apex GET /echo -b x
run 2 apex POST /echo -b @no-such-file
err_has no-such-file
run 2 apex POST /echo -b @.
run 2 apex GET /echo -q =x
run 2 apex GET /echo -H nonsense
run 2 apex GET /echo -H "Authorization: Bearer x"
report
