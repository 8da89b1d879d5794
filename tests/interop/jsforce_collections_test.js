/* jsforce_collections_test.js: jsforce's calls for several records (it sends them as collections) against sforce-org.
 * jsforce_collections_test.sh starts the org and names the file that holds its login. What a call answers is compared with
 * what was written, and with what the org holds afterwards; the last line counts the comparisons. */
'use strict';
process.exitCode = 1; // until all is seen: nothing left to wait for is no success
const fs = require('fs');
const path = require('path');
const { isDeepStrictEqual } = require('util');

const [, , modules, loginFile] = process.argv;
const jsforce = require(path.join(modules, 'jsforce'));
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
const NAME = 'Zoë "<&>" \'O\\Neil\' 日本語 🎈';
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
async function fails(what, promise, code) {
  let failure;
  try {
    failure = { errorCode: `no error, but ${JSON.stringify(await promise).slice(0, 200)}` };
  } catch (error) {
    failure = error;
  }
  same(`${what}: code (${failure.message})`, failure.errorCode, code);
}
const codes = (results) => results.map((r) => (r.success ? 'ok' : r.errors[0].statusCode));
const total = async (conn, soql) => (await conn.query(soql)).totalSize;

async function create(conn) {
  const results = await conn.sobject('Account').create([
    { Name: `${NAME} 1`, NumberOfEmployees: 7, AnnualRevenue: 1234568 },
    { Industry: 'Energy' },
    { Name: `${NAME} 3`, Nope__c: 1 },
    { Name: `${NAME} 4` },
  ]);
  same('create: a result a row', codes(results), ['ok', 'REQUIRED_FIELD_MISSING', 'INVALID_FIELD', 'ok']);
  same('create: what a failed row says', results[1], {
    success: false,
    errors: [{ statusCode: 'REQUIRED_FIELD_MISSING', message: 'Required fields are missing: [Name]', fields: ['Name'] }],
  });
  same('create: what a good row says', Object.keys(results[0]), ['id', 'success', 'errors']);
  same('create: errors of a good row', results[0].errors, []);
  const there = await conn.sobject('Account').find({ Id: results.filter((r) => r.success).map((r) => r.id) }, 'Name, AnnualRevenue').sort('Name');
  same('create: the rows are there', there.map((r) => r.Name), [`${NAME} 1`, `${NAME} 4`]);
  same('create: a number as it was', there[0].AnnualRevenue, 1234568);
  return results.filter((r) => r.success).map((r) => r.id);
}

