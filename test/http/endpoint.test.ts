// Tests the HTTP endpoint: the input of the use case, the response, and what a sender cannot change.
import { describe, expect, test } from '@jest/globals';
import { MAX_BODY } from '../../lib/api/route.ts';
import { utf8 } from '../../lib/bytes/codec.ts';
import { SECURITY_HEADERS } from '../../lib/http/response.ts';
import { patient, stranger } from '../statements/samples.ts';
import { BODY, CONTEXT, eventOf, fake, ID, JWS, NOW, read, REQUEST_ID, send } from './gateway.ts';

/** Returns a JSON body of the route with exactly this length. */
const bodyOf = (length: number): string => `${' '.repeat(length - BODY.length)}${BODY}`;

describe('an accepted request', () => {
  test('gives the use case its caller, time, nonce and parsed input', async () => {
    const { status, body, seen } = await send();
    expect({ status, body }).toEqual({ status: 200, body: { done: true } });
    expect(seen).toEqual([
      {
        call: {
          caller: patient.id,
          now: NOW,
          nonce: { value: expect.stringMatching(/^[\w-]{22}$/), expires: 1_767_225_660_000 },
        },
        input: { params: { grantId: ID }, query: {}, body: { statement: JWS, entry: JWS } },
      },
    ]);
  });

  test('gets the status of its route', async () => {
    const target = `/v1/records/${ID}/versions/3`;
    const body = JSON.stringify({
      statement: JWS,
      upload: ID,
      metadata: 'A'.repeat(704),
      wrap: {
        capsule: 'A'.repeat(140),
        companionCiphertext: 'A'.repeat(1494),
        wrappedKey: 'A'.repeat(64),
        label: 'A'.repeat(363),
      },
    });
    const answer = await send({ method: 'PUT', target, body }, undefined, { name: 'commit-record' });
    expect(answer.status).toBe(201);
    expect(answer.seen[0]?.input.params).toEqual({ recordId: ID, version: 3 });
  });

  test('has its query parsed', async () => {
    const { seen } = await send({ method: 'GET', target: '/v1/grants?as=patient&limit=7' }, undefined, {
      name: 'list-grants',
    });
    expect(seen[0]?.input).toEqual({ params: {}, query: { as: 'patient', limit: 7 }, body: undefined });
  });

  test('can have its body in base64', async () => {
    const { seen } = await send({ body: utf8(BODY) });
    expect(seen[0]?.input.body).toEqual({ statement: JWS, entry: JWS });
  });

  test('can be answered by an asynchronous use case', async () => {
    expect((await send({}, () => Promise.resolve({ late: true }))).body).toEqual({ late: true });
  });

  test('needs no signature if its route is public', async () => {
    const { status, seen } = await send({ method: 'GET', target: '/v1/health', signed: false }, undefined, {
      name: 'health',
    });
    expect({ status, call: seen[0]?.call }).toEqual({ status: 200, call: { now: NOW } });
  });
});

describe('the body limit', () => {
  test.each([false, true])('is exact (base64: %s)', async (base64) => {
    expect((await send({ body: bodyOf(MAX_BODY), base64 })).status).toBe(200);
    const over = await send({ body: bodyOf(MAX_BODY + 1), base64 });
    expect({ status: over.status, code: over.body['code'], ran: over.seen.length }).toEqual({
      status: 413,
      code: 'body-too-large',
      ran: 0,
    });
  });

  test('counts bytes, not characters', async () => {
    const body = JSON.stringify({ statement: 'é'.repeat(MAX_BODY / 2) });
    expect((await send({ body })).body['code']).toBe('body-too-large');
  });
});

