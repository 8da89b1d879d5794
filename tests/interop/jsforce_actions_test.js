/* jsforce_actions_test.js: what jsforce does with quick actions, approvals, process rules and invocable actions, as its users have
 * it, against sforce-org. Every check compares what a call answered, or what it wrote; the last line counts them. */
'use strict';
process.exitCode = 1; // until all is seen: nothing left to wait for is no success
const fs = require('fs');
const path = require('path');
const { isDeepStrictEqual } = require('util');

const [, , modules, loginFile] = process.argv;
const jsforce = require(path.join(modules, 'jsforce'));
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
const NAME = 'Zoë "<&>" \'O\\Neil\' 日本語 עברית 🎈';
let compared = 0;
let wrong = 0;
const same = (what, actual, expected) => {
  compared++;
  if (isDeepStrictEqual(actual, expected)) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)} is not ${JSON.stringify(expected)}`);
};
async function fails(what, promise, code) {
  let failure;
  try {
    failure = { errorCode: 'nothing', got: await promise };
  } catch (error) {
    failure = error;
  }
  same(`${what} (${failure.message})`, failure.errorCode, code);
}

async function quickActions(conn, account) {
  const global = await conn.quickActions();
  same('global actions', global.filter((a) => a.type === 'Create').map((a) => a.name).includes('NewTask'), true);
  same('a feed action has no urls', global.find((a) => a.name === 'FeedItem.TextPost').urls, {});
  const own = await conn.sobject('Account').quickActions();
  same('the object’s actions', own.filter((a) => a.urls.describe?.includes('/sobjects/Account/')).map((a) => a.name), [
    'NewContact',
    'NewOpportunity',
    'UpdatePhone',
  ]);

  const newContact = conn.sobject('Account').quickAction('NewContact');
  const described = await newContact.describe();
  same('describe', [described.targetSobjectType, described.contextSobjectType, described.type], ['Contact', 'Account', 'Create']);
  const defaults = await newContact.defaultValues(account);
  same('default values of a record', [defaults.attributes, defaults.AccountId, defaults.LastName], [{ type: 'Contact' }, account, null]);
  const made = await newContact.execute(account, { LastName: NAME });
  same('execute', [made.success, made.created, made.contextId, made.errors], [true, true, account, []]);
  const contact = await conn.sobject('Contact').retrieve(made.id);
  same('what it wrote', [contact.LastName, contact.AccountId], [NAME, account]);

  const task = conn.quickAction('LogACall');
  same('default values of a global one', (await task.defaultValues()).attributes, { type: 'Task' });
  const call = await task.execute(made.id, { Subject: 'Hello' });
  const logged = await conn.sobject('Task').retrieve(call.id);
  same('a logged call', [logged.Subject, logged.Status, logged.WhoId], ['Hello', 'Completed', made.id]);
  const updated = await conn.sobject('Account').quickAction('UpdatePhone').execute(account, { Phone: '777' });
  same('an update', [updated.created, (await conn.sobject('Account').retrieve(account)).Phone], [false, '777']);
  await fails('a field that is missing', newContact.execute(account, {}), 'REQUIRED_FIELD_MISSING');
  await fails('no such action', conn.quickAction('Nothing').describe(), 'NOT_FOUND');
}

async function invocable(conn, account) {
  const post = (url, inputs) =>
    conn.request({ method: 'POST', url, body: JSON.stringify({ inputs }), headers: { 'content-type': 'application/json' } });
  const root = await conn.request('/actions');
  same('actions', Object.keys(root), ['standard', 'custom']);
  const flows = await conn.request('/actions/custom/flow');
  same('flows', flows.actions.map((a) => a.name), ['Open_Case', 'Rename_Account']);
  const described = await conn.request('/actions/custom/flow/Open_Case');
  same('inputs', described.inputs.map((i) => [i.name, i.required]), [
    ['subject', true],
    ['accountId', false],
    ['priority', false],
  ]);
  const done = await post('/actions/custom/flow/Open_Case', [{ subject: NAME, accountId: account }, { subject: 'two' }]);
  same('all done', done.map((r) => [r.isSuccess, r.errors, r.outputValues.message]), [
    [true, null, `Opened ${NAME}`],
    [true, null, 'Opened two'],
  ]);
  const opened = await conn.sobject('Case').retrieve(done[0].outputValues.caseId);
  same('the case', [opened.Subject, opened.AccountId], [NAME, account]);
  const before = (await conn.query('SELECT COUNT() FROM Case')).totalSize;
  let failure;
  try {
    await post('/actions/custom/flow/Open_Case', [{ subject: 'three' }, { subject: 'fail' }]);
  } catch (error) {
    failure = error;
  }
  same('some failed is an error to jsforce', failure !== undefined, true);
  same('and those that did not are done', (await conn.query('SELECT COUNT() FROM Case')).totalSize, before + 1);
  await post('/actions/custom/flow/Rename_Account', [{ recordId: account, name: 'Renamed' }]);
  same('a flow that updates', (await conn.sobject('Account').retrieve(account)).Name, 'Renamed');
}

async function approvals(conn, account) {
  const list = await conn.process.approval.list();
  same('processes', list.Account.map((p) => [p.name, p.object, p.sortOrder]), [['Account Approval', 'Account', 1]]);
  const submitted = await conn.process.approval.submit(account, 'please');
  same('submit', [submitted.success, submitted.entityId, submitted.instanceStatus, submitted.errors], [true, account, 'Pending', null]);
  same('one work item', submitted.newWorkitemIds.length, 1);
  await fails('a locked record', conn.sobject('Account').update({ Id: account, Name: 'x' }), 'ENTITY_IS_LOCKED');
  const step = await conn.query('SELECT StepStatus, Comments FROM ProcessInstanceStep');
  same('its history', step.records.map((r) => [r.StepStatus, r.Comments]), [['Started', 'please']]);
  const approved = await conn.process.approval.approve(submitted.newWorkitemIds[0], 'fine');
  same('approve', [approved.success, approved.instanceStatus, approved.newWorkitemIds], [true, 'Approved', []]);
  const again = await conn.process.approval.submit(account, 'again', { nextApproverIds: [submitted.actorIds[0]] });
  const rejected = await conn.process.approval.reject(again.newWorkitemIds[0], 'no');
  same('reject', [rejected.success, rejected.instanceStatus], [true, 'Rejected']);
  same('free again', (await conn.sobject('Account').update({ Id: account, Name: 'y' })).success, true);

  const rules = await conn.process.rule.list();
  same('rules', rules.Lead.map((r) => [r.name, r.object]), [['Hot lead', 'Lead']]);
  const lead = await conn.sobject('Lead').create({ LastName: 'L', Company: 'C', NumberOfEmployees: 5000 });
  same('trigger', await conn.process.rule.trigger(lead.id), { errors: null, success: true });
  same('what the rule did', (await conn.sobject('Lead').retrieve(lead.id)).Rating, 'Hot');
}

async function main() {
  const conn = new jsforce.Connection({ instanceUrl: login.url, accessToken: login.access_token, version: '60.0' });
  const { id } = await conn.sobject('Account').create({ Name: NAME });
  await quickActions(conn, id);
  await invocable(conn, id);
  await approvals(conn, id);
  console.log(`jsforce_actions: ${compared} comparisons, ${wrong} wrong`);
  process.exit(wrong === 0 ? 0 : 1);
}
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
