/* jsforce_apex_test.js: jsforce with Apex REST classes and with the bytes of files against sforce-org: conn.apex.*, blobs as
 * base64, as multipart, read as a stream. Every check compares what came back with what was sent. */
'use strict';
process.exitCode = 1; // until all is seen: nothing left to wait for is no success
const fs = require('fs');
const path = require('path');
const crypto = require('crypto');
const { isDeepStrictEqual } = require('util');

const [, , modules, loginFile] = process.argv;
const jsforce = require(path.join(modules, 'jsforce'));
const login = JSON.parse(fs.readFileSync(loginFile, 'utf8'));
let compared = 0;
let wrong = 0;
const same = (what, actual, expected) => {
  compared++;
  if (isDeepStrictEqual(actual, expected)) return;
  wrong++;
  console.error(`FAIL ${what}: ${JSON.stringify(actual)?.slice(0, 500)} is not ${JSON.stringify(expected)?.slice(0, 500)}`);
};
async function fails(what, promise, code, message) {
  let failure;
  try {
    failure = { name: 'nothing', message: JSON.stringify(await promise) };
  } catch (error) {
    failure = error;
  }
  same(`${what}: code (${failure.message})`, failure.errorCode || failure.name, code);
  same(`${what}: message (${failure.message})`, String(failure.message).includes(message), true);
}
async function bytes(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}
const digest = (buffer) => [buffer.length, crypto.createHash('sha256').update(buffer).digest('hex')];

async function apex(conn) {
  const id = await conn.apex.post('/Cases/', { subject: 'From jsforce 日本語', status: 'New', origin: 'Web', priority: 'High' });
  same('an id', /^500\w{15}$/.test(id), true);
  const { attributes, CaseNumber, ...row } = await conn.apex.get(`/Cases/${id}`);
  same('the case', row, { Subject: 'From jsforce 日本語', Status: 'New', Origin: 'Web', Priority: 'High', Id: id });
  same('its attributes', [attributes.type, attributes.url.endsWith(`/sobjects/Case/${id}`)], ['Case', true]);
  same('patch', await conn.apex.patch(`/Cases/${id}`, { Status: 'Closed' }), id);
  same('put', await conn.apex.put('/Cases/', { id, subject: 'Changed', status: 'Closed' }), id);
  same('changed', (await conn.sobject('Case').retrieve(id)).Subject, 'Changed');
  await conn.apex.delete(`/Cases/${id}`);
  same('deleted', await conn.sobject('Case').count({ Id: id }), 0);
  /* jsforce repeats a GET that fails with 500 for half a minute, a POST not */
  await fails('a case that is gone', conn.apex.patch(`/Cases/${id}`, { Status: 'New' }), 'APEX_ERROR', 'List has no rows for assignment to SObject');

  const echo = await conn.apex.post('/echo/a/b?x=1&y=%20', { deep: [1, null, { a: 'ü' }] }, { headers: { 'X-Mine': 'yes' } });
  same('echo', [echo.method, echo.path, echo.params, JSON.parse(echo.body), echo.headers['X-Mine']], ['POST', 'a/b', { x: '1', y: ' ' }, { deep: [1, null, { a: 'ü' }] }, 'yes']);
  same('the session is not shown', Object.keys(echo.headers).some((name) => /authorization/i.test(name)), false);
  const units = await conn.request({ method: 'GET', url: '/services/apexrest/csv/x', headers: { accept: 'text/csv' } });
  same('csv', units, [{ Unit: '101', Price: '320000' }, { Unit: '102', Price: '991.00' }]);
  await conn.apex.delete('/nothing/x');
  await fails('an exception', conn.apex.post('/raise/x', {}), 'APEX_ERROR', 'REQUIRED_FIELD_MISSING');
  await fails('no such class', conn.apex.get('/nowhere/x'), 'NOT_FOUND', 'Could not find a match for URL /nowhere/x');
  await fails('not this method', conn.apex.patch('/csv/x', {}), 'METHOD_NOT_ALLOWED', 'Allowed are GET,HEAD');
  await fails('a class that is not ours', conn.apex.get('/secret/x'), 'FORBIDDEN', 'You do not have access to the Apex class named: SecretResource');
  await fails('a parameter too many', conn.apex.post('/Cases/', { nope: 1 }), 'JSON_PARSER_ERROR', 'Unexpected parameter encountered during deserialization: nope');
}

