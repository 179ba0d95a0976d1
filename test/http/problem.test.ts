// Tests that every error becomes one problem of the closed list, and that the text of the error reaches neither the response nor the log.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod/mini';
import { AppError, ERRORS, type ErrorCode } from '../../lib/api/errors.ts';
import { BytesError } from '../../lib/bytes/errors.ts';
import { problemType } from '../../lib/http/problem.ts';
import { StatementError, type StatementErrorCode } from '../../lib/statements/errors.ts';
import { UmbralError } from '../../lib/umbral/errors.ts';
import { runs } from '../support/property-runs.ts';
import { NOW, REQUEST_ID, send } from './gateway.ts';

const thrown = (value: unknown) => () => {
  throw value;
};
/** Makes an error like those of the AWS SDK or Node, with a secret in its message. */
const named = (name: string, more: object = {}): Error => Object.assign(new Error('SECRET'), { name, ...more });

describe('an error of the list', () => {
  test.each(Object.keys(ERRORS) as ErrorCode[])('%s is answered as its problem', async (code) => {
    const { status, headers, body } = await send({}, thrown(new AppError(code)));
    expect(headers['content-type']).toBe('application/problem+json');
    expect({ status, body }).toEqual({
      status: ERRORS[code].status,
      body: {
        type: problemType(code),
        title: expect.stringMatching(/^[A-Z][a-z ]+$/),
        status,
        code,
        detail: ERRORS[code].advice,
        requestId: REQUEST_ID,
      },
    });
  });

  test('contains the details of the list and no others', async () => {
    const details = {
      member: 'cells',
      statement: 'grants.1.statement',
      reason: 'revoked',
      clock: 'ahead',
      serverTime: 5,
      authority: 'api.example.org',
      retryAfter: 1.2,
      ids: ['a'],
    } as const;
    const { body, headers } = await send({}, thrown(new AppError('busy', { ...details, secret: 'SECRET' } as never)));
    expect(body).toMatchObject(details);
    expect(body).not.toHaveProperty('secret');
    expect(headers['retry-after']).toBe('2');
  });

  test('contains the accepted signature parameters only if the signature is wrong', async () => {
    expect((await send({ signed: false })).headers).toMatchObject({
      'www-authenticate': expect.any(String),
      'accept-signature': expect.stringContaining('"@authority"'),
    });
    expect((await send({}, thrown(new AppError('not-found')))).headers).not.toHaveProperty('www-authenticate');
  });
});

describe('an error of a library', () => {
  test.each(['malformed', 'wrong-signer', 'bad-signature', 'bad-payload'] satisfies StatementErrorCode[])(
    'StatementError %s becomes `statement-invalid`',
    async (code) => {
      const { body, text } = await send({}, thrown(new StatementError(code, 'SECRET', 'category')));
      expect(body).toMatchObject({ code: 'statement-invalid', reason: code, member: 'category' });
      expect(text).not.toContain('SECRET');
    },
  );

  test.each([new BytesError('bad-length', 'SECRET'), new UmbralError('bad-encoding', 'SECRET')])(
    '$name becomes `malformed-request`',
    async (error) => expect((await send({}, thrown(error))).body['code']).toBe('malformed-request'),
  );

  test.each([
    named('ThrottlingException'),
    named('ProvisionedThroughputExceededException'),
    named('RequestLimitExceeded'),
    named('TransactionConflictException'),
    named('TransactionCanceledException'),
    named('TransactionInProgressException'),
    named('InternalServerError'),
    named('SlowDown'),
    named('TimeoutError'),
    named('AbortError'),
    named('Error', { code: 'ECONNRESET' }),
    named('Error', { code: 'ECONNREFUSED' }),
    named('SomethingNew', { $retryable: { throttling: true } }),
  ])('the temporary error $name $code becomes `busy`', async (error) => {
    const { status, headers, body, text, lines } = await send({}, thrown(error));
    expect({ status, code: body['code'], retry: headers['retry-after'] }).toEqual({
      status: 503,
      code: 'busy',
      retry: '1',
    });
    expect(text + JSON.stringify(lines)).not.toContain('SECRET');
    expect(lines.map(([event]) => event)).toEqual(['request-faulted', 'request-answered']);
  });
});

