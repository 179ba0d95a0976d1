// Makes signed HTTP requests without the SDK, for calls that the SDK does not make.
import { ROUTES, type Answer, type RouteName } from '../../lib/api/routes.ts';
import { utf8 } from '../../lib/bytes/codec.ts';
import { NO_ENTRIES } from '../../lib/domain/statement-chain.ts';
import type { DeviceKeys } from '../../lib/identity/key-derivation.ts';
import { signRequest } from '../../lib/identity/http-signature.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { addsEntry, withEntry } from '../support/entries.ts';
import { bytesOf, newPerson, patientOf, type Connection } from './flows/people.ts';

export interface RawCall {
  readonly route: RouteName;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
}

/** Makes a signed request, and does not change the body. To send the request more than once, clone it. */
export const plainRequest = async (
  { origin = '' }: Connection,
  keys: DeviceKeys,
  { route, params = {}, query = '', body }: RawCall,
  now = Date.now(),
): Promise<Request> => {
  const { method, path } = ROUTES[route];
  const url = `${origin}${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')}${query}`;
  const bytes = body === undefined ? undefined : utf8(JSON.stringify(body));
  const headers = await signRequest({ method, url, body: bytes }, keys, { now });
  return new Request(url, { method, headers, ...(bytes && { body: bytes as BodyInit }) });
};

type Entries = Answer<'list-chain'>['entries'];

/** Reads the caller's chain of statements. An identity that is not registered has none. */
const readChain = async (at: Connection, keys: DeviceKeys, now: number): Promise<Entries> => {
  const send = at.fetch ?? fetch;
  const entries: Entries = [];
  for (let query = '?limit=100'; ;) {
    const response = await send(await plainRequest(at, keys, { route: 'list-chain', query }, now));
    if (!response.ok) return entries;
    const page = (await response.json()) as Answer<'list-chain'>;
    entries.push(...page.entries);
    if (page.next === undefined) return entries;
    query = `?limit=100&cursor=${page.next}`;
  }
};

const serviceKeyAt = async ({ origin = '', fetch: send = fetch }: Connection): Promise<string> => {
  const response = await send(new Request(`${origin}${ROUTES['get-service-key'].path}`));
  return ((await response.json()) as Answer<'get-service-key'>).key;
};

/** If the call is an act without an entry, adds the next entry of the caller's chain to its body. Returns other calls unchanged. */
export const withNextEntry = async (
  at: Connection,
  keys: DeviceKeys,
  call: RawCall,
  now = Date.now(),
): Promise<RawCall> => {
  const { route, body } = call;
  if (!addsEntry(route) || typeof body !== 'object' || body === null) return call;
  const [entries, service] = await Promise.all([readChain(at, keys, now), serviceKeyAt(at)]);
  const known = entries.map(({ entry }) => reloadStatement('entry', entry));
  const last = known.at(-1);
  const chain = {
    head: last === undefined ? NO_ENTRIES : { number: last.payload.number, hash: last.hash },
    known: known.map(({ jws, payload }) => ({ jws, statements: payload.statements })),
  };
  return { ...call, body: await withEntry(body, keys, { ...chain, now, service }) };
};

/** Makes a signed request. If the call is an act without an entry, adds the next entry of the caller's chain first. */
export const signedRequest = async (
  at: Connection,
  keys: DeviceKeys,
  call: RawCall,
  now = Date.now(),
): Promise<Request> => plainRequest(at, keys, await withNextEntry(at, keys, call, now), now);

/** Registers a patient, files a record, and calls get-record. */
export const callGetRecord = async (at: Connection): Promise<Response> => {
  const person = newPerson();
  const patient = patientOf(person, at);
  await patient.register();
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const { record } = await patient.file(folder.id, bytesOf(10), {});
  return (at.fetch ?? fetch)(
    await signedRequest(at, person.keys, { route: 'get-record', params: { recordId: record } }),
  );
};
