// Tests sealing and opening from file to file by worker threads: bytes and refusals are the same as for streams.
import { execFileSync, spawn } from 'node:child_process';
import { createSecretKey } from 'node:crypto';
import { appendFileSync, statSync, truncateSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { equalBytes } from '../../lib/bytes/binary.ts';
import { compositeDigest, encodeHeader, PART_BYTES } from '../../lib/envelope/header.ts';
import { openFile, type OpenFileOptions } from '../../lib/files/open-file.ts';
import { sealFile, type SealedFile, type SealFileOptions } from '../../lib/files/seal-file.ts';
import { withWorkers } from '../../lib/files/run-workers.ts';
import { codeOf, fileKey, heading, patterned, seal, withHeader, type Sealed } from '../envelope/sample-blobs.ts';
import { peerDigest, peerKey, peerSealChunks } from '../envelope/peer.ts';
import { runs } from '../support/property-runs.ts';

const K64 = 65_536;
const rng = (length: number): Uint8Array => new Uint8Array(length).fill(9);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'));
});
afterAll(() => rm(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/** Copies the members of `b` to `a`. It keeps getters, so that a test can act at the moment when a member is read. */
const withMembers = <A extends object, B extends object>(a: A, b: B): A & B =>
  Object.defineProperties(a, Object.getOwnPropertyDescriptors(b)) as A & B;

const sealed = async (body: Uint8Array, options: SealFileOptions = {}): Promise<SealedFile> => {
  await writeFile(at('body'), body);
  return sealFile(at('body'), at('blob'), fileKey, heading, withMembers({ rng }, options));
};
const opened = async (s: Omit<Sealed, 'blob'>, options: Partial<OpenFileOptions> = {}): Promise<Uint8Array> => {
  await openFile(at('blob'), at('opened'), fileKey, s, { plainLength: s.plainLength, ...options });
  return readFile(at('opened'));
};
/** Expects that no unfinished file is left. */
const expectTidy = async (): Promise<void> => {
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
};

/** Returns lengths of bodies near the ends of chunks and parts. */
const around = (chunk: number): readonly number[] => {
  const size = 2 ** chunk;
  const part = PART_BYTES - 16 * Math.ceil(PART_BYTES / (size + 16));
  return [size, 2 * size, part, part + size].flatMap((n) => [n - 1, n, n + 1]);
};

describe('seals and opens to the same bytes as streams do:', () => {
  const same = async (body: Uint8Array, options: SealFileOptions): Promise<void> => {
    const { blob, ...facts } = await seal(body, { rng, ...options });
    const { parts, ...sealedFacts } = await sealed(body, options);
    expect(sealedFacts).toEqual(facts);
    expect(equalBytes(await compositeDigest(parts), facts.digest)).toBe(true);
    expect(equalBytes(await readFile(at('blob')), blob)).toBe(true);
    expect(equalBytes(await opened(facts, options), body)).toBe(true);
  };

  test.each([0, 1, 511, 513, K64 - 1])('%i bytes, padded', (length) => same(patterned(length), {}));
  test.each(around(16))('%i bytes in chunks of 64 KiB', (length) => same(patterned(length), { chunk: 16 }));
  test.each(around(20))('%i bytes in chunks of 1 MiB', (length) => same(patterned(length), { chunk: 20 }));
  // One worker takes several parts at once: first four, then two, then one. If there are more workers, each takes fewer at once.
  test.each([1, 2, 3, 7])('several parts by %i threads', (threads) =>
    same(patterned(6 * PART_BYTES + 12_345), { threads }),
  );

  test('bodies of any length, in chunks of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 * PART_BYTES + K64 }),
        fc.integer({ min: 16, max: 20 }),
        fc.integer({ min: 1, max: 4 }),
        (length, chunk, threads) => same(patterned(length), { chunk, threads }),
      ),
      { numRuns: runs(5) },
    );
  });

  test('an empty body that is not padded is one empty chunk', async () => {
    const header = { ...(await seal(new Uint8Array(0))).header, flags: 0 };
    const raw = encodeHeader(header);
    const blob = peerSealChunks(fileKey, raw, [new Uint8Array(0)]);
    await writeFile(at('blob'), blob);
    const commit = peerKey(fileKey, raw, 'commit');
    expect(await opened({ header, commit, digest: peerDigest(blob), length: 16, plainLength: 0 })).toHaveLength(0);
  });

  test('files are readable by their owner only, and replace existing files', async () => {
    await writeFile(at('blob'), 'before', { mode: 0o644 });
    await writeFile(at('opened'), 'before', { mode: 0o644 });
    await opened(await sealed(patterned(100_000)));
    expect([statSync(at('blob')).mode & 0o777, statSync(at('opened')).mode & 0o777]).toEqual([0o600, 0o600]);
    await expectTidy();
  });
});