describe('any other thrown value', () => {
  const cyclic: Record<string, unknown> = { text: 'SECRET' };
  cyclic['self'] = cyclic;
  const noStack = new Error('SECRET');
  (noStack as { stack: unknown }).stack = undefined;
  const zod = z.object({ a: z.string() }).safeParse({ a: 1, SECRET: 1 }).error!;

  test.each<[string, unknown]>([
    ['an error', new Error('SECRET')],
    ['an error with a secret in its name', named('SECRET of somebody')],
    ['an error whose message looks like a stack', new Error('x\n    at SECRET (file:1:1)')],
    ['an error with a cause', new Error('SECRET', { cause: new Error('SECRET') })],
    ['an error without a stack', noStack],
    ['a frozen error', Object.freeze(new Error('SECRET'))],
    ['an error of the schema library', zod],
    ['a TypeError', new TypeError('SECRET')],
    ['a DynamoDB ValidationException', named('ValidationException', { $metadata: { httpStatusCode: 400 } })],
    ['an access that AWS denied', named('AccessDeniedException')],
    ['a string', 'SECRET'],
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['an object', { message: 'SECRET', statusCode: 200, body: 'SECRET' }],
    ['a cyclic object', cyclic],
    ['a symbol', Symbol('SECRET')],
  ])('becomes `internal` without any of its text: %s', async (_, value) => {
    for (const run of [thrown(value), async () => thrown(value)()]) {
      const { status, body, text, lines } = await send({}, run);
      expect(status).toBe(500);
      expect(body).toEqual({
        type: problemType('internal'),
        title: 'Internal',
        status: 500,
        code: 'internal',
        detail: ERRORS.internal.advice,
        requestId: REQUEST_ID,
      });
      expect(text + JSON.stringify(lines)).not.toContain('SECRET');
      expect(lines[0]).toEqual([
        'request-faulted',
        expect.objectContaining({ requestId: REQUEST_ID, code: 'internal' }),
      ]);
    }
  });

  test('is logged with its class and its frames', async () => {
    const { lines } = await send({}, thrown(new TypeError('SECRET')));
    expect(lines[0]![1]).toMatchObject({ thrown: 'TypeError', function: 'revoke-grant' });
    expect(lines[0]![1].frames?.[0]).toMatch(/^at .*problem\.test\.ts/);
  });

  test('never leaves the handler', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything({ withNullPrototype: true }), async (value) => {
        expect((await send({}, thrown(value))).status).toBe(500);
      }),
      { numRuns: runs(50) },
    );
  });

  test.each<[string, unknown]>([
    ['a BigInt', { n: 1n }],
    ['a cycle', cyclic],
  ])('an answer that cannot be serialized becomes `internal`: %s', async (_, value) => {
    const { status, text } = await send({}, () => value);
    expect(status).toBe(500);
    expect(text).not.toContain('SECRET');
  });

  test.each([
    null,
    undefined,
    {},
    { requestContext: {} },
    { body: {} },
    { requestContext: { http: {} }, headers: null },
  ])('a malformed event is answered with a problem: %o', async (event) => {
    const { handler } = await import('./gateway.ts').then((g) => g.fake());
    const { statusCode } = await handler(event as never, {} as never);
    expect([400, 401, 404, 500]).toContain(statusCode);
  });
});

describe('the environment', () => {
  test('a missing variable is answered with `internal`, and the log names it', async () => {
    const missing = Object.assign(new Error('missing'), { name: 'EnvError', missing: ['PUBLIC_ORIGIN'] });
    const { status, text, lines, seen } = await send({}, undefined, { origin: thrown(missing) });
    expect({ status, ran: seen.length }).toEqual({ status: 500, ran: 0 });
    expect(text).not.toContain('PUBLIC_ORIGIN');
    expect(lines[0]![1]).toMatchObject({ thrown: 'EnvError', missing: ['PUBLIC_ORIGIN'] });
  });

  test('a log that fails does not change the response', async () => {
    expect((await send({}, undefined, { log: thrown(new Error('full')) })).status).toBe(200);
    expect((await send({ signed: false }, undefined, { log: thrown(new Error('full')) })).status).toBe(401);
  });

  test('a function that is about to be stopped answers `busy`', async () => {
    const { fake, eventOf } = await import('./gateway.ts');
    const { handler } = fake('revoke-grant', () => new Promise((done) => setTimeout(done, 5_000).unref()));
    const context = { awsRequestId: REQUEST_ID, getRemainingTimeInMillis: () => 320 };
    const { statusCode } = await handler(await eventOf(), context as never);
    expect(statusCode).toBe(503);
  });
});

describe('the log', () => {
  test('has one line per request, without its content', async () => {
    const SECRETS = ['aa.bb.cc', 'a'.repeat(26), 'ehr1', 'evil.example.org', 'SECRET'];
    const sent = [
      { headers: { 'x-secret': 'SECRET', host: 'evil.example.org' } },
      { target: '/v1/grants/SECRET/revocation?SECRET=1' },
      { body: '{"SECRET":"SECRET"}' },
      { signed: false },
    ];
    for (const one of sent) {
      const { lines, status } = await send(one);
      expect(lines).toEqual([
        [
          'request-answered',
          expect.objectContaining({ requestId: REQUEST_ID, function: 'revoke-grant', status, ms: 0 }),
        ],
      ]);
      for (const secret of SECRETS) expect(JSON.stringify(lines)).not.toContain(secret);
    }
  });

  test('contains the duration', async () => {
    let now = NOW;
    const { lines } = await send({}, () => (now += 25), { clock: () => now });
    expect(lines[0]![1].ms).toBe(25);
  });
});
