/* jsforce_soap_test.js: conn.soap of jsforce against sforce-org: what each call answers, and what REST sees of it afterwards.
 * jsforce_soap_test.sh starts the org and names the file that holds its login. */
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

const count = (what, actual, ok, expected) => {
  compared++;
  if (ok) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)}${expected}`);
};
const same = (what, actual, expected) => count(what, actual, isDeepStrictEqual(actual, expected), ` is not ${JSON.stringify(expected)}`);
const holds = (what, value, condition) => count(what, value, condition, '');
async function fails(what, promise, code, message) {
  let failure;
  try {
    failure = { got: await promise };
  } catch (error) {
    failure = error;
  }
  same(`${what}: code (${failure.message})`, failure.errorCode, code);
  holds(`${what}: message`, failure.message, String(failure.message).includes(message));
}
const codes = (results) => results.map((r) => (r.success ? null : [].concat(r.errors)[0].statusCode));

async function user(conn) {
  const info = await conn.soap.getUserInfo();
  same('getUserInfo', [info.userName, info.organizationMultiCurrency, info.roleId], [login.username, false, null]);
  const { timestamp } = await conn.soap.getServerTimestamp();
  holds('getServerTimestamp', timestamp, Math.abs(Date.now() - Date.parse(timestamp)) < 3600e3);
  const apps = await conn.soap.describeTabs();
  same('describeTabs', apps.map((a) => [typeof a.label, a.selected]), [['string', true]]);
  const tabs = apps.flatMap((a) => a.tabs);
  holds('tabs', tabs.length, tabs.length > 10 && tabs.every((t) => typeof t.sobjectName === 'string' && Array.isArray(t.icons) && t.custom === t.sobjectName.endsWith('__c')));

  await conn.soap.setPassword(info.userId, 'a n3w & long one');
  const again = new jsforce.Connection({ loginUrl: login.url, version: VERSION });
  same('login with the new password', (await again.login(login.username, `a n3w & long one${login.security_token}`)).id, info.userId);
  const { password } = await conn.soap.resetPassword(info.userId);
  same('login with the one that was made', (await again.login(login.username, password + login.security_token)).id, info.userId);
  await fails('setPassword, too short', conn.soap.setPassword(info.userId, 'x'), 'sf:INVALID_NEW_PASSWORD', 'at least 8 characters');
}

async function rows(conn) {
  const made = await conn.soap.create([{ type: 'Account', Name: NAME, AnnualRevenue: 12e6 }, { type: 'Account' }, { type: 'Contact', LastName: 'C' }]);
  same('create', codes(made), [null, 'REQUIRED_FIELD_MISSING', null]);
  const [{ id }, , { id: contact }] = made;
  const read = await conn.sobject('Account').retrieve(id);
  same('as REST reads it', [read.Name, read.AnnualRevenue], [NAME, 12e6]);
  same('update', codes(await conn.soap.update([{ type: 'Account', Id: id, Phone: '1', AnnualRevenue: null }])), [null]);
  const changed = await conn.sobject('Account').retrieve(id);
  same('as REST reads the update', [changed.Phone, changed.AnnualRevenue], ['1', null]);
  const upserted = await conn.soap.upsert('Id', [{ type: 'Account', Id: id, Phone: '2' }, { type: 'Account', Name: 'Made by upsert' }]);
  same('upsert', upserted.map((r) => [r.created, r.success]), [[false, true], [true, true]]);
  await fails('unknown field', conn.soap.create({ type: 'Account', Name: 'x', Nope__c: 1 }), 'sf:INVALID_FIELD', 'Nope__c');
  await fails('unknown type', conn.soap.create({ type: 'Nope', Name: 'x' }), 'sf:INVALID_TYPE', 'Nope');

  same('delete', codes(await conn.soap.delete([id, contact, 'nonsense'])), [null, null, 'MALFORMED_ID']);
  same('REST sees it deleted', (await conn.query(`SELECT Id FROM Account WHERE Id = '${id}'`)).totalSize, 0);
  same('undelete', codes(await conn.soap.undelete([id, id])), [null, 'UNDELETE_FAILED']);
  same('REST sees it again', (await conn.sobject('Account').retrieve(id)).Name, NAME);
  same('emptyRecycleBin', codes(await conn.soap.emptyRecycleBin([contact, id])), [null, 'INVALID_ID_FIELD']);
  same('it stays gone', codes(await conn.soap.undelete([contact])), ['UNDELETE_FAILED']);
}

/* As in the suite of jsforce itself, and what followed looked at. */
async function leads(conn) {
  const names = ['Convert 1', 'Convert 2', 'Master', 'Merging 1', 'Merging 2'];
  const made = await conn.sobject('Lead').create(names.map((LastName) => ({ FirstName: 'Test', LastName, Company: 'JSforce Test' })));
  const ids = made.map((r) => r.id);
  const statuses = await conn.query('SELECT ApiName FROM LeadStatus WHERE IsConverted = true');
  const convertedStatus = statuses.records[0].ApiName;

  const first = await conn.soap.convertLead({ leadId: ids[0], convertedStatus });
  same('convertLead', [first.success, first.leadId], [true, ids[0]]);
  const lead = await conn.sobject('Lead').retrieve(ids[0]);
  same('the lead', [lead.IsConverted, lead.Status, lead.ConvertedAccountId, lead.ConvertedContactId, lead.ConvertedOpportunityId],
    [true, convertedStatus, first.accountId, first.contactId, first.opportunityId]);
  const opportunity = await conn.sobject('Opportunity').retrieve(first.opportunityId);
  same('the opportunity', [opportunity.Name, opportunity.AccountId, opportunity.IsClosed], ['JSforce Test', first.accountId, false]);
  const contact = await conn.sobject('Contact').retrieve(first.contactId);
  same('the contact', [contact.Name, contact.AccountId], ['Test Convert 1', first.accountId]);

  const [second, again] = await conn.soap.convertLead([
    { leadId: ids[1], accountId: first.accountId, convertedStatus, doNotCreateOpportunity: true },
    { leadId: ids[0], convertedStatus },
  ]);
  same('without an opportunity', [second.success, second.accountId, second.opportunityId == null], [true, first.accountId, true]);
  same('a converted one', [again.success, [].concat(again.errors)[0].statusCode], [false, 'CANNOT_UPDATE_CONVERTED_LEAD']);

  const task = await conn.sobject('Task').create({ Subject: 'T', WhoId: ids[3] });
  const merged = await conn.soap.merge({ masterRecord: { type: 'Lead', Id: ids[2], LastName: 'Master', Title: 'Head' }, recordToMergeIds: [ids[3], ids[4]] });
  same('merge', [merged.success, merged.id, merged.mergedRecordIds, merged.updatedRelatedIds], [true, ids[2], [ids[3], ids[4]], [task.id]]);
  same('the task moved', (await conn.sobject('Task').retrieve(task.id)).WhoId, ids[2]);
  same('the title is set', (await conn.sobject('Lead').retrieve(ids[2])).Title, 'Head');
  const gone = await conn.query(`SELECT Id, MasterRecordId FROM Lead WHERE MasterRecordId = '${ids[2]}' AND IsDeleted = true`, { scanAll: true });
  same('the losers', gone.records.map((r) => r.Id).sort(), [ids[3], ids[4]].sort());
}

/* A session that dies between two calls is renewed by the password. */
async function renewal() {
  const conn = new jsforce.Connection({ oauth2: { loginUrl: login.url, clientId: login.client_id, clientSecret: login.client_secret }, loginUrl: login.url, version: VERSION, refreshFn: (c, callback) => callback(null, login.access_token) });
  conn.instanceUrl = login.url;
  conn.accessToken = '00D000000000000!dead';
  same('getUserInfo after a renewal', (await conn.soap.getUserInfo()).userName, login.username);
}

(async () => {
  const conn = new jsforce.Connection({ loginUrl: login.url, version: VERSION });
  await conn.login(login.username, login.password + login.security_token);
  await renewal();
  await rows(conn);
  await leads(conn);
  await user(conn);
  console.log(`jsforce SOAP: ${compared} comparisons, ${wrong} wrong`);
  process.exit(wrong === 0 ? 0 : 1);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
