// bench/events with npm cometd, on cometd-nodejs-client, as its documentation shows it.
'use strict';
require('../../build/bench/node_modules/cometd-nodejs-client').adapt();
const { CometD } = require('../../build/bench/node_modules/cometd');
const { tally } = require('./tally');
const cometd = new CometD();
cometd.configure({ url: `${process.argv[2]}/cometd/64.0`, requestHeaders: { Authorization: 'OAuth 00Dbench!token' }, appendMessageTypeToURL: false });
cometd.unregisterTransport('websocket');
cometd.handshake((answer) => {
  if (!answer.successful) process.exit(1);
  const take = tally(Number(process.argv[3]), (text) => {
    console.log(text);
    cometd.disconnect(() => process.exit(0));
  });
  cometd.subscribe('/data/ChangeEvents', (message) => take(message.data), { ext: { replay: { '/data/ChangeEvents': -2 } } });
});
