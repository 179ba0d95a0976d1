// Tests the client's transport: signed requests, checked answers, retries and abort.
import { describe, expect, test } from '@jest/globals';
import { AppError, ERRORS } from '../../lib/api/errors.ts';
import { utf8, fromUtf8 } from '../../lib/bytes/codec.ts';
import type { FolderId, GrantId } from '../../lib/bytes/ids.ts';
import { createTransport, type TransportOptions } from '../../lib/client/session/transport.ts';
import { instantOf } from '../../lib/domain/time.ts';
import { verifyRequest } from '../../lib/http/verify-request.ts';
import { patient } from '../statements/samples.ts';
import {
  fakeFetch,
  inTurn,
  json,
  mostRng,
  problem,
  manualClock,
  type Answering,
  type Sent,
} from './prepared-answers.ts';

const ORIGIN = 'https://api.example.org';
const OK = () => json(200, { entries: [] });
const lost = (): Response => {
  throw new TypeError('fetch failed');
};

const setUp = (answering: Answering, options: Partial<TransportOptions> = {}) => {
  const service = fakeFetch(answering);
  const time = manualClock();
  const call = createTransport({
    origin: ORIGIN,
    signer: patient,
    fetch: service.fetch,
    clock: time.clock,
    sleep: time.sleep,
    ...options,
  });
  return { call, ...service, ...time };
};

const signedBy = (sent: Sent, now: number) =>
  verifyRequest(
    {
      method: sent.method,
      authority: sent.url.host,
      path: sent.url.pathname,
      rawQuery: sent.url.search.slice(1),
      headers: Object.fromEntries(sent.headers),
      body: sent.body,
    },
    { now },
  );

describe('sending', () => {
  test('puts path, query and body where the route has them, and signs the request as sent', async () => {
    const { call, sent, clock } = setUp(() => json(200, { records: [] }));
    const folderId = 'a'.repeat(26) as FolderId;
    await call('list-records', { params: { folderId }, query: { grant: 'e'.repeat(26) as GrantId, limit: 5 } });

    expect(sent[0]!.url.href).toBe(`${ORIGIN}/v1/folders/${folderId}/records?grant=${'e'.repeat(26)}&limit=5`);
    expect(sent[0]!.method).toBe('GET');
    expect((await signedBy(sent[0]!, clock())).caller).toBe(patient.id);
  });

  test('sends a body as JSON, covered by the signature', async () => {
    const { call, sent, clock } = setUp(() => json(200, { statement: 'a.b.c', state: 'denied' }));
    await call('deny-request', {
      params: { requestId: 'a'.repeat(26) as never },
      body: { statement: 'a.b.c', entry: 'e.f.g' },
    });
    expect(fromUtf8(sent[0]!.body)).toBe('{"statement":"a.b.c","entry":"e.f.g"}');
    expect(sent[0]!.headers.get('content-type')).toBe('application/json');
    expect((await signedBy(sent[0]!, clock())).caller).toBe(patient.id);
    await expect(
      signedBy({ ...sent[0]!, body: utf8('{"statement":"a.b.d","entry":"e.f.g"}') }, clock()),
    ).rejects.toMatchObject({
      code: 'signature-invalid',
    });
  });

  test('does not sign public routes', async () => {
    const { call, sent } = setUp(() => json(200, { status: 'ok' }));
    await expect(call('health', {})).resolves.toEqual({ status: 'ok' });
    expect(sent[0]!.headers.has('signature')).toBe(false);
  });

  test('sends no cookies, uses no cache and follows no redirects', async () => {
    const { call, sent } = setUp(OK);
    await call('list-chain', {});
    expect(sent[0]!.init).toMatchObject({ credentials: 'omit', cache: 'no-store', redirect: 'error' });
  });
});

