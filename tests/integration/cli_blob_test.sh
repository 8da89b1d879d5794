#!/usr/bin/env bash
# sforce blob as a user types it: files up and down, pipes, names, output forms, and wrong input.
. "$(dirname "$0")/cli_lib.sh"
start_org --seed empty
login_org

head -c 3000017 /dev/urandom >a.pdf
run 0 blob put a.pdf "Description=Über alles" --quiet
id=$(cat out)
check "an id" grep -qE '^068[0-9A-Za-z]{15}$' out
run 0 query "SELECT Title, PathOnClient, FileType, ContentSize, Description FROM ContentVersion" -r csv
check "named by its file" grep -q '^a,a.pdf,PDF,3000017,Über alles$' out
run 0 blob get ContentVersion "$id" -O b.pdf
check "the same bytes" cmp a.pdf b.pdf
err_has "3,000,017 bytes, application/octet-stream to b.pdf"
out_empty
run 0 blob get ContentVersion "$id" VersionData -O c.pdf --json
json_is .result.bytes 3000017
json_is .result.path c.pdf
run 0 blob get ContentVersion "$id" -O -
check "to stdout" cmp a.pdf out
run 0 blob get ContentVersion "$id"
check "stdout that is no terminal" cmp a.pdf out
run 0 blob get "/services/data/v62.0/sobjects/ContentVersion/$id/VersionData" -O d.pdf
check "by the record's path" cmp a.pdf d.pdf

run 0 get ContentVersion "$id" -r json
document=$(jq -r .ContentDocumentId out)
printf 'second' >b.txt
run 0 blob put b.txt ContentVersion "ContentDocumentId=$document" -r json
json_is .created true
run 0 query "SELECT VersionNumber, IsLatest FROM ContentVersion WHERE ContentDocumentId = '$document' ORDER BY VersionNumber" -r csv
out_is $'VersionNumber,IsLatest\n1,false\n2,true'

run 0 create Account Name=Parent --quiet
account=$(cat out)
printf 'piped bytes' >in
run_in 0 blob put - --name notes.txt Attachment "ParentId=$account" ContentType=text/plain --type text/plain --quiet
attachment=$(cat out)
run 0 query "SELECT Name, BodyLength, ContentType FROM Attachment" -r csv
out_is $'Name,BodyLength,ContentType\nnotes.txt,11,text/plain'
run 0 blob put b.txt Attachment "$attachment" --quiet
out_empty
run 0 blob get attachment "$attachment" Body -O -
out_is second
run 0 query "SELECT Name FROM Attachment" -r csv
out_is $'Name\nnotes.txt'

echo old >kept
run 1 blob get ContentVersion 068000000000001AAA -O kept
check "a failure leaves the file alone" grep -qx old kept
check "and nothing beside it" test -z "$(ls | grep part-)"
run 1 blob put b.txt ContentVersion Nope=1
err_has "Nope"
run 1 blob put b.txt Attachment Description=x
err_has ParentId

run 2 blob
run 2 blob take x
run 2 blob put
run 2 blob put no-such-file
err_has no-such-file
run 2 blob put . ContentVersion
err_has ".: descriptor"
err_has directory
run 2 blob put b.txt Attach/ment
run 2 blob put b.txt Attachment nonsense-id
run 2 blob put b.txt Account
err_has "name the field"
run 2 blob get ContentVersion
run 2 blob get ContentVersion "$id" VersionData more
run 2 blob get ContentVersion nonsense -O x
run 2 blob get Account "$account" -O x
run 2 blob get ContentVersion "$id" --json
run 1 blob get ContentVersion "$id" -O /nowhere/x
err_has "cannot write /nowhere/x:"
check "no file was made" test ! -e x
report
