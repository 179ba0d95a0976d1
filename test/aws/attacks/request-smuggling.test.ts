// Tests request smuggling: forged headers change nothing, although proxies and emulators obey such headers. The service acts only on what was signed.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { systemRng } from '../../../lib/bytes/binary.ts';
import { utf8 } from '../../../lib/bytes/codec.ts';
import { newId, type FolderId, type GrantId, type RecordId } from '../../../lib/bytes/ids.ts';
import { DAY, SECOND } from '../../../lib/domain/time.ts';
import { signRequest } from '../../../lib/identity/http-signature.ts';
import { bytesOf, newPerson, patientOf, recipientOf, type Person } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';

let ahead = 0;
const clock = (): number => Date.now() + ahead;
const service = makeService({ env: process.env, clock });
const at = { origin: service.origin, fetch: service.fetch };

interface World {
  readonly owner: Person;
  readonly thief: Person;
  readonly record: RecordId;
  readonly folder: FolderId;
  readonly grant: GrantId;
}
let world: World;
beforeAll(async () => {
  const [owner, thief, doctor] = [newPerson(), newPerson(), newPerson()];
  const [patient, recipient] = [patientOf(owner, at), recipientOf(doctor, at)];
  await Promise.all([patient.register(), recipient.register(), patientOf(thief, at).register()]);
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const { record } = await patient.file(folder.id, bytesOf(10), {});
  const terms = { recipient: recipient.id, purpose: 'TREAT', durationSeconds: 600 } as const;
  const [given] = await patient.grant({ ...terms, folders: [folder.id] });
  const grant = given.id;
  world = { owner, thief, record, folder: folder.id, grant };
});

interface Message {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body?: string;
}
interface MessageParts {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly by?: Person;
  readonly origin?: string;
}

const read = (): string => `/v1/records/${world.record}?limit=10`;
const PARTS = `/v1/uploads/${newId(systemRng)}/parts`;

/** Makes a signed request, by default a GET of the owner's record by the owner. */
const makeMessage = async ({
  method = 'GET',
  path = read(),
  body,
  by = world.owner,
  origin = service.origin,
}: MessageParts = {}) => {
  const signed = await signRequest(
    { method, url: `${origin}${path}`, ...(body !== undefined && { body: utf8(body) }) },
    by.keys,
    { now: Date.now() },
  );
  const message: Message = {
    method,
    url: `${service.origin}${path}`,
    headers: new Headers(signed),
    ...(body !== undefined && { body }),
  };
  return message;
};
const outcome = async ({ url, ...message }: Message): Promise<string> => {
  const response = await service.fetch(url, message);
  const { code } = (await response.json()) as { code?: string };
  return `${response.status} ${code ?? ''}`.trim();
};
const withHeaders = (message: Message, more: Readonly<Record<string, string>>): Message => {
  const headers = new Headers(message.headers);
  for (const [name, value] of Object.entries(more)) headers.append(name, value);
  return { ...message, headers };
};
const without = (message: Message, ...names: readonly string[]): Message => {
  const headers = new Headers(message.headers);
  for (const name of names) headers.delete(name);
  return { ...message, headers };
};

const HEADERS: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
  'sls-offline-authorizer-override': () => ({
    'sls-offline-authorizer-override': JSON.stringify({
      iam: {},
      principalId: world.owner.keys.id,
      caller: world.owner.keys.id,
    }),
  }),
  'X-Forwarded-Host': () => ({ 'x-forwarded-host': 'evil.example' }),
  'X-Forwarded-Proto': () => ({ 'x-forwarded-proto': 'http' }),
  'X-Forwarded-For': () => ({ 'x-forwarded-for': '127.0.0.1' }),
  Forwarded: () => ({ forwarded: 'for=127.0.0.1;host=evil.example;proto=http' }),
  'Host of another server': () => ({ host: 'evil.example' }),
  'X-HTTP-Method-Override': () => ({ 'x-http-method-override': 'POST' }),
  'X-Original-URL': () => ({ 'x-original-url': '/v1/health', 'x-rewrite-url': '/v1/health' }),
  Authorization: () => ({ authorization: `Bearer ${world.owner.keys.id}` }),
};

describe.each(Object.keys(HEADERS))('with the header %s', (name) => {
  test('serves a request that the owner signed', async () => {
    expect(await outcome(withHeaders(await makeMessage(), HEADERS[name]!()))).toBe('200');
  });
  test('refuses an unsigned request', async () => {
    const unsigned = without(await makeMessage(), 'signature', 'signature-input');
    expect(await outcome(withHeaders(unsigned, HEADERS[name]!()))).toBe('401 unsigned');
  });
  test('answers not-found to a request that somebody else signed', async () => {
    expect(await outcome(withHeaders(await makeMessage({ by: world.thief }), HEADERS[name]!()))).toBe('404 not-found');
  });
  test('refuses a request that was signed for another host', async () => {
    const elsewhere = await makeMessage({ origin: 'https://evil.example' });
    expect(await outcome(withHeaders(elsewhere, HEADERS[name]!()))).toBe('401 signature-invalid');
  });
});

const BODY = () => JSON.stringify({ upload: world.record, parts: [{ number: 1, length: 5, sha256: 'A'.repeat(43) }] });
const post = () => makeMessage({ method: 'POST', path: PARTS, body: BODY() });

test('accepts the signatures of the two unaltered messages', async () => {
  expect([await outcome(await makeMessage()), await outcome(await post())]).toEqual(['200', '404 upload-not-found']);
});