describe('refuses', () => {
  const LENGTH = 2 * PART_BYTES + 100_000;
  const CHUNK = K64 + 16;
  let facts: SealedFile;
  let blob: Uint8Array;
  beforeAll(async () => {
    facts = await sealed(patterned(LENGTH), { chunk: 16 });
    blob = new Uint8Array(await readFile(at('blob')));
  });
  /** Opens this blob into a path where a file exists, checks that the file is unchanged, and returns the error. */
  const refusal = async (
    bytes: Uint8Array,
    changes: Partial<Sealed> & { readonly key?: Uint8Array } = {},
    options: Partial<OpenFileOptions> = {},
  ): Promise<unknown> => {
    await writeFile(at('altered'), bytes);
    await writeFile(at('kept'), 'kept');
    const { plainLength, ...signed } = { ...facts, ...changes };
    const opening = openFile(
      at('altered'),
      at('kept'),
      changes.key ?? fileKey,
      signed,
      withMembers({ plainLength }, options),
    );
    const result = await opening.catch((error: unknown) => error);
    expect(await readFile(at('kept'), 'utf8')).toBe('kept');
    await expectTidy();
    return result;
  };

  test('any altered byte, with the index of the first chunk that does not open', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(blob.length - 1), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 1, max: 4 }),
        async (positions, change, threads) => {
          const altered = blob.slice();
          for (const position of new Set(positions)) altered[position]! ^= change;
          const first = Math.floor(Math.min(...positions) / CHUNK);
          expect(await refusal(altered, {}, { threads })).toMatchObject({
            code: 'chunk-invalid',
            message: `chunk ${first} does not open`,
          });
        },
      ),
      { numRuns: runs(10) },
    );
  });

  test('the first chunk that does not open, even if a later one is found earlier', async () => {
    const firstOf = (part: number): number => Math.ceil((part * PART_BYTES) / CHUNK);
    const altered = blob.slice();
    // The altered chunks are the last chunk of one worker and the first chunk of the other.
    for (const index of [firstOf(1) - 1, firstOf(1)]) altered[index * CHUNK]! ^= 1;
    const message = `chunk ${firstOf(1) - 1} does not open`;
    expect(await refusal(altered, {}, { threads: 2 })).toMatchObject({ message });
  });

  test('chunks that are swapped, or used as the last one', async () => {
    const swapped = blob.slice();
    swapped.set(blob.subarray(0, CHUNK), CHUNK);
    swapped.set(blob.subarray(CHUNK, 2 * CHUNK), 0);
    expect(await refusal(swapped)).toMatchObject({ code: 'chunk-invalid' });
    const shorter = { length: 3 * CHUNK, plainLength: 3 * K64 };
    expect(await refusal(blob.subarray(0, 3 * CHUNK), shorter)).toMatchObject({ message: 'chunk 2 does not open' });
  });

  test('fewer bytes and more', async () => {
    for (const length of [0, 1, CHUNK, PART_BYTES, blob.length - 1])
      expect(await refusal(blob.subarray(0, length))).toMatchObject({ code: 'truncated' });
    expect(await refusal(Buffer.concat([blob, Buffer.alloc(1)]))).toMatchObject({ code: 'trailing-data' });
    // The blob is too short, and its chunks of zeros do not open. The code `truncated` shows that the length is checked before any chunk is opened.
    expect(await refusal(new Uint8Array(PART_BYTES))).toMatchObject({ code: 'truncated' });
  });

  test('a blob that gets shorter during the call', async () => {
    const options = {
      get threads() {
        truncateSync(at('altered'), PART_BYTES + 1000);
        return 2;
      },
    };
    expect(await refusal(blob, {}, options)).toMatchObject({ code: 'truncated' });
  });

  test('another digest, key, commitment, header, length', async () => {
    const zeros = new Uint8Array(32);
    expect(await refusal(blob, { digest: zeros })).toMatchObject({ code: 'digest-mismatch' });
    expect(await refusal(blob, { key: zeros })).toMatchObject({ code: 'commit-mismatch' });
    expect(await refusal(blob, { commit: zeros })).toMatchObject({ code: 'commit-mismatch' });
    const header = (changes: object) => withHeader({ ...facts, blob }, changes);
    expect(await refusal(blob, header({ version: 2 }))).toMatchObject({ code: 'commit-mismatch' });
    expect(await refusal(blob, header({ version: 0 }))).toMatchObject({ code: 'header-invalid' });
    expect(await refusal(blob, { plainLength: LENGTH - 1 })).toMatchObject({ code: 'length-mismatch' });
  });

  test('a padded body whose chunk was altered', async () => {
    const small = await sealed(patterned(600));
    const altered = await readFile(at('blob'));
    altered[5]! ^= 1;
    expect(await refusal(altered, small)).toMatchObject({ code: 'chunk-invalid' });
  });
});

