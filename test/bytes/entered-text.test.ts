// Tests reading text that a person's tools have changed: characters that they added around the text are removed, and the text itself stays.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../lib/bytes/codec.ts';
import { enteredFile, enteredText } from '../../lib/bytes/entered-text.ts';
import { BytesError } from '../../lib/bytes/errors.ts';

/** Characters that editors, shells, clipboards and scanners add: BOM, CR, LF, TAB, GS, NUL, NBSP, zero-width space, ideographic space, left-to-right mark. */
const ADDED = ['\ufeff', '\r', '\n', '\t', '\x1d', '\0', '\u00a0', '\u200b', '\u3000', '\u200e', ' '];
const added = fc.array(fc.constantFrom(...ADDED), { maxLength: 5 }).map((some) => some.join(''));

/** Encodes as UTF-16, little or big endian. */
const utf16 = (text: string, big: boolean): Uint8Array => {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  Array.from({ length: text.length }, (_, i) => view.setUint16(2 * i, text.charCodeAt(i), !big));
  return bytes;
};

describe('entered text', () => {
  test('is read without the added characters around it', () => {
    fc.assert(
      fc.property(added, added, (before, after) => {
        expect(enteredText(`${before}a b\u200bc${after}`)).toBe('a b\u200bc');
      }),
    );
  });

  test('is empty if it has nothing else; letters of any script stay', () => {
    expect(enteredText(ADDED.join(''))).toBe('');
    for (const text of ['', 'é', '文', '😀', '(x)', '"', '\ud83d']) expect(enteredText(text)).toBe(text);
  });
});

describe('a file', () => {
  test('is read as UTF-8 and UTF-16, with and without a byte order mark', () => {
    const json = fc.string({ unit: 'grapheme' }).map((value) => JSON.stringify({ value }));
    fc.assert(
      fc.property(json, fc.boolean(), fc.constantFrom('', '\r\n'), (text, mark, end) => {
        const written = (mark ? '\ufeff' : '') + text + end;
        for (const bytes of [utf8(written), utf16(written, false), utf16(written, true)])
          expect(enteredFile(bytes)).toBe(text);
      }),
    );
  });

  test('is an empty text if it has no bytes, and is refused if it is not a text', () => {
    expect(enteredFile(new Uint8Array(0))).toBe('');
    const refused = [
      [0x7b, 0xff],
      [0xff, 0xfe, 0x7b],
      [0xff, 0xfe, 0x00, 0xd8],
      [0x7b, 0x00, 0x00],
    ];
    for (const bytes of refused) expect(() => enteredFile(Uint8Array.from(bytes))).toThrow(BytesError);
  });
});
