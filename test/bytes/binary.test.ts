// Tests the helpers for byte arrays.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concat, equalBytes, ofLength, systemRng, u32, u64, u8, wipe } from '../../lib/bytes/binary.ts';
import { BytesError } from '../../lib/bytes/errors.ts';

const code = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof BytesError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('integers', () => {
  const forms = [
    ['u8', u8, 1, 0xff],
    ['u32', u32, 4, 0xffffffff],
    ['u64', u64, 8, Number.MAX_SAFE_INTEGER],
  ] as const;

  test.each(forms)('%s is big endian and of fixed width', (_, encode, width, max) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max }), (n) => {
        const bytes = encode(n);
        expect(bytes).toHaveLength(width);
        expect(bytes.reduce((sum, b) => sum * 256n + BigInt(b), 0n)).toBe(BigInt(n));
      }),
    );
    expect(encode(0)).toEqual(new Uint8Array(width));
    expect(encode(max).at(-1)).toBe(0xff);
  });

  test.each(forms)('%s refuses numbers that do not fit', (_, encode, _width, max) => {
    for (const n of [-1, 0.5, NaN, Infinity, max + 1, 2 ** 53]) expect(code(() => encode(n))).toBe('bad-value');
  });
});

describe('concat', () => {
  test('joins in order, and copies', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (parts) => {
        expect([...concat(...parts)]).toEqual(parts.flatMap((p) => [...p]));
      }),
    );
    const part = Uint8Array.of(1);
    const joined = concat(part);
    part[0] = 2;
    expect(joined[0]).toBe(1);
  });
});

describe('equalBytes', () => {
  test('is true for copies only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, flip) => {
        expect(equalBytes(bytes, bytes.slice())).toBe(true);
        const other = bytes.slice();
        other[at % bytes.length]! ^= flip;
        expect(equalBytes(bytes, other)).toBe(false);
        expect(equalBytes(bytes, bytes.slice(1))).toBe(false);
      }),
    );
    expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
  });
});

test('ofLength returns bytes of the right length, and the error names the value otherwise', () => {
  const bytes = new Uint8Array(3);
  expect(ofLength(bytes, 3, 'salt')).toBe(bytes);
  expect(code(() => ofLength(bytes, 4, 'salt'))).toBe('bad-length');
  expect(() => ofLength(bytes, 4, 'salt')).toThrow('salt must be 4 bytes, not 3');
});

test('systemRng returns the number of bytes asked for, different ones each time', () => {
  expect(systemRng(0)).toHaveLength(0);
  expect(systemRng(32)).toHaveLength(32);
  expect(systemRng(32)).not.toEqual(systemRng(32));
});

test('wipe overwrites every secret that it gets', () => {
  const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(3)];
  wipe(a, b);
  expect([...a, ...b]).toEqual([0, 0, 0]);
});
