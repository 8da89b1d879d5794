// bench/export with jsforce: the rows of a bulk query as a stream of CSV into a file.
const fs = require('fs');
const { pipeline } = require('stream/promises');
const jsforce = require(`${__dirname}/../../build/bench/node_modules/jsforce`);

async function main() {
  const [url, soql, path] = process.argv.slice(2);
  const conn = new jsforce.Connection({ instanceUrl: url, accessToken: '00Dbench!token', version: '62.0' });
  const rows = await conn.bulk2.query(soql, { pollInterval: 20, pollTimeout: 60000 });
  await pipeline(rows.stream('csv'), fs.createWriteStream(path));
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
