/* jsforce_describe_test.js: jsforce's describe (kept and not), layouts, compact and approval layouts, tabs, theme, recent items,
 * deleted and updated records, limits, against sforce-org. Every check compares; the last line counts them. */
'use strict';
process.exitCode = 1; // until all is seen: nothing left to wait for is no success
const fs = require('fs');
const path = require('path');
const { isDeepStrictEqual } = require('util');

const [, , modules, loginFile] = process.argv;
const jsforce = require(path.join(modules, 'jsforce'));
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
let compared = 0;
let wrong = 0;

const count = (what, actual, ok, expected) => {
  compared++;
  if (ok) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)}${expected}`);
};
const same = (what, actual, expected) => count(what, actual, isDeepStrictEqual(actual, expected), ` is not ${JSON.stringify(expected)}`);
async function fails(what, promise, code) {
  let failure;
  try {
    failure = { got: await promise };
  } catch (error) {
    failure = error;
  }
  same(`${what} (${failure.message})`, failure.errorCode || failure.name, code);
}

async function describes(conn) {
  const all = await conn.describeGlobal();
  same('global', ['Account', 'Contact', 'Thing__c'].every((n) => all.sobjects.some((o) => o.name === n)), true);
  const fresh = await conn.sobject('Thing__c').describe();
  const kept = await conn.sobject('Thing__c').describe$();
  same('describe$', kept.fields.map((f) => f.name), fresh.fields.map((f) => f.name));
  same('describe$ again is the kept one', await conn.sobject('Thing__c').describe$(), kept);
  same('record types', fresh.recordTypeInfos.map((t) => t.developerName), ['Master']);
  await fails('describe of nothing', conn.sobject('Nope__c').describe(), 'NOT_FOUND');

  const layouts = await conn.sobject('Account').layouts();
  same('layouts', [layouts.layouts.length, layouts.recordTypeMappings.map((m) => m.developerName)], [1, ['Master']]);
  const fields = layouts.layouts[0].editLayoutSections.flatMap((s) => s.layoutRows.flatMap((r) => r.layoutItems.flatMap((i) => i.layoutComponents.map((c) => c.value))));
  same('fields on the layout', ['Name', 'Industry', 'Phone'].every((n) => fields.includes(n)), true);
  same('a layout by its name', (await conn.sobject('User').layouts('UserAlt')).layouts.length, 1);
  await fails('no layout of that name', conn.sobject('User').layouts('Nothing'), 'NOT_FOUND');
  same('layouts$', (await conn.sobject('Account').layouts$()).layouts[0].id, layouts.layouts[0].id);
  const compact = await conn.sobject('Account').compactLayouts();
  same('compact layouts', [compact.compactLayouts[0].objectType, compact.urls.primary], ['Account', '/services/data/v60.0/sobjects/Account/describe/compactLayouts/primary']);
  same('compact layouts$', (await conn.sobject('Account').compactLayouts$()).compactLayouts[0].name, 'SYSTEM');
  same('approval layouts', Array.isArray((await conn.sobject('Account').approvalLayouts()).approvalLayouts), true);
}

async function home(conn) {
  const tabs = await conn.tabs();
  same('tabs', tabs.filter((t) => t.sobjectName === 'Account').map((t) => [t.name, t.label, t.custom]), [['standard-Account', 'Accounts', false]]);
  const theme = await conn.theme();
  same('theme', theme.themeItems.some((t) => t.name === 'Thing__c'), true);
  const limits = await conn.limits();
  same('limits', limits.DailyApiRequests.Max > limits.DailyApiRequests.Remaining, true);
  same('limitInfo', conn.limitInfo.apiUsage.limit, limits.DailyApiRequests.Max);
}

async function recent(conn) {
  const first = await conn.sobject('Account').create({ Name: 'first' });
  const second = await conn.sobject('Thing__c').create({ Name: 'second' });
  same('recent', (await conn.recent(2)).map((r) => [r.attributes.type, r.Id, r.Name]), [['Thing__c', second.id, 'second'], ['Account', first.id, 'first']]);
  await conn.sobject('Account').retrieve(first.id);
  same('recent after a read', (await conn.recent()).slice(0, 2).map((r) => r.Id), [first.id, second.id]);
  same('recent of one object', (await conn.sobject('Thing__c').recent()).map((r) => r.Id), [second.id]);
}

async function replication(conn) {
  const kept = await conn.sobject('Account').create({ Name: 'kept' });
  const gone = await conn.sobject('Account').create({ Name: 'gone' });
  await conn.sobject('Account').destroy(gone.id);
  const from = new Date(Date.now() - 3600e3);
  const to = new Date(Date.now() + 120e3);
  const updated = await conn.sobject('Account').updated(from, to);
  same('updated', [updated.ids.includes(kept.id), updated.ids.includes(gone.id)], [true, false]);
  const deleted = await conn.sobject('Account').deleted(from.toISOString(), to.toISOString());
  same('deleted', [deleted.deletedRecords.some((r) => r.id === gone.id), deleted.deletedRecords.some((r) => r.id === kept.id)], [true, false]);
  same('covered', new Date(deleted.latestDateCovered) <= to, true);
  await fails('too long ago', conn.sobject('Account').updated(new Date(Date.now() - 60 * 86400e3), from), 'INVALID_REPLICATION_DATE');
}

(async () => {
  const conn = new jsforce.Connection({ instanceUrl: login.url, accessToken: login.access_token, version: '60.0' });
  for (const part of [describes, home, recent, replication]) await part(conn);
  console.log(`jsforce_describe: ${compared} comparisons, ${wrong} wrong`);
  process.exit(wrong === 0 ? 0 : 1);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
