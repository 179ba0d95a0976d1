// Tests the log lines that are really written, for requests that are answered, refused and faulted.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { makeLog } from '../../lib/runtime/log.ts';
import { REQUEST_ID, send } from '../http/gateway.ts';

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
