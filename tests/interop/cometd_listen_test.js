/* A server of npm's cometd-nodejs-server with three channels. What it publishes is numbered for each channel and goes out only
 * while somebody listens, so that a listener which begins sessions anew must see every number. No replay extension.
 * Arguments: the folder of node_modules, a port (0: a free one), the first number. Prints its port; GET /control/expire removes
 * all sessions silently, /control/close with a message to each; stderr tells of sessions and of the last number at the end. */
'use strict';
const http = require('http');
const path = require('path');
const [, , modules, port, first] = process.argv;
const cometd = require(path.join(modules, 'cometd-nodejs-server')).createCometDServer({ timeout: 1500, maxInterval: 5000 });

const sessions = new Set();
cometd.addListener('sessionAdded', (session) => {
  sessions.add(session);
  console.error('handshake');
});
cometd.addListener('sessionRemoved', (session, timeout) => {
  if (sessions.delete(session)) console.error(timeout ? 'expired' : 'disconnect');
});
const numbers = {};
for (const name of ['/event/Tick__e', '/event/Tock__e', '/data/ChangeEvents']) numbers[name] = Number(first);
const tick = setInterval(() => {
  for (const name of Object.keys(numbers)) {
    const channel = cometd.createServerChannel(name);
    if (channel.subscribers.length === 0) continue;
    const n = ++numbers[name];
    channel.publish(null, {
      payload: { n, ChangeEventHeader: { changeType: 'CREATE', entityName: 'Account', recordIds: ['001000000000001AAA'] } },
      event: { replayId: n },
    });
  }
}, 10);
const server = http.createServer((request, response) => {
  if (!request.url.startsWith('/control/')) return cometd.handle(request, response);
  for (const session of [...sessions])
    if (request.url.endsWith('close')) session.disconnect();
    else cometd._removeServerSession(session, true);
  response.end('done\n');
});
server.listen(Number(port), '127.0.0.1', () => console.log(server.address().port));
process.on('SIGTERM', () => {
  clearInterval(tick);
  console.error(`last ${Math.max(...Object.values(numbers))}`);
  process.exit(0);
});
