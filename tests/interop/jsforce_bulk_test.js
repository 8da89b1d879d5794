/* jsforce_bulk_test.js: conn.bulk and conn.bulk2 of jsforce against sforce-org: loads and queries of both APIs, the events of jobs and
 * batches, and what REST sees of it afterwards. jsforce_bulk_test.sh starts the org and names the file that holds its login. */
'use strict';
process.exitCode = 1; // until all is seen: nothing left to wait for is no success
const fs = require('fs');
const path = require('path');
const { Readable } = require('stream');
const { isDeepStrictEqual } = require('util');

const [, , modules, loginFile] = process.argv;
const jsforce = require(path.join(modules, 'jsforce'));
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
const NAME = 'Zoë "<&>" \'O\\Neil\', 日本語\nעברית 🎈';
let compared = 0;
let wrong = 0;

const count = (what, actual, ok, expected) => {
  compared++;
  if (ok) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)}${expected}`);
};
const same = (what, actual, expected) => count(what, actual, isDeepStrictEqual(actual, expected), ` is not ${JSON.stringify(expected)}`);
const holds = (what, value, condition) => count(what, value, condition, '');
async function fails(what, promise, message) {
  let failure = null;
  try {
    await promise;
  } catch (error) {
    failure = error;
  }
  holds(what, String(failure), failure !== null && String(failure.message).includes(message));
}
const shape = (results) => results.map((r) => [r.success, r.created, r.errors]);
const ids = (results) => results.map((r) => r.id);
const of = async (conn, soql) => (await conn.query(soql)).records.map(({ attributes, ...rest }) => Object.values(rest));

/* ---- API 1.0 ---- */
async function load(conn) {
  const row = (Name, Ext__c, more) => ({ Name, Ext__c, Flag__c: false, Number__c: null, Day__c: null, ...more }); /* its CSV has the columns of the first */
  const rows = [row(NAME, 'b1', { Flag__c: true, Number__c: 1.5 }), row('two', 'b2', { Day__c: 'none' }), row('three', 'b3')];
  const inserted = await conn.bulk.load('Thing__c', 'insert', rows);
  same('insert', inserted.map((r) => r.success), [true, false, true]);
  holds('insert: why', inserted[1].errors, inserted[1].errors[0].startsWith('INVALID_FIELD:Failed to deserialize field at col '));
  same('inserted', await of(conn, "SELECT Name, Flag__c, Number__c FROM Thing__c WHERE Ext__c = 'b1'"), [[NAME, true, 1.5]]);
  const updated = await conn.bulk.load('Thing__c', 'update', [{ Id: inserted[2].id, Name: 'changed', Number__c: null }, { Id: 'a00000000000000AAA', Name: 'x' }]);
  same('update', [updated[0].success, updated[0].created, updated[0].id, updated[1].success], [true, false, inserted[2].id, false]);
  const upserted = await conn.bulk.load('Thing__c', 'upsert', { extIdField: 'Ext__c', concurrencyMode: 'Serial' }, 'Name,Ext__c\nagain,b3\nnew,b4\n');
  same('upsert', shape(upserted), [[true, false, []], [true, true, []]]);
  same('upserted', await of(conn, "SELECT Name, Ext__c FROM Thing__c WHERE Ext__c IN ('b3', 'b4') ORDER BY Ext__c"), [['again', 'b3'], ['new', 'b4']]);
  const streamed = await conn.bulk.load('Thing__c', 'insert', Readable.from(['Name,Ext__c\n', '"s, 1",s1\n', 's2,s2\n']));
  same('a stream', streamed.map((r) => r.success), [true, true]);
  const deleted = await conn.bulk.load('Thing__c', 'delete', ids(streamed).map((Id) => ({ Id })));
  same('delete', shape(deleted), [[true, false, []], [true, false, []]]);
  same('deleted', await of(conn, "SELECT Id FROM Thing__c WHERE Ext__c IN ('s1', 's2')"), []);
  const gone = await conn.bulk.load('Thing__c', 'hardDelete', [{ Id: upserted[1].id }]);
  same('hardDelete', shape(gone), [[true, false, []]]);
  await fails('no such object', conn.bulk.load('Nope__c', 'insert', [{ Name: 'x' }]), 'Unable to find object: Nope__c');
  await fails('no such field', conn.bulk.load('Thing__c', 'insert', [{ Nmae: 'x' }]), 'InvalidBatch : Field name not found : Nmae');
}

async function query(conn) {
  const rows = await (await conn.bulk.query('SELECT Id, Name, Account.Name, CreatedDate FROM Contact')).toArray();
  const { totalSize } = await conn.query('SELECT COUNT() FROM Contact');
  same('query: rows', rows.length, totalSize);
  same('query: columns', Object.keys(rows[0]), ['Id', 'Name', 'Account.Name', 'CreatedDate']);
  holds('query: times', rows[0].CreatedDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(rows[0].CreatedDate));
  await fails('a bad statement', conn.bulk.query('SELECT Nmae FROM Contact'), 'InvalidBatch : Failed to process query: INVALID_FIELD');
}

async function events(conn) {
  const job = conn.bulk.createJob('Thing__c', 'insert');
  const seen = [];
  for (const name of ['open', 'close', 'abort']) job.on(name, (info) => seen.push([name, info.state]));
  const batch = job.createBatch();
  const response = new Promise((resolve, reject) => batch.on('response', resolve).on('error', reject));
  batch.on('queue', (info) => {
    seen.push(['queue', info.state, info.jobId === job.id]);
    batch.poll(50, 30000);
  });
  batch.execute([{ Name: 'e1', Ext__c: 'e1' }]);
  same('response', shape(await response), [[true, true, []]]);
  const listed = await job.list();
  same('list', listed.map((b) => [b.state, b.numberRecordsProcessed]), [['Completed', '1']]);
  const info = await job.check();
  same('job', [info.object, info.operation, info.contentType, info.numberBatchesCompleted], ['Thing__c', 'insert', 'CSV', '1']);
  await job.close();
  same('events', seen, [['open', 'Open'], ['queue', 'Queued', true], ['close', 'Closed']]);
  const other = conn.bulk.createJob('Thing__c', 'update');
  await other.open();
  same('aborted', (await other.abort()).state, 'Aborted');
}

async function renewed() {
  let refreshes = 0;
  const conn = new jsforce.Connection({ instanceUrl: login.url, accessToken: '00Ddead!session', version: '60.0',
    refreshFn: (c, done) => { refreshes++; done(null, login.access_token); } });
  const job = conn.bulk.createJob('Thing__c', 'insert');
  same('a dead session is renewed', [(await job.open()).state, refreshes], ['Open', 1]);
}

/* ---- API 2.0 ---- */
async function load2(conn) {
  const results = await conn.bulk2.loadAndWaitForResults({ object: 'Thing__c', operation: 'insert', input: [{ Name: NAME, Ext__c: 'v1', Day__c: '2024-02-29' }, { Name: 'two', Ext__c: 'v2', Day__c: 'none' }], pollInterval: 50 });
  same('2.0 insert', [results.successfulResults.length, results.failedResults.length, results.unprocessedRecords], [1, 1, []]);
  same('2.0 a row', [results.successfulResults[0].sf__Created, results.successfulResults[0].Name], ['true', NAME]);
  holds('2.0 why', results.failedResults, results.failedResults[0].sf__Error.startsWith('INVALID_FIELD:') && results.failedResults[0].Ext__c === 'v2');
  const id = results.successfulResults[0].sf__Id;
  const upsert = await conn.bulk2.loadAndWaitForResults({ object: 'Thing__c', operation: 'upsert', externalIdFieldName: 'Ext__c', input: 'Ext__c,Name\nv1,changed\nv3,new\n', pollInterval: 50 });
  same('2.0 upsert', upsert.successfulResults.map((r) => [r.Ext__c, r.sf__Created]).sort(), [['v1', 'false'], ['v3', 'true']]);
  const removed = await conn.bulk2.loadAndWaitForResults({ object: 'Thing__c', operation: 'delete', input: [{ Id: id }], pollInterval: 50 });
  same('2.0 delete', removed.successfulResults.map((r) => r.sf__Id), [id]);
  const rows = await (await conn.bulk2.query('SELECT Id, Name FROM Contact', { pollInterval: 50 })).toArray();
  same('2.0 query', rows.length, (await conn.query('SELECT COUNT() FROM Contact')).totalSize);
  const job = conn.bulk2.createJob({ object: 'Thing__c', operation: 'insert' });
  same('2.0 job', (await job.open()).state, 'Open');
  await job.abort();
  same('2.0 aborted', (await job.check()).state, 'Aborted');
  await job.delete();
  await fails('2.0 deleted', job.check(), 'does not exist');
}

(async () => {
  const conn = new jsforce.Connection({ instanceUrl: login.url, accessToken: login.access_token, version: '60.0' });
  conn.bulk.pollInterval = 50;
  for (const part of [load, query, events, renewed, load2]) {
    try {
      await part(conn);
    } catch (error) {
      count(part.name, String(error.stack), false, '');
    }
  }
  console.log(`jsforce ${jsforce.VERSION ?? require(path.join(modules, 'jsforce', 'package.json')).version}: ${compared} results compared, ${wrong} wrong`);
  process.exit(wrong ? 1 : 0);
})();
