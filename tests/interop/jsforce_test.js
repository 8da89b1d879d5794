/* jsforce_test.js: jsforce as its users have it against sforce-org. jsforce_test.sh starts the org and names the file that
 * holds its login. Every check compares what a call answered with what was written before; the last line counts them. */
'use strict';
process.exitCode = 1; // until all is seen: nothing left to wait for is no success
const fs = require('fs');
const path = require('path');
const { isDeepStrictEqual } = require('util');

const [, , modules, loginFile] = process.argv;
const jsforce = require(path.join(modules, 'jsforce'));
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
const VERSION = '60.0';
const NAME = 'Zoë "<&>" \'O\\Neil\' 日本語 עברית 🎈';
let compared = 0;
let wrong = 0;

/* What differs is told at once; the calls after it are compared too. */
const count = (what, actual, ok, expected) => {
  compared++;
  if (ok) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)}${expected}`);
};
const same = (what, actual, expected) => count(what, actual, isDeepStrictEqual(actual, expected), ` is not ${JSON.stringify(expected)}`);
const holds = (what, value, condition) => count(what, value, condition, '');
/* The call fails with this code; message: a part of it. */
async function fails(what, promise, code, message) {
  let failure;
  try {
    failure = { got: await promise };
  } catch (error) {
    failure = error;
  }
  same(`${what}: code (${failure.message})`, failure.errorCode || failure.name, code);
  holds(`${what}: message`, failure.message, String(failure.message).includes(message));
  return failure;
}
const plain = (record) => JSON.parse(JSON.stringify(record));
const without = (record) => {
  const { attributes, ...fields } = plain(record);
  return fields;
};

const connect = (more) => new jsforce.Connection({ loginUrl: login.url, version: VERSION, ...more });
const app = { loginUrl: login.url, clientId: login.client_id, clientSecret: login.client_secret };
const secret = login.password + login.security_token;

/* ---- every way to log in ends in a session that answers for the same user ---- */
async function logIn() {
  const soap = connect();
  const user = await soap.login(login.username, secret);
  const identity = await soap.identity();
  same('identity after SOAP login', [identity.user_id, identity.username], [user.id, login.username]);
  same('identity organization', identity.organization_id, user.organizationId);

  const password = connect({ oauth2: app });
  same('OAuth password login', await password.login(login.username, secret), {
    id: user.id,
    organizationId: user.organizationId,
    url: `${login.url}/id/${user.organizationId}/${user.id}`,
  });
  same('instance of password login', password.instanceUrl, login.url);

  const credentials = connect({ oauth2: app });
  const runAs = await credentials.authorize({ grant_type: 'client_credentials' });
  same('client credentials', [runAs.id, runAs.organizationId], [user.id, user.organizationId]);

  const given = connect({ instanceUrl: login.url, accessToken: login.access_token });
  same('identity of a given token', (await given.identity()).user_id, user.id);

  await fails('SOAP login, wrong password', connect().login(login.username, 'wrong'), 'Error', 'INVALID_LOGIN');
  await fails('OAuth login, wrong password', connect({ oauth2: app }).login(login.username, 'wrong'), 'invalid_grant', 'authentication failure');
  await fails('unknown app', connect({ oauth2: { ...app, clientId: 'nobody' } }).login(login.username, secret), 'invalid_client_id', 'client identifier invalid');
  await fails('a dead token', connect({ instanceUrl: login.url, accessToken: '00D!dead' }).query('SELECT Id FROM User'), 'INVALID_SESSION_ID', 'Session expired or invalid');

  const userinfo = await given.request(`${login.url}/services/oauth2/userinfo`);
  same('userinfo', [userinfo.user_id, userinfo.preferred_username], [user.id, login.username]);
  return user;
}

/* A session that dies is renewed: by the password, by the refresh token, and after a logout it is gone. */
async function renew(user) {
  const tokens = await new jsforce.OAuth2(app).requestToken({ grant_type: 'password', username: login.username, password: secret, scope: 'api refresh_token' });
  const refresh = tokens.refresh_token || JSON.parse(await post('/__org/tokens', {})).refresh_token;
  const conn = connect({ oauth2: app, instanceUrl: login.url, accessToken: 'dead', refreshToken: refresh });
  let refreshed = 0;
  conn.on('refresh', () => refreshed++);
  same('query with a refresh', (await conn.query(`SELECT Id FROM User WHERE Id = '${user.id}'`)).records[0].Id, user.id);
  same('refreshed once', refreshed, 1);
  await fails('a refused refresh', new jsforce.OAuth2(app).refreshToken('nonsense'), 'invalid_grant', 'expired access/refresh token');

  const byPassword = connect();
  await byPassword.login(login.username, secret);
  await post('/__org/expire-sessions', {});
  const both = await Promise.all([1, 2].map((limit) => byPassword.query(`SELECT Id FROM Account LIMIT ${limit}`)));
  same('two queries with one login', both.map((r) => r.records.length), [1, 2]);

  for (const conn of [connect(), connect({ oauth2: app })]) {
    await conn.login(login.username, secret);
    const token = conn.accessToken;
    await conn.logout();
    same('logout clears the connection', conn.accessToken, null);
    await fails('after logout', connect({ instanceUrl: login.url, accessToken: token }).limits(), 'INVALID_SESSION_ID', 'Session expired or invalid');
  }
}

async function post(where, body) {
  const answer = await fetch(login.url + where, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return answer.text();
}

/* ---- one record's life ---- */
async function records(conn) {
  const written = { Name: NAME, AnnualRevenue: 1234568, NumberOfEmployees: 42, Industry: 'Energy', BillingCity: 'Łódź', Website: 'https://example.org/?a=1&b=2' };
  const fields = Object.keys(written);
  const created = await conn.sobject('Account').create(written);
  same('create', [created.success, created.errors], [true, []]);
  same('id', created.id.length, 18);
  same('retrieve', without(await conn.sobject('Account').retrieve(created.id, { fields })), { ...written, Id: created.id });
  const whole = await conn.sobject('Account').retrieve(created.id);
  same('retrieve whole', fields.map((f) => whole[f]), Object.values(written));
  same('attributes', plain(whole.attributes), { type: 'Account', url: `/services/data/v${VERSION}/sobjects/Account/${created.id}` });
  same('retrieve by 15 characters', (await conn.sobject('Account').retrieve(created.id.slice(0, 15))).Id, created.id);
  same('update', await conn.sobject('Account').update({ Id: created.id, Industry: null, NumberOfEmployees: 43 }), { id: created.id, success: true, errors: [] });
  const after = await conn.sobject('Account').record(created.id).retrieve();
  same('updated', [after.Industry, after.NumberOfEmployees, after.Name], [null, 43, NAME]);
  holds('SystemModstamp', after.SystemModstamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/.test(after.SystemModstamp));
  const recent = await conn.recent('Account', 1);
  same('recent', recent.map((r) => r.Id), [created.id]);

  const contact = await conn.create('Contact', { LastName: 'Ö', AccountId: created.id, Birthdate: '1990-02-28' });
  const parent = await conn.query(`SELECT Birthdate, Account.Name, Account.Owner.Username FROM Contact WHERE Id = '${contact.id}'`);
  same('parent path', [parent.records[0].Birthdate, parent.records[0].Account.Name, parent.records[0].Account.Owner.Username], ['1990-02-28', NAME, login.username]);
  same('relationship', (await conn.request(`/sobjects/Contact/${contact.id}/Account`)).Id, created.id);
  same('children', (await conn.request(`/sobjects/Account/${created.id}/Contacts`)).records.map((r) => r.Id), [contact.id]);

  same('destroy', await conn.sobject('Account').destroy(created.id), { id: created.id, success: true, errors: [] });
  await fails('retrieve after destroy', conn.sobject('Account').retrieve(created.id), 'ENTITY_IS_DELETED', 'entity is deleted');
  await fails('destroy again', conn.sobject('Account').destroy(created.id), 'ENTITY_IS_DELETED', 'entity is deleted');
  same('queryAll sees the children too', (await conn.query(`SELECT IsDeleted FROM Contact WHERE Id = '${contact.id}'`, { scanAll: true })).records[0].IsDeleted, true);
  return created.id;
}

const things = [
  { Ext__c: 'a/b c', Name: 'first', Whole__c: 1, Number__c: 12345678901234.25, Flag__c: true, Day__c: '2024-02-29', Moment__c: '2024-02-29T12:34:56.000+0000', Clock__c: '23:59:58.007Z' },
  { Ext__c: 'plain', Name: 'second', Whole__c: -7, Number__c: 0.5, Flag__c: false, Day__c: null, Moment__c: null, Clock__c: null },
];

async function upserts(conn) {
  const fields = Object.keys(things[0]);
  for (const thing of things) {
    const send = { ...thing, Ext__c: encodeURIComponent(thing.Ext__c) }; /* jsforce leaves escaping of keys to its users */
    const first = await conn.upsert('Thing__c', send, 'Ext__c');
    same('upsert creates', [first.success, first.created, first.errors], [true, true, []]);
    const again = await conn.sobject('Thing__c').upsert({ ...send, Name: thing.Name + '!' }, 'Ext__c');
    same('upsert updates', [again.id, again.success, again.created], [first.id, true, false]);
    const read = await conn.sobject('Thing__c').retrieve(first.id, { fields });
    same('upserted', without(read), { ...thing, Name: thing.Name + '!', Id: first.id });
    same('by external id', (await conn.request(`/sobjects/Thing__c/Ext__c/${encodeURIComponent(thing.Ext__c)}`)).Id, first.id);
  }
  same('upsert without a body in old versions', await connect({ instanceUrl: conn.instanceUrl, accessToken: conn.accessToken, version: '41.0' })
    .upsert('Thing__c', { Ext__c: 'plain', Whole__c: 8 }, 'Ext__c'), { success: true, errors: [] });
  await conn.create('Thing__c', { Loose__c: 'twice' });
  await conn.create('Thing__c', { Loose__c: 'twice' });
  const many = await fails('two rows with one value', conn.request('/sobjects/Thing__c/Loose__c/twice'), 'MULTIPLE_CHOICES', 'Multiple records');
  same('their addresses', many.data.content ? many.data.content.length : many.data.length, 2);
  await fails('no such external id', conn.upsert('Thing__c', { Nope__c: 'x', Name: 'y' }, 'Nope__c'), 'NOT_FOUND', 'external ID field');
  await fails('a value taken twice', conn.create('Thing__c', { Ext__c: 'plain' }), 'DUPLICATE_VALUE', 'duplicate value found');
}

/* Versions before collections: jsforce sends lists one by one, side by side. */
async function lists(conn) {
  const old = connect({ instanceUrl: conn.instanceUrl, accessToken: conn.accessToken, version: '41.0' });
  const names = ['A', 'B', 'C', 'D', 'E'];
  const created = await old.sobject('Account').create(names.map((Name) => ({ Name, Site: 'lists' })));
  same('create a list', created.map((r) => r.success), names.map(() => true));
  const ids = created.map((r) => r.id);
  same('retrieve a list', (await old.sobject('Account').retrieve(ids)).map((r) => r.Name), names);
  const updated = await old.sobject('Account').update(ids.map((Id, i) => (i === 2 ? { Id, NoSuch: 1 } : { Id, Fax: String(i) })));
  same('update a list, one wrong', updated.map((r) => r.success), [true, true, false, true, true]);
  same('the wrong one', updated[2].errors[0].errorCode, 'INVALID_FIELD');
  const found = await old.sobject('Account').find({ Site: 'lists' }, 'Id, Fax').sort('Name');
  same('after the update', found.map((r) => r.Fax), ['0', '1', null, '3', '4']);
  same('destroy by query', (await old.sobject('Account').find({ Site: 'lists' }).destroy()).map((r) => r.success), names.map(() => true));
  same('all gone', await old.sobject('Account').count({ Site: 'lists' }), 0);
}

/* ---- queries ---- */
async function queries(conn) {
  const total = await conn.sobject('Contact').count();
  const counted = await conn.query('SELECT COUNT() FROM Contact');
  same('COUNT()', plain([counted.totalSize, counted.done, counted.records]), [total, true, []]);
  const one = await conn.query('SELECT Id, Name FROM Contact ORDER BY Id', { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
  same('first page', [one.records.length, one.totalSize, one.done], [200, total, false]);
  const ids = one.records.map((r) => r.Id);
  let page = one;
  while (!page.done) {
    page = await conn.queryMore(page.nextRecordsUrl);
    ids.push(...page.records.map((r) => r.Id));
  }
  same('all pages', [ids.length, new Set(ids).size], [total, total]);
  same('in order', ids, [...ids].sort());
  const fetched = await conn.query('SELECT Id FROM Contact ORDER BY Id', { autoFetch: true, maxFetch: 1000, headers: { 'Sforce-Query-Options': 'batchSize=300' } });
  same('autoFetch to a maximum', fetched.records.map((r) => r.Id), ids.slice(0, 1000));
  const streamed = [];
  await new Promise((resolve, reject) => conn.query('SELECT Id FROM Contact ORDER BY Id').on('record', (r) => streamed.push(r.Id)).on('end', resolve).on('error', reject).run({ autoFetch: true, maxFetch: 5000 }));
  same('as a stream', streamed, ids);

  const nested = await conn.query('SELECT Id, Name, (SELECT Id, AccountId FROM Contacts ORDER BY Id) FROM Account WHERE Id IN (SELECT AccountId FROM Contact) ORDER BY Id LIMIT 50');
  const owned = nested.records.flatMap((a) => a.Contacts.records.map((c) => [a.Id, c.AccountId]));
  holds('children belong to their parents', owned, owned.length >= 50 && owned.every(([a, b]) => a === b));
  const direct = await conn.query(`SELECT Id FROM Contact WHERE AccountId IN ('${nested.records.map((a) => a.Id).join("','")}')`);
  same('as many as a query of their own', owned.length, direct.totalSize);
  const childless = await conn.create('Account', { Name: 'no children' });
  same('no children', (await conn.query(`SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Id = '${childless.id}'`)).records[0].Contacts, null);

  const parent = await conn.create('Account', { Name: 'many children' });
  for (let i = 0; i < 250; i += 10)
    await Promise.all(Array.from({ length: 10 }, (_, k) => conn.create('Contact', { LastName: `Child ${String(i + k).padStart(3, '0')}`, AccountId: parent.id })));
  const cut = await conn.query(`SELECT Id, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account WHERE Id = '${parent.id}'`, { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
  const first = cut.records[0].Contacts;
  same('the first children', [first.totalSize, first.done, first.records.length], [250, false, 200]);
  const rest = await conn.queryMore(first.nextRecordsUrl);
  same('the other children', [...first.records, ...rest.records].map((r) => r.LastName), Array.from({ length: 250 }, (_, i) => `Child ${String(i).padStart(3, '0')}`));
  const whole = await conn.query(`SELECT Id, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account WHERE Id = '${parent.id}'`, { autoFetch: true, headers: { 'Sforce-Query-Options': 'batchSize=200' } });
  same('autoFetch of children', whole.records[0].Contacts.records.length, 250);

  const groups = await conn.query('SELECT Industry, COUNT(Id) n, MAX(AnnualRevenue) FROM Account GROUP BY Industry ORDER BY Industry');
  const accounts = await conn.sobject('Account').count();
  same('groups', [groups.records.reduce((sum, r) => sum + r.n, 0), groups.records[0].attributes.type], [accounts, 'AggregateResult']);
  holds('expr0', groups.records, groups.records.every((r) => 'expr0' in r));

  const names = ["O'Brien", '100%', 'back\\slash', 'under_score', NAME];
  for (const Name of names) {
    const { id } = await conn.create('Thing__c', { Name, Loose__c: 'quoting' });
    /* jsforce quotes apostrophes and leaves backslashes to its users. */
    const found = await conn.sobject('Thing__c').find({ Name: Name.replaceAll('\\', '\\\\'), Loose__c: 'quoting' });
    same(`find ${JSON.stringify(Name)}`, found.map((r) => r.Id), [id]);
  }
  same('find with LIKE, order, limit and skip', (await conn.sobject('Contact').find({ LastName: { $like: 'Child 1%' }, AccountId: parent.id }, { LastName: 1 }).sort({ LastName: -1 }).limit(3).skip(1)).map((r) => r.LastName), ['Child 198', 'Child 197', 'Child 196']);
  same('find with include', (await conn.sobject('Account').find({ Id: parent.id }, 'Id').include('Contacts').select('LastName').limit(2).end())[0].Contacts.records.length, 2);
  const days = await conn.sobject('Account').count({ CreatedDate: { $gte: jsforce.Date.TODAY } });
  same('date literal', days, (await conn.query('SELECT COUNT() FROM Account WHERE CreatedDate >= TODAY')).totalSize);
  const since = await conn.sobject('Thing__c').find({ Moment__c: { $gte: jsforce.Date.toDateTimeLiteral('2024-02-29T12:34:56Z') } });
  same('a datetime', since.map((r) => r.Ext__c), ['a/b c']);
  const plan = await conn.sobject('Account').find({ Id: parent.id }).explain();
  holds('explain', plan.plans, plan.plans.length >= 1 && plan.plans[0].sobjectType === 'Account' && plan.plans[0].relativeCost >= 0);

  await fails('malformed', conn.query('SELECT FROM Account'), 'MALFORMED_QUERY', 'FROM');
  await fails('no such field', conn.query('SELECT Nope FROM Account'), 'INVALID_FIELD', "No such column 'Nope' on entity 'Account'");
  await fails('no such object', conn.query('SELECT Id FROM Nope__c'), 'INVALID_TYPE', "sObject type 'Nope__c' is not supported");
  await fails('a wrong locator', conn.queryMore('01g000000000000AAA-2000'), 'INVALID_QUERY_LOCATOR', 'invalid query locator');
}

/* ---- describe, limits, replication ---- */
async function describes(conn) {
  const global = await conn.describeGlobal();
  const names = global.sobjects.map((o) => o.name);
  holds('describe global', names, ['Account', 'Contact', 'Opportunity', 'Lead', 'Case', 'User', 'Thing__c'].every((n) => names.includes(n)));
  same('key prefix', global.sobjects.find((o) => o.name === 'Account').keyPrefix, '001');
  same('address in describe', global.sobjects.find((o) => o.name === 'Thing__c').urls.sobject, `/services/data/v${VERSION}/sobjects/Thing__c`);
  const thing = await conn.sobject('Thing__c').describe();
  const types = Object.fromEntries(thing.fields.map((f) => [f.name, f.type]));
  same('types', [types.Id, types.Ext__c, types.Whole__c, types.Flag__c, types.Day__c, types.Moment__c, types.Colours__c, types.Money__c],
    ['id', 'string', 'int', 'boolean', 'date', 'datetime', 'multipicklist', 'currency']);
  same('external id', thing.fields.find((f) => f.name === 'Ext__c').externalId, true);
  const account = await conn.describe('Account');
  same('child relationship', account.childRelationships.find((c) => c.relationshipName === 'Contacts').field, 'AccountId');
  const industry = account.fields.find((f) => f.name === 'Industry');
  holds('picklist', industry.picklistValues, industry.picklistValues.some((v) => v.value === 'Energy' && v.active));
  same('describe from the cache', (await conn.describe$('Account')).fields.length, account.fields.length);
  const every = await conn.query(`SELECT ${account.fields.map((f) => f.name).join(', ')} FROM Account LIMIT 1`);
  same('every described field answers', Object.keys(without(every.records[0])).sort(), account.fields.map((f) => f.name).sort());
  await fails('describe of nothing', conn.describe('Nope__c'), 'NOT_FOUND', 'requested resource does not exist');

  const limits = await conn.limits();
  holds('limits', limits.DailyApiRequests, limits.DailyApiRequests.Max > limits.DailyApiRequests.Remaining && limits.DataStorageMB.Max > 0);
  holds('Sforce-Limit-Info', conn.limitInfo, conn.limitInfo.apiUsage.limit === limits.DailyApiRequests.Max && conn.limitInfo.apiUsage.used > 0);
  const versions = await conn.request('/services/data');
  same('versions', versions.find((v) => v.version === VERSION), { label: "Spring '24", url: `/services/data/v${VERSION}`, version: VERSION });
  const resources = await conn.request(`/services/data/v${VERSION}`);
  same('resources', resources.query, `/services/data/v${VERSION}/query`);
}

async function replication(conn, deletedId) {
  const kept = await conn.create('Account', { Name: 'kept' });
  const [from, to] = [new Date(Date.now() - 3600e3), new Date(Date.now() + 120e3)];
  const deleted = await conn.sobject('Account').deleted(from, to);
  holds('deleted', deleted.deletedRecords, deleted.deletedRecords.some((r) => r.id === deletedId && r.deletedDate.endsWith('+0000')));
  const updated = await conn.sobject('Account').updated(from.toISOString(), to.toISOString());
  holds('updated', updated.ids, updated.ids.includes(kept.id) && !updated.ids.includes(deletedId));
  holds('latest date', updated.latestDateCovered, !Number.isNaN(Date.parse(updated.latestDateCovered)));
}

/* ---- errors keep their code, message and fields; composites their order ---- */
async function errors(conn) {
  const missing = await fails('required', conn.create('Contact', { FirstName: 'x' }), 'REQUIRED_FIELD_MISSING', 'LastName');
  same('fields', missing.data.fields, ['LastName']);
  const length = await fails('too long', conn.create('Account', { Name: 'x'.repeat(256) }), 'STRING_TOO_LONG', 'Account Name: data value too large');
  same('fields of too long', length.data.fields, ['Name']);
  await fails('no such column', conn.create('Account', { Name: 'x', Nope__c: 1 }), 'INVALID_FIELD', "No such column 'Nope__c' on sobject of type Account");
  await fails('wrong type', conn.create('Account', { Name: 'x', NumberOfEmployees: 'many' }), 'JSON_PARSER_ERROR', 'Cannot deserialize instance of int');
  await fails('no such record', conn.sobject('Account').retrieve('001000000000000AAA'), 'NOT_FOUND', 'does not exist');
  await fails('no such object', conn.create('Nope__c', { Name: 'x' }), 'NOT_FOUND', 'requested resource does not exist');
  await fails('malformed id', conn.sobject('Account').update({ Id: 'nonsense', Name: 'x' }), 'NOT_FOUND', 'external ID field');
  await fails('bad reference', conn.create('Contact', { LastName: 'x', AccountId: 'nonsense' }), 'MALFORMED_ID', 'id value of incorrect type');
  await fails('read only', conn.create('Account', { Name: 'x', CreatedDate: '2020-01-01T00:00:00Z' }), 'INVALID_FIELD_FOR_INSERT_UPDATE', 'CreatedDate');
  await fails('not JSON', conn.request({ method: 'POST', url: '/sobjects/Account', body: '{"Name":', headers: { 'content-type': 'application/json' } }), 'JSON_PARSER_ERROR', '');
}

async function composites(conn) {
  const batch = await conn.requestPost('/composite/batch', {
    batchRequests: [
      { method: 'GET', url: `v${VERSION}/query?q=SELECT+COUNT()+FROM+User` },
      { method: 'GET', url: `v${VERSION}/sobjects/Nope__c/describe` },
      { method: 'POST', url: `v${VERSION}/sobjects/Account`, richInput: { Name: 'batched' } },
    ],
  });
  same('batch', [batch.hasErrors, ...batch.results.map((r) => r.statusCode)], [true, 200, 404, 201]);
  same('batch result', (await conn.sobject('Account').retrieve(batch.results[2].result.id)).Name, 'batched');
  const composite = await conn.requestPost('/composite', {
    allOrNone: true,
    compositeRequest: [
      { method: 'POST', url: `/services/data/v${VERSION}/sobjects/Account`, referenceId: 'acme', body: { Name: 'composed' } },
      { method: 'POST', url: `/services/data/v${VERSION}/sobjects/Contact`, referenceId: 'ann', body: { LastName: 'Ann', AccountId: '@{acme.id}' } },
      { method: 'GET', url: `/services/data/v${VERSION}/sobjects/Contact/@{ann.id}?fields=AccountId`, referenceId: 'read' },
    ],
  });
  const [acme, ann, read] = composite.compositeResponse;
  same('composite', [acme.httpStatusCode, ann.httpStatusCode, read.httpStatusCode, read.body.AccountId], [201, 201, 200, acme.body.id]);
  const before = await conn.sobject('Account').count();
  const rolled = await conn.requestPost('/composite', {
    allOrNone: true,
    compositeRequest: [
      { method: 'POST', url: `/services/data/v${VERSION}/sobjects/Account`, referenceId: 'a', body: { Name: 'never' } },
      { method: 'POST', url: `/services/data/v${VERSION}/sobjects/Contact`, referenceId: 'b', body: {} },
    ],
  });
  same('rolled back', rolled.compositeResponse.map((r) => r.body[0].errorCode), ['PROCESSING_HALTED', 'REQUIRED_FIELD_MISSING']);
  same('nothing was written', await conn.sobject('Account').count(), before);
}

async function main() {
  const user = await logIn();
  const conn = connect();
  await conn.login(login.username, secret);
  let deleted;
  const parts = { records: async () => (deleted = await records(conn)), upserts, lists, queries, describes, replication: () => replication(conn, deleted), errors, composites, renew: () => renew(user) };
  for (const [name, part] of Object.entries(parts))
    await part(conn).catch((error) => count(name, error.stack, false, ''));
  console.log(`jsforce ${require(path.join(modules, 'jsforce/package.json')).version}: ${compared} results compared, ${wrong} wrong`);
  process.exit(wrong === 0 ? 0 : 1);
}

main().catch((error) => {
  console.error(`FAIL ${error.stack}`);
  process.exit(1);
});
