// Makes signed HTTP requests without the SDK, for calls that the SDK does not make.
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import { utf8 } from '../../lib/bytes/codec.ts';
import type { DeviceKeys } from '../../lib/identity/key-derivation.ts';
import { signRequest } from '../../lib/identity/http-signature.ts';
import { bytesOf, newPerson, patientOf, type Connection } from './flows/people.ts';

export interface RawCall {
  readonly route: RouteName;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
}

/** A signed request. Clone it to send it more than once. */
export const signedRequest = async (
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

/** Registers a patient, files a record, and calls get-record, which the SDK never calls by itself. */
export const getRecord = async (at: Connection): Promise<Response> => {
  const person = newPerson();
  const patient = patientOf(person, at);
  await patient.register();
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const { record } = await patient.file(folder.id, bytesOf(10), {});
  return at.fetch!(await signedRequest(at, person.keys, { route: 'get-record', params: { recordId: record } }));
};