async function blobs(conn) {
  const small = Buffer.from('small: \0 \xff äöü', 'utf8');
  const large = crypto.randomBytes(3 * 1024 * 1024 + 1);
  const account = (await conn.sobject('Account').create({ Name: 'With files' })).id;

  const attachment = (await conn.sobject('Attachment').create({ ParentId: account, Name: 'small.bin', Body: small.toString('base64'), ContentType: 'application/x-small' })).id;
  same('base64 up, stream down', digest(await bytes(conn.sobject('Attachment').record(attachment).blob('Body'))), digest(small));
  same('its length', (await conn.sobject('Attachment').retrieve(attachment)).BodyLength, small.length);

  const multipart = { multipartFileFields: { VersionData: { contentType: 'application/pdf', filename: 'large.pdf' } } };
  const made = await conn.create('ContentVersion', { PathOnClient: 'large.pdf', Title: 'Large', FirstPublishLocationId: account, VersionData: large.toString('base64') }, multipart);
  same('multipart up', made.success, true);
  same('stream down', digest(await bytes(conn.sobject('ContentVersion').record(made.id).blob('VersionData'))), digest(large));
  const row = await conn.sobject('ContentVersion').retrieve(made.id);
  same('facts', [row.Title, row.ContentSize, row.FileType, row.FileExtension, row.Checksum, row.VersionNumber, row.IsLatest],
    ['Large', large.length, 'PDF', 'pdf', crypto.createHash('md5').update(large).digest('hex'), '1', true]);
  const links = await conn.query(`SELECT LinkedEntityId, ShareType FROM ContentDocumentLink WHERE ContentDocumentId = '${row.ContentDocumentId}' ORDER BY ShareType`);
  same('links', links.records.map((link) => [link.LinkedEntityId, link.ShareType]), [[row.OwnerId, 'I'], [account, 'V']]);

  const next = await conn.create('ContentVersion', { PathOnClient: 'large.txt', ContentDocumentId: row.ContentDocumentId, VersionData: small.toString('base64') });
  same('the next version', (await conn.sobject('ContentVersion').retrieve(next.id)).VersionNumber, '2');
  same('the document follows', (await conn.sobject('ContentDocument').retrieve(row.ContentDocumentId)).LatestPublishedVersionId, next.id);
  same('and the first stays', digest(await bytes(conn.sobject('ContentVersion').record(made.id).blob('VersionData'))), digest(large));

  /* ---- what fetch sends: an update in two parts, and messages that are no good ---- */
  const send = async (method, where, parts) => {
    const form = new FormData();
    for (const [name, value, file] of parts) {
      if (file !== undefined) form.append(name, value, file);
      else form.append(name, value);
    }
    const answer = await fetch(`${login.url}/services/data/v60.0/sobjects/${where}`, { method, body: form, headers: { authorization: `Bearer ${conn.accessToken}` } });
    const text = await answer.text();
    return [answer.status, text === '' ? null : JSON.parse(text)];
  };
  const refused = (message) => [400, [{ message, errorCode: 'INVALID_MULTIPART_REQUEST' }]];
  const json = '{"Name":"renamed.bin"}';
  same('update', await send('PATCH', `Attachment/${attachment}`, [['entity_attachment', json], ['Body', new Blob([large]), 'x.bin']]), [204, null]);
  same('updated', [digest(await bytes(conn.sobject('Attachment').record(attachment).blob('Body'))), (await conn.sobject('Attachment').retrieve(attachment)).Name], [digest(large), 'renamed.bin']);
  same('no fields', await send('POST', 'ContentVersion', [['VersionData', new Blob([small]), 'x']]), refused('Multipart message must include a non-binary part'));
  same('fields twice', await send('POST', 'ContentVersion', [['a', json], ['b', json]]), refused('Cannot include more than one non-binary part'));
  same('bytes twice', await send('POST', 'ContentVersion', [['a', json], ['VersionData', new Blob([small]), 'x'], ['VersionData', new Blob([small]), 'y']]), refused('Cannot include more than one binary part'));
  same('no such field', (await send('POST', 'ContentVersion', [['a', '{"PathOnClient":"x"}'], ['Nope', new Blob([small]), 'x']]))[1][0].errorCode, 'INVALID_FIELD');
  await fails('no path', conn.create('ContentVersion', { VersionData: 'eA==' }), 'REQUIRED_FIELD_MISSING', 'PathOnClient');
}

async function main() {
  const conn = new jsforce.Connection({ instanceUrl: login.url, accessToken: login.access_token, version: '60.0' });
  for (const part of [apex, blobs]) {
    try {
      await part(conn);
    } catch (error) {
      wrong++;
      console.error(`FAIL ${part.name}: ${error.stack}`);
    }
  }
  console.log(`jsforce apex and blobs: ${compared} results compared, ${wrong} wrong`);
  process.exit(wrong > 0 ? 1 : 0);
}
main();