describe('unusable files', () => {
  const meanwhile = (change: () => void): SealFileOptions => ({
    get threads() {
      change();
      return 2;
    },
  });
  const LENGTH = PART_BYTES + K64;

  test.each([
    ['longer', () => appendFileSync(at('body'), 'x')],
    ['shorter', () => truncateSync(at('body'), K64)],
    ['other', () => truncateSync(at('body'), LENGTH)],
  ])('one that gets %s while it is sealed', async (_, change) => {
    await rm(at('blob'), { force: true });
    expect(await codeOf(sealed(patterned(LENGTH), meanwhile(change)))).toBe('source-changed');
    await expect(readFile(at('blob'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expectTidy();
  });

  test('a pipe that nobody writes into', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    expect(await codeOf(sealFile(at('pipe'), at('blob'), fileKey, heading))).toBe('source-invalid');
  });

  test('a target that is not a regular file', async () => {
    await mkdir(at('taken'));
    await symlink(at('body'), at('link'));
    const s = await seal(patterned(1));
    await writeFile(at('small'), s.blob);
    for (const name of [at('taken'), at('link'), '/dev/null']) {
      expect(await codeOf(sealFile(at('body'), name, fileKey, heading))).toBe('target-invalid');
      expect(await codeOf(openFile(at('small'), name, fileKey, s, { plainLength: 1 }))).toBe('target-invalid');
    }
  });

  test('a name of the longest possible length', async () => {
    await writeFile(at('body'), patterned(LENGTH));
    await sealFile(at('body'), at('n'.repeat(255)), fileKey, heading);
    expect(statSync(at('n'.repeat(255))).size).toBeGreaterThan(LENGTH);
  });

  test('a body with more parts than a blob may have', async () => {
    await writeFile(at('body'), '');
    truncateSync(at('body'), 10_000 * PART_BYTES);
    expect(await codeOf(sealFile(at('body'), at('blob'), fileKey, heading))).toBe('too-long');
    await expectTidy();
  });

  test.each([0, -1, 1.5, NaN])('%p threads', async (threads) => {
    await writeFile(at('body'), patterned(LENGTH));
    await expect(sealFile(at('body'), at('blob'), fileKey, heading, { threads })).rejects.toThrow('whole number');
  });

  test('a source that is not a regular file', async () => {
    for (const path of [folder, '/dev/zero']) {
      expect(await codeOf(sealFile(path, at('blob'), fileKey, heading))).toBe('source-invalid');
      const s = await seal(patterned(1));
      expect(await codeOf(openFile(path, at('opened'), fileKey, s, { plainLength: 1 }))).toBe('source-invalid');
    }
  });

  test('errors of the operating system', async () => {
    await expect(sealFile(at('none'), at('blob'), fileKey, heading)).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(at('body'), patterned(LENGTH));
    await expect(sealFile(at('body'), at('none/blob'), fileKey, heading)).rejects.toMatchObject({ code: 'ENOENT' });
    await expectTidy();
  });

  test('a target that a thread may not write to', async () => {
    await writeFile(at('body'), patterned(LENGTH));
    const file = await open(at('body'));
    const key = createSecretKey(fileKey);
    const work = {
      job: 'seal',
      from: file.fd,
      to: file.fd,
      key,
      plain: LENGTH,
      chunk: K64,
      blob: LENGTH + 16 * 129,
    } as const;
    await expect(withWorkers(work.blob, { threads: 2 }, (start) => start(work))).rejects.toMatchObject({
      code: 'EBADF',
    });
    await file.close();
  });

  test('a header with a value out of range', async () => {
    await writeFile(at('body'), patterned(LENGTH));
    for (const chunk of [15, 21, -2000, 1.5, NaN])
      expect(await codeOf(sealFile(at('body'), at('blob'), fileKey, heading, { chunk }))).toBe('header-invalid');
    await expectTidy();
  });
});

// A Python program that maps a file into memory and writes to it without end. Its writes after the first one change neither time nor size of the file.
const MAPPING = `
import mmap, sys
f = open(sys.argv[1], 'r+b'); m = mmap.mmap(f.fileno(), 0)
def write(value):
    for i in range(0, len(m), 4096): m[i] = value
write(1); print('ready', flush=True)
value = 0
while True: value = (value + 1) % 256; write(value)
`;
test('a file that changes through a memory mapping is refused, or its blob opens', async () => {
  await writeFile(at('mapped-body'), patterned(2 * PART_BYTES));
  const writer = spawn('python3', ['-c', MAPPING, at('mapped-body')]);
  try {
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    for (let i = 0; i < 3; i++) {
      const sealing = sealFile(at('mapped-body'), at('mapped-blob'), fileKey, heading, { threads: 2, chunk: 20 });
      const result = await sealing.catch((error: unknown) => error as { code: string });
      if ('code' in result) expect(result.code).toBe('source-changed');
      else {
        const { plainLength, ...blob }: SealedFile = result;
        await openFile(at('mapped-blob'), at('mapped-opened'), fileKey, blob, { plainLength });
      }
    }
  } finally {
    writer.kill();
  }
});

describe('aborted by a signal', () => {
  const reason = new Error('changed my mind');

  test.each([100, PART_BYTES])('before the start, %i bytes', async (length) => {
    const signal = AbortSignal.abort(reason);
    const s = await sealed(patterned(length));
    await expect(sealed(patterned(length), { signal })).rejects.toBe(reason);
    await expect(opened(s, { signal })).rejects.toBe(reason);
    await expectTidy();
  });

  test('before the final rename', async () => {
    const stop = new AbortController();
    const rng = (length: number) => {
      stop.abort(reason);
      return new Uint8Array(length);
    };
    await rm(at('blob'), { force: true });
    await expect(sealed(patterned(100), { rng, signal: stop.signal })).rejects.toBe(reason);
    await expect(readFile(at('blob'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expectTidy();
  });

  test('during the work of the threads', async () => {
    const s = await sealed(patterned(4 * PART_BYTES));
    const stop = new AbortController();
    const options = {
      signal: stop.signal,
      get threads() {
        queueMicrotask(() => stop.abort(reason));
        return 2;
      },
    };
    await expect(sealFile(at('body'), at('again'), fileKey, heading, options)).rejects.toBe(reason);
    await expect(
      openFile(at('blob'), at('again'), fileKey, s, withMembers({ plainLength: s.plainLength }, options)),
    ).rejects.toBe(reason);
    await expect(readFile(at('again'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expectTidy();
  });
});
