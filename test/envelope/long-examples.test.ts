// Tests the longer examples of docs/spec/blob.md, with many chunks or several parts: lib/envelope and the second implementation (peer.ts) make the same
// bytes, and the page shows them.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { equalBytes } from '../../lib/bytes/binary.ts';
import { toHex } from '../../lib/bytes/codec.ts';
import { idBytes, identityKey } from '../../lib/bytes/ids.ts';
import { encodeHeader } from '../../lib/envelope/header.ts';
import { sealBlob } from '../../lib/envelope/seal-blob.ts';
import { counting } from '../support/counting.ts';
import { fileKey, heading } from './example.ts';
import { inPieces, openAll, patterned, type Sealed } from './sample-blobs.ts';
import { peerSeal } from './peer.ts';

interface LongExample {
  readonly plainLength: number;
  readonly chunk: number;
  readonly header: string;
  readonly commit: string;
  readonly chunks: readonly { readonly nonce: string; readonly length: number; readonly tag: string }[];
  readonly parts: readonly string[];
  readonly length: number;
  readonly digest: string;
}
const published = JSON.parse(
  readFileSync(new URL('long-examples.json', import.meta.url), 'utf8'),
) as readonly LongExample[];
const page = readFileSync(new URL('../../docs/spec/blob.md', import.meta.url), 'utf8');

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.each(published)('$plainLength bytes in chunks of 2^$chunk', (example) => {
  const body = patterned(example.plainLength);
  const sealed = (async (): Promise<Sealed & { readonly parts: readonly string[] }> => {
    const s = await sealBlob(inPieces(body, 100_000), fileKey, heading, { chunk: example.chunk, rng: counting() });
    const taken: Uint8Array[] = [];
    for await (const part of s.parts) taken.push(part.bytes);
    return { ...s, ...s.facts(), parts: taken.map(sha256), blob: new Uint8Array(Buffer.concat(taken)) };
  })();

  test('is reproduced and opened by lib/envelope', async () => {
    const s = await sealed;
    const size = 2 ** example.chunk + 16;
    const count = Math.ceil(s.blob.length / size);
    const made: LongExample = {
      plainLength: s.plainLength,
      chunk: s.header.chunk,
      header: toHex(encodeHeader(s.header)),
      commit: toHex(s.commit),
      chunks: Array.from({ length: count }, (_, i) => {
        const bytes = s.blob.subarray(i * size, (i + 1) * size);
        const nonce = `${i.toString(16).padStart(22, '0')}${i === count - 1 ? '01' : '00'}`;
        return { nonce, length: bytes.length, tag: toHex(bytes.subarray(-16)) };
      }),
      parts: s.parts,
      length: s.length,
      digest: toHex(s.digest),
    };
    expect(made).toEqual(example);
    expect(equalBytes(await openAll(s, s.blob, { key: fileKey }), body)).toBe(true);
  });

  test('is reproduced by the second implementation', async () => {
    const { header, blob } = await sealed;
    const members = {
      ...header,
      record: idBytes(header.record),
      patient: identityKey(header.patient),
      folder: idBytes(header.folder),
      author: identityKey(header.author),
    };
    expect(equalBytes(peerSeal(fileKey, members, body), blob)).toBe(true);
  });

  test('is printed on the page', () => {
    const ends = example.chunks.filter((_, i) => i === 0 || i >= example.chunks.length - 2);
    const shown = [example.commit, ...ends.flatMap((c) => [c.nonce, c.tag]), ...example.parts, example.digest];
    for (const value of [...shown, `${example.plainLength} bytes`, `${example.length} bytes`])
      expect(page).toContain(value);
  });
});