describe('refuses', () => {
  test.each<[string, () => Promise<Message>, string]>([
    [
      'a repeated signature header',
      async () => withRepeated(await makeMessage(), 'signature'),
      '401 signature-invalid',
    ],
    [
      'a repeated signature-input header',
      async () => withRepeated(await makeMessage(), 'signature-input'),
      '401 signature-invalid',
    ],
    [
      'both headers repeated',
      async () => withRepeated(await makeMessage(), 'signature', 'signature-input'),
      '401 signature-invalid',
    ],
    [
      'a second signature by somebody else',
      async () => withSecondSignature(await makeMessage(), await makeMessage({ by: world.thief })),
      '401 signature-invalid',
    ],
    [
      'a signature without signature-input',
      async () => without(await makeMessage(), 'signature-input'),
      '401 signature-invalid',
    ],
    [
      'a signature-input without signature',
      async () => without(await makeMessage(), 'signature'),
      '401 signature-invalid',
    ],
    [
      'a signature for another method',
      async () => ({ ...(await makeMessage({ method: 'POST' })), method: 'GET' }),
      '401 signature-invalid',
    ],
    [
      'a signature for another path',
      async () => ({ ...(await makeMessage({ path: `/v1/grants/${world.grant}` })), url: service.origin + read() }),
      '401 signature-invalid',
    ],
    [
      'a signature for another query',
      async () => withUrl(await makeMessage(), (url) => url.replace('10', '11')),
      '401 signature-invalid',
    ],
    [
      'a query added after signing',
      async () => withUrl(await makeMessage({ path: `/v1/records/${world.record}` }), (url) => `${url}?limit=1`),
      '401 signature-invalid',
    ],
    [
      'a query removed after signing',
      async () => withUrl(await makeMessage(), (url) => url.replace('?limit=10', '')),
      '401 signature-invalid',
    ],
    ['a signature for another host', () => makeMessage({ origin: 'http://evil.example' }), '401 signature-invalid'],
    ['a signature for another port', () => makeMessage({ origin: `${service.origin}:8080` }), '401 signature-invalid'],
    ['an altered body', async () => ({ ...(await post()), body: BODY().replace('5', '6') }), '401 signature-invalid'],
    ['an altered body and its digest', alteredWithDigest, '401 signature-invalid'],
    ['a body without content-digest', async () => without(await post(), 'content-digest'), '401 signature-invalid'],
    ['a repeated content-digest', async () => withRepeated(await post(), 'content-digest'), '401 signature-invalid'],
    ['a body removed after signing', async () => ({ ...(await post()), body: '' }), '401 signature-invalid'],
    [
      'a body added after signing',
      async () => ({ ...(await makeMessage({ method: 'POST', path: PARTS })), body: BODY() }),
      '401 signature-invalid',
    ],
    ['a query with the same name twice', () => makeMessage({ path: `${read()}&limit=11` }), '400 malformed-request'],
    [
      'a query with the same grant twice',
      () => makeMessage({ path: `/v1/records/${world.record}?grant=${world.grant}&grant=${world.grant}` }),
      '400 malformed-request',
    ],
    [
      'a percent-encoded id in the path',
      () => makeMessage({ path: `/v1/records/%${world.record.charCodeAt(0).toString(16)}${world.record.slice(1)}` }),
      '400 malformed-request',
    ],
  ])('%s', async (_, make, refusal) => {
    expect(await outcome(await make())).toBe(refusal);
  });
});

function withRepeated(message: Message, ...names: readonly string[]): Message {
  return withHeaders(message, Object.fromEntries(names.map((n) => [n, message.headers.get(n)!])));
}
function withSecondSignature(message: Message, other: Message): Message {
  const second = (name: string): string => other.headers.get(name)!.replace('sig1', 'sig2');
  return withHeaders(message, {
    signature: second('signature'),
    'signature-input': second('signature-input'),
  });
}
function withUrl(message: Message, change: (url: string) => string): Message {
  return { ...message, url: change(message.url) };
}
async function alteredWithDigest(): Promise<Message> {
  const body = BODY().replace('5', '6');
  const digest = (await makeMessage({ method: 'POST', path: PARTS, body })).headers.get('content-digest')!;
  const message = without(await post(), 'content-digest');
  return { ...withHeaders(message, { 'content-digest': digest }), body };
}

describe('age of signatures', () => {
  test.each([
    [-63, '401 clock-skew'],
    [-58, '200'],
    [115, '200'],
    [122, '401 clock-skew'],
  ])('a signature that arrives %i s after its creation: %s', async (seconds, expected) => {
    const message = await makeMessage();
    ahead = seconds * SECOND;
    const result = await outcome(message);
    ahead = 0;
    expect(result).toBe(expected);
  });

  test('a refusal contains the server time, and the SDK corrects its clock by it', async () => {
    const refusals: { code: string; serverTime: number }[] = [];
    const watching: typeof fetch = async (input, init) => {
      const response = await service.fetch(input, init);
      if (response.status === 401) refusals.push((await response.clone().json()) as (typeof refusals)[number]);
      return response;
    };
    for (const off of [-DAY, DAY]) {
      refusals.length = 0;
      const patient = patientOf(world.owner, { ...at, fetch: watching, clock: () => Date.now() + off });
      expect((await patient.listFolders()).map((f) => f.id)).toEqual([world.folder]);
      expect(await patient.listRecords(world.folder)).toHaveLength(1);
      // The second call is not refused, because the SDK remembers the difference between the clocks.
      expect(refusals.map((r) => r.code)).toEqual(['clock-skew']);
      expect(Math.abs(refusals[0]!.serverTime - Date.now())).toBeLessThan(30 * SECOND);
    }
  });
});
