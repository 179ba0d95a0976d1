// Tests key files, with and without a passphrase.
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { inspect } from 'node:util';
import { toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import { decodeKeyFile, encodeKeyFile, holdKeys, openKeyFile, sealKeyFile } from '../../lib/identity/key-file.ts';
import { fill } from '../statements/samples.ts';
import { refusal, shownAsText } from './helpers.ts';

// Each use of scrypt takes a second on an idle machine, and much longer on a busy machine.
jest.setTimeout(300_000);

const keys = holdKeys(1, fill(1, 32), toBase64url(fill(2, 32)));
const text = encodeKeyFile(keys);
const json = JSON.parse(text) as Record<string, unknown>;
const sealedText = await sealKeyFile(keys, 'correct horse', { rng: (n) => fill(7, n) });
const sealedJson = JSON.parse(sealedText) as Record<string, unknown>;

describe('a plain key file', () => {
  test('decodes to the same keys', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer({ min: 1, max: 99 }), (seed, k) => {
        const keyFile = holdKeys(k, seed, keys.next);
        const { id, generation, next, seed: read } = decodeKeyFile(encodeKeyFile(keyFile));
        expect({ id, generation, next, read }).toEqual({
          id: deviceKeys(seed).id,
          generation: k,
          next: keys.next,
          read: seed,
        });
      }),
      { numRuns: 20 },
    );
  });

  test('states that it is not protected', () => {
    expect(json['protection']).toBe('none-keep-this-file-secret');
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', 'seed=1'],
    ['a list', '[]'],
    ['null', 'null'],
    ['another format', JSON.stringify({ ...json, format: 'jwk' })],
    ['a later version', JSON.stringify({ ...json, version: 2 })],
    ['an unknown protection', JSON.stringify({ ...json, protection: 'rot13' })],
    ['an unknown member', JSON.stringify({ ...json, note: '' })],
    ['no seed', JSON.stringify({ ...json, seed: undefined })],
    ['a short seed', JSON.stringify({ ...json, seed: toBase64url(fill(1, 31)) })],
    ["another identity's seed", JSON.stringify({ ...json, seed: toBase64url(fill(3, 32)) })],
    ["another identity's id", JSON.stringify({ ...json, id: deviceKeys(fill(3, 32)).id })],
    ['generation 0', JSON.stringify({ ...json, generation: 0 })],
    ['a cut', text.slice(0, -20)],
  ])('with %s is refused', async (_, damaged) => {
    expect(await refusal(() => decodeKeyFile(damaged))).toBe('bad-key-file');
    expect(await refusal(() => openKeyFile(damaged, 'x'))).toBe('bad-key-file');
  });

  test('the error names the member and repeats no content', () => {
    expect(() => decodeKeyFile(JSON.stringify({ ...json, seed: 'private' }))).toThrow(/^(?!.*private).*\(seed\)$/);
  });
});

describe('a key file that other programs saved again', () => {
  const utf16 = (content: string) => new Uint8Array(Buffer.from(content, 'utf16le'));

  test.each<[string, string | Uint8Array]>([
    ['text with a byte order mark', `\ufeff${text}`],
    ['text with other line ends', text.replaceAll('\n', '\r\n')],
    ['UTF-8', utf8(text)],
    ['UTF-8 with a byte order mark', utf8(`\ufeff${text}`)],
    ['UTF-16 with a byte order mark', utf16(`\ufeff${text}`)],
    ['UTF-16 without', utf16(text)],
    ['UTF-16, big endian', new Uint8Array(Buffer.from(utf16(`\ufeff${text}`)).swap16())],
  ])('%s', async (_, given) => {
    expect(decodeKeyFile(given).id).toBe(keys.id);
    expect((await openKeyFile(given, '')).id).toBe(keys.id);
  });

  test('UTF-16 that was read as UTF-8 is reported as such', () => {
    const misread = Buffer.from(utf16(`\ufeff${text}`)).toString('utf8');
    expect(() => decodeKeyFile(misread)).toThrow('UTF-16');
  });

  test('bytes that are not a text are refused', async () => {
    for (const bytes of [Uint8Array.of(0x7b, 0xff), Uint8Array.of(0xff, 0xfe, 0x7b), new Uint8Array(0)])
      expect(await refusal(() => decodeKeyFile(bytes))).toBe('bad-key-file');
  });
});

