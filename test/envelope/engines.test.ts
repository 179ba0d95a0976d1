// Tests that the two crypto engines give the same results, and that they use the memory of their caller only as documented.
import { EventEmitter } from 'node:events';
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concat, equalBytes } from '../../lib/bytes/binary.ts';
import { chunkNonce, PART_BYTES } from '../../lib/envelope/header.ts';
import { bufferedPartHash } from '../../lib/envelope/buffered-part-hash.ts';
import { webEngine } from '../../lib/envelope/engine-web.ts';
import type { PartHash } from '../../lib/envelope/engine.ts';
import type { DigestedPart, PartDigester } from '../../lib/envelope/part-digester.ts';
import { nodeEngine, type Host } from '../../lib/envelope/engine-node.ts';
import { sealBlob } from '../../lib/envelope/seal-blob.ts';
import { runs } from '../support/property-runs.ts';
import { fileKey, heading, inPieces, openAll, patterned } from './sample-blobs.ts';

const MiB = 1_048_576;
const CHUNK = MiB + 16;
const node = nodeEngine(process)!;
const engines = [node, webEngine];
const key = await crypto.subtle.importKey('raw', fileKey, 'AES-GCM', true, ['encrypt', 'decrypt']);
const roomFor = (plain: Uint8Array): Uint8Array => concat(plain, new Uint8Array(16));
const lengths = fc.oneof(fc.constantFrom(0, 1, 15, 16, 17, 65_535, 65_536, 65_537, 131_072, MiB), fc.nat(300_000));
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

test('Node has an engine of its own, other platforms have not', () => {
  expect(engines.map((e) => e.name)).toEqual(['node', 'webcrypto']);
  expect(nodeEngine(undefined)).toBeUndefined();
  expect(nodeEngine({})).toBeUndefined();
});

test('both seal to the same bytes, and each opens the result of the other', async () => {
  await fc.assert(
    fc.asyncProperty(lengths, fc.nat(1000), fc.boolean(), async (length, index, last) => {
      const plain = patterned(length);
      const nonce = chunkNonce(index, last);
      const [a, b] = await Promise.all(engines.map((e) => e.encrypt(key, nonce, roomFor(plain))));
      expect(equalBytes(a!, b!)).toBe(true);
      const before = a!.slice();
      for (const e of engines) {
        const pieces = await e.decrypt(key, nonce, a!);
        expect(equalBytes(concat(...pieces!), plain)).toBe(true);
        // The test may overwrite these pieces, because no other code uses their memory.
        for (const piece of pieces!) piece.fill(0);
        expect(equalBytes(a!, before)).toBe(true);
      }
    }),
    { numRuns: runs(30) },
  );
});

test('both refuse an altered byte, another nonce and a truncated chunk', async () => {
  const nonce = chunkNonce(1, false);
  const sealed = (await node.encrypt(key, nonce, roomFor(patterned(200_000)))).slice();
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const altered = sealed.slice();
      altered[at]! ^= change;
      for (const e of engines) {
        expect(await e.decrypt(key, nonce, altered)).toBeUndefined();
        expect(await e.decrypt(key, nonce, sealed.subarray(0, at))).toBeUndefined();
      }
    }),
    { numRuns: runs(30) },
  );
  for (const e of engines) expect(await e.decrypt(key, chunkNonce(1, true), sealed)).toBeUndefined();
});

/** Passes a blob to the hash in pieces of these sizes, several pieces at a time, and returns the digests of its parts. */
const digestsOf = async (hash: PartHash, blob: Uint8Array, sizes: readonly number[]): Promise<Uint8Array[]> => {
  const fed: ReturnType<PartHash['feed']>[] = [];
  for (let at = 0, i = 0; at < blob.length; i++) {
    const bytes = blob.slice(at, at + sizes[i % sizes.length]!);
    at += bytes.length;
    fed.push(hash.feed(bytes));
    if (fed.length > 3) await fed.at(-3);
  }
  const all = await Promise.all(fed);
  expect(equalBytes(concat(...all.map((f) => f.bytes)), blob)).toBe(true);
  const rest = await hash.end();
  hash.close();
  const digests = await Promise.all([...all.map((f) => f.digest), rest].map((d) => Promise.resolve(d)));
  return digests.filter((d) => d !== undefined);
};
const partsOf = (blob: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.ceil(blob.length / PART_BYTES) }, (_, i) =>
    sha256(blob.subarray(i * PART_BYTES, (i + 1) * PART_BYTES)),
  );

