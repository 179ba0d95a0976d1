// Tests reading the environment, the written log lines, and scheduled functions.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { job } from '../../lib/http/job.ts';
import { EnvError, readEnv } from '../../lib/runtime/env.ts';
import { makeLog } from '../../lib/runtime/log.ts';
import { once } from '../../lib/runtime/once.ts';
import { makeRuntime } from '../../lib/runtime/stateless-container.ts';
import { NOW, REQUEST_ID, runtimeFor, send } from '../http/gateway.ts';

describe('the environment', () => {
  const source = {
    PUBLIC_ORIGIN: 'https://records.example.org',
    MAIN_TABLE: 'main',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
  };

  test('is parsed', () => {
    const env = readEnv(source, ['PUBLIC_ORIGIN', 'MAIN_TABLE', 'AWS_ENDPOINT_URL']);
    expect({ ...env, PUBLIC_ORIGIN: env.PUBLIC_ORIGIN.host }).toEqual({
      ...source,
      PUBLIC_ORIGIN: 'records.example.org',
    });
    expect(readEnv({}, ['AWS_ENDPOINT_URL'])).toEqual({ AWS_ENDPOINT_URL: undefined });
  });

  test('names all missing variables at once', () => {
    const read = () => readEnv({ MAIN_TABLE: '' }, ['MAIN_TABLE', 'NONCE_TABLE', 'BUCKET', 'AWS_REGION']);
    expect(read).toThrow(new EnvError(['MAIN_TABLE', 'NONCE_TABLE', 'BUCKET', 'AWS_REGION']));
  });

  test.each([
    'records.example.org',
    'ftp://a.example',
    'https://a.example/v1',
    'https://u@a.example',
    'https://a.example?x',
    '',
  ])('refuses the origin %j', (PUBLIC_ORIGIN) =>
    expect(() => readEnv({ PUBLIC_ORIGIN }, ['PUBLIC_ORIGIN'])).toThrow(EnvError),
  );

  test('is read when it is first needed, and again after a failure', () => {
    let source: Record<string, string> = {};
    const { origin } = makeRuntime(() => source);
    expect(origin).toThrow(EnvError);
    source = { PUBLIC_ORIGIN: 'http://127.0.0.1:3000' };
    expect(origin().host).toBe('127.0.0.1:3000');
    source = {};
    expect(origin().host).toBe('127.0.0.1:3000');
  });

  test('once() makes its value once', () => {
    const make = jest.fn(() => undefined);
    const value = once(make);
    value();
    value();
    expect(make).toHaveBeenCalledTimes(1);
  });
});

describe('written log lines', () => {
  let written: string[];
  let spies: { mockRestore: () => void }[];
  beforeEach(() => {
    written = [];
    spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0),
    );
  });
  afterEach(() => spies.forEach((spy) => spy.mockRestore()));

  const lines = (): Record<string, unknown>[] =>
    written
      .join('')
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l) as Record<string, unknown>);

  test('a request writes a line with event and message, and the metrics of the function', async () => {
    const log = makeLog();
    await send({}, undefined, { log });
    const [line, metrics] = lines();
    expect(line).toMatchObject({
      level: 'INFO',
      message: 'A request was answered.',
      event: 'request-answered',
      requestId: REQUEST_ID,
      function: 'revoke-grant',
      status: 200,
      ms: 0,
    });
    expect(metrics).toMatchObject({ function: 'revoke-grant', Calls: 1, Faults: 0, Refusals: 0, Duration: 0 });
  });

  test('refusals and faults are counted separately', async () => {
    const log = makeLog();
    await send({ signed: false }, undefined, { log });
    await send({}, () => Promise.reject(new Error('SECRET')), { log });
    const seen = lines();
    expect(seen.map((l) => l['event'] ?? [l['Refusals'], l['Faults']])).toEqual([
      'request-answered',
      [1, 0],
      'request-faulted',
      'request-answered',
      [0, 1],
    ]);
    expect(seen[2]).toMatchObject({ level: 'ERROR', thrown: 'Error', frames: expect.any(Array) });
    expect(written.join('')).not.toContain('SECRET');
  });

  test('contain nothing of the request, even if Powertools is set to log events', async () => {
    process.env['POWERTOOLS_LOGGER_LOG_EVENT'] = 'true';
    try {
      const log = makeLog();
      await send({ headers: { cookie: 'SECRET' }, body: '{"statement":"SECRET"}' }, undefined, { log });
      await send({ target: '/v1/grants/SECRET/revocation' }, undefined, { log });
    } finally {
      delete process.env['POWERTOOLS_LOGGER_LOG_EVENT'];
    }
    expect(lines().length).toBe(4);
    expect(written.join('')).not.toMatch(/SECRET|ehr1|signature|\/v1\//i);
  });
});

describe('a scheduled function', () => {
  const context = { awsRequestId: REQUEST_ID } as never;

  test('logs how much it did', async () => {
    const runtime = runtimeFor();
    await job(
      'sweep-uploads',
      (deps, { now }) => Promise.resolve(deps === runtime && now === NOW ? 3 : -1),
      runtime,
    )({}, context);
    expect(runtime.lines).toEqual([
      ['job-done', { requestId: REQUEST_ID, function: 'sweep-uploads', ms: 0, count: 3 }],
    ]);
  });

  test('fails without the text of the error', async () => {
    const runtime = runtimeFor();
    const failing = job('sweep-uploads', () => Promise.reject(new TypeError('SECRET')), runtime);
    const error = await failing({}, context).then(
      () => undefined,
      (e: unknown) => e as Error,
    );
    expect(error?.message).toBe('sweep-uploads failed');
    expect(error?.cause).toBeUndefined();
    expect(runtime.lines).toEqual([['job-faulted', expect.objectContaining({ thrown: 'TypeError' })]]);
    expect(JSON.stringify(runtime.lines)).not.toContain('SECRET');
  });
});
