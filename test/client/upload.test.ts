// Tests uploadBlob: parts, retries by S3's answer, progress, released memory and abort.
import { describe, expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from '../../lib/bytes/binary.ts';
import { newId, type FolderId, type RecordId } from '../../lib/bytes/ids.ts';
import { uploadBlob, type SealedPart } from '../../lib/client/records/upload.ts';
import { fill } from '../statements/samples.ts';
import type { Sent } from './prepared-answers.ts';
import { newClients, refusal } from './clients.ts';

const part = (number: number, length = 10): SealedPart => {
  const bytes = fill(number, length);
  return { number, bytes, sha256: sha256(bytes) };
};

/** Returns an iterator over sealed parts, and a counter of the parts that have been read. */
const source = (count: number) => {
  const state = { taken: 0, closed: false };
  async function* parts(): AsyncGenerator<SealedPart, void, undefined> {
    try {
      for (let n = 1; n <= count; n++) {
        state.taken = n;
        yield part(n);
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, parts: parts() };
};

const setUp = () => {
  const clients = newClients();
  const destination = {
    record: newId<RecordId>(),
    version: 1,
    folder: newId<FolderId>(),
    cell: { payload: { epoch: 1 } } as never,
    current: () => Promise.reject(new Error('the cell is open')),
  };
  clients.service.folders.set(destination.folder, [destination.cell]);
  const ctx = clients.contextOf('patient');
  return {
    ...clients,
    send: async (count: number, options = {}) =>
      (await uploadBlob(ctx, destination, source(count).parts, options)).upload,
    sendFrom: async (parts: AsyncIterator<SealedPart>, options = {}) =>
      (await uploadBlob(ctx, destination, parts, options)).upload,
  };
};

const puts = (sent: readonly Sent[]) => sent.filter((s) => s.method === 'PUT' && s.url.host.startsWith('storage'));
const begun = (sent: readonly Sent[]): { multipart: boolean } =>
  JSON.parse(new TextDecoder().decode(sent.find((s) => s.url.pathname.includes('/uploads/'))!.body)) as never;

describe('uploadBlob', () => {
  test.each([
    [1, false],
    [2, true],
    [3, true],
    [4, true],
    [7, true],
  ])('uploads %i parts completely; multipart: %p', async (count, multipart) => {
    const { send, sent, service } = setUp();
    const upload = await send(count);
    expect(service.blobOf(upload)).toEqual(concat(...Array.from({ length: count }, (_, i) => part(i + 1).bytes)));
    expect(begun(sent).multipart).toBe(multipart);
    expect(puts(sent)).toHaveLength(count);
  });

  test('sends each part with the headers of the service, except those that fetch sets', async () => {
    const { send, sent } = setUp();
    await send(1);
    const [put] = puts(sent);
    expect([...put!.headers.keys()]).toEqual(['x-amz-checksum-sha256']);
    expect(put!.init).toMatchObject({ credentials: 'omit', redirect: 'error' });
  });

  test('reads parts no faster than it sends them', async () => {
    const { state, parts } = source(50);
    const { sendFrom, service } = setUp();
    let most = 0;
    service.state.storage = (s) => {
      if (s.method === 'PUT') most = Math.max(most, state.taken - service.puts.length);
      return undefined;
    };
    await sendFrom(parts);
    expect(service.puts).toHaveLength(50);
    expect(most).toBeLessThanOrEqual(6);
  });

  test('progress counts the bytes that storage has acknowledged', async () => {
    const { send } = setUp();
    const seen: number[] = [];
    await send(4, { onProgress: ({ sentBytes }: { sentBytes: number }) => seen.push(sentBytes) });
    expect(seen).toEqual([10, 20, 30, 40]);
  });

  test('releases the memory of each part once, after the part is stored', async () => {
    const { sendFrom, service } = setUp();
    const released: number[] = [];
    let refusals = 3;
    service.state.storage = (s) =>
      s.method === 'PUT' && refusals-- > 0 ? new Response('', { status: 503 }) : undefined;
    async function* parts(): AsyncGenerator<SealedPart, void, undefined> {
      for (let n = 1; n <= 4; n++) {
        const made = part(n);
        const release = (): void => {
          released.push(n);
          made.bytes.fill(0);
        };
        yield await Promise.resolve({ ...made, release });
      }
    }
    const upload = await sendFrom(parts());
    expect(service.blobOf(upload)).toEqual(concat(...[1, 2, 3, 4].map((n) => part(n).bytes)));
    expect(released.toSorted()).toEqual([1, 2, 3, 4]);
  });

  test.each([500, 503, 409, 429, 403])('sends a part again to a new URL after status %i', async (status) => {
    const { send, sent, service } = setUp();
    let failed = false;
    service.state.storage = (s) => {
      if (failed || s.method !== 'PUT') return undefined;
      failed = true;
      return new Response('', { status });
    };
    const upload = await send(1);
    expect(service.blobOf(upload)).toEqual(part(1).bytes);
    expect(puts(sent)).toHaveLength(2);
    expect(service.calls.filter((c) => c === 'upload-parts')).toHaveLength(2);
  });

  const s3 = (status: number, code: string) => new Response(`<Error><Code>${code}</Code></Error>`, { status });

  test.each([
    [400, 'RequestTimeout'],
    [400, 'ExpiredToken'],
    [400, 'BadDigest'],
    [400, 'IncompleteBody'],
    [409, 'OperationAborted'],
  ])('sends a part again to a new URL after S3’s %i %s', async (status, code) => {
    const { send, sent, service } = setUp();
    let failed = false;
    service.state.storage = (s) => {
      if (failed || s.method !== 'PUT') return undefined;
      failed = true;
      return s3(status, code);
    };
    const upload = await send(1);
    expect(service.blobOf(upload)).toEqual(part(1).bytes);
    expect(puts(sent)).toHaveLength(2);
    expect(service.calls.filter((c) => c === 'upload-parts')).toHaveLength(2);
  });

  test('gives up after six tries if the digest is never right', async () => {
    const { send, sent, service } = setUp();
    service.state.storage = (s) => (s.method === 'PUT' ? s3(400, 'BadDigest') : undefined);
    expect(await refusal(() => send(1))).toBe('upload-failed');
    expect(puts(sent)).toHaveLength(6);
  });

  test('sends a part once if S3’s error code is final, although its status is one of those that are tried again', async () => {
    const { send, sent, service } = setUp();
    service.state.storage = (s) => (s.method === 'PUT' ? s3(501, 'NotImplemented') : undefined);
    expect(await refusal(() => send(1))).toBe('upload-failed');
    expect(puts(sent)).toHaveLength(1);
  });

  test('sends a part again after a lost answer, and accepts 412 as stored', async () => {
    const { send, sent, service } = setUp();
    let n = 0;
    service.state.storage = (s) => {
      if (s.method !== 'PUT') return undefined;
      n += 1;
      if (n === 1) throw new TypeError('fetch failed');
      return new Response('', { status: 412 });
    };
    await send(1);
    expect(puts(sent)).toHaveLength(2);
  });

  test('a refused part ends the upload and closes the source', async () => {
    const { sendFrom, sent, service } = setUp();
    const { state, parts } = source(9);
    service.state.storage = (s) => (s.method === 'PUT' ? new Response('', { status: 400 }) : undefined);
    expect(await refusal(() => sendFrom(parts))).toBe('upload-failed');
    expect(puts(sent).length).toBeLessThanOrEqual(3);
    expect(state.closed).toBe(true);
  });

  test('gives up after six tries', async () => {
    const { send, sent, service, slept } = setUp();
    service.state.storage = (s) => (s.method === 'PUT' ? new Response('', { status: 503 }) : undefined);
    expect(await refusal(() => send(1))).toBe('upload-failed');
    expect(puts(sent)).toHaveLength(6);
    // After the last try the client neither waits nor asks for another URL.
    expect(slept).toHaveLength(5);
    expect(service.calls.filter((c) => c === 'upload-parts')).toHaveLength(6);
  });

  test('a source that fails ends the upload with its error', async () => {
    const { sendFrom } = setUp();
    const failure = new Error('the disk is gone');
    async function* parts(): AsyncGenerator<SealedPart, void, undefined> {
      yield part(1);
      yield part(2);
      yield part(3);
      throw failure;
    }
    await expect(sendFrom(parts())).rejects.toBe(failure);
  });

  test('aborting ends the upload with the reason', async () => {
    const { sendFrom, service } = setUp();
    const { state, parts } = source(50);
    const stop = new AbortController();
    const reason = new Error('enough');
    service.state.storage = (s) => {
      if (s.url.pathname.endsWith('/5')) stop.abort(reason);
      return undefined;
    };
    await expect(sendFrom(parts, { signal: stop.signal })).rejects.toBe(reason);
    expect(state.closed).toBe(true);
    expect(service.puts.length).toBeLessThan(12);
  });

  test('refuses more than 10,000 parts', async () => {
    const { sendFrom } = setUp();
    async function* parts(): AsyncGenerator<SealedPart, void, undefined> {
      yield { ...part(1), number: 10_001 };
    }
    expect(await refusal(() => sendFrom(parts()))).toBe('too-large');
  });

  test('refuses an answer of the service without one of the URLs', async () => {
    const { send, service } = setUp();
    service.state.lie = (route, a) => (route === 'upload-parts' ? { parts: a.parts.slice(1) } : undefined);
    expect(await refusal(() => send(2))).toBe('bad-answer');
  });
});
