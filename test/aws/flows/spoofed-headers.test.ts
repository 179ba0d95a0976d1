// Headers that gateways, proxies and serverless-offline itself listen to change nothing, over real HTTP: node:http sends the Host that it is told.
// test/aws/attacks/request-smuggling.test.ts has more of them, in the process.
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { json } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { newId, type RecordId } from '../../../lib/bytes/ids.ts';
import { signRequest } from '../../../lib/identity/http-signature.ts';
import { API_URL, bytesOf, newPerson, patientOf, type Person } from './people.ts';

let owner: Person;
let thief: Person;
let record: RecordId;
beforeAll(async () => {
  [owner, thief] = [newPerson(), newPerson()];
  const patient = patientOf(owner);
  await Promise.all([patient.register(), patientOf(thief).register()]);
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  ({ record } = await patient.file(folder.id, bytesOf(10), {}));
});

const pathOf = (id: RecordId): string => `/v1/records/${id}`;
/** Signed for the owner's record, unless told otherwise. */
const signed = (by: Person, { path = pathOf(record), origin = API_URL } = {}): Promise<Record<string, string>> =>
  signRequest({ method: 'GET', url: `${origin}${path}` }, by.keys, { now: Date.now() });

/** Asks for the owner's record. */
const outcome = async (headers: OutgoingHttpHeaders): Promise<string> => {
  const sent = httpRequest(`${API_URL}${pathOf(record)}`, { headers, agent: false }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const { code } = (await json(answer)) as { code?: string };
  return `${answer.statusCode} ${code ?? ''}`.trim();
};

const override = (): string => {
  const { id } = owner.keys;
  return JSON.stringify({ iam: { userId: id }, lambda: { caller: id }, jwt: { claims: { sub: id } }, caller: id });
};
const listened: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
  'sls-offline-authorizer-override': () => ({ 'sls-offline-authorizer-override': override() }),
  'X-Forwarded-For': () => ({ 'x-forwarded-for': '127.0.0.1' }),
  'X-Forwarded-Host': () => ({ 'x-forwarded-host': 'evil.example' }),
  'X-Forwarded-Proto': () => ({ 'x-forwarded-proto': 'https' }),
  'a foreign Host': () => ({ host: 'evil.example' }),
};
const together = (): OutgoingHttpHeaders =>
  Object.fromEntries(Object.values(listened).flatMap((h) => Object.entries(h())));
const cases: readonly (readonly [string, () => OutgoingHttpHeaders])[] = [
  ['nothing else', () => ({})],
  ...Object.entries(listened),
  ['all of them', together],
];

describe.each(cases)('with %s', (_, extra) => {
  test('a request that its caller signed is served', async () => {
    expect(await outcome({ ...(await signed(owner)), ...extra() })).toBe('200');
  });
  test('an unsigned one is refused', async () => {
    expect(await outcome(extra())).toBe('401 unsigned');
  });
  test('one that was signed for another host is refused', async () => {
    const elsewhere = await signed(owner, { origin: 'http://evil.example' });
    expect(await outcome({ ...elsewhere, ...extra() })).toBe('401 signature-invalid');
  });
  test('one that was signed for another record is refused', async () => {
    const other = await signed(owner, { path: pathOf(newId<RecordId>()) });
    expect(await outcome({ ...other, ...extra() })).toBe('401 signature-invalid');
  });
  test('one whose signature was altered is refused', async () => {
    const { signature, ...rest } = await signed(owner);
    const altered = signature!.replace(/:(.)/, (_, c: string) => (c === 'A' ? ':B' : ':A'));
    expect(await outcome({ ...rest, signature: altered, ...extra() })).toBe('401 signature-invalid');
  });
  test('one that somebody else signed stays somebody else’s', async () => {
    expect(await outcome({ ...(await signed(thief)), ...extra() })).toBe('404 not-found');
  });
});

describe('what no route takes', () => {
  /** Status and code for a GET with this body and query, whose signature covers neither body nor digest. */
  const sent = async (path: string, body?: string): Promise<string> => {
    const headers = await signed(owner, { path });
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const asked = httpRequest(`${API_URL}${path}`, { headers: { ...headers, ...length }, agent: false }).end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const { code, member } = (await json(answer)) as { code?: string; member?: string };
    return [answer.statusCode, code, member].filter((part) => part !== undefined).join(' ');
  };

  test('a body that nothing signed, which the gateway drops', async () => {
    expect(await sent('/v1/folders')).toBe('200');
    expect(await sent('/v1/folders', '{"a":1}')).toBe('400 malformed-request body');
  });
  // Some gateways decode and some do not: then it was never what was signed.
  test.each(['/v1/%66olders', '/v1/folders?%6Cimit=1', '/v1/folders?limit=%31'])(
    'percent-encoding: %s',
    async (path) => {
      expect(await sent(path)).toMatch(/^(400 malformed-request (path|query)|401 signature-invalid)$/);
    },
  );
});
