// What the gateway of the local API does with a request before a function sees it: nothing to its body, and what no function answers it answers in
// the words of API Gateway.
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
  // An answer may come before all of the body is read.
  sent.on('error', () => undefined).end(bytes);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, type: answer.headers['content-type'], body: (await json(answer)) as object };
};

const MALFORMED = {
  status: 400,
  type: 'application/problem+json',
  body: { code: 'malformed-request', member: 'body' },
};

describe('a body that is JSON and no object', () => {
  test.each(['0', '-0', ' 0 ', '0.0', 'false', 'null', '""', '"text"', '5', 'true', '[]'])('%s', async (body) => {
    expect(await send({ body })).toMatchObject(MALFORMED);
    expect(await send({ body, signed: false })).toMatchObject({ status: 401, body: { code: 'unsigned' } });
  });
});

describe('a body reaches the function byte for byte', () => {
  test.each<[string, Sent]>([
    ['that is no JSON', { body: '{' }],
    ['that is no UTF-8', { body: new Uint8Array([0x22, 0xff, 0x22]) }],
    ['that begins with a byte order mark', { body: '\uFEFF{}' }],
  ])('%s', async (_, sent) => expect(await send(sent)).toMatchObject(MALFORMED));

  test.each<[string, OutgoingHttpHeaders]>([
    ['of another type', { 'content-type': 'text/csv' }],
    ['of a type that nobody knows', { 'content-type': 'no type' }],
    ['of several parts without a boundary', { 'content-type': 'multipart/form-data' }],
    ['of a type of bytes', { 'content-type': 'application/octet-stream' }],
    ['of no type', { 'content-type': '' }],
    ['said to be compressed', { 'content-encoding': 'gzip' }],
    ['with a cookie that cannot be read', { cookie: 'a=b; ==;"' }],
  ])('%s', async (_, headers) => {
    const body = JSON.stringify({ statement: 'no' });
    expect(await send({ body, headers })).toMatchObject({ body: { code: 'malformed-request', member: 'statement' } });
  });
});

describe('what no function answers', () => {
  test.each<[string, Sent]>([
    ['a path', { path: '/v1/nowhere' }],
    ['a method', { method: 'DELETE', path: '/v1/health' }],
    ['a type that cannot be parsed', { path: '/v1/nowhere', headers: { 'content-type': 'x/y' } }],
    ['JSON that cannot be parsed', { path: '/v1/nowhere', body: '{' }],
    ['a cookie that cannot be read', { path: '/v1/nowhere', headers: { cookie: '==;"' } }],
  ])('%s', async (_, sent) => {
    const { status, type, body } = await send({ body: 'x', ...sent, signed: false });
    expect({ status, body }).toEqual({ status: 404, body: { message: 'Not Found' } });
    expect(type).toMatch(/^application\/json\b/);
  });

  test('a path that is not percent-encoded right', async () => {
    const { status, body } = await send({ path: '/v1/grants/%zz/revocation', signed: false });
    expect({ status, body }).toEqual({ status: 400, body: { message: 'Bad Request' } });
  });

  test('a body of more than 10 MiB', async () => {
    const { status, body } = await send({ body: new Uint8Array(10 * 1024 * 1024 + 1), signed: false });
    expect({ status, body }).toEqual({ status: 413, body: { message: 'Request Entity Too Large' } });
  });
});