describe('answers', () => {
  test('an answer that does not match the contract is refused', async () => {
    const { call, sent } = setUp(() => json(200, { entries: [], more: 1 }));
    await expect(call('list-chain', {})).rejects.toMatchObject({ name: 'ClientError', code: 'bad-answer' });
    expect(sent).toHaveLength(1);
  });

  test('an answer that is not JSON is refused', async () => {
    const { call } = setUp(() => new Response('<html>'));
    await expect(call('list-chain', {})).rejects.toMatchObject({ code: 'bad-answer' });
  });

  test('a problem becomes an AppError with its details and request id', async () => {
    const { call } = setUp(() =>
      problem(403, 'grant-ended', { reason: 'revoked', statement: 'grants.1.statement', detail: 'x', ids: ['i'] }),
    );
    const error = await call('list-chain', {}).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'grant-ended', requestId: 'req-1', fault: 'client' });
    expect((error as AppError).details).toEqual({ reason: 'revoked', statement: 'grants.1.statement', ids: ['i'] });
  });

  test('a signature for another host than the service checks becomes an error that names both', async () => {
    const { call } = setUp(() => problem(401, 'signature-invalid', { authority: '127.0.0.1:3000' }));
    await expect(call('list-chain', {})).rejects.toMatchObject({
      code: 'signature-invalid',
      details: { authority: '127.0.0.1:3000' },
      message:
        'origin is https://api.example.org, but this service checks signatures for the host 127.0.0.1:3000: use that host in origin',
    });
  });

  test.each(['api.example.org', '\u001b[2J', 'evil.example.org/x', 'x'.repeat(256), 7])(
    'a wrong signature with the authority %j has the usual message',
    async (authority) => {
      const { call } = setUp(() => problem(401, 'signature-invalid', { authority }));
      const { advice: message } = ERRORS['signature-invalid'];
      await expect(call('list-chain', {})).rejects.toMatchObject({ code: 'signature-invalid', message });
    },
  );

  test.each([
    [500, '{"code":"no-such-code"}'],
    [403, 'Forbidden'],
    [400, '{"message":"Bad Request"}'],
  ])('a refusal %i without a known error code is a bad answer, and is not sent again', async (status, body) => {
    const { call, sent } = setUp(() => new Response(body, { status }));
    await expect(call('list-chain', {})).rejects.toMatchObject({ code: 'bad-answer' });
    expect(sent).toHaveLength(1);
  });

  test.each(['not-found', 'statement-invalid', 'internal', 'already-exists', 'unsigned', 'signature-invalid'])(
    '%s is not sent again',
    async (code) => {
      const { call, sent } = setUp(() => problem(400, code));
      await expect(call('list-chain', {})).rejects.toMatchObject({ code });
      expect(sent).toHaveLength(1);
    },
  );
});

