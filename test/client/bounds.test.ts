// Tests the limits on answers of the service and of storage: bytes, depth, values, and time.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newId, type FolderId, type RecordId } from '../../lib/bytes/ids.ts';
import { utf8 } from '../../lib/bytes/codec.ts';
import { downloadBlob, type DownloadOptions } from '../../lib/client/records/download.ts';
import { uploadBlob } from '../../lib/client/records/upload.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import {
  MOST_ANSWER_BYTES,
  MOST_DEPTH,
  MOST_PROBLEM_BYTES,
  MOST_VALUES,
  readJson,
} from '../../lib/client/session/read-answer.ts';
import { createTransport, type TransportOptions } from '../../lib/client/session/transport.ts';
import { fill, patient } from '../statements/samples.ts';
import { newClients } from './clients.ts';
import { STORAGE } from './lying-service.ts';
import { fakeFetch, inTurn, json, manualClock, manualTimer, problem, type Answering } from './prepared-answers.ts';

const MiB = 1024 * 1024;

const callWith = (answering: Answering, options: Partial<TransportOptions> = {}) => {
  const service = fakeFetch(answering);
  const [clock, time] = [manualClock(), manualTimer()];
  const call = createTransport({
    origin: 'https://api.example.org',
    signer: patient,
    fetch: service.fetch,
    clock: clock.clock,
    sleep: clock.sleep,
    timer: time.timer,
    ...options,
  });
  return { call, list: () => call('list-chain', {}), time, ...service };
};

