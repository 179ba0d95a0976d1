// Tricks on the way: headers that proxies and emulators listen to change nothing, and what was signed is exactly what counts.
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
interface Drawn {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly by?: Person;
  readonly origin?: string;
}

const read = (): string => `/v1/records/${world.record}?limit=10`;
const PARTS = `/v1/uploads/${newId(systemRng)}/parts`;

/** Signed by the owner, and asking for the owner's record, unless told otherwise. */
const draw = async ({ method = 'GET', path = read(), body, by = world.owner, origin = service.origin }: Drawn = {}) => {
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

const listened: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
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
  'a foreign Host': () => ({ host: 'evil.example' }),
  'X-HTTP-Method-Override': () => ({ 'x-http-method-override': 'POST' }),
  'X-Original-URL': () => ({ 'x-original-url': '/v1/health', 'x-rewrite-url': '/v1/health' }),
  Authorization: () => ({ authorization: `Bearer ${world.owner.keys.id}` }),
};

describe.each(Object.keys(listened))('%s', (name) => {
  test('does not harm whoever is let in', async () => {
    expect(await outcome(withHeaders(await draw(), listened[name]!()))).toBe('200');
  });
  test('does not let in who did not sign', async () => {
    const unsigned = without(await draw(), 'signature', 'signature-input');
    expect(await outcome(withHeaders(unsigned, listened[name]!()))).toBe('401 unsigned');
  });
  test('does not make somebody else of who did', async () => {
    expect(await outcome(withHeaders(await draw({ by: world.thief }), listened[name]!()))).toBe('404 not-found');
  });
  test('does not make good what was signed for another host', async () => {
    const elsewhere = await draw({ origin: 'https://evil.example' });
    expect(await outcome(withHeaders(elsewhere, listened[name]!()))).toBe('401 signature-invalid');
  });
});

const BODY = () => JSON.stringify({ upload: world.record, parts: [{ number: 1, length: 5, sha256: 'A'.repeat(43) }] });
const post = () => draw({ method: 'POST', path: PARTS, body: BODY() });

test('as drawn, both are let in', async () => {
  expect([await outcome(await draw()), await outcome(await post())]).toEqual(['200', '404 upload-not-found']);
});

describe('is refused', () => {
  test.each<[string, () => Promise<Message>, string]>([
    ['a signature given twice', async () => repeated(await draw(), 'signature'), '401 signature-invalid'],
    ['its input given twice', async () => repeated(await draw(), 'signature-input'), '401 signature-invalid'],
    ['both given twice', async () => repeated(await draw(), 'signature', 'signature-input'), '401 signature-invalid'],
    [
      'a second signature by another',
      async () => both(await draw(), await draw({ by: world.thief })),
      '401 signature-invalid',
    ],
    ['a signature without its input', async () => without(await draw(), 'signature-input'), '401 signature-invalid'],
    ['an input without its signature', async () => without(await draw(), 'signature'), '401 signature-invalid'],
    [
      'for another method',
      async () => ({ ...(await draw({ method: 'POST' })), method: 'GET' }),
      '401 signature-invalid',
    ],
    [
      'for another path',
      async () => ({ ...(await draw({ path: `/v1/grants/${world.grant}` })), url: service.origin + read() }),
      '401 signature-invalid',
    ],
    ['for another query', async () => moved(await draw(), (url) => url.replace('10', '11')), '401 signature-invalid'],
    [
      'for no query',
      async () => moved(await draw({ path: `/v1/records/${world.record}` }), (url) => `${url}?limit=1`),
      '401 signature-invalid',
    ],
    [
      'without its query',
      async () => moved(await draw(), (url) => url.replace('?limit=10', '')),
      '401 signature-invalid',
    ],
    ['for another host', () => draw({ origin: 'http://evil.example' }), '401 signature-invalid'],
    ['for another port', () => draw({ origin: `${service.origin}:8080` }), '401 signature-invalid'],
    ['an altered body', async () => ({ ...(await post()), body: BODY().replace('5', '6') }), '401 signature-invalid'],
    ['an altered body and its digest', alteredWithDigest, '401 signature-invalid'],
    ['a body without content-digest', async () => without(await post(), 'content-digest'), '401 signature-invalid'],
    ['content-digest given twice', async () => repeated(await post(), 'content-digest'), '401 signature-invalid'],
    ['a body taken away', async () => ({ ...(await post()), body: '' }), '401 signature-invalid'],
    [
      'a body to what was signed without',
      async () => ({ ...(await draw({ method: 'POST', path: PARTS })), body: BODY() }),
      '401 signature-invalid',
    ],
    ['a name twice in the query', () => draw({ path: `${read()}&limit=11` }), '400 malformed-request'],
    [
      'a grant twice in the query',
      () => draw({ path: `/v1/records/${world.record}?grant=${world.grant}&grant=${world.grant}` }),
      '400 malformed-request',
    ],
    [
      'an escaped id',
      () => draw({ path: `/v1/records/%${world.record.charCodeAt(0).toString(16)}${world.record.slice(1)}` }),
      '400 malformed-request',
    ],
  ])('%s', async (_, make, refusal) => {
    expect(await outcome(await make())).toBe(refusal);
  });
});

function repeated(message: Message, ...names: readonly string[]): Message {
  return withHeaders(message, Object.fromEntries(names.map((n) => [n, message.headers.get(n)!])));
}
function both(message: Message, other: Message): Message {
  const second = (name: string): string => other.headers.get(name)!.replace('sig1', 'sig2');
  return withHeaders(message, {
    signature: second('signature'),
    'signature-input': second('signature-input'),
  });
}
function moved(message: Message, change: (url: string) => string): Message {
  return { ...message, url: change(message.url) };
}
async function alteredWithDigest(): Promise<Message> {
  const body = BODY().replace('5', '6');
  const digest = (await draw({ method: 'POST', path: PARTS, body })).headers.get('content-digest')!;
  const message = without(await post(), 'content-digest');
  return { ...withHeaders(message, { 'content-digest': digest }), body };
}

describe('time', () => {
  test.each([
    [-63, '401 clock-skew'],
    [-58, '200'],
    [115, '200'],
    [122, '401 clock-skew'],
  ])('a signature read %i s after it was made: %s', async (seconds, expected) => {
    const message = await draw();
    ahead = seconds * SECOND;
    const result = await outcome(message);
    ahead = 0;
    expect(result).toBe(expected);
  });

  test('the right time is told, and the SDK goes by it', async () => {
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
      // Once: the difference is remembered.
      expect(refusals.map((r) => r.code)).toEqual(['clock-skew']);
      expect(Math.abs(refusals[0]!.serverTime - Date.now())).toBeLessThan(30 * SECOND);
    }
  });
});
