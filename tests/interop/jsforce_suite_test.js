/* jsforce_suite_test.js: list views, plans, FOR VIEW, queries that write, bulk loads of both kinds, and jsforce's ways with
 * them, against sforce-org. Every check compares what a call answered with what was written before, or with another way
 * to the same rows; the last line counts them. */
'use strict';
process.exitCode = 1; // until all is seen: nothing left to wait for is no success
const fs = require('fs');
const path = require('path');
const { isDeepStrictEqual } = require('util');

const [, , modules, loginFile] = process.argv;
const jsforce = require(path.join(modules, 'jsforce'));
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
const VERSION = '60.0';
let compared = 0;
let wrong = 0;

const same = (what, actual, expected) => {
  compared++;
  if (isDeepStrictEqual(actual, expected)) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)} is not ${JSON.stringify(expected)?.slice(0, 500)}`);
};
const named = (prefix) => ({ Name: { $like: `${prefix}%` } });
const made = (prefix, count) => Array.from({ length: count }, (_, i) => ({ Name: `${prefix} ${i + 1}`, BillingState: 'CA', NumberOfEmployees: 3 * i }));

async function listViews(conn) {
  const account = conn.sobject('Account');
  const views = await account.listviews();
  same('list views', [views.sobjectType, views.size, views.listviews.map((v) => v.label)], ['Account', 3, ['All Accounts', 'My Accounts', 'New This Week']]);
  const all = account.listview(views.listviews[0].id);
  const described = await all.describe();
  const rows = await conn.query(described.query);
  same('described', [described.id, described.sobjectType, described.orderBy.length], [views.listviews[0].id, 'Account', 2]);
  same('columns are what the statement selects', described.columns.map((c) => c.selectListItem), /^SELECT (.*) FROM /.exec(described.query)[1].split(', '));
  const results = await all.results();
  const value = (record, name) => record.columns.find((c) => c.fieldNameOrPath === name).value;
  same('results are its rows', results.records.map((r) => value(r, 'Id')), rows.records.slice(0, 25).map((r) => r.Id));
  same('their names', results.records.map((r) => value(r, 'Name')), rows.records.slice(0, 25).map((r) => r.Name));
  same('their owners', results.records.map((r) => value(r, 'Owner.Alias')), rows.records.slice(0, 25).map((r) => r.Owner.Alias));
  same('size', [results.size, results.done, results.label], [25, true, 'All Accounts']);
  const mine = await account.listview(views.listviews[1].id).results();
  const own = await conn.query('SELECT Id FROM Account USING SCOPE mine ORDER BY Name LIMIT 25');
  same('mine', mine.records.map((r) => value(r, 'Id')), own.records.map((r) => r.Id));
  const plan = (await all.explain()).plans[0];
  same('plan of a list view', [plan.sobjectType, plan.cardinality, typeof plan.relativeCost], ['Account', rows.totalSize, 'number']);
  for (const name of ['Contact', 'Opportunity', 'Lead', 'Case', 'Task', 'Thing__c']) {
    const first = (await conn.sobject(name).listviews()).listviews[0];
    same(`list views of ${name}`, (await conn.sobject(name).listview(first.id).results()).id, first.id);
  }
}

async function reports(conn) {
  const [first] = await conn.analytics.reports();
  const plan = (await conn.analytics.report(first.id).explain()).plans[0];
  const run = await conn.analytics.report(first.id).execute({ details: true });
  same('plan of a report', [typeof plan.sobjectType, plan.cardinality >= run.factMap['T!T'].rows.length], ['string', true]);
  same('a report is a row', (await conn.sobject('Report').findOne({ Id: first.id }, 'Name')).Name, first.name);
}

async function views(conn) {
  const shown = await conn.query('SELECT Id, Name FROM Account ORDER BY CreatedDate DESC LIMIT 2 FOR VIEW');
  same('FOR VIEW makes recent', (await conn.recent(2)).map((r) => [r.attributes.type, r.Id, r.Name]), shown.records.map((r) => ['Account', r.Id, r.Name]));
  same('of one object', (await conn.sobject('Account').recent()).slice(0, 2).map((r) => r.Id), shown.records.map((r) => r.Id));
  const layouts = await conn.sobject('User').layouts('UserAlt');
  same('named layout', [layouts.layouts.length, layouts.recordTypeMappings.map((m) => m.name), layouts.recordTypeSelectorRequired], [1, ['Master'], [false]]);
}

/* A query that updates or destroys what it finds: through collections, through Bulk API 2.0. */
async function writes(conn) {
  const account = conn.sobject('Account');
  const update = { Name: '${Name} (Updated)', BillingState: null };
  for (const [prefix, count, options] of [['Few', 20, {}], ['Many', 300, { allowBulk: false }], ['Bulk', 250, { bulkApiVersion: 2 }]]) {
    const created = await account.create(made(prefix, count), { allowRecursive: true });
    same(`${prefix}: created`, created.filter((r) => r.success).length, count);
    const updated = await account.find(named(prefix)).update(update, options);
    same(`${prefix}: updated`, [updated.length, updated.every((r) => r.success === true && typeof r.id === 'string')], [count, true]);
    const rows = await account.find(named(prefix), 'Id, Name, BillingState').execute({ autoFetch: true, maxFetch: 1000 });
    same(`${prefix}: after the update`, [rows.length, rows.every((r) => / \(Updated\)$/.test(r.Name) && r.BillingState === null)], [count, true]);
    same(`${prefix}: destroyed`, (await account.find(named(prefix)).destroy(options)).filter((r) => r.success).length, count);
    same(`${prefix}: gone`, await account.count(named(prefix)), 0);
  }
  const none = { CreatedDate: { $lt: new jsforce.SfDate('1970-01-01T00:00:00Z') } };
  same('an update of nothing', await account.find(none).update(update), []);
  same('a destroy of nothing', await account.find(none).destroy(), []);
}

async function bulk(conn) {
  const loaded = await conn.bulk2.loadAndWaitForResults({ object: 'Account', operation: 'insert', input: [...made('Loaded', 200), { BillingState: 'CA' }] });
  same('loaded', [loaded.successfulResults.length, loaded.successfulResults.every((r) => r.sf__Created === 'true'), loaded.unprocessedRecords], [200, true, []]);
  same('one row failed', loaded.failedResults.map((r) => [r.sf__Id, r.sf__Error]), [['', 'REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --']]);
  for (const operation of ['insert', 'delete']) {
    const nothing = await conn.bulk2.loadAndWaitForResults({ object: 'Account', operation, input: [] });
    same(`${operation} of nothing`, [nothing.successfulResults, nothing.failedResults, nothing.unprocessedRecords], [[], [], []]);
  }
  const text = `Id\n${loaded.successfulResults.map((r) => r.sf__Id).join('\n')}\n`;
  const deleted = await conn.bulk2.loadAndWaitForResults({ object: 'Account', operation: 'delete', input: text });
  same('deleted', [deleted.successfulResults.length, deleted.successfulResults.every((r) => r.sf__Created === 'false')], [200, true]);
  const stream = await conn.bulk2.query('SELECT Id, LastName FROM Contact');
  const rows = await stream.toArray();
  same('a bulk query', [rows.length, new Set(rows.map((r) => r.Id)).size], [await conn.sobject('Contact').count(), rows.length]);
  const dead = new jsforce.Connection({ instanceUrl: login.url, accessToken: 'invalid', version: VERSION });
  same('a dead session', await dead.bulk2.loadAndWaitForResults({ object: 'Account', operation: 'insert', input: [{ Name: 'x' }] }).then((r) => r, (e) => e.name), 'INVALID_SESSION_ID');
}

/* The older Bulk API, which jsforce takes for more than 200 rows unless it is told otherwise. */
async function batches(conn) {
  Object.assign(conn.bulk, { pollInterval: 100, pollTimeout: 60000 });
  const loaded = await conn.bulk.load('Account', 'insert', [...made('Batch', 250), { BillingState: 'CA' }]);
  same('a batch', [loaded.length, loaded.slice(0, 250).every((r) => r.success === true && r.errors.length === 0)], [251, true]);
  same('one row failed', [loaded[250].id, loaded[250].success, loaded[250].errors], [null, false, ['REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --']]);
  const update = { Name: '${Name} (Updated)', BillingState: null };
  same('updated', (await conn.sobject('Account').find(named('Batch')).update(update)).filter((r) => r.success).length, 250);
  const rows = await (await conn.bulk.query("SELECT Id, Name FROM Account WHERE Name LIKE 'Batch%(Updated)'")).toArray();
  same('queried', [rows.length, new Set(rows.map((r) => r.Id)).size], [250, 250]);
  for (const operation of ['insert', 'update', 'delete'])
    same(`${operation} of nothing`, await conn.bulk.load('Account', operation, []).then((r) => r, (e) => [e.name, e.message]), ['ClientInputError', 'Unable to find any data to create batch']);
  let refreshed = 0;
  const stale = new jsforce.Connection({ instanceUrl: login.url, accessToken: 'invalid', version: VERSION, refreshFn: (_, done) => (refreshed++, done(null, login.access_token)) });
  same('with another session', (await stale.bulk.load('Account', 'delete', rows.slice(0, 20).map((r) => ({ Id: r.Id })))).filter((r) => r.success).length, 20);
  same('asked for once', refreshed, 1);
  const dead = new jsforce.Connection({ instanceUrl: login.url, accessToken: 'invalid', version: VERSION });
  same('a dead session', await dead.bulk.load('Account', 'insert', [{ Name: 'x' }]).then((r) => r, (e) => e.name), 'InvalidSessionId');
  same('destroyed', (await conn.sobject('Account').find(named('Batch')).destroy()).filter((r) => r.success).length, 230);
  same('gone', await conn.sobject('Account').count(named('Batch')), 0);
}

async function queries(conn) {
  const opportunity = conn.sobject('Opportunity');
  const sorted = await opportunity.find({}, { 'Owner.Name': 1, CloseDate: 1 }).sort({ 'Owner.Name': 1, CloseDate: -1 }).limit(10).execute();
  const days = (await conn.query('SELECT CloseDate FROM Opportunity ORDER BY Owner.Name, CloseDate DESC LIMIT 10')).records;
  same('sorted by two', sorted.map((r) => r.CloseDate), days.map((r) => r.CloseDate));
  const whole = await opportunity.select('*, Account.*, Owner.Name').limit(20).execute();
  const described = (await conn.sobject('Account').describe()).fields.map((f) => f.name).sort();
  const parent = whole.find((r) => r.Account).Account;
  same('every field of a parent', Object.keys(parent).filter((n) => n !== 'attributes').sort(), described);
  const nested = await conn.sobject('Account').find(null, 'Id').include('Contacts').select('*').limit(2).end().include('Opportunities', null, 'Id, Name', { limit: 2 }).end().limit(10).execute();
  const children = nested.flatMap((a) => (a.Contacts ? a.Contacts.records : []));
  same('every field of children', children.every((c) => nested.some((a) => a.Id === c.AccountId) && typeof c.LastName === 'string'), true);
  let text = '';
  await new Promise((resolve, reject) => conn.query('SELECT Id, Name FROM Account ORDER BY Id LIMIT 3').stream('csv').on('data', (d) => (text += d)).on('end', resolve).on('error', reject));
  same('as CSV', [text.split('\n')[0], text.trim().split('\n').length], ['Id,Name', 4]);
  const end = new Date();
  const changed = await conn.sobject('Account').updated(new Date(end - 864e5).toString(), end.toString());
  same('times in words', Array.isArray(changed.ids), true);
  const apps = await conn.soap.describeTabs();
  same('tabs by SOAP', [apps.length > 0, apps.every((a) => typeof a.selected === 'boolean' && Array.isArray(a.tabs))], [true, true]);
  same('tooling', (await conn.tooling.query('SELECT Id FROM ApexClass LIMIT 1')).done, true);
  same('anonymous Apex', (await conn.tooling.executeAnonymous('System.debug(1);')).success, true);
}

(async () => {
  const conn = new jsforce.Connection({ instanceUrl: login.url, accessToken: login.access_token, version: VERSION });
  for (const part of [listViews, reports, views, writes, bulk, batches, queries])
    await part(conn).catch((error) => {
      compared++;
      wrong++;
      console.error(`FAIL ${part.name}: ${error.stack}`);
    });
  console.log(`jsforce, suite: ${compared} results compared, ${wrong} wrong`);
  process.exit(wrong === 0 && compared > 40 ? 0 : 1);
})();
