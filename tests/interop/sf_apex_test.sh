#!/usr/bin/env bash
# sf apex run of the Salesforce CLI, unmodified, against a local org: Apex that runs, that does not compile, that throws; its log.
# Skipped when tests/interop/setup did not install it.
set -euo pipefail
source "$(dirname "$0")/sf_cli.bash"

cat >good.apex <<'A'
Account a = new Account(Name = 'By <sf> & "co"');
insert a;
System.debug('made ' + (a.Id != null));
A
sf apex run -f good.apex --json
same "it runs" '.result | [.compiled, .success]' '[true,true]'
same "its log" '.result.logs | test("USER_DEBUG\\|\\[3\\]\\|DEBUG\\|made true")' true
sf data query -q "SELECT Name FROM Account WHERE Name LIKE 'By <sf>%'" --json
same "what it wrote" '.result.records[0].Name' '"By <sf> & \"co\""'
echo 'System.debug(1' >bad.apex
sf apex run -f bad.apex --json
same "it does not compile" '[.data.compiled, (.. | .compileProblem? // empty)]' '[false,"Unexpected token '"'<EOF>'"'."]'
echo 'insert new Account();' >throws.apex
sf apex run -f throws.apex --json
same "it throws" '[(.. | .exceptionMessage? // empty | test("REQUIRED_FIELD_MISSING")), (.. | .exceptionStackTrace? // empty)]' '[true,"AnonymousBlock: line 1, column 1"]'
sf data query -t -q "SELECT QualifiedApiName FROM EntityDefinition WHERE KeyPrefix = '003'" --json
same "a tooling query" '.result.records[0].QualifiedApiName' '"Contact"'
report
