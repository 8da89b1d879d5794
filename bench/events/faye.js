// bench/events with npm faye and a replay extension as people write it.
'use strict';
const faye = require('../../build/bench/node_modules/faye');
const { tally } = require('./tally');
const client = new faye.Client(`${process.argv[2]}/cometd/64.0`);
client.setHeader('Authorization', 'OAuth 00Dbench!token');
client.disable('websocket');
client.addExtension({
  outgoing(message, callback) {
    if (message.channel === '/meta/subscribe') message.ext = { replay: { '/data/ChangeEvents': -2 } };
    callback(message);
  },
});
client.subscribe('/data/ChangeEvents', tally(Number(process.argv[3]), (text) => {
  console.log(text);
  client.disconnect().then(() => process.exit(0));
}));