describe('a key file under a passphrase', () => {
  test('a lone surrogate in the passphrase is refused', async () => {
    for (const passphrase of ['\ud83d', 'a\ude00', '\ude00\ud83d']) {
      expect(await refusal(() => sealKeyFile(keys, passphrase))).toBe('bad-passphrase');
      expect(await refusal(() => openKeyFile(sealedText, passphrase))).toBe('bad-passphrase');
    }
  });

  test('an empty passphrase is refused on writing', async () => {
    expect(await refusal(() => sealKeyFile(keys, ''))).toBe('bad-passphrase');
  });

  test.each([0, 10, 16, 21, 17.5, NaN])('the cost 2^%p is refused on writing and on reading', async (log2N) => {
    expect(await refusal(() => sealKeyFile(keys, 'x', { log2N }))).toBe('bad-cost');
    const file = JSON.stringify({ ...sealedJson, log2N });
    expect(await refusal(() => openKeyFile(file, 'correct horse'))).toBe('bad-cost');
    expect(() => decodeKeyFile(file)).toThrow('17 to 20');
  });

  test('opens with this passphrase, and with no other', async () => {
    const keyFile = await openKeyFile(sealedText, 'correct horse');
    expect({ ...keyFile }).toEqual({ ...keys });
    expect(await refusal(() => openKeyFile(sealedText, 'correct horse '))).toBe('wrong-passphrase');
  });

  test('accepts the passphrase in either Unicode normal form', async () => {
    const sealed = await sealKeyFile(keys, 'se\u0301same 😀');
    expect((await openKeyFile(sealed, 's\u00e9same 😀')).id).toBe(keys.id);
  });

  test('has the cost 2^17 by default', () => {
    expect(sealedJson).toMatchObject({ log2N: 17 });
  });

  test('does not contain the seed in clear', () => {
    expect(sealedText).not.toContain(toBase64url(keys.seed));
    expect(Object.keys(sealedJson)).not.toContain('seed');
  });

  test('no other member can be changed', async () => {
    for (const change of [{ generation: 2 }, { next: toBase64url(fill(9, 32)) }])
      expect(await refusal(() => openKeyFile(JSON.stringify({ ...sealedJson, ...change }), 'correct horse'))).toBe(
        'wrong-passphrase',
      );
  });

  test('salt and nonce are new each time', async () => {
    const seal = async () => JSON.parse(await sealKeyFile(keys, 'x')) as Record<string, unknown>;
    const [one, two] = [await seal(), await seal()];
    expect(one['salt']).not.toBe(two['salt']);
    expect(one['nonce']).not.toBe(two['nonce']);
  });

  test.each([
    ['a short seed', { sealedSeed: toBase64url(fill(1, 32)) }],
    ['an unknown member', { r: 8 }],
  ])('with %s is refused', async (_, change) =>
    expect(await refusal(() => openKeyFile(JSON.stringify({ ...sealedJson, ...change }), 'x'))).toBe('bad-key-file'),
  );

  test('is refused by decodeKeyFile; openKeyFile ignores the passphrase of a plain file', async () => {
    expect(await refusal(() => decodeKeyFile(sealedText))).toBe('bad-key-file');
    expect((await openKeyFile(text, 'anything')).id).toBe(keys.id);
  });
});

test('keys print as a placeholder', () => {
  for (const shown of [shownAsText(keys), JSON.stringify({ keys }), inspect(keys)]) {
    expect(shown).toContain('[keys]');
    expect(shown).not.toContain(toBase64url(keys.seed));
  }
});

test('throws only its own errors, for any file', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.object().map((o) => JSON.stringify({ ...json, ...o })),
      ),
      async (t) => {
        await refusal(() => decodeKeyFile(t));
        await refusal(() => openKeyFile(t, ''));
      },
    ),
    { numRuns: 300 },
  );
});
