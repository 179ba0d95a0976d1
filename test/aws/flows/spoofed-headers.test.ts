// Tests over real HTTP that forged headers change nothing, although gateways, proxies and serverless-offline obey such headers. The requests use node:http,
// which sends any Host. test/aws/attacks/request-smuggling.test.ts tests more headers, without a network.
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
/** Signs a GET, by default of the owner's record, and returns its headers. */
const signed = (by: Person, { path = pathOf(record), origin = API_URL } = {}): Promise<Record<string, string>> =>
  signRequest({ method: 'GET', url: `${origin}${path}` }, by.keys, { now: Date.now() });

/** Sends a GET of the owner's record. Returns status and code. */
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
const HEADERS: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
  'sls-offline-authorizer-override': () => ({ 'sls-offline-authorizer-override': override() }),
  'X-Forwarded-For': () => ({ 'x-forwarded-for': '127.0.0.1' }),
  'X-Forwarded-Host': () => ({ 'x-forwarded-host': 'evil.example' }),
  'X-Forwarded-Proto': () => ({ 'x-forwarded-proto': 'https' }),
  'Host of another server': () => ({ host: 'evil.example' }),
};
const allHeaders = (): OutgoingHttpHeaders =>
  Object.fromEntries(Object.values(HEADERS).flatMap((h) => Object.entries(h())));
const cases: readonly (readonly [string, () => OutgoingHttpHeaders])[] = [
  ['no additional header', () => ({})],
  ...Object.entries(HEADERS),
  ['all these headers', allHeaders],
];

describe.each(cases)('with %s', (_, extra) => {
  test('serves a request that the owner signed', async () => {
    expect(await outcome({ ...(await signed(owner)), ...extra() })).toBe('200');
  });
  test('refuses an unsigned request', async () => {
    expect(await outcome(extra())).toBe('401 unsigned');
  });
  test('refuses a signature for another host', async () => {
    const otherHost = await signed(owner, { origin: 'http://evil.example' });
    expect(await outcome({ ...otherHost, ...extra() })).toBe('401 signature-invalid');
  });
  test('refuses a signature for another record', async () => {
    const other = await signed(owner, { path: pathOf(newId<RecordId>()) });
    expect(await outcome({ ...other, ...extra() })).toBe('401 signature-invalid');
  });
  test('refuses an altered signature', async () => {
    const { signature, ...rest } = await signed(owner);
    const altered = signature!.replace(/:(.)/, (_, c: string) => (c === 'A' ? ':B' : ':A'));
    expect(await outcome({ ...rest, signature: altered, ...extra() })).toBe('401 signature-invalid');
  });
  test('answers not-found to a request that somebody else signed', async () => {
    expect(await outcome({ ...(await signed(thief)), ...extra() })).toBe('404 not-found');
  });
});

describe('requests that no route accepts', () => {
  /** Sends a GET with this body and query. Its signature covers neither body nor digest. Returns status, code and member. */
  const sent = async (path: string, body?: string): Promise<string> => {
    const headers = await signed(owner, { path });
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const asked = httpRequest(`${API_URL}${path}`, { headers: { ...headers, ...length }, agent: false }).end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const { code, member } = (await json(answer)) as { code?: string; member?: string };
    return [answer.statusCode, code, member].filter((part) => part !== undefined).join(' ');
  };

  test('refuses a GET with an unsigned body', async () => {
    expect(await sent('/v1/chain')).toBe('200');
    expect(await sent('/v1/chain', '{"a":1}')).toBe('400 malformed-request body');
  });
  test('percent-encoding in the path, which the gateway decodes', async () => {
    expect(await sent('/v1/%63hain')).toBe('401 signature-invalid');
  });
  test.each(['%6Cimit=1', 'limit=%31', 'limit=1+', 'limit', '&limit=1'])(
    'a query of another form, which reaches the function as it was sent: %s',
    async (query) => {
      expect(await sent(`/v1/chain?${query}`)).toBe('400 malformed-request query');
    },
  );
});