/** Returns a body whose pieces are made when they are read. `state` contains the number of pieces read, and whether the client cancelled the rest. */
const bodyOf = (piece: (n: number) => Uint8Array | Promise<Uint8Array> | undefined) => {
  const state = { pieces: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await piece(state.pieces++);
        if (next === undefined) controller.close();
        else controller.enqueue(next);
      },
      cancel: () => void (state.cancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { body, state };
};
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
const SPACES = new Uint8Array(65_536).fill(0x20);
/** Pieces of a body that is longer than any limit. The body ends, so that a client without limits fails the test and does not hang. */
const spaces = (n: number): Uint8Array | undefined => (n < 200 ? SPACES : undefined);

describe('a compressed answer', () => {
  // 512 MiB of spaces in 512 KB. It is one small gzip member, repeated 512 times: gzip allows several members, one after the other.
  const bomb = Buffer.concat(new Array<Buffer>(512).fill(gzipSync(Buffer.alloc(MiB, 0x20))));
  const server = createServer((request, answer) => {
    const status = request.url!.startsWith('/v1/chain') ? 200 : 503;
    answer.writeHead(status, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    answer.end(bomb);
  });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each([
    ['list-chain', MOST_ANSWER_BYTES],
    ['list-requests', MOST_PROBLEM_BYTES],
  ] as const)('%s: is read up to %i bytes, refused, and not asked for again', async (route, most) => {
    const seen = { decoded: 0, requests: 0 };
    const counting: typeof fetch = async (url, init) => {
      seen.requests += 1;
      const { body, status } = await fetch(url, init);
      const counter = new TransformStream<Uint8Array, Uint8Array>({
        transform: (piece, controller) => {
          seen.decoded += piece.length;
          controller.enqueue(piece);
        },
      });
      return new Response(body!.pipeThrough(counter), { status });
    };
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const call = createTransport({ origin, signer: patient, fetch: counting });
    await expect(call(route, { query: { as: 'patient' } } as never)).rejects.toMatchObject({
      code: 'bad-answer',
      message: `the answer of the service has more than ${most} bytes`,
    });
    expect(seen.requests).toBe(1);
    expect(seen.decoded).toBeLessThan(most + MiB);
  });
});

describe('a large answer', () => {
  test('is refused and cancelled after the limit, and not asked for again', async () => {
    const endless = bodyOf(spaces);
    const { list, sent, time } = callWith(() => new Response(endless.body));
    await expect(list()).rejects.toMatchObject({ code: 'bad-answer' });
    expect(sent).toHaveLength(1);
    expect(endless.state).toEqual({ pieces: Math.floor(MOST_ANSWER_BYTES / SPACES.length) + 1, cancelled: true });
    expect(time.running()).toBe(0);
  });

  test('is refused after a smaller limit if it is a refusal, whatever its status', async () => {
    for (const status of [400, 429, 503]) {
      const endless = bodyOf(spaces);
      const { list, sent } = callWith(() => new Response(endless.body, { status }));
      await expect(list()).rejects.toMatchObject({ code: 'bad-answer' });
      expect(sent).toHaveLength(1);
      expect(endless.state).toEqual({ pieces: MOST_PROBLEM_BYTES / SPACES.length + 1, cancelled: true });
    }
  });

  test('is accepted up to the limit', async () => {
    const page = `{"entries":[]${' '.repeat(MOST_ANSWER_BYTES - 14)}}`;
    await expect(callWith(() => new Response(page)).list()).resolves.toEqual({ entries: [] });
    await expect(callWith(() => new Response(`${page} `)).list()).rejects.toMatchObject({ code: 'bad-answer' });
    const long = () => problem(404, 'not-found', { detail: 'x'.repeat(MOST_PROBLEM_BYTES - 200) });
    await expect(callWith(long).list()).rejects.toMatchObject({ code: 'not-found' });
  });

  test('a page of 100 grants of 80 cells is within the limits', async () => {
    const statement = `${'e'.repeat(100)}.${'p'.repeat(33_000)}.${'s'.repeat(86)}`;
    const tip = 'A'.repeat(43);
    const grant = { statement, state: 'active', used: 3, extensions: 0, tip, holds: 0 };
    const grants = new Array<object>(100).fill(grant);
    const { call } = callWith(() => json(200, { grants, next: 'n'.repeat(512) }));
    expect((await call('list-grants', { query: { as: 'patient' } })).grants).toHaveLength(100);
  });
});

describe('an answer of many levels or values', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const arrays = (values: number): string => `[${new Array<string>(values - 1).fill('[]').join()}]`;
  const objects = (values: number): string => `{${new Array<string>(values - 1).fill('"":{}').join()}}`;
  const read = (text: string) => readJson(new Response(text));

  test('2.6 MB of nested arrays are refused, and not asked for again', async () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ]) {
      const text = open!.repeat(1_300_000).slice(0, 2_600_000) + close!;
      const { list, sent } = callWith(() => new Response(text));
      await expect(list()).rejects.toMatchObject({
        code: 'bad-answer',
        message: `the answer of the service has more than ${MOST_DEPTH} levels`,
      });
      expect(sent).toHaveLength(1);
    }
  });

  test('is accepted up to the limits', async () => {
    await expect(read(nested(MOST_DEPTH))).resolves.toEqual(JSON.parse(nested(MOST_DEPTH)));
    await expect(read(nested(MOST_DEPTH + 1))).rejects.toMatchObject({ code: 'bad-answer' });
    for (const text of [arrays, objects]) {
      const most = MOST_VALUES / 2;
      await expect(read(text(most))).resolves.toBeDefined();
      await expect(read(text(most + 1))).rejects.toMatchObject({ code: 'bad-answer' });
    }
    const numbers = (values: number): string => `[${new Array<string>(values - 1).fill('0').join()}]`;
    await expect(read(numbers(MOST_VALUES))).resolves.toHaveLength(MOST_VALUES - 1);
    await expect(read(numbers(MOST_VALUES + 1))).rejects.toMatchObject({ code: 'bad-answer' });
  });

  test('the contract itself, the deepest answer, is within the limits', async () => {
    const contract = readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8');
    await expect(read(contract)).resolves.toEqual(JSON.parse(contract));
  });

  test('brackets and commas in strings do not count', async () => {
    const texts = ['['.repeat(50_000), '",'.repeat(50_000), '\\'.repeat(9), `\\"${'{'.repeat(99)}`, 'é€😀['.repeat(99)];
    await expect(read(JSON.stringify(texts))).resolves.toEqual(texts);
  });

  test('JSON of any kind is read as JSON.parse reads it, in pieces that cut characters and escapes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 8 }), fc.integer({ min: 1, max: 9 }), async (text, size) => {
        const bytes = utf8(text);
        const { body } = bodyOf((n) => (n * size < bytes.length ? bytes.slice(n * size, (n + 1) * size) : undefined));
        expect(await readJson(new Response(body))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('a character that is cut off at the end is not JSON', async () => {
    await expect(readJson(new Response(Uint8Array.of(0x5b, 0x5d, 0xe2)))).resolves.toBeUndefined();
  });

  test.each(['', '{', '[1,]', '<html>', '"\\'])('%j is not JSON', async (text) => {
    await expect(read(text)).resolves.toBeUndefined();
  });
});

describe('a slow service', () => {
  test('an answer that drips ends after the limit of the whole call, and the error says so', async () => {
    const drip = bodyOf((n) => {
      if (n < 1_000) return SPACES.subarray(0, 1);
      service.time.pass();
      return never();
    });
    const service = callWith(() => new Response(drip.body), { tries: 1 });
    await expect(service.list()).rejects.toMatchObject({
      code: 'network',
      message: 'no whole answer within 30 s from https://api.example.org',
    });
    expect(service.time.limits).toEqual([30_000]);
    expect(service.sent[0]!.init.signal?.aborted).toBe(true);
  });

  test.each([200, 503])(
    'a silent answer with status %i is asked for again, each time with its own limit',
    async (status) => {
      const silent = () => {
        const { body } = bodyOf(() => {
          service.time.pass();
          return never();
        });
        return new Response(body, { status });
      };
      const service = callWith(inTurn(silent, silent, () => json(200, { entries: [] })));
      await expect(service.list()).resolves.toEqual({ entries: [] });
      expect(service.time.limits).toEqual([30_000, 30_000, 30_000]);
      expect(service.time.running()).toBe(0);
    },
  );
});

