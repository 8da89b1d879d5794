#!/usr/bin/env bash
# docs/compatibility.md and the library say the same: every public function (abi/symbols.txt) stands in a row of a table, every
# function that a row names is exported, every test that a row names exists; and no function of the connector is missing.
set -euo pipefail
cd "$SF_SOURCE_DIR"
fail=0
complain() { echo "docs/compatibility.md: $1" >&2; fail=1; }

rows=$(sed -n '/^## Sessions/,/^## The local org/p' docs/compatibility.md | grep '^|' | grep -v '^|--')
cells() { awk -F' \\| ' -v n="$1" '{ print $n }' <<<"$rows"; } # the tables have five columns, and no cell holds " | "
[[ $(awk -F' \\| ' 'NF != 5' <<<"$rows" | wc -l) -eq 0 ]] ||
    complain "a row has not five cells: $(awk -F' \\| ' 'NF != 5' <<<"$rows" | head -1)"

named=$(cells 2 | grep -oE '`sf_[a-z0-9_]+`' | tr -d '`' | sort -u)
while read -r symbol; do
    grep -qxF "$symbol" <<<"$named" || complain "$symbol is exported and has no row"
done <abi/symbols.txt
# Types may stand in the second column too; anything else that looks like a function must be one.
while read -r name; do
    grep -qxF "$name" abi/symbols.txt || grep -qE "\} $name;|^typedef struct $name\b" include/salesforce/*.h ||
        complain "$name stands in a row and is not exported"
done <<<"$named"

# Every function of the connector's clients for REST, Apex, SOAP and Bulk API 2.0 has a row of its own name.
for name in getOrganizationMetaData getBasicInfo describe getPlatformAction getApiVersions getResources getLimits getById \
    getByExternalId create update upsert delete deleteRecordsUsingExtId query search getDeletedRecords getUpdatedRecords \
    isPasswordExpired resetPassword changePassword getQuickActions getInvocableActions invokeActions getNamedLayouts batch \
    listReports runReportSync runReportAsync listAsyncRunsOfReport getReportInstanceResult deleteReport apexRestExecute convertLead \
    createIngestJob addBatch closeIngestJob closeIngestJobAndWait abortJob deleteJob getJobInfo getAllJobs getAllQueryJobs \
    getJobStatus createQueryJob createQueryJobAndWait getQueryResult; do
    cells 1 | grep -q "\`$name\`" || complain "the connector's $name has no row"
done

tests=$(ctest --test-dir "$SF_BINARY_DIR" -N | sed -nE 's/^ +Test +#[0-9]+: (\S+)$/\1/p')
while read -r name; do
    grep -qE "^${name//./\\.}(\.|$)" <<<"$tests" ||
        complain "$name is named as a test and is none"
done < <(cells 5 | sed -E 's/ \|$//' | tr ',' '\n' | tr -d ' `' | grep -E '^[a-z_]+(\.[a-z0-9_]+)*$' | sort -u | grep -vx test)
[[ $fail -eq 0 ]] && echo "compatibility: $(wc -l <<<"$named") names, all there"
exit $fail