describe('sending again', () => {
  test('a request without an answer is sent again with a new signature each time', async () => {
    const { call, sent, slept } = setUp(inTurn(lost, lost, OK), {
      rng: (n) => crypto.getRandomValues(new Uint8Array(n)),
    });
    await expect(call('list-chain', {})).resolves.toEqual({ entries: [] });
    expect(new Set(sent.map((s) => s.headers.get('signature-input'))).size).toBe(3);
    expect(slept).toHaveLength(2);
  });

  test('without any answer, the error names the address of the service and no id', async () => {
    const { call } = setUp(lost);
    const error = (await call('get-grant', { params: { grantId: 'a'.repeat(26) as GrantId } }).catch(
      (e: unknown) => e,
    )) as Error;
    expect(error.message).toBe(`no answer from ${ORIGIN}`);
  });

  test('a request whose answer breaks off is sent again', async () => {
    const broken = () =>
      new Response(
        new ReadableStream({
          pull: (c) => {
            c.error(new TypeError('terminated'));
          },
        }),
      );
    const { call, sent } = setUp(inTurn(broken, OK));
    await expect(call('list-chain', {})).resolves.toEqual({ entries: [] });
    expect(sent).toHaveLength(2);
  });

  test('waits grow up to a limit, with full jitter', async () => {
    const least = setUp(lost, { rng: (n) => new Uint8Array(n), tries: 10 });
    const most = setUp(lost, { rng: mostRng, tries: 10 });
    for (const { call } of [least, most])
      await expect(call('list-chain', {})).rejects.toMatchObject({ code: 'network' });
    expect(least.slept).toEqual(new Array(9).fill(0));
    expect(most.slept.map((ms) => Math.round(ms))).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    expect(most.sent).toHaveLength(10);
  });

  test.each([
    ['busy', 503],
    ['too-many', 429],
  ])('%s is sent again, not before Retry-After', async (code, status) => {
    const { call, sent, slept } = setUp(
      inTurn(() => problem(status, code, {}, { 'retry-after': '3' }), OK),
      {
        rng: mostRng,
      },
    );
    await expect(call('list-chain', {})).resolves.toEqual({ entries: [] });
    expect(sent).toHaveLength(2);
    expect(slept[0]).toBeGreaterThanOrEqual(3000);
    expect(slept[0]).toBeLessThan(3101);
  });

  test('the member retryAfter has priority over the header, and a wait of 30 s is the longest', async () => {
    const { call, slept } = setUp(
      inTurn(
        () => problem(503, 'busy', { retryAfter: 2 }, { 'retry-after': '31' }),
        () => problem(503, 'busy', { retryAfter: 30 }),
        OK,
      ),
      { rng: (n) => new Uint8Array(n) },
    );
    await call('list-chain', {});
    expect(slept).toEqual([2000, 30_000]);
  });

  test.each([
    ['too-many', () => problem(429, 'too-many', { retryAfter: 2_591_847 })],
    ['busy', () => problem(503, 'busy', {}, { 'retry-after': '31' })],
    ['bad-answer', () => new Response('', { status: 503, headers: { 'retry-after': '31' } })],
  ])('%s with a longer wait is thrown at once', async (code, answer) => {
    const { call, sent, slept } = setUp(answer);
    await expect(call('list-chain', {})).rejects.toMatchObject({ code });
    expect([sent.length, slept]).toEqual([1, []]);
  });

  test.each([429, 502, 503, 504])('a %i without a body is sent again', async (status) => {
    const { call, sent } = setUp(inTurn(() => new Response('', { status }), OK));
    await call('list-chain', {});
    expect(sent).toHaveLength(2);
  });

  test('gives up with the last refusal after the given number of tries', async () => {
    const { call, sent } = setUp(() => problem(503, 'busy'), { tries: 3 });
    await expect(call('list-chain', {})).rejects.toMatchObject({ code: 'busy' });
    expect(sent).toHaveLength(3);
  });

  test('replayed: sent again once with a new signature', async () => {
    const good = setUp(inTurn(() => problem(409, 'replayed'), OK));
    await good.call('list-chain', {});
    const [first, second] = good.sent.map((s) => s.headers.get('signature-input'));
    expect(second).not.toBe(first);

    const bad = setUp(() => problem(409, 'replayed'));
    await expect(bad.call('list-chain', {})).rejects.toMatchObject({ code: 'replayed' });
    expect(bad.sent).toHaveLength(2);
  });

  test('clock-skew: corrects the clock once and signs with the corrected time', async () => {
    const behind = manualClock();
    const right = behind.clock() + 3_600_000;
    let [offset, corrections, accepted] = [0, 0, 0];
    const correction = {
      now: () => instantOf(behind.clock() + offset),
      correct: () => {
        [offset, corrections] = [3_600_000, corrections + 1];
        return Promise.resolve();
      },
      noteAccepted: () => void (accepted += 1),
    };
    const { call, sent } = setUp(
      (s) =>
        signedBy(s, right).then(OK, () => problem(401, 'clock-skew', { serverTime: right + 999_999, clock: 'behind' })),
      { clock: behind.clock, correction },
    );
    await call('list-chain', {});
    expect([sent.length, corrections, accepted]).toEqual([2, 1, 1]);
    await call('list-chain', {});
    expect([sent.length, corrections, accepted]).toEqual([3, 1, 2]);
  });

  test('clock-skew after the correction, or without one, is thrown', async () => {
    const clock = manualClock();
    const correction = {
      now: () => instantOf(clock.clock()),
      correct: () => Promise.resolve(),
      noteAccepted: () => undefined,
    };
    const skewed = () => problem(401, 'clock-skew', { serverTime: 1_767_000_000_000, clock: 'ahead' });
    const again = setUp(skewed, { correction });
    await expect(again.call('list-chain', {})).rejects.toMatchObject({
      code: 'clock-skew',
      details: { serverTime: 1_767_000_000_000, clock: 'ahead' },
    });
    expect(again.sent).toHaveLength(2);
    const bare = setUp(skewed);
    await expect(bare.call('list-chain', {})).rejects.toMatchObject({ code: 'clock-skew' });
    expect(bare.sent).toHaveLength(1);
  });

  test('an accepted public call does not confirm the clock', async () => {
    let accepted = 0;
    const correction = {
      now: () => instantOf(0),
      correct: () => Promise.resolve(),
      noteAccepted: () => void (accepted += 1),
    };
    const { call } = setUp(() => json(200, { status: 'ok' }), { correction });
    await call('health', {});
    expect(accepted).toBe(0);
  });

  test.each(['get-time', 'get-service-key'] as const)(
    'a refusal of %s corrects no clock, because the correction would wait for itself',
    async (route) => {
      let corrections = 0;
      const correction = {
        now: () => instantOf(0),
        correct: () => Promise.resolve(void (corrections += 1)),
        noteAccepted: () => undefined,
      };
      const { call } = setUp(() => problem(401, 'clock-skew'), { correction });
      const input = { query: { nonce: 'AAAAAAAAAAAAAAAAAAAAAA' } };
      await expect(call(route, input)).rejects.toMatchObject({ code: 'clock-skew' });
      expect(corrections).toBe(0);
    },
  );
});

