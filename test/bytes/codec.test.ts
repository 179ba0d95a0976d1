// Tests the text encodings of bytes: base64url, hexadecimal, base32, UTF-8.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  fromBase32,
  fromBase64url,
  fromHex,
  fromUtf8,
  toBase32,
  toBase64url,
  toHex,
  utf8,
} from '../../lib/bytes/codec.ts';
import { BytesError } from '../../lib/bytes/errors.ts';

const refused = (read: () => unknown): boolean => {
  try {
    read();
    return false;
  } catch (error) {
    return error instanceof BytesError && error.code === 'bad-encoding';
  }
};

const forms = [
  ['base64url', toBase64url, fromBase64url, /^[A-Za-z0-9_-]*$/],
  ['hex', toHex, fromHex, /^[0-9a-f]*$/],
  ['base32', toBase32, fromBase32, /^[a-z2-7]*$/],
] as const;

describe.each(forms)('%s', (_, encode, decode, alphabet) => {
  test('decodes what it encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = encode(bytes);
        expect(text).toMatch(alphabet);
        expect(decode(text)).toEqual(bytes);
      }),
    );
  });

  test('a text that decodes encodes to itself again; any other text is refused with BytesError', () => {
    const near = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: fc.constantFrom(...Array.from('AQaz27_-=+/ \n')), maxLength: 20 }),
    );
    fc.assert(
      fc.property(near, (text) => {
        if (!refused(() => decode(text))) expect(encode(decode(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

test.each([
  ['padding', 'AQ=='],
  ['spare bits', 'AR'],
  ['a single letter', 'A'],
  ['the other alphabet', '+/8'],
  ['white space', 'AQI \n'],
  ['a letter outside the alphabet', 'AQé'],
])('base64url with %s is refused', (_, text) => expect(refused(() => fromBase64url(text))).toBe(true));

test.each([
  ['upper case', 'AA'],
  ['spare bits', 'ab'],
  ['padding', 'aa======'],
  ['an impossible length', 'aaa'],
])('base32 with %s is refused', (_, text) => expect(refused(() => fromBase32(text))).toBe(true));

test.each([
  ['upper case', 'AB'],
  ['half a byte', 'abc'],
  ['another letter', 'gg'],
])('hex with %s is refused', (_, text) => expect(refused(() => fromHex(text))).toBe(true));

test('known texts', () => {
  expect(toBase64url(utf8('fo'))).toBe('Zm8'); // RFC 4648 section 10, without padding
  expect(toBase32(utf8('fooba'))).toBe('mzxw6ytb');
  expect(toHex(Uint8Array.of(0, 255))).toBe('00ff');
});

test('the error names the value and does not repeat it', () => {
  expect(() => fromBase64url('se=cret', 'salt')).toThrow(/^salt is not base64url$/);
});

describe('UTF-8', () => {
  test('encodes and decodes every well-formed text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (s) => expect(fromUtf8(utf8(s))).toBe(s)));
  });

  test.each([
    ['a lone continuation', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a cut sequence', [0xe2, 0x82]],
  ])('%s is refused', (_, bytes) => expect(refused(() => fromUtf8(Uint8Array.from(bytes)))).toBe(true));

  test('a byte order mark is kept, so that it cannot hide', () => {
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });
});
