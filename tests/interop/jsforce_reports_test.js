/* jsforce_reports_test.js: jsforce's analytics against sforce-org. jsforce_reports_test.sh starts the org and names the file
 * that holds its login. What a report says is compared with what SOQL says; the last line counts the comparisons. */
'use strict';
const fs = require('fs');
const path = require('path');
const { isDeepStrictEqual } = require('util');

const [, , modules, loginFile] = process.argv;
const jsforce = require(path.join(modules, 'jsforce'));
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
let compared = 0;
let wrong = 0;

const same = (what, actual, expected) => {
  compared++;
  if (isDeepStrictEqual(actual, expected)) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)} is not ${JSON.stringify(expected)?.slice(0, 500)}`);
};
async function fails(what, promise, code) {
  try {
    same(what, await promise, code);
  } catch (error) {
    same(`${what} (${error.message})`, error.errorCode, code);
  }
}
const cents = (number) => Math.round(number * 100);

async function main() {
  const conn = new jsforce.Connection({ instanceUrl: login.url, accessToken: login.access_token, version: '62.0' });
  const count = async (soql) => (await conn.query(soql)).totalSize;

  /* ---- the list is that of the object ---- */
  const reports = await conn.analytics.reports();
  const rows = (await conn.query('SELECT Id, Name, DeveloperName, Format FROM Report')).records;
  same('reports', reports.map((r) => [r.id, r.name]).sort(), rows.map((r) => [r.Id, r.Name]).sort());
  const id = (developerName) => rows.find((r) => r.DeveloperName === developerName).Id;
  const report = conn.analytics.report(id('Open_Opportunities_by_Stage'));

  /* ---- describe ---- */
  const described = await report.describe();
  same('described id', described.reportMetadata.id, report.id);
  same('described format', described.reportMetadata.reportFormat, 'SUMMARY');
  same('described type', described.reportMetadata.reportType, { label: 'Opportunities', type: 'Opportunity' });
  same('described column', described.reportExtendedMetadata.detailColumnInfo.AMOUNT, { dataType: 'currency', label: 'Amount' });
  same('described grouping', described.reportExtendedMetadata.groupingColumnInfo.STAGE_NAME, {
    dataType: 'picklist',
    groupingLevel: 0,
    label: 'Stage',
  });
  const columns = Object.assign({}, ...described.reportTypeMetadata.categories.map((c) => c.columns));
  same('a column of the type', columns.STAGE_NAME.filterable, true);

  /* ---- execute: without details, with them ---- */
  const open = 'FROM Opportunity WHERE IsClosed = false';
  const sums = (await conn.query(`SELECT StageName, SUM(Amount) total, COUNT(Id) n ${open} GROUP BY StageName`)).records;
  const totals = await report.execute();
  same('no rows', totals.hasDetailRows, false);
  same('no rows member', 'rows' in totals.factMap['T!T'], false);
  same('groups', totals.groupingsDown.groupings.length, sums.length);
  for (const group of totals.groupingsDown.groupings) {
    const want = sums.find((s) => s.StageName === group.value);
    const [sum, , rowCount] = totals.factMap[`${group.key}!T`].aggregates;
    same(`${group.label}: sum`, cents(sum.value), cents(want.total || 0));
    same(`${group.label}: rows`, rowCount.value, want.n);
    same(`${group.label}: label`, rowCount.label, String(want.n));
  }
  const details = await report.execute({ details: true });
  const names = Object.values(details.factMap).flatMap((f) => f.rows.map((r) => r.dataCells[0].value));
  const ids = (await conn.query(`SELECT Id ${open}`)).records.map((r) => r.Id);
  same('rows are the records', names.sort(), ids.sort());
  same('the grand total has no rows', details.factMap['T!T'].rows, []);
  const month = details.groupingsDown.groupings[0].groupings[0];
  same('a month begins on its first day', /^\d{4}-\d\d-01$/.test(month.value), true);
  same('a month is written out', /^[A-Z][a-z]+ \d{4}$/.test(month.label), true);

  /* ---- execute with metadata ---- */
  const filtered = await report.execute({
    details: true,
    metadata: {
      reportMetadata: { reportFilters: [{ column: 'STAGE_NAME', operator: 'equals', value: 'Prospecting' }] },
    },
  });
  same('a filter', filtered.factMap['T!T'].aggregates[2].value, await count("SELECT Id FROM Opportunity WHERE StageName = 'Prospecting'"));
  same('is told', filtered.reportMetadata.reportFilters[0].column, 'STAGE_NAME');
  await fails(
    'an unknown column',
    report.execute({ metadata: { reportMetadata: { reportFilters: [{ column: 'NOPE', operator: 'equals', value: '1' }] } } }),
    'BAD_REQUEST',
  );

  /* ---- executeAsync ---- */
  const started = await report.executeAsync({ details: true });
  same('a run is new', started.status, 'New');
  const instance = report.instance(started.id);
  let result = await instance.retrieve();
  for (let i = 0; i < 100 && result.attributes.status !== 'Success'; i++) {
    same('nothing yet', result.factMap, null);
    await new Promise((resolve) => setTimeout(resolve, 50));
    result = await instance.retrieve();
  }
  same('a run ends', result.attributes.status, 'Success');
  same('a run is of its report', result.attributes.reportId, report.id);
  same('what it found is what was there', result.factMap, details.factMap);
  const instances = await report.instances();
  same('instances', instances.map((i) => [i.id, i.status]), [[started.id, 'Success']]);
  same('an owner', instances[0].ownerId.slice(0, 3), '005');

  /* ---- clone, destroy ---- */
  const copy = await report.clone('A copy');
  same('the copy has a name', copy.reportMetadata.name, 'A copy');
  same('the copy has an id of its own', copy.reportMetadata.id === report.id, false);
  same('the copy has the columns', copy.reportMetadata.detailColumns, described.reportMetadata.detailColumns);
  const twin = conn.analytics.report(copy.reportMetadata.id);
  same('the copy runs', (await twin.execute()).factMap, totals.factMap);
  await twin.destroy();
  await fails('a report that is gone', twin.describe(), 'NOT_FOUND');
  same('its row is gone', await count("SELECT Id FROM Report WHERE Name = 'A copy'"), 0);

  /* ---- the matrix ---- */
  const matrix = await conn.analytics.report(id('Won_by_Type_and_Quarter')).execute();
  const across = matrix.groupingsAcross.groupings.length + 1;
  const down = matrix.groupingsDown.groupings.reduce((n, g) => n + 1 + g.groupings.length, 1);
  same('a matrix has every cell', Object.keys(matrix.factMap).length, across * down);

  same('dashboards', await conn.analytics.dashboards(), []);

  /* ---- tooling ---- */
  const ran = await conn.tooling.executeAnonymous("insert new Account(Name = 'By jsforce & co');");
  same('Apex runs', ran, {
    line: -1,
    column: -1,
    compiled: true,
    success: true,
    compileProblem: null,
    exceptionStackTrace: null,
    exceptionMessage: null,
  });
  same('and writes', await count("SELECT Id FROM Account WHERE Name = 'By jsforce & co'"), 1);
  const failed = await conn.tooling.executeAnonymous('nothing;');
  same('Apex that does not compile', [failed.compiled, failed.line, failed.compileProblem], [false, 1, 'Variable does not exist: nothing']);
  const thrown = await conn.tooling.executeAnonymous("System.assertEquals(1, 2);");
  same('Apex that throws', thrown.exceptionMessage, 'System.AssertException: Assertion Failed: Expected: 1, Actual: 2');
  const entities = await conn.tooling.query("SELECT QualifiedApiName FROM EntityDefinition WHERE KeyPrefix IN ('001','003') ORDER BY QualifiedApiName");
  same('a tooling query', entities.records.map((r) => r.QualifiedApiName), ['Account', 'Contact']);
  const raw = await conn.request('/tooling/query?q=' + encodeURIComponent("SELECT Id FROM EntityDefinition WHERE KeyPrefix = '001'"));
  same('its size', [raw.size, raw.entityTypeName, raw.queryLocator], [1, 'EntityDefinition', null]);
  const made = await conn.tooling.sobject('ApexClass').create({ Name: 'Made', Body: 'public class Made { }', ApiVersion: 62, Status: 'Active', IsValid: true, LengthWithoutComments: 22 });
  same('a class is made', made.success, true);
  same('and read', (await conn.tooling.sobject('ApexClass').retrieve(made.id)).Name, 'Made');
  same('its describe', (await conn.tooling.sobject('ApexClass').describe()).keyPrefix, '01p');
  await fails('no tooling object', conn.tooling.query('SELECT Id FROM Account'), 'INVALID_TYPE');
  if (wrong > 0) throw new Error(`${wrong} of ${compared} comparisons failed`);
  console.log(`jsforce reports: ${compared} comparisons`);
}
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
