// Tests the gateway of the local API: it passes bodies to the functions unchanged, and answers other requests as API Gateway does.
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { json } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '../../../lib/bytes/ids.ts';
import { signRequest } from '../../../lib/identity/http-signature.ts';
import { API_URL, newPerson, patientOf, type Person } from './people.ts';

let person: Person;
beforeAll(async () => {
  person = newPerson();
  await patientOf(person).register();
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: OutgoingHttpHeaders;
  readonly signed?: boolean;
}

const send = async ({ method = 'POST', path, body = '', headers = {}, signed = true }: Sent) => {
  const url = `${API_URL}${path ?? `/v1/grants/${newId()}/revocation`}`;
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const signature = signed ? await signRequest({ method, url, body: bytes }, person.keys, { now: Date.now() }) : {};
  const length = { 'content-type': 'application/json', 'content-length': bytes.length };
  const sent = httpRequest(url, { method, agent: false, headers: { ...length, ...signature, ...headers } });
  // The answer may arrive before the whole body is sent. The rest of the body then cannot be written, which is no failure here.
  sent.on('error', () => undefined).end(bytes);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, type: answer.headers['content-type'], body: (await json(answer)) as object };
};

const MALFORMED = {
  status: 400,
  type: 'application/problem+json',
  body: { code: 'malformed-request', member: 'body' },
};

describe('answers malformed-request to JSON that is not an object', () => {
  test.each(['0', '-0', ' 0 ', '0.0', 'false', 'null', '""', '"text"', '5', 'true', '[]'])('%s', async (body) => {
    expect(await send({ body })).toMatchObject(MALFORMED);
    expect(await send({ body, signed: false })).toMatchObject({ status: 401, body: { code: 'unsigned' } });
  });
});

describe('passes the body to the function byte for byte', () => {
  test.each<[string, Sent]>([
    ['a body that is not JSON', { body: '{' }],
    ['a body that is not UTF-8', { body: new Uint8Array([0x22, 0xff, 0x22]) }],
    ['a body that begins with a byte order mark', { body: '\uFEFF{}' }],
  ])('%s', async (_, sent) => expect(await send(sent)).toMatchObject(MALFORMED));

  test.each<[string, OutgoingHttpHeaders]>([
    ['another content type', { 'content-type': 'text/csv' }],
    ['an invalid content type', { 'content-type': 'no type' }],
    ['multipart/form-data without a boundary', { 'content-type': 'multipart/form-data' }],
    ['a binary content type', { 'content-type': 'application/octet-stream' }],
    ['an empty content type', { 'content-type': '' }],
    ['a content-encoding', { 'content-encoding': 'gzip' }],
    ['an invalid cookie', { cookie: 'a=b; ==;"' }],
  ])('%s', async (_, headers) => {
    const body = JSON.stringify({ statement: 'no' });
    expect(await send({ body, headers })).toMatchObject({ body: { code: 'malformed-request', member: 'statement' } });
  });
});

describe('answers for no function', () => {
  test.each<[string, Sent]>([
    ['404 for an unknown path', { path: '/v1/nowhere' }],
    ['404 for another method', { method: 'DELETE', path: '/v1/health' }],
    ['404 for an unknown path with another content type', { path: '/v1/nowhere', headers: { 'content-type': 'x/y' } }],
    ['404 for an unknown path with invalid JSON', { path: '/v1/nowhere', body: '{' }],
    ['404 for an unknown path with an invalid cookie', { path: '/v1/nowhere', headers: { cookie: '==;"' } }],
  ])('%s', async (_, sent) => {
    const { status, type, body } = await send({ body: 'x', ...sent, signed: false });
    expect({ status, body }).toEqual({ status: 404, body: { message: 'Not Found' } });
    expect(type).toMatch(/^application\/json\b/);
  });

  test('400 for a path with invalid percent-encoding', async () => {
    const { status, body } = await send({ path: '/v1/grants/%zz/revocation', signed: false });
    expect({ status, body }).toEqual({ status: 400, body: { message: 'Bad Request' } });
  });

  test('413 for a body of more than 10 MiB', async () => {
    const { status, body } = await send({ body: new Uint8Array(10 * 1024 * 1024 + 1), signed: false });
    expect({ status, body }).toEqual({ status: 413, body: { message: 'Request Entity Too Large' } });
  });
});