async function allOrNone(conn) {
  const results = await conn.sobject('Contact').create([{ LastName: 'None 1' }, { FirstName: 'no last name' }, { LastName: 'None 3' }], { allOrNone: true });
  same('all or none', codes(results), ['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'REQUIRED_FIELD_MISSING', 'ALL_OR_NONE_OPERATION_ROLLED_BACK']);
  same('all or none: no ids', results.map((r) => 'id' in r), [false, false, false]);
  same('all or none: nothing is there', await total(conn, "SELECT COUNT() FROM Contact WHERE LastName LIKE 'None _'"), 0);
}

async function update(conn, ids) {
  const results = await conn.sobject('Account').update([
    { Id: ids[0], Industry: 'Media' },
    { Id: '001000000000001AAA', Industry: 'Media' },
    { Id: ids[1], Industry: 'Media', CreatedDate: '2020-01-01T00:00:00.000Z' },
  ]);
  same('update', codes(results), ['ok', 'INVALID_CROSS_REFERENCE_KEY', 'INVALID_FIELD_FOR_INSERT_UPDATE']);
  same('update: id', results[0].id, ids[0]);
  same('update: the other row is as before', await total(conn, `SELECT COUNT() FROM Account WHERE Id IN ('${ids.join("','")}') AND Industry = 'Media'`), 1);
  const undone = await conn.sobject('Account').update([{ Id: ids[1], Industry: 'Media' }, { Id: ids[0], Nope__c: 1 }], { allOrNone: true });
  same('update, all or none', codes(undone), ['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'INVALID_FIELD']);
  same('update, all or none: undone', (await conn.sobject('Account').retrieve(ids[1])).Industry, null);
}

async function upsert(conn) {
  const rows = [{ Ext__c: 'JC-1', Text__c: NAME }, { Ext__c: 'JC-2', Number__c: 1.5 }, { Ext__c: 'JC-3', Nope__c: 1 }];
  const first = await conn.sobject('Thing__c').upsert(rows, 'Ext__c');
  same('upsert creates', first.map((r) => [r.success, r.created]), [[true, true], [true, true], [false, false]]);
  same('upsert: order of members', Object.keys(first[0]), ['id', 'success', 'errors', 'created']);
  const again = await conn.sobject('Thing__c').upsert([{ Ext__c: 'JC-1', Text__c: 'changed' }, { Ext__c: 'JC-4' }], 'Ext__c');
  same('upsert updates and creates', again.map((r) => r.created), [false, true]);
  same('upsert: the same record', again[0].id, first[0].id);
  same('upsert: changed', (await conn.sobject('Thing__c').retrieve(first[0].id)).Text__c, 'changed');
  same('upsert: twice the same', codes(await conn.sobject('Thing__c').upsert([{ Ext__c: 'JC-5' }, { Ext__c: 'JC-5' }], 'Ext__c')), ['DUPLICATE_VALUE', 'DUPLICATE_VALUE']);
  await fails('upsert by a field that is none', conn.sobject('Thing__c').upsert([{ Text__c: 'x' }, { Text__c: 'y' }], 'Text__c'), 'NOT_FOUND');
  same('upsert: rows in all', await total(conn, "SELECT COUNT() FROM Thing__c WHERE Ext__c LIKE 'JC-_'"), 3);
}

async function retrieve(conn, ids) {
  const records = await conn.sobject('Account').retrieve([ids[1], '001000000000001AAA', ids[0]], { fields: ['Name', 'Industry'] });
  same('retrieve: order, and null for none', records.map((r) => r && r.Name), [`${NAME} 4`, null, `${NAME} 1`]);
  same('retrieve: attributes', records[0].attributes, { type: 'Account', url: `/services/data/v${conn.version}/sobjects/Account/${ids[1]}` });
  const all = await conn.sobject('Account').retrieve(ids);
  holds('retrieve: all fields', Object.keys(all[0]).length, Object.keys(all[0]).length > 40 && all[0].Id === ids[0]);
  await fails('retrieve: no such field', conn.sobject('Account').retrieve(ids, { fields: ['Nope__c'] }), 'INVALID_FIELD');
}

async function many(conn) {
  const rows = Array.from({ length: 450 }, (_, i) => ({ Ext__c: `JM-${i}`, Whole__c: i }));
  await fails('more than 200', conn.sobject('Thing__c').create(rows), 'EXCEEDED_ID_LIMIT');
  const results = await conn.sobject('Thing__c').create(rows, { allowRecursive: true });
  same('450 rows in three requests', [results.length, results.filter((r) => r.success).length], [450, 450]);
  same('450 rows are there', await total(conn, "SELECT COUNT() FROM Thing__c WHERE Ext__c LIKE 'JM-%'"), 450);
  const gone = await conn.sobject('Thing__c').destroy(results.map((r) => r.id), { allowRecursive: true });
  same('450 rows are deleted', [gone.length, gone.every((r) => r.success)], [450, true]);
  same('none of them is there', await total(conn, "SELECT COUNT() FROM Thing__c WHERE Ext__c LIKE 'JM-%'"), 0);
}

async function destroy(conn, ids) {
  const undone = await conn.sobject('Account').destroy([ids[0], '001000000000001AAA'], { allOrNone: true });
  same('destroy, all or none', codes(undone), ['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'INVALID_CROSS_REFERENCE_KEY']);
  same('destroy, all or none: it lives', await total(conn, `SELECT COUNT() FROM Account WHERE Id = '${ids[0]}'`), 1);
  const results = await conn.sobject('Account').destroy([...ids, '001000000000001AAA']);
  same('destroy', codes(results), ['ok', 'ok', 'INVALID_CROSS_REFERENCE_KEY']);
  same('destroy: again', codes(await conn.sobject('Account').destroy(ids)), ['ENTITY_IS_DELETED', 'ENTITY_IS_DELETED']);
  const found = await conn.sobject('Thing__c').find({ Ext__c: { $like: 'JC-%' } }).destroy(); // by query: collections below
  same('destroy of a query', found.map((r) => r.success), [true, true, true]);
}

async function mixed(conn) {
  const results = await conn.request({
    method: 'POST',
    url: `/services/data/v${conn.version}/composite/sobjects`,
    body: JSON.stringify({ records: [{ attributes: { type: 'Account' }, Name: 'mixed' }, { attributes: { type: 'Contact' }, LastName: 'mixed' }] }),
    headers: { 'content-type': 'application/json' },
  });
  same('two objects in one request', results.map((r) => r.id.slice(0, 3)), ['001', '003']);
}

async function main() {
  for (const version of ['50.0', '62.0']) {
    const conn = new jsforce.Connection({ loginUrl: login.url, version });
    await conn.login(login.username, login.password + login.security_token);
    let ids = [];
    const parts = {
      create: async () => (ids = await create(conn)), allOrNone: () => allOrNone(conn), update: () => update(conn, ids), upsert: () => upsert(conn),
      retrieve: () => retrieve(conn, ids), many: () => many(conn), mixed: () => mixed(conn), destroy: () => destroy(conn, ids),
    };
    for (const [name, part] of Object.entries(parts)) await part().catch((error) => count(`${version} ${name}`, error.stack, false, ''));
  }
  console.log(`jsforce ${require(path.join(modules, 'jsforce/package.json')).version}: ${compared} results compared, ${wrong} wrong`);
  process.exit(wrong === 0 ? 0 : 1);
}

main().catch((error) => {
  console.error(`FAIL ${error.stack}`);
  process.exit(1);
});
