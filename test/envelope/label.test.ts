// Tests labels: their texts, their one encoding, and that each opens with its own secret, ciphertext and context only.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hkdfSync } from 'node:crypto';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concat } from '../../lib/bytes/binary.ts';
import { fromUtf8, toHex, utf8 } from '../../lib/bytes/codec.ts';
import {
  decodeLabel,
  encodeLabel,
  LABEL_BYTES,
  LABEL_MEMBERS,
  labelDifferences,
  labelHash,
  labelOf,
  openLabel,
  sealLabel,
  type Label,
} from '../../lib/envelope/label.ts';
import { sha256 } from '../../lib/envelope/header.ts';
import { runs } from '../support/property-runs.ts';
import { codeOf } from './sample-blobs.ts';

const caught = (run: () => unknown): Promise<string> => codeOf(Promise.resolve().then(run));
const key = {
  secret: new Uint8Array(32).fill(1),
  ciphertext: new Uint8Array(1120).fill(2),
  context: new Uint8Array(72).fill(3),
};
const label: Label = {
  fileName: 'befund.pdf',
  mediaType: 'application/pdf',
  title: 'Blood test ü 🫀',
  clinicalDate: '2025-11-24',
  category: '11502-2',
};
/** Any text, also one with lone surrogates, and texts whose JSON is much longer than they are. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({
    unit: fc.constantFrom('\0', '\ud800', '\udc00', '"', '\\', '\u202e', '\u200b', '🫀', 'x'),
    maxLength: 400,
  }),
);
const anyMetadata = fc.record(
  { length: fc.nat(), fileName: anyText, mediaType: anyText, title: anyText, clinicalDate: anyText, category: anyText },
  { requiredKeys: ['length'] },
);
const inJson = (text: string): number => utf8(JSON.stringify(text)).length - 2;
const MOST: Record<string, number> = { fileName: 144, mediaType: 64, title: 144, clinicalDate: 32, category: 48 };

describe('the texts of a label', () => {
  test('are those of the metadata, without the length', () => {
    expect(labelOf({ ...label, length: 7 } as object)).toEqual(label);
    expect(labelOf({})).toEqual({});
    expect(labelOf({ title: undefined })).toEqual({});
  });

  test('are cut after whole code points, with an ellipsis, at the maximum of each', () => {
    const x = (n: number) => 'x'.repeat(n);
    expect(labelOf({ title: x(144) }).title).toBe(x(144));
    expect(labelOf({ title: x(145) }).title).toBe(`${x(141)}…`);
    // The limit of a text counts its bytes in JSON: the heart has 4, the zero byte and the lone surrogate have 6 each.
    expect(labelOf({ clinicalDate: '🫀'.repeat(9) }).clinicalDate).toBe(`${'🫀'.repeat(7)}…`);
    expect(labelOf({ category: '\0'.repeat(9) }).category).toBe(`${'\0'.repeat(7)}…`);
    expect(labelOf({ clinicalDate: '\ud800'.repeat(9) }).clinicalDate).toBe(`${'\ud800'.repeat(4)}…`);
  });

  test('of any metadata fit, are seen as equal, and are cut only once', () => {
    fc.assert(
      fc.property(anyMetadata, (metadata) => {
        const made = labelOf(metadata);
        expect(labelOf(made)).toEqual(made);
        expect(labelDifferences(made, metadata)).toEqual([]);
        expect(decodeLabel(encodeLabel(made))).toEqual(made);
        for (const name of LABEL_MEMBERS) {
          const [text, cut] = [metadata[name], made[name]];
          expect(cut === undefined).toBe(text === undefined);
          if (text === undefined || cut === undefined) continue;
          expect(inJson(cut)).toBeLessThanOrEqual(MOST[name]!);
          if (inJson(text) <= MOST[name]!) expect(cut).toBe(text);
          else expect(cut.endsWith('…') && text.startsWith(cut.slice(0, -1))).toBe(true);
        }
      }),
      { numRuns: runs(1000) },
    );
  });

  test('that differ from the metadata are named', () => {
    const metadata = { ...label, length: 7 };
    expect(labelDifferences(label, metadata)).toEqual([]);
    expect(labelDifferences({ ...label, title: 'Other' }, metadata)).toEqual(['title']);
    expect(labelDifferences({ ...label, title: undefined, category: '' }, metadata)).toEqual(['title', 'category']);
    expect(labelDifferences(label, { length: 7, fileName: 'befund.pdf' })).toEqual(LABEL_MEMBERS.slice(1));
    expect(labelDifferences(undefined, metadata)).toEqual(LABEL_MEMBERS);
    expect(labelDifferences(undefined, { length: 7 })).toEqual([]);
    // A label with only the beginning of the title differs from the title, because no `…` shows the cut.
    expect(labelDifferences({ title: 'Blood' }, { length: 7, title: 'Blood test' })).toEqual(['title']);
  });
});

describe('the encoding of a label', () => {
  const textOf = (of: Label) => fromUtf8(encodeLabel(of)).replace(/\0+$/, '');

  test('is JSON in one order, without absent members, padded to 256 or 512 bytes', () => {
    const { fileName, ...others } = label;
    expect(textOf({ ...others, fileName })).toBe(JSON.stringify(label));
    expect(textOf({ title: undefined })).toBe('{}');
    expect(encodeLabel({})).toHaveLength(256);
    expect(encodeLabel({ fileName: 'x'.repeat(115), title: 'x'.repeat(115) })).toHaveLength(256);
    expect(encodeLabel({ fileName: 'x'.repeat(115), title: 'x'.repeat(116) })).toHaveLength(512);
    const longest = labelOf(Object.fromEntries(LABEL_MEMBERS.map((n) => [n, 'x'.repeat(999)])));
    expect([textOf(longest).length, encodeLabel(longest).length]).toEqual([505 - 5 * 2, 512]);
  });

  test('of a text that is too long, or no text, is refused', async () => {
    expect(await caught(() => encodeLabel({ title: 'x'.repeat(145) }))).toBe('label-invalid');
    expect(await caught(() => encodeLabel({ title: 7 } as unknown as Label))).toBe('label-invalid');
    expect(await caught(() => encodeLabel({ title: null } as unknown as Label))).toBe('label-invalid');
    // Encoding leaves out `length`, because labels have no such member.
    expect(textOf({ length: 7 } as Label)).toBe('{}');
  });

  test.each([
    '{"title":"x","other":"x"}',
    '{"length":1}',
    '{"title": "x"}',
    '{"title":"x","fileName":"x"}',
    '{"title":"x","title":"x"}',
    '{"title":2}',
    '{"title":null}',
    '{"title":["x"]}',
    '{"__proto__":"x"}',
    '{"title":"\\u0078"}',
    `{"title":"${'x'.repeat(145)}"}`,
    `{"clinicalDate":"${'🫀'.repeat(9)}"}`,
    '[]',
    'null',
    '1',
    '"x"',
    '\ufeff{}',
    '{}\n',
    '{',
    '',
  ])('%s: refused', async (text) => {
    const plain = new Uint8Array(256);
    plain.set(utf8(text));
    expect(await caught(() => decodeLabel(plain))).toBe('label-invalid');
  });

  test.each([0, 1, 2, 255, 257, 320, 512, 1024])('padded to %i bytes is refused', async (length) => {
    const plain = new Uint8Array(length);
    plain.set(utf8('{}').subarray(0, length));
    expect(await caught(() => decodeLabel(plain))).toBe('label-invalid');
  });

  test('that is no UTF-8 is refused', async () => {
    const plain = encodeLabel({ title: 'x' });
    plain[10] = 0xff;
    expect(await caught(() => decodeLabel(plain))).toBe('label-invalid');
  });

  test('any bytes are one label in its one encoding, or refused', () => {
    const near = fc.tuple(fc.nat(60), fc.nat(255)).map(([at, byte]) => {
      const plain = encodeLabel(label);
      plain[at] = byte;
      return plain;
    });
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 600 })), (plain) => {
        let decoded: Label;
        try {
          decoded = decodeLabel(plain);
        } catch (error) {
          expect(error).toMatchObject({ code: 'label-invalid', message: 'the label does not open' });
          return;
        }
        expect(encodeLabel(decoded)).toEqual(plain);
      }),
      { numRuns: runs(1000) },
    );
  });
});

describe('a sealed label', () => {
  test('opens to the same texts, with every character that the author wrote', () => {
    const hostile = { title: '\u202egpj.exe', fileName: '../../etc/passwd\0', category: '<img onerror=x>' };
    for (const texts of [label, {}, hostile]) {
      const sealed = sealLabel(key, texts);
      expect(LABEL_BYTES).toContain(sealed.length);
      expect(openLabel(key, sealed)).toEqual(texts);
    }
  });

  test('has the key and the form that the page says, by other implementations of HKDF and cipher', async () => {
    const info = concat(utf8('pcehr/v1/label'), await sha256(key.ciphertext), key.context);
    const derived = new Uint8Array(hkdfSync('sha256', key.secret, new Uint8Array(0), info, 32));
    const sealed = chacha20poly1305(derived, new Uint8Array(12)).encrypt(encodeLabel(label));
    expect(toHex(sealLabel(key, label))).toBe(toHex(sealed));
  });

  test('opens in its own wrap only: with another secret, ciphertext or context it is refused', async () => {
    const sealed = sealLabel(key, label);
    for (const part of ['secret', 'ciphertext', 'context'] as const)
      for (let i = 0; i < key[part].length; i += part === 'ciphertext' ? 37 : 1) {
        const other = key[part].slice();
        other[i]! ^= 1;
        expect([part, i, await caught(() => openLabel({ ...key, [part]: other }, sealed))]).toEqual([
          part,
          i,
          'label-invalid',
        ]);
      }
  });

  test('is refused if any byte is altered, and with any other length', async () => {
    const sealed = sealLabel(key, label);
    for (let i = 0; i < sealed.length; i++) {
      const altered = sealed.slice();
      altered[i]! ^= 1;
      expect([i, await caught(() => openLabel(key, altered))]).toEqual([i, 'label-invalid']);
    }
    for (const other of [
      sealed.subarray(1),
      sealed.subarray(0, -1),
      concat(sealed, Uint8Array.of(0)),
      new Uint8Array(0),
    ])
      expect(await caught(() => openLabel(key, other))).toBe('label-invalid');
  });

  test('is refused if its text is not in its one form, although it was sealed with the right key', async () => {
    const info = concat(utf8('pcehr/v1/label'), await sha256(key.ciphertext), key.context);
    const derived = new Uint8Array(hkdfSync('sha256', key.secret, new Uint8Array(0), info, 32));
    const plain = new Uint8Array(320);
    plain.set(utf8('{}'));
    const sealed = chacha20poly1305(derived, new Uint8Array(12)).encrypt(plain);
    expect(await caught(() => openLabel(key, sealed))).toBe('label-invalid');
  });

  test('needs a secret of 32 bytes', () => {
    expect(() => sealLabel({ ...key, secret: new Uint8Array(31) }, label)).toThrow('companion secret must be 32 bytes');
    expect(() => openLabel({ ...key, secret: new Uint8Array(33) }, sealLabel(key, label))).toThrow('32 bytes');
  });

  test('leaves the secret of the wrap as it is', () => {
    const secret = new Uint8Array(32).fill(1);
    sealLabel({ ...key, secret }, label);
    expect(secret).toEqual(new Uint8Array(32).fill(1));
  });

  test('has a hash with its ciphertext, which the statement contains', async () => {
    const sealed = sealLabel(key, label);
    expect(labelHash(key.ciphertext, sealed)).toEqual(await sha256(concat(key.ciphertext, sealed)));
  });
});
