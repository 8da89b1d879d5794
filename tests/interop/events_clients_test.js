/* events_clients_test.js: npm's cometd and faye, as they are, against sforce-org: several channels, every kind of event, replay,
 * refusals, an org that forgets its client, a session that dies. Each client is opened with a map of positions, which a
 * replay extension as people write it sends along and moves on. Every check compares what came; the last line counts them.
 * Arguments: cometd or faye, the folder of node_modules, the file with the org's login. */
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { isDeepStrictEqual } = require('util');

const [, , name, modules, loginFile] = process.argv;
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
const endpoint = `${login.url}/cometd/64.0`;
let token = login.access_token;
let compared = 0;
let wrong = 0;
const same = (what, actual, expected) => {
  compared++;
  if (isDeepStrictEqual(actual, expected)) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)} is not ${JSON.stringify(expected)}`);
};
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

/* ---- the clients: open(positions) answers { subscribe(channel, fn), unsubscribe(channel), disconnect() }, with inboxes ---- */
const lookOut = (positions) => ({
  outgoing(message) {
    if (message.channel === '/meta/handshake') message.ext = { ...message.ext, replay: true };
    if (message.channel === '/meta/subscribe') {
      const channel = [].concat(message.subscription)[0].split('?')[0];
      message.ext = { ...message.ext, replay: { [channel]: positions[channel] ?? -1 } };
    }
    return message;
  },
  incoming(message) {
    if (message.data?.event?.replayId !== undefined) positions[message.channel.split('?')[0]] = message.data.event.replayId;
    return message;
  },
});

async function openCometd(positions) {
  const { CometD } = await import(pathToFileURL(path.join(modules, 'cometd/cometd.js')));
  const client = new CometD();
  const handshakes = inbox();
  const refusals = inbox();
  const wanted = new Map();
  client.unregisterTransport('websocket');
  client.registerExtension('replay', lookOut(positions));
  client.configure({ url: endpoint, requestHeaders: { Authorization: `Bearer ${token}` }, appendMessageTypeToURL: false, logLevel: 'error' });
  const subscribe = (channel, take) =>
    new Promise((resolve) => {
      const subscription = client.subscribe(channel, (message) => take(message.data), {}, (answer) => {
        if (!answer.successful) wanted.delete(channel);
        resolve(answer.successful ? 'ok' : answer.error);
      });
      wanted.set(channel, { take, subscription });
    });
  client.addListener('/meta/handshake', (message) => {
    if (message.successful) for (const [channel, { take }] of [...wanted]) subscribe(channel, take);
    handshakes(message.successful ? 'ok' : message.error);
  });
  client.addListener('/meta/connect', (message) => {
    if (!message.successful) refusals(message.error);
  });
  client.handshake();
  return {
    handshakes,
    refusals,
    first: await handshakes.next(),
    subscribe,
    unsubscribe: (channel) =>
      new Promise((resolve) => {
        client.unsubscribe(wanted.get(channel).subscription, {}, (answer) => resolve(answer.successful));
        wanted.delete(channel);
      }),
    disconnect: () => new Promise((resolve) => client.disconnect((answer) => resolve(answer.successful))),
  };
}

function openFaye(positions) {
  const faye = require(path.join(modules, 'faye'));
  const client = new faye.Client(endpoint, { timeout: 120 });
  const handshakes = inbox();
  const refusals = inbox();
  const subscriptions = new Map();
  const extension = lookOut(positions);
  client.setHeader('Authorization', `OAuth ${token}`);
  client.disable('websocket');
  client.addExtension({
    outgoing: (message, callback) => callback(extension.outgoing(message)),
    incoming(message, callback) {
      if (message.channel === '/meta/handshake') handshakes(message.successful ? 'ok' : message.error);
      if (message.channel === '/meta/connect' && message.successful === false) refusals(message.error);
      callback(extension.incoming(message));
    },
  });
  return {
    handshakes,
    refusals,
    async subscribe(channel, take) {
      const subscription = client.subscribe(channel, take);
      subscriptions.set(channel, subscription);
      return subscription.then(
        () => 'ok',
        (error) => error.message,
      );
    },
    async unsubscribe(channel) {
      subscriptions.get(channel).cancel();
      return true;
    },
    async disconnect() {
      await client.disconnect();
      return true;
    },
  };
}
const open = { cometd: openCometd, faye: openFaye }[name];

/* ---- the org by other ways ---- */
async function call(method, where, body, type = 'application/json') {
  const answer = await fetch(login.url + where, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': type, SOAPAction: '""' },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return /^[[{]/.test(text) ? JSON.parse(text) : text;
}
const rest = (method, where, body) => call(method, `/services/data/v64.0/${where}`, body);
const undelete = (id) =>
  call(
    'POST',
    '/services/Soap/u/64.0',
    `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><e:Header><SessionHeader><sessionId>${token}</sessionId></SessionHeader></e:Header><e:Body><undelete><ids>${id}</ids></undelete></e:Body></e:Envelope>`,
    'text/xml',
  );
const ALL = '/data/ChangeEvents';
const ACCOUNTS = '/data/AccountChangeEvent';
const BOXES = '/data/Box__ChangeEvent';
const INK = '/event/Low_Ink__e';
const change = ({ payload: { ChangeEventHeader: h } }) => [h.changeType, h.entityName, h.recordIds, h.changedFields];
const kind = (event) => event.payload.ChangeEventHeader.changeType;

/* ---- what is to be seen ---- */
async function kinds(got) {
  const { id } = await rest('POST', 'sobjects/Account', { Name: 'Zoë 日本', BillingCity: 'Aveiro' });
  const created = await got[ALL].next();
  same('created', change(created), ['CREATE', 'Account', [id], []]);
  same('its fields', [created.payload.Name, created.payload.BillingAddress], ['Zoë 日本', { City: 'Aveiro' }]);
  same('the same on its own channel', await got[ACCOUNTS].next(), created);
  await rest('PATCH', `sobjects/Account/${id}`, { Phone: '12', BillingCity: null });
  same('updated', change(await got[ACCOUNTS].next()), ['UPDATE', 'Account', [id], ['LastModifiedDate', 'BillingAddress.City', 'Phone']]);
  await rest('DELETE', `sobjects/Account/${id}`);
  same('deleted', change(await got[ACCOUNTS].next()), ['DELETE', 'Account', [id], []]);
  await undelete(id);
  same('undeleted', kind(await got[ACCOUNTS].next()), 'UNDELETE');
  for (const expected of ['UPDATE', 'DELETE', 'UNDELETE']) same('on the channel of all', kind(await got[ALL].next()), expected);

  const boxes = await rest('POST', 'composite/sobjects', { records: ['a', 'b'].map((Name) => ({ attributes: { type: 'Box__c' }, Name })) });
  for (let i = 0; i < 2; i++) same('boxes', kind(await got[BOXES].next()), 'CREATE');
  const ids = boxes.map((box) => box.id);
  await rest('PATCH', 'composite/sobjects', { records: ids.map((box) => ({ attributes: { type: 'Box__c' }, id: box, Tenure__c: 9 })) });
  const merged = await got[BOXES].next();
  same('one event for the same update', change(merged), ['UPDATE', 'Box__c', ids, ['LastModifiedDate', 'Tenure__c']]);
  same('its value', merged.payload.Tenure__c, 9);

  const published = await rest('POST', 'sobjects/Low_Ink__e', { Model__c: 'XZ-5', Level__c: 7.5 });
  const event = await got[INK].next();
  same('published', [event.payload.Model__c, event.payload.Level__c], ['XZ-5', 7.5]);
  same('its UUID', event.event.EventUuid, published.errors[0].message);
  for (let i = 0; i < 3; i++) await got[ALL].next();
  same('nothing twice', [ALL, ACCOUNTS, BOXES, INK].map((channel) => got[channel].left()), [0, 0, 0, 0]);
  return created;
}

/* PushTopics and a generic channel; filters have names that these clients refuse. */
async function topics(client) {
  const [boxes, notes] = [inbox(), inbox()];
  await rest('POST', 'sobjects/PushTopic', { Name: 'Boxes', Query: 'SELECT Id, Name, Tenure__c FROM Box__c', ApiVersion: 64 });
  const channel = await rest('POST', 'sobjects/StreamingChannel', { Name: '/u/team/notes' });
  same('a topic', await client.subscribe('/topic/Boxes', boxes), 'ok');
  same('a generic channel', await client.subscribe('/u/team/notes', notes), 'ok');
  const { id } = await rest('POST', 'sobjects/Box__c', { Name: 'small', Tenure__c: 1 });
  await rest('PATCH', `sobjects/Box__c/${id}`, { Tenure__c: 6 });
  await rest('DELETE', `sobjects/Box__c/${id}`);
  for (const [type, sobject] of [
    ['created', { Id: id, Name: 'small', Tenure__c: 1 }],
    ['updated', { Id: id, Name: 'small', Tenure__c: 6 }],
    ['deleted', { Id: id }],
  ]) {
    const told = await boxes.next();
    same(`topic: ${type}`, [told.event.type, told.sobject], [type, sobject]);
  }
  await rest('POST', `sobjects/StreamingChannel/${channel.id}/push`, { pushEvents: [{ payload: 'any text 日本' }] });
  same('pushed', (await notes.next()).payload, 'any text 日本');
  same('no more', [boxes.left(), notes.left()], [0, 0]);
  for (const left of ['/topic/Boxes', '/u/team/notes']) same('left', await client.unsubscribe(left), true);
}

async function refusals(client) {
  same('no such channel', await client.subscribe('/event/Nope__e', () => {}), '400::The channel you requested to subscribe to does not exist {/event/Nope__e}');
  const positions = { [INK]: 17 };
  const other = await open(positions);
  same(
    'an id that never was',
    await other.subscribe(INK, () => {}),
    '400::The replayId {17} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 to replay only new events.',
  );
  await other.disconnect();
}

async function replays(created) {
  const got = inbox();
  const client = await open({ [ACCOUNTS]: created.event.replayId, [BOXES]: -2 });
  same('behind an id', await client.subscribe(ACCOUNTS, got), 'ok');
  for (const expected of ['UPDATE', 'DELETE', 'UNDELETE']) same('replay', kind(await got.next()), expected);
  same('all that are kept', await client.subscribe(BOXES, got), 'ok');
  for (const expected of ['CREATE', 'CREATE', 'UPDATE']) same('replay', kind(await got.next()), expected);
  same('no more', got.left(), 0);
  await client.disconnect();
}

async function forgotten(client, got) {
  while (client.handshakes.left() > 0) await client.handshakes.next();
  same('the org forgets its client', (await call('DELETE', '/__org/streaming')).dropped, 1);
  await rest('POST', 'sobjects/Low_Ink__e', { Model__c: 'while away' });
  same('told so', await client.refusals.next(), '403::Unknown client');
  same('a new handshake by itself', await client.handshakes.next(), 'ok');
  same('nothing lost', (await got[INK].next()).payload.Model__c, 'while away');
  await rest('POST', 'sobjects/Low_Ink__e', { Model__c: 'after' });
  same('and on it goes', (await got[INK].next()).payload.Model__c, 'after');
  same('nothing twice', got[INK].left(), 0);
}

async function expired(client, positions, got) {
  await call('POST', '/__org/expire-sessions');
  same('the session died', await client.refusals.next(), '401::Authentication invalid');
  token = (await call('POST', '/__org/tokens')).access_token;
  await rest('POST', 'sobjects/Low_Ink__e', { Model__c: 'in between' });
  const next = await open(positions);
  same('subscribed anew', await next.subscribe(INK, got[INK]), 'ok');
  same('a new token goes on from there', (await got[INK].next()).payload.Model__c, 'in between');
  return next;
}

process.exitCode = 1; // until all is seen: nothing left to wait for is no success
(async () => {
  const shim = path.join(modules, 'cometd-nodejs-client');
  if (name === 'cometd') {
    const { adapt } = await import(pathToFileURL(path.join(shim, JSON.parse(fs.readFileSync(path.join(shim, 'package.json'), 'utf8')).main)));
    adapt();
  }
  const positions = {};
  let client = await open(positions);
  const got = {};
  for (const channel of [ALL, ACCOUNTS, BOXES, INK]) {
    got[channel] = inbox();
    same(`subscribed to ${channel}`, await client.subscribe(channel, got[channel]), 'ok');
  }
  const created = await kinds(got);
  await refusals(client);
  await replays(created);
  await topics(client);
  for (let i = 0; i < 3; i++) {
    await got[BOXES].next(); // of the topics' box
    await got[ALL].next();
  }
  same('unsubscribed', await client.unsubscribe(ALL), true);
  await rest('PATCH', `sobjects/Account/${created.payload.ChangeEventHeader.recordIds[0]}`, { Phone: '3' });
  same('on the one', kind(await got[ACCOUNTS].next()), 'UPDATE');
  same('and not on the other', got[ALL].left(), 0);
  await forgotten(client, got);
  client = await expired(client, positions, got);
  same('goodbye', await client.disconnect(), true);
  same('only the client of the dead session is left', (await call('GET', '/__org/events')).clients, 1);
  console.log(`${name}: ${compared} compared, ${wrong} wrong`);
  process.exit(wrong === 0 && compared === 54 ? 0 : 1);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