describe('stopping', () => {
  test('an aborted signal sends nothing', async () => {
    const { call, sent } = setUp(OK);
    const reason = new Error('enough');
    await expect(call('list-chain', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(sent).toHaveLength(0);
  });

  test('aborting while sending ends the call with the reason, not as a network error', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const { call, sent } = setUp(() => {
      stop.abort(reason);
      throw reason;
    });
    await expect(call('list-chain', {}, { signal: stop.signal })).rejects.toBe(reason);
    expect(sent).toHaveLength(1);
  });

  test('aborting ends the wait between tries with the reason', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const service = fakeFetch(() => {
      queueMicrotask(() => {
        setTimeout(() => {
          stop.abort(reason);
        }, 5);
      });
      return problem(503, 'busy', { retryAfter: 20 });
    });
    const call = createTransport({ origin: ORIGIN, signer: patient, fetch: service.fetch });
    await expect(call('list-chain', {}, { signal: stop.signal })).rejects.toBe(reason);
    expect(service.sent).toHaveLength(1);
  });

  test('a try that exceeds the time limit counts as one without an answer', async () => {
    const service = fakeFetch(
      ({ init }) =>
        new Promise((_, reject) => {
          init.signal?.addEventListener('abort', () => {
            reject(init.signal?.reason as Error);
          });
          setTimeout(() => undefined, 1000).unref();
        }),
    );
    // Keeps the process alive, because the timer of the time limit does not.
    const keepAlive = setInterval(() => undefined, 5);
    const call = createTransport({ origin: ORIGIN, signer: patient, fetch: service.fetch, tries: 1, timeout: 10 });
    await expect(call('list-chain', {})).rejects.toMatchObject({ code: 'network' });
    clearInterval(keepAlive);
  });
});