describe('digests of parts', () => {
  const blob = patterned(6 * PART_BYTES + 12_345);

  test.each([
    ['less than one', 1000],
    ['one', PART_BYTES],
    ['one and a byte', PART_BYTES + 1],
    ['as many as are hashed here', 4 * PART_BYTES],
    ['a byte more than these', 4 * PART_BYTES + 1],
    ['some in a thread', blob.length],
    ['full ones in a thread', 6 * PART_BYTES],
  ])('%s', async (_, length) => {
    const bytes = blob.subarray(0, length);
    for (const size of [CHUNK, MiB])
      for (const hash of [node.partHash!(), bufferedPartHash(length)])
        expect(await digestsOf(hash, bytes, [size])).toEqual(partsOf(bytes));
  });

  test('are the same for any sizes of the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 100_000, max: 3 * MiB }), { minLength: 1, maxLength: 7 }),
        fc.integer({ min: 1, max: blob.length }),
        async (sizes, length) => {
          const bytes = blob.subarray(0, length);
          expect(await digestsOf(node.partHash!(), bytes, sizes)).toEqual(partsOf(bytes));
          expect(await digestsOf(bufferedPartHash(length), bytes, sizes)).toEqual(partsOf(bytes));
        },
      ),
      { numRuns: runs(5) },
    );
  });

  test('at most one part is filled while the previous one is hashed', async () => {
    const answers: ((part: DigestedPart) => void)[] = [];
    const slow: PartDigester = {
      digest: () => new Promise((resolve) => answers.push(resolve)),
      close: () => undefined,
    };
    const hash = bufferedPartHash(4 * PART_BYTES, slow);
    const answered = (fed: Promise<unknown>): Promise<boolean> =>
      Promise.race([fed.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
    expect(await answered(hash.feed(new Uint8Array(PART_BYTES)))).toBe(true);
    const second = hash.feed(new Uint8Array(PART_BYTES));
    expect(await answered(second)).toBe(false);
    answers[0]!({ bytes: new Uint8Array(PART_BYTES), digest: new Uint8Array(32) });
    expect(await answered(second)).toBe(true);
    expect(await answered(hash.feed(new Uint8Array(PART_BYTES)))).toBe(false);
  });

  const withWorker = (Worker: unknown): PartHash => {
    const host: Host = {
      getBuiltinModule: (id: string) => (id === 'worker_threads' ? { Worker } : process.getBuiltinModule(id)),
    };
    return nodeEngine(host)!.partHash!();
  };

  test('without threads, all parts are hashed on the calling thread', async () => {
    // This is an ordinary function, not an arrow function, because `new` calls it.
    const none = withWorker(function refuse() {
      throw new Error('not allowed');
    });
    expect(await digestsOf(none, blob, [CHUNK])).toEqual(partsOf(blob));
  });

  test('when the thread ends, waiting calls and later calls fail', async () => {
    class Dying extends EventEmitter {
      ref = (): void => undefined;
      unref = (): void => undefined;
      terminate = (): void => undefined;
      postMessage = (): boolean => setImmediate(() => this.emit('error', new Error('out of memory'))).hasRef();
    }
    const hash = withWorker(Dying);
    for (let i = 0; i < 4 * 8 - 1; i++) await hash.feed(new Uint8Array(MiB));
    await expect(hash.feed(new Uint8Array(MiB))).rejects.toThrow('out of memory');
    await expect(hash.feed(new Uint8Array(1))).rejects.toThrow('out of memory');
  });

  test('close ends the thread', async () => {
    const hash = node.partHash!();
    for (let i = 0; i < 33; i++) await hash.feed(new Uint8Array(MiB));
    const waiting = hash.feed(new Uint8Array(MiB));
    hash.close();
    await Promise.allSettled([waiting]);
    await expect(hash.feed(new Uint8Array(MiB)).then(() => hash.end())).rejects.toThrow('ended');
  });
});

describe('reuse of memory', () => {
  const body = patterned(5 * PART_BYTES);

  test('a large body is sealed and opened, with a source that reuses its memory', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      const memory = new Uint8Array(100_000);
      for (let at = 0; at < body.length; at += memory.length) {
        const piece = body.subarray(at, at + memory.length);
        memory.set(piece);
        yield await Promise.resolve(memory.subarray(0, piece.length));
        memory.fill(0xee);
      }
    }
    const { parts, header, commit, facts } = await sealBlob(source(), fileKey, heading);
    const blob: Uint8Array[] = [];
    for await (const { bytes, sha256: digest } of parts) {
      blob.push(bytes);
      expect(digest).toEqual(sha256(bytes));
    }
    const sealed = { header, commit, blob: concat(...blob), ...facts() };
    expect(equalBytes(await openAll(sealed), body)).toBe(true);
  });

  test('the memory of a part is reused only after its release', async () => {
    const { parts } = await sealBlob(inPieces(body, MiB), fileKey, heading);
    const [first, second] = [(await parts.next()).value!, (await parts.next()).value!];
    const kept = first.bytes.slice();
    second.release();
    second.release();
    const later = [(await parts.next()).value!, (await parts.next()).value!, (await parts.next()).value!];
    expect(equalBytes(first.bytes, kept)).toBe(true);
    expect(later.filter(({ bytes }) => bytes.buffer === second.bytes.buffer)).toHaveLength(1);
    await parts.return();
  });
});
