/* jsforce_events_test.js: changes and platform events as jsforce's users get them, against sforce-org; and faye's own client with
 * a replay extension as people write it. Every check compares what came; the last line counts them. */
'use strict';
const fs = require('fs');
const path = require('path');
const { isDeepStrictEqual } = require('util');

const [, , modules, loginFile] = process.argv;
const jsforce = require(path.join(modules, 'jsforce'));
const { StreamingExtension } = require(path.join(modules, 'jsforce/lib/api/streaming'));
const faye = require(path.join(modules, 'faye'));
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
let compared = 0;
let wrong = 0;
const same = (what, actual, expected) => {
  compared++;
  if (isDeepStrictEqual(actual, expected)) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)} is not ${JSON.stringify(expected)}`);
};

/* Messages of a subscription, to be awaited one after the other. */
function inbox() {
  const got = [];
  let wake = () => {};
  const take = (message) => {
    got.push(message);
    wake();
  };
  take.next = async () => {
    while (got.length === 0) await new Promise((resolve) => (wake = resolve));
    return got.shift();
  };
  take.left = () => got.length;
  return take;
}
const kind = (message) => message.payload.ChangeEventHeader.changeType;

async function byJsforce(conn) {
  const changes = inbox();
  const events = inbox();
  const client = conn.streaming.createClient([]);
  await client.subscribe('/data/ChangeEvents', changes);
  await client.subscribe('/event/Low_Ink__e', events);
  const { id } = await conn.sobject('Account').create({ Name: 'Zoë 日本', BillingCity: 'Aveiro' });
  const created = await changes.next();
  same('created', [kind(created), created.payload.Name, created.payload.BillingAddress, created.payload.ChangeEventHeader.recordIds], [
    'CREATE',
    'Zoë 日本',
    { City: 'Aveiro' },
    [id],
  ]);
  await conn.sobject('Account').update({ Id: id, Phone: '12' });
  const updated = await changes.next();
  same('updated', [kind(updated), updated.payload.Phone, updated.payload.ChangeEventHeader.changedFields], [
    'UPDATE',
    '12',
    ['LastModifiedDate', 'Phone'],
  ]);
  await conn.sobject('Account').destroy(id);
  same('deleted', kind(await changes.next()), 'DELETE');
  const published = await conn.sobject('Low_Ink__e').create({ Model__c: 'XZ-5', Level__c: 7 });
  const event = await events.next();
  same('published', [published.success, event.payload.Model__c, event.payload.Level__c, event.event.EventUuid], [
    true,
    'XZ-5',
    7,
    published.errors[0].message,
  ]);
  same('nothing came twice', [changes.left(), events.left()], [0, 0]);
  await client.disconnect();
  return created.event.replayId;
}

/* As jsforce's own objects for topics and channels do it. */
async function byTopics(conn) {
  const told = inbox();
  const pushed = inbox();
  const refused = await conn.sobject('PushTopic').create({ Name: 'No', Query: 'SELECT Name FROM Account', ApiVersion: 64 }).then(
    () => null,
    (error) => error.errorCode,
  );
  same('no topic', refused, 'INVALID_FIELD');
  await conn.sobject('PushTopic').create({ Name: 'Accounts', Query: 'SELECT Id, Name FROM Account', ApiVersion: 64 });
  await conn.sobject('StreamingChannel').create({ Name: '/u/team/notes' });
  await conn.streaming.topic('Accounts').subscribe(told);
  await conn.streaming.channel('/u/team/notes').subscribe(pushed);
  const { id } = await conn.sobject('Account').create({ Name: 'Told' });
  const created = await told.next();
  same('topic', [created.event.type, created.sobject], ['created', { Id: id, Name: 'Told' }]);
  same('push', await conn.streaming.channel('/u/team/notes').push({ payload: 'hello', userIds: [] }), { fanoutCount: -1, userOnlineStatus: {} });
  same('pushed', (await pushed.next()).payload, 'hello');
  const late = inbox();
  const client = conn.streaming.createClient([new StreamingExtension.Replay('/topic/Accounts', -2)]);
  await client.subscribe('/topic/Accounts', late);
  same('replay of a topic', (await late.next()).sobject.Id, id);
  await client.disconnect();
}

/* The extension for sessions that die. */
async function byAuthFailure(conn) {
  const failed = inbox();
  const client = conn.streaming.createClient([new StreamingExtension.AuthFailure(failed)]);
  await client.subscribe('/event/Low_Ink__e', () => {});
  await fetch(`${login.url}/__org/expire-sessions`, { method: 'POST' });
  const message = await failed.next();
  same('a session that dies', [message.error, message.advice.reconnect], ['401::Authentication invalid', 'none']);
}

async function replayed(conn, from) {
  for (const [position, expected] of [
    [-2, ['CREATE', 'UPDATE', 'DELETE']],
    [from, ['UPDATE', 'DELETE']],
  ]) {
    const changes = inbox();
    const client = conn.streaming.createClient([new StreamingExtension.Replay('/data/AccountChangeEvent', position)]);
    await client.subscribe('/data/AccountChangeEvent', changes);
    const got = [];
    while (got.length < expected.length) got.push(kind(await changes.next()));
    same(`replay from ${position}`, got, expected);
    await client.disconnect();
  }
}

async function byFaye() {
  const client = new faye.Client(`${login.url}/cometd/64.0`, { timeout: 60 });
  client.setHeader('Authorization', `OAuth ${login.access_token}`);
  client.disable('websocket');
  client.addExtension({
    outgoing(message, callback) {
      if (message.channel === '/meta/subscribe') message.ext = { replay: { [message.subscription]: -2 } };
      callback(message);
    },
  });
  const events = inbox();
  await client.subscribe('/event/Low_Ink__e', events);
  same('faye: from the start', (await events.next()).payload.Model__c, 'XZ-5');
  let refused = null;
  await client.subscribe('/event/Nope__e', () => {}).then(
    () => {},
    (error) => {
      refused = error;
    },
  );
  same('faye: no such channel', refused?.message, '400::The channel you requested to subscribe to does not exist {/event/Nope__e}');
  await client.disconnect();
}

process.exitCode = 1; // until all is seen: nothing left to wait for is no success
(async () => {
  const conn = new jsforce.Connection({ instanceUrl: login.url, accessToken: login.access_token, version: '64.0' });
  const first = await byJsforce(conn);
  await replayed(conn, first);
  await byFaye();
  await byTopics(conn);
  await byAuthFailure(conn);
  console.log(`${compared} compared, ${wrong} wrong`);
  process.exit(wrong === 0 && compared === 15 ? 0 : 1);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
