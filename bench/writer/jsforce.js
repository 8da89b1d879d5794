// bench/writer with jsforce: the same rows, 200 a call of create, results counted and their ids added up.
const jsforce = require('../../build/bench/node_modules/jsforce');
const rows = Number(process.argv[3] || 100000);
const conn = new jsforce.Connection({ instanceUrl: process.argv[2], accessToken: process.argv[4] || '00Dbench!token', version: '62.0' });
(async () => {
  let ok = 0, ids = 0;
  for (let i = 0; i < rows; i += 200) {
    const batch = [];
    for (let k = i; k < i + 200 && k < rows; k++)
      batch.push({
        Name: `Company ${k} Müller & Söhne`, Phone: `+41 44 ${String(k).padStart(7, '0')}`, Industry: 'Energy', BillingCity: 'Zürich',
        NumberOfEmployees: k % 5000, AnnualRevenue: k * 1000.5, Description: 'Makes "things" of many kinds,\nand sells them everywhere.',
      });
    for (const r of await conn.sobject('Account').create(batch)) {
      if (r.success) ok++;
      for (let c = 0; c < 18; c++) ids += r.id.charCodeAt(c);
    }
  }
  console.log(ok, ids);
})().catch((e) => { console.error(e.message); process.exit(1); });