describe('slow storage', () => {
  const setUpDownload = (answering: (pass: () => void) => Answering) => {
    const time = manualTimer();
    const { fetch, sent } = fakeFetch(answering(time.pass));
    const ctx = newClients().contextOf('clinician', { fetch, timer: time.timer });
    const source = { url: `${STORAGE}/old`, renew: () => Promise.resolve(`${STORAGE}/new`) };
    const download = (options: DownloadOptions = {}) => downloadBlob(ctx, source, options);
    const read = async () => new Uint8Array(await new Response((await download()) as BodyInit).arrayBuffer());
    return { download, read, sent, time };
  };
  const tooSlow = { code: 'download-failed', message: 'storage sent less than 16384 bytes in 60 s' };

  test('a download that is not answered is tried six times, a minute each', async () => {
    const silence = setUpDownload((pass) => () => {
      pass();
      return never();
    });
    const error = await silence.download().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'download-failed', cause: { name: 'TimeLimitError' } });
    expect(silence.time.limits).toEqual(new Array(6).fill(60_000));
    expect(silence.sent.map((s) => s.init.signal?.aborted)).toEqual(new Array(6).fill(true));
  });

  test('an error document that does not end ends after a minute', async () => {
    const drip = setUpDownload((pass) =>
      inTurn(
        () =>
          new Response(
            bodyOf(() => {
              pass();
              return never();
            }).body,
            { status: 503 },
          ),
        () => new Response('blob'),
      ),
    );
    await expect(drip.read()).resolves.toEqual(utf8('blob'));
  });

  test('a download that stops ends after a minute', async () => {
    const stuck = setUpDownload((pass) => () => {
      const { body } = bodyOf((n) => {
        if (n === 0) return new Uint8Array(100);
        pass();
        return never();
      });
      return new Response(body);
    });
    await expect(stuck.read()).rejects.toMatchObject(tooSlow);
    expect(stuck.sent[0]!.init.signal?.aborted).toBe(true);
  });

  test('a download that drips ends after a minute, although each byte came in time', async () => {
    const drip = setUpDownload((pass) => () => {
      const { body } = bodyOf((n) => {
        if (n === 500) pass();
        return n < 20_000 ? new Uint8Array(1) : undefined;
      });
      return new Response(body);
    });
    await expect(drip.read()).rejects.toMatchObject(tooSlow);
  });

  test('each 16 KiB begin a new minute, and the time of the reader does not count', async () => {
    const pieces = bodyOf((n) => (n < 5 ? new Uint8Array(n === 4 ? 1 : 16_384) : undefined));
    const { download, time } = setUpDownload(() => () => new Response(pieces.body));
    const reader = (await download()).getReader();
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      await new Promise(setImmediate);
      expect(time.running()).toBe(0);
      if (done) break;
      length += value.length;
    }
    expect(length).toBe(4 * 16_384 + 1);
    // The client sets one time limit for the beginning of the answer, four for the pieces, and one for the last byte and the end.
    expect(time.limits).toEqual(new Array(6).fill(60_000));
  });

  test.each<[string, () => Promise<Response>]>([
    ['that is not answered', () => never()],
    [
      'whose answer does not end',
      () => Promise.resolve(new Response(new ReadableStream<Uint8Array>(), { status: 503 })),
    ],
  ])('an upload %s is tried six times, within a limit that grows with its length', async (_, answer) => {
    const clients = newClients();
    const time = manualTimer();
    const { fetch, sent } = fakeFetch((request) => {
      if (request.url.origin !== STORAGE) return clients.service.answering(request);
      setImmediate(time.pass);
      return answer();
    });
    const ctx = clients.contextOf('patient', { fetch, timer: time.timer });
    const cell = { payload: { epoch: 1 } } as never;
    const folder = newId<FolderId>();
    clients.service.folders.set(folder, [cell]);
    const bytes = fill(1, 8_193);
    async function* parts() {
      yield await Promise.resolve({ number: 1, bytes, sha256: sha256(bytes) });
    }
    const destination = {
      record: newId<RecordId>(),
      version: 1,
      folder,
      cell,
      current: () => Promise.reject(new Error()),
    };
    const error = await uploadBlob(ctx, destination, parts()).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'upload-failed', cause: { name: 'TimeLimitError' } });
    const puts = sent.filter((s) => s.method === 'PUT' && s.url.origin === STORAGE);
    expect(puts.map((s) => s.init.signal?.aborted)).toEqual(new Array(6).fill(true));
    expect(time.limits.filter((ms) => ms > 30_000)).toEqual(new Array(6).fill(62_000));
  });

  test('a download that is cancelled ends with the reason, whatever storage does', async () => {
    const stop = new AbortController();
    const { download } = setUpDownload(() => () => {
      stop.abort(new Error('enough'));
      throw new Error('aborted');
    });
    await expect(download({ signal: stop.signal })).rejects.toThrow('enough');
  });
});
