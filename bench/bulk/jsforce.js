// bench/bulk with jsforce: one Bulk 2.0 job: opened, the file streamed into it, closed, waited for; its count printed.
const fs = require('fs');
const jsforce = require('../../build/bench/node_modules/jsforce');
const conn = new jsforce.Connection({ instanceUrl: process.argv[2], accessToken: '00Dbench!token', version: '62.0' });
(async () => {
  const job = conn.bulk2.createJob({ object: 'Contact', operation: 'insert' });
  await job.open();
  await job.uploadData(fs.createReadStream(process.argv[3]));
  await job.close();
  await job.poll(20, 60000);
  console.log((await job.check()).numberRecordsProcessed);
})().catch((e) => { console.error(e.message); process.exit(1); });
