// bench/query with jsforce: every record read, one number added up.
const jsforce = require('../../build/bench/node_modules/jsforce');
const conn = new jsforce.Connection({ instanceUrl: process.argv[2], accessToken: '00Dbench!token', version: '62.0' });
let rows = 0, sum = 0;
const q = conn.query('SELECT Id, Name, NumberOfVisits__c FROM Contact');
q.on('record', (r) => { rows++; sum += r.NumberOfVisits__c; });
q.on('end', () => console.log(rows, sum));
q.on('error', (e) => { console.error(e.message); process.exit(1); });
q.run({ autoFetch: true, maxFetch: 10000000 });
