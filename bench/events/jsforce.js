// bench/events with jsforce: its streaming client with the replay extension that it comes with.
'use strict';
const jsforce = require('../../build/bench/node_modules/jsforce');
const { StreamingExtension } = require('../../build/bench/node_modules/jsforce/lib/api/streaming');
const { tally } = require('./tally');
const conn = new jsforce.Connection({ instanceUrl: process.argv[2], accessToken: '00Dbench!token', version: '64.0' });
const client = conn.streaming.createClient([new StreamingExtension.Replay('/data/ChangeEvents', -2)]);
client.subscribe('/data/ChangeEvents', tally(Number(process.argv[3]), (text) => {
  console.log(text);
  client.disconnect().then(() => process.exit(0));
}));
