// Tests filing from files and opening into files, through the client.
import { existsSync, readdirSync, truncateSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { concat, equalBytes } from '../../lib/bytes/binary.ts';
import { EnvelopeError } from '../../lib/envelope/errors.ts';
import { PART_BYTES } from '../../lib/envelope/header.ts';
import type { BodySource } from '../../lib/envelope/seal-blob.ts';
import { fileBody } from '../../lib/files/file-source.ts';
import { intoFile } from '../../lib/files/file-sink.ts';
import { people } from '../client/main-job-story.ts';
import { refusal } from '../client/clients.ts';
import { fileKey, heading, patterned, seal } from '../envelope/sample-blobs.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'body-'));
});
afterAll(() => rm(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const scratch = {
  get scratch(): string {
    return folder;
  },
};
/** Lists the files in the folder, without the files of the test itself. */
const leftOver = (): readonly string[] => readdirSync(folder).filter((name) => !['body', 'opened'].includes(name));

/** Files a record from a file with this body, and opens it as the patient. */
const filed = async (body: Uint8Array) => {
  await writeFile(at('body'), body);
  await rm(at('opened'), { force: true });
  const story = await people();
  const home = await story.patient.createFolder({ name: 'x', category: 'other' });
  const record = await story.patient.file(home.id, fileBody(at('body'), scratch), { fileName: 'scan.dcm' });
  const open = async (options = {}) => (await story.patient.open([record], options))[0]!;
  return { ...story, home, record, open };
};

describe('a file that is filed, and opened into another', () => {
  test.each([0, 600, 65_536, 1_000_000, 2 * PART_BYTES + 12_345])('%i bytes', async (length) => {
    const body = patterned(length);
    const { open } = await filed(body);
    const opened = await open();
    expect(opened.metadata).toEqual({ length, claimed: { length, fileName: 'scan.dcm' } });
    await opened.save(intoFile(at('opened')));
    expect(equalBytes(await readFile(at('opened')), body)).toBe(true);
    expect(leftOver()).toEqual([]);
  });

  test('with a name that is not UTF-8, or as a URL', async () => {
    const body = patterned(70_000);
    const latin1 = Buffer.concat([Buffer.from(`${folder}/b`), Buffer.of(0xe9)]);
    const { patient, home } = await filed(patterned(1));
    // Some systems other than Linux refuse names that are not UTF-8.
    const names = process.platform === 'linux' ? [latin1] : [];
    for (const path of [...names, pathToFileURL(at('body'))]) {
      await writeFile(path, body);
      const record = await patient.file(home.id, fileBody(path, scratch), {});
      await (await patient.open([record]))[0]!.save(intoFile(at('opened'), scratch));
      expect(equalBytes(await readFile(at('opened')), body)).toBe(true);
    }
    await rm(latin1, { force: true });
  });

  test('into a name that is not UTF-8, in such a folder, or as a URL', async () => {
    const body = patterned(70_000);
    const { open } = await filed(body);
    const strange = Buffer.concat([Buffer.from(`${folder}/into`), Buffer.of(0xe9)]);
    await rm(strange, { recursive: true, force: true });
    // Some systems other than Linux refuse names that are not UTF-8.
    const names = process.platform === 'linux' ? [Buffer.concat([strange, Buffer.from('/b'), Buffer.of(0xe9)])] : [];
    for (const name of names) await mkdir(name.subarray(0, strange.length));
    for (const path of [...names, pathToFileURL(at('opened'))]) {
      await (await open()).save(intoFile(path));
      expect(equalBytes(await readFile(path), body)).toBe(true);
      await (await open()).save(intoFile(path, scratch));
    }
    for (const name of names) {
      expect(readdirSync(strange, { encoding: 'buffer' })).toEqual([name.subarray(strange.length + 1)]);
      await rm(strange, { recursive: true });
    }
    expect(leftOver()).toEqual([]);
    const elsewhere = intoFile(new URL('https://example.org/opened'));
    expect(await refusal(async () => (await open()).save(elsewhere))).toBe('ERR_INVALID_URL_SCHEME');
  });

  test('progress is reported', async () => {
    const { open, record } = await filed(patterned(100_000));
    let received = 0;
    const opened = await open({
      onProgress: (_: unknown, p: { receivedBytes: number }) => (received = p.receivedBytes),
    });
    await opened.save(intoFile(at('opened'), scratch));
    expect(received).toBe(record.length);
  });
});

describe('the sealed body', () => {
  const noSignal = { signal: undefined };

  test('is the blob in parts, whose memory is reused after their release', async () => {
    const body = patterned(4 * PART_BYTES);
    await writeFile(at('body'), body);
    const rng = (n: number) => new Uint8Array(n).fill(5);
    const { parts, facts, header } = await fileBody(at('body'), scratch).seal(fileKey, heading, { ...noSignal, rng });
    const whole = await seal(body, { rng });
    expect({ header, ...facts() }).toMatchObject({ header: whole.header, digest: whole.digest, length: whole.length });
    const [first, second] = [(await parts.next()).value!, (await parts.next()).value!];
    const blob = [first.bytes.slice(), second.bytes.slice()];
    second.release();
    for await (const part of parts) {
      expect(part.bytes.buffer).not.toBe(first.bytes.buffer);
      if (part.number === 3) expect(part.bytes.buffer).toBe(second.bytes.buffer);
      expect(part.last).toBe(part.number === 5);
      blob.push(part.bytes.slice());
    }
    expect(equalBytes(concat(...blob), whole.blob)).toBe(true);
    expect(leftOver()).toEqual([]);
  });

  test('memory that is released twice is reused once', async () => {
    await writeFile(at('body'), patterned(3 * PART_BYTES));
    const { parts } = await fileBody(at('body'), scratch).seal(fileKey, heading, noSignal);
    const first = (await parts.next()).value!;
    first.release();
    first.release();
    const [second, third] = [(await parts.next()).value!, (await parts.next()).value!];
    expect(second.bytes.buffer).not.toBe(third.bytes.buffer);
    await parts.return();
  });

  test('leaves no file when it is cancelled, before or after its first part', async () => {
    await writeFile(at('body'), patterned(2 * PART_BYTES));
    for (const taken of [0, 1]) {
      const { parts } = await fileBody(at('body'), scratch).seal(fileKey, heading, noSignal);
      for (let i = 0; i < taken; i++) await parts.next();
      expect(leftOver()).toHaveLength(1);
      await parts.return();
      expect(leftOver()).toEqual([]);
    }
  });

  test('leaves no file when it is refused', async () => {
    const { patient, home, service } = await filed(patterned(100));
    service.state.storage = () => new Response('', { status: 400 });
    expect(await refusal(() => patient.file(home.id, fileBody(at('body'), scratch), {}))).toBe('upload-failed');
    const missing = () => patient.file(home.id, fileBody(at('none'), scratch), {});
    expect(await refusal(missing)).toBe('ENOENT');
    expect(leftOver()).toEqual([]);
  });

  test('is refused if the file changes', async () => {
    const { patient, home } = await filed(patterned(PART_BYTES + 100_000));
    const body = fileBody(at('body'), scratch);
    const content: BodySource = {
      seal: (key, head, options) => {
        const rng = (length: number) => {
          truncateSync(at('body'), 70_000);
          return new Uint8Array(length);
        };
        return body.seal(key, head, { ...options, rng });
      },
    };
    expect(await refusal(() => patient.file(home.id, content, {}))).toBe('source-changed');
    expect(leftOver()).toEqual([]);
  });
});

describe('a refused opening keeps the existing file, after', () => {
  const body = patterned(300_000);
  const attempt = async (storage: (url: unknown, init: unknown) => Response | undefined, options = {}) => {
    const { open, service } = await filed(body);
    await writeFile(at('opened'), 'before');
    const opened = await open(options);
    service.state.storage = storage as never;
    const code = await refusal(() => opened.save(intoFile(at('opened'), scratch)));
    expect(await readFile(at('opened'), 'utf8')).toBe('before');
    expect(leftOver()).toEqual([]);
    return code;
  };

  test('other bytes, fewer, none', async () => {
    expect(await attempt(() => new Response(new Uint8Array(300_016)))).toBe('unverified blob');
    expect(await attempt(() => new Response(new Uint8Array(10)))).toBe('unverified blob');
    expect(await attempt(() => new Response('', { status: 404 }))).toBe('download-failed');
  });

  test('an endless source: no more bytes are read than were signed', async () => {
    let given = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        given += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    expect(await attempt(() => new Response(endless))).toBe('unverified blob');
    expect(given).toBeLessThan(1_000_000);
  });

  test('errors that need no byte: the source is cancelled unread', async () => {
    const s = await seal(patterned(1000));
    const tried = [
      [intoFile(at('opened')), new Uint8Array(32), 1000],
      [intoFile(at('opened')), fileKey, 5000],
      [intoFile(at('none/opened')), fileKey, 1000],
    ] as const;
    for (const [into, key, plainLength] of tried) {
      let [taken, cancelled] = [0, 0];
      const source = new ReadableStream<Uint8Array>(
        {
          pull: () => {
            taken++;
          },
          cancel: () => {
            cancelled++;
          },
        },
        { highWaterMark: 0 },
      );
      await expect(into.open(source, key, s, { plainLength })).rejects.toThrow();
      expect([taken, cancelled]).toEqual([0, 1]);
    }
  });

  test('a connection that breaks', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) });
    expect(await attempt(() => new Response(broken))).toBe('download-failed');
  });

  test('a signal', async () => {
    const stop = new AbortController();
    const reason = Object.assign(new Error('enough'), { code: 'enough' });
    const code = await attempt(
      () => {
        stop.abort(reason);
        return undefined;
      },
      { signal: stop.signal },
    );
    expect(code).toBe('enough');
  });

  test('a missing folder: the error of the operating system', async () => {
    const { open } = await filed(body);
    const opened = await open();
    expect(await refusal(() => opened.save(intoFile(at('none/opened'))))).toBe('ENOENT');
    expect(existsSync(at('none'))).toBe(false);
  });

  test('a target that is no regular file: nothing is downloaded', async () => {
    const { open, service } = await filed(body);
    await mkdir(at('opened'));
    const opened = await open();
    let asked = 0;
    service.state.storage = () => {
      asked++;
      return new Response('', { status: 404 });
    };
    expect(await refusal(() => opened.save(intoFile(at('opened'), scratch)))).toBe('target-invalid');
    expect(asked).toBe(0);
    await rmdir(at('opened'));
    expect(leftOver()).toEqual([]);
  });

  test('an error of the target is not reported as an error of the blob, or the reverse', async () => {
    const opened = await (await filed(body)).open();
    for (const [code, expected] of [
      ['source-invalid', 'source-invalid'],
      ['source-changed', 'source-changed'],
      ['target-invalid', 'target-invalid'],
      ['digest-mismatch', 'unverified digest'],
      ['truncated', 'unverified blob'],
    ] as const) {
      const target = { open: () => Promise.reject(new EnvelopeError(code, 'refused')) };
      expect(await refusal(() => opened.save(target))).toBe(expected);
    }
  });
});