describe('a request is refused', () => {
  const code = async (...args: Parameters<typeof send>): Promise<unknown> => {
    const { body, seen } = await send(...args);
    expect(seen).toEqual([]);
    return body['member'] === undefined ? body['code'] : [body['code'], body['member']];
  };

  test('if it is unsigned', async () => expect(await code({ signed: false })).toBe('unsigned'));

  test('if another identity signed it in the caller’s name', async () => {
    const event = await eventOf();
    const forged = event.headers['signature-input']!.replace(patient.id, stranger.id);
    const { handler } = fake();
    const { body } = read(
      await handler({ ...event, headers: { ...event.headers, 'signature-input': forged } }, CONTEXT),
    );
    expect(body['code']).toBe('signature-invalid');
  });

  test('if it was signed for another host, with the configured host', async () => {
    const { status, body } = await send({ origin: 'https://evil.example.org' });
    expect(status).toBe(401);
    expect(body).toMatchObject({ code: 'signature-invalid', authority: 'records.example.org' });
  });

  test('if it was signed at a wrong time, with the service’s time', async () => {
    const { body } = await send({ at: NOW - 200_000 });
    expect(body).toMatchObject({ code: 'clock-skew', clock: 'behind', serverTime: NOW });
  });

  test.each<[string, Parameters<typeof send>[0]]>([
    ['body', { body: '{' }],
    ['body', { body: new Uint8Array([0x22, 0xff, 0x22]) }],
    ['body', { body: '﻿' + BODY }],
    ['body', { body: '' }],
    ['body', { body: '[]' }],
    ['body', { body: 'null' }],
    // A gateway that parses JSON could give a JSON value as the body instead of a text.
    ...[0, false, 5, true, {}].map((parsed): [string, object] => ['body', { event: { body: parsed } }]),
    ['statement', { body: '{}' }],
    ['statement', { body: '{"statement":7}' }],
    ['statement', { body: '{"statement":"no"}' }],
    ['extra', { body: `{"statement":"${JWS}","entry":"${JWS}","extra":1}` }],
    ['unknown member', { body: `{"statement":"${JWS}","entry":"${JWS}","not a name":1}` }],
    ['unknown member', { body: `{"statement":"${JWS}","entry":"${JWS}","__proto__":{}}` }],
    ['grantId', { target: `/v1/grants/${'1'.repeat(26)}/revocation` }],
    ['grantId', { target: '/v1/grants/a~b/revocation' }],
    ['as', { target: `/v1/grants/${ID}/revocation?as=patient` }],
  ])('if its %s is wrong', async (member, sent) => expect(await code(sent)).toEqual(['malformed-request', member]));

  test.each([
    ['limit', 'as=patient&limit=1&limit=2'],
    ['limit', 'as=patient&limit=101'],
    ['as', 'limit=1'],
    ['query', 'as=patient&'],
    ['query', 'as'],
    ['query', 'as=%70atient'],
    ['query', '__proto__=1'],
    ['constructor', 'as=patient&constructor=1'],
  ])('if %s in its query is wrong', async (member, query) =>
    expect(await code({ method: 'GET', target: `/v1/grants?${query}` }, undefined, { name: 'list-grants' })).toEqual([
      'malformed-request',
      member,
    ]),
  );

  describe.each([true, false])('signed: %s', (signed) => {
    test.each<[string, Parameters<typeof send>[0]]>([
      ['body', { body: '{}' }],
      ['body', { body: '0' }],
      ['body', { headers: { 'content-length': '2' } }],
      ['body', { headers: { 'Content-Length': '2' } }],
      ['body', { headers: { 'transfer-encoding': 'chunked' } }],
      ['path', { target: '/v1/%63hain' }],
      ['path', { target: '/v1/chain%2F' }],
      ['query', { target: '/v1/chain?limit=%31' }],
      ['query', { target: '/v1/chain?l%69mit=1' }],
      ['query', { target: '/v1/chain?%' }],
    ])('if %s of a read is wrong, before the signature is checked: %o', async (member, sent) => {
      const read = { method: 'GET', target: '/v1/chain', signed, ...sent };
      expect(await code(read, undefined, { name: 'list-chain' })).toEqual(['malformed-request', member]);
    });

    test('if a write has percent-encoding in its path', async () => {
      const target = `/v1/grants/${ID.replace('a', '%61')}/revocation`;
      expect(await code({ target, signed })).toEqual(['malformed-request', 'path']);
    });
  });

  test('if it has a body on a public route', async () =>
    expect(
      await code({ method: 'GET', target: '/v1/health', body: '{}', signed: false }, undefined, { name: 'health' }),
    ).toEqual(['malformed-request', 'body']));

  test('but not if it states that its body has length 0', async () => {
    const headers = { 'content-length': '0' };
    const { status } = await send({ method: 'GET', target: '/v1/chain', headers }, undefined, {
      name: 'list-chain',
    });
    expect(status).toBe(200);
  });

  test.each([
    { target: `/v1/grants/${ID}/revocation/` },
    { target: `/v1/grants/${ID}` },
    { target: `/v2/grants/${ID}/revocation` },
    { method: 'PUT' },
  ])('if its path or method is not that of the route: %o', async (sent) => expect(await code(sent)).toBe('not-found'));
});

describe('headers and fields of gateways and proxies have no effect', () => {
  test.each([
    { host: 'evil.example.org' },
    {
      'x-forwarded-host': 'evil.example.org',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '127.0.0.1',
      forwarded: 'host=evil',
    },
    { 'sls-offline-authorizer-override': '{"lambda":{"caller":"somebody"}}' },
    { authorization: 'Bearer e30.e30.' },
  ])('the headers %o have no effect', async (headers) => {
    const signed = await send({ headers });
    expect(signed.status).toBe(200);
    expect(signed.seen[0]?.call['caller']).toBe(patient.id);
    const unsigned = await send({ headers, signed: false });
    expect({ code: unsigned.body['code'], ran: unsigned.seen.length }).toEqual({ code: 'unsigned', ran: 0 });
  });

  test('an authorizer context and parameters that the gateway parsed have no effect', async () => {
    const requestContext = { http: { method: 'POST' }, authorizer: { lambda: { caller: stranger.id } } } as never;
    const pathParameters = { grantId: 'b'.repeat(26) };
    const { seen } = await send({
      event: { requestContext, pathParameters, queryStringParameters: { as: 'patient' } },
    });
    expect(seen[0]).toMatchObject({ call: { caller: patient.id }, input: { params: { grantId: ID }, query: {} } });
  });
});

describe('every answer', () => {
  test.each<[string, () => ReturnType<typeof send>]>([
    ['success', () => send()],
    ['a refusal', () => send({ signed: false })],
    ['a fault', () => send({}, () => Promise.reject(new Error('x')))],
    [
      'a public route',
      () => send({ method: 'GET', target: '/v1/health', signed: false }, undefined, { name: 'health' }),
    ],
  ])('has security headers and the request id: %s', async (_, sent) => {
    const { headers } = await sent();
    expect(headers).toMatchObject({ ...SECURITY_HEADERS, 'x-request-id': REQUEST_ID });
    expect(headers['cache-control']).toBe('no-store');
  });

  test('has an id of the service if the platform gives none', async () => {
    const { handler } = fake();
    const { headers } = read(await handler(await eventOf({ headers: { 'x-request-id': 'chosen' } }), {} as never));
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});
