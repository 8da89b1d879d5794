/* jsforce_composite_test.js: composite, batch, graph, tree and GraphQL through jsforce's conn.request, each answer compared
 * with what jsforce's own calls on single records and queries say afterwards. jsforce_composite_test.sh starts the org. */
'use strict';
process.exitCode = 1; // until all is seen: nothing left to wait for is no success
const fs = require('fs');
const path = require('path');
const { isDeepStrictEqual } = require('util');

const [, , modules, loginFile] = process.argv;
const jsforce = require(path.join(modules, 'jsforce'));
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
const VERSION = '60.0';
const base = `/services/data/v${VERSION}`;
let compared = 0;
let wrong = 0;

const count = (what, actual, ok, expected) => {
  compared++;
  if (ok) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)}${expected}`);
};
const same = (what, actual, expected) => count(what, actual, isDeepStrictEqual(actual, expected), ` is not ${JSON.stringify(expected)}`);

const conn = new jsforce.Connection({ instanceUrl: login.url, accessToken: login.access_token, version: VERSION });
const post = (resource, body) =>
  conn.request({ method: 'POST', url: `${base}/${resource}`, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
const names = async (soql) => (await conn.query(soql)).records.map((r) => r.Name);

async function composite() {
  const parts = [
    { method: 'POST', url: `${base}/sobjects/Account`, referenceId: 'acme', body: { Name: 'JS Composite' } },
    { method: 'POST', url: `${base}/sobjects/Contact`, referenceId: 'ann', body: { LastName: 'Ann', AccountId: '@{acme.id}' } },
    { method: 'GET', url: `${base}/query?q=SELECT Name FROM Contact WHERE AccountId = '@{acme.id}'`, referenceId: 'found' },
    { method: 'PATCH', url: `${base}/sobjects/Thing__c/Ext__c/js-composite`, referenceId: 'thing', body: { Name: 'of @{found.records[0].Name}' } },
  ];
  const { compositeResponse: answers } = await post('composite', { allOrNone: true, compositeRequest: parts });
  same('composite: statuses', answers.map((a) => [a.referenceId, a.httpStatusCode]), [['acme', 201], ['ann', 201], ['found', 200], ['thing', 201]]);
  same('composite: the row is there', (await conn.sobject('Contact').retrieve(answers[1].body.id)).AccountId, answers[0].body.id);
  same('composite: Location', answers[0].httpHeaders.Location, `${base}/sobjects/Account/${answers[0].body.id}`);
  same('composite: a reference in a text', await names("SELECT Name FROM Thing__c WHERE Ext__c = 'js-composite'"), ['of Ann']);

  const bad = await post('composite', {
    allOrNone: true,
    compositeRequest: [
      { method: 'POST', url: `${base}/sobjects/Account`, referenceId: 'a', body: { Name: 'JS Rolled Back' } },
      { method: 'POST', url: `${base}/sobjects/Contact`, referenceId: 'b', body: {} },
    ],
  });
  same('composite: all or none', bad.compositeResponse.map((a) => a.body[0].errorCode), ['PROCESSING_HALTED', 'REQUIRED_FIELD_MISSING']);
  same('composite: nothing was kept', await names("SELECT Name FROM Account WHERE Name = 'JS Rolled Back'"), []);

  const rows = await post('composite', {
    compositeRequest: [
      { method: 'POST', url: `${base}/composite/sobjects`, referenceId: 'two', body: { records: ['x', 'y'].map((n) => ({ attributes: { type: 'Account' }, Name: `JS Rows ${n}` })) } },
      { method: 'GET', url: `${base}/sobjects/Account/@{two[1].id}?fields=Name`, referenceId: 'second' },
    ],
  });
  same('composite: collections are parts', [rows.compositeResponse[0].body.map((r) => r.success), rows.compositeResponse[1].httpStatusCode], [[true, true], 200]);
  let failure;
  await post('composite', { compositeRequest: [{ method: 'GET', url: `${base}/limits`, referenceId: 'a b' }] }).catch((e) => (failure = e));
  same('composite: a wrong reference id', failure?.errorCode, 'JSON_PARSER_ERROR');
}

async function batch() {
  const answer = await post('composite/batch', {
    batchRequests: [
      { method: 'POST', url: `v${VERSION}/sobjects/Account`, richInput: { Name: 'JS Batch' } },
      { method: 'GET', url: `v${VERSION}/sobjects/Account/001000000000000AAA` },
      { method: 'GET', url: `v${VERSION}/query?q=${encodeURIComponent("SELECT Name FROM Account WHERE Name = 'JS Batch'")}` },
    ],
  });
  same('batch: statuses', [answer.hasErrors, answer.results.map((r) => r.statusCode)], [true, [201, 404, 200]]);
  same('batch: rows', answer.results[2].result.records.map((r) => r.Name), await names("SELECT Name FROM Account WHERE Name = 'JS Batch'"));
}

async function graph() {
  const nodes = (name, last) => [
    { method: 'POST', url: `${base}/sobjects/Account`, referenceId: 'a', body: { Name: name } },
    { method: 'POST', url: `${base}/sobjects/Contact`, referenceId: 'c', body: { ...(last && { LastName: last }), AccountId: '@{a.id}' } },
  ];
  const { graphs } = await post('composite/graph', {
    graphs: [
      { graphId: 'good', compositeRequest: nodes('JS Graph Good', 'Bob') },
      { graphId: 'bad', compositeRequest: nodes('JS Graph Bad') },
    ],
  });
  same('graph: which succeeded', graphs.map((g) => [g.graphId, g.isSuccessful]), [['good', true], ['bad', false]]);
  same('graph: what was kept', await names("SELECT Name FROM Account WHERE Name LIKE 'JS Graph%'"), ['JS Graph Good']);
  same('graph: the cause', graphs[1].graphResponse.compositeResponse.map((a) => a.body[0].errorCode), ['PROCESSING_HALTED', 'REQUIRED_FIELD_MISSING']);
}

async function tree() {
  const record = (type, referenceId, fields) => ({ attributes: { type, referenceId }, ...fields });
  const body = (email) => ({
    records: [
      record('Account', 'r1', { Name: 'JS Tree', Contacts: { records: [record('Contact', 'r2', { LastName: 'Leaf', Email: email })] } }),
      record('Account', 'r3', { Name: 'JS Tree 2' }),
    ],
  });
  const good = await post('composite/tree/Account', body('a@b.example'));
  same('tree: level by level', [good.hasErrors, good.results.map((r) => r.referenceId)], [false, ['r1', 'r3', 'r2']]);
  same('tree: the child has its parent', (await conn.sobject('Contact').retrieve(good.results[2].id)).AccountId, good.results[0].id);
  let failure;
  await post('composite/tree/Account', body('123')).catch((e) => (failure = e));
  const told = JSON.parse(failure?.message ?? '{}'); // jsforce hands on the body of an error that it does not know
  same('tree: the one at fault', [told.hasErrors, told.results?.map((r) => [r.referenceId, r.errors[0].statusCode, r.errors[0].fields])],
    [true, [['r2', 'INVALID_EMAIL_ADDRESS', ['Email']]]]);
  same('tree: nothing else was kept', (await names("SELECT Name FROM Account WHERE Name LIKE 'JS Tree%'")).sort(), ['JS Tree', 'JS Tree 2']);
}

async function graphql() {
  const query = `query($n: Int!, $after: String) { uiapi { query { Account(first: $n, after: $after, orderBy: { Id: { order: ASC } }) {
    edges { node { Id Name { value } Contacts(first: 200) { totalCount } } } totalCount pageInfo { hasNextPage endCursor } } } } }`;
  const want = (await conn.query('SELECT Id, Name, (SELECT Id FROM Contacts) FROM Account ORDER BY Id', { autoFetch: true, maxFetch: 5000 })).records;
  const got = [];
  for (let after = null, more = true; more; ) {
    const { data, errors } = await post('graphql', { query, variables: { n: 90, after } });
    same('graphql: no errors', errors, []);
    const { edges, pageInfo, totalCount } = data.uiapi.query.Account;
    same('graphql: totalCount', totalCount, want.length);
    got.push(...edges.map((e) => e.node));
    after = pageInfo.endCursor;
    more = pageInfo.hasNextPage && got.length < 5000;
  }
  same('graphql: the rows of a query', got.map((n) => [n.Id, n.Name.value, n.Contacts.totalCount]), want.map((r) => [r.Id, r.Name, r.Contacts?.totalSize ?? 0]));
  const bad = await post('graphql', { query: '{ uiapi { query { Account { edges { node { Nmae { value } } } } } } }' });
  same('graphql: an error with status 200', bad.errors.map((e) => [e.extensions.ErrorType, e.locations]), [['ValidationError', [{ line: 1, column: 44 }]]]);
}

(async () => {
  for (const part of [composite, batch, graph, tree, graphql]) await part();
  const resources = await conn.request(`${base}/composite`);
  same('resources', resources, Object.fromEntries(['tree', 'batch', 'sobjects', 'graph'].map((n) => [n, `${base}/composite/${n}`])));
  console.log(`jsforce, composite: ${compared} results compared, ${wrong} wrong`);
  process.exit(wrong === 0 && compared > 20 ? 0 : 1);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
