// Tests that no private data of a patient is stored, logged or repeated in an error: names of folders and files, content, file keys.
// The test searches the whole main table, the bucket, the logs and the errors. It also decodes base64, hex and JWS, one within the other.
import { paginateScan, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { beforeAll, expect, test } from '@jest/globals';
import type { Body, RouteName } from '../../../lib/api/routes.ts';
import { systemRng } from '../../../lib/bytes/binary.ts';
import { fromBase64url, toBase64url, toHex, utf8 } from '../../../lib/bytes/codec.ts';
import { fromAttributes } from '../../../lib/stores/dynamo/item.ts';
import { newPerson, patientOf, recipientOf, then, when } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';
import { keepIn, type Clients } from '../stored-items.ts';
import { signedRequest } from '../raw-calls.ts';
import { openOwnWrap } from '../../support/wraps.ts';

const marker = (name: string): string => `${name}-${toHex(systemRng(9))}`;
const MARKS = {
  folder: marker('folder'),
  file: marker('file'),
  description: marker('description'),
  content: marker('content').repeat(3),
  sent: marker('sent'),
  fault: marker('fault'),
};

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const ENCODED = /[A-Za-z0-9_\-+/]{16,}/g;
const DEPTH = 4;

/** Yields the text, and its parts decoded as base64 (either alphabet) or hex. A part decoded from base64 is searched for encoded parts in turn. */
function* readings(text: string, depth = DEPTH): Generator<string> {
  yield text;
  if (depth === 0) return;
  for (const [run] of text.matchAll(ENCODED)) {
    yield* readings(Buffer.from(run, 'base64').toString('latin1'), depth - 1);
    if (/^[0-9a-f]+$/i.test(run)) yield Buffer.from(run, 'hex').toString('latin1');
  }
}
const findIn = (text: string, secrets: Readonly<Record<string, string>>): readonly string[] => {
  const found = new Set<string>();
  for (const reading of readings(text))
    for (const [name, secret] of Object.entries(secrets)) if (reading.includes(secret)) found.add(name);
  return [...found].sort();
};

const clients: Clients = {};
const lines: string[] = [];
const errorTexts: string[] = [];
const fileKeys: Record<string, string> = {};
/** The companion seed of the folder, which the grant contains sealed. */
const seeds: Record<string, string> = {};
let broken = false;

/** Makes DynamoDB fail with an error that quotes its input, as some platforms do. */
const breakable = (client: DynamoDBClient): void => {
  client.middlewareStack.add(
    (next) => (args) => {
      if (!broken) return next(args);
      throw Object.assign(new Error(`cannot store ${MARKS.fault}`), { name: 'ValidationException' });
    },
    { step: 'initialize', name: 'break' },
  );
};
const service = makeService({
  env: process.env,
  log: (...line) => lines.push(JSON.stringify(line)),
  onClient: (client) => {
    keepIn(clients)(client);
    if (client.config.serviceId === 'DynamoDB') breakable(client as DynamoDBClient);
  },
});

/** The wraps of all committed records, taken from the requests. */
const wraps: Body<'commit-record'>['wrap'][] = [];
/** Fetches from the service. Collects the wrap of each request to commit a record, and the text of each error response. */
const fetching: typeof fetch = async (input, init) => {
  if (typeof init?.body !== 'string' && init?.body instanceof Uint8Array) {
    const text = new TextDecoder().decode(init.body);
    if (text.includes('"wrappedKey"')) wraps.push((JSON.parse(text) as { wrap: (typeof wraps)[number] }).wrap);
  }
  const response = await service.fetch(input, init);
  if (response.status >= 400) errorTexts.push(await response.clone().text());
  return response;
};
const at = { origin: service.origin, fetch: fetching };
const people = { patient: newPerson(), recipient: newPerson() };
const ids: string[] = Object.values(people).map((p) => p.keys.id);

beforeAll(async () => {
  const [patient, recipient] = [patientOf(people.patient, at), recipientOf(people.recipient, at)];
  await Promise.all([patient.register(), recipient.register()]);
  const folder = await patient.createFolder({ name: MARKS.folder, category: 'letters' });
  const about = { fileName: MARKS.file, mediaType: 'text/plain', description: MARKS.description };
  const records = [await patient.file(folder.id, utf8(MARKS.content), about)];
  const cell = folder.statement;
  for (const [i, wrap] of wraps.entries())
    fileKeys[`file key ${i}`] = latin1(openOwnWrap(wrap, { keys: people.patient.keys, cell, version: records[i]! }));
  const salt = fromBase64url(cell.payload.salt);
  seeds['companion seed'] = latin1(people.patient.keys.companionSeed(folder.id, 1, salt));
  const grant = await when.granted({ patient, recipient, folder: folder.id });
  const [opened] = await then.opens(recipient, grant, records);
  expect(latin1(opened!)).toBe(MARKS.content);
  await patient.open(records);
  await patient.audit();
  await patient.revoke(grant);
  await expect(recipient.open(grant, records)).rejects.toThrow();
  ids.push(folder.id, grant.id, records[0]!.record);

  // The service refuses these calls. Each has a marker in at least one place.
  const body = { statement: MARKS.sent, [MARKS.sent]: MARKS.sent };
  const calls: readonly { route: RouteName; params?: Record<string, string>; query?: string; body?: unknown }[] = [
    { route: 'create-folder', params: { folderId: folder.id }, body },
    { route: 'create-folder', params: { folderId: MARKS.sent }, body },
    { route: 'create-folder', params: { folderId: folder.id }, body: { statement: `${MARKS.sent}.a.b` } },
    { route: 'list-chain', query: `?limit=${MARKS.sent}` },
    { route: 'list-chain', query: `?${MARKS.sent}=1` },
    { route: 'list-chain', query: `?cursor=${toBase64url(utf8(MARKS.sent))}` },
    { route: 'get-record', params: { recordId: records[0]!.record }, query: `?grant=${MARKS.sent}` },
    { route: 'upload-parts', params: { recordId: records[0]!.record }, body: { upload: MARKS.sent, parts: [body] } },
    { route: 'get-identity', params: { id: MARKS.sent } },
  ];
  const send = async (call: (typeof calls)[number]): Promise<number> =>
    (await fetching(await signedRequest(at, people.patient.keys, call))).status;
  for (const call of calls) await send(call);
  broken = true;
  expect(await send({ route: 'list-chain' })).toBe(500);
  broken = false;
});

const secrets = () => ({ ...MARKS, ...fileKeys, ...seeds });

test('the search finds each secret as text, base64, hex and inside a JWS', () => {
  expect(Object.keys(fileKeys)).toHaveLength(1);
  for (const [name, secret] of Object.entries(secrets())) {
    const bytes = Buffer.from(secret, 'latin1');
    const inJws = `aa.${toBase64url(utf8(JSON.stringify({ name: toBase64url(bytes) })))}.bb`;
    for (const text of [`x ${secret}`, bytes.toString('base64'), bytes.toString('hex'), inJws])
      expect(findIn(text, secrets())).toContain(name);
  }
});

test('no stored item contains a secret', async () => {
  let found = 0;
  const scan = { client: clients.dynamo! };
  for await (const page of paginateScan(scan, { TableName: process.env['MAIN_TABLE']!, ConsistentRead: true }))
    for (const item of page.Items ?? []) {
      const text = JSON.stringify(fromAttributes(item));
      if (ids.some((id) => text.includes(id))) found += 1;
      expect(findIn(text, secrets())).toEqual([]);
    }
  expect(found).toBeGreaterThan(10);
});

test('no stored blob contains a secret', async () => {
  const Bucket = process.env['BUCKET']!;
  const { Versions = [] } = await clients.s3!.send(
    new ListObjectVersionsCommand({ Bucket, Prefix: `b/${ids.at(-1)}` }),
  );
  expect(Versions).toHaveLength(1);
  const { Body } = await clients.s3!.send(new GetObjectCommand({ Bucket, Key: Versions[0]!.Key! }));
  expect(findIn(latin1(await Body!.transformToByteArray()), secrets())).toEqual([]);
});

test('no log line contains a secret, an id or a path', () => {
  expect(lines.filter((l) => l.includes('request-faulted'))).toHaveLength(1);
  const log = lines.join('\n');
  expect(findIn(log, secrets())).toEqual([]);
  for (const id of ids) expect(log).not.toContain(id);
  expect(log).not.toContain('/v1/');
});

test('no error response contains a secret, an identity id or a value from the request', () => {
  expect(errorTexts.length).toBeGreaterThan(10);
  expect(findIn(errorTexts.join('\n'), secrets())).toEqual([]);
  for (const key of Object.values(people)) expect(errorTexts.join('\n')).not.toContain(key.keys.id);
});
