// Tests cursors, limits of pages, and sort keys.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { AppError } from '../../../lib/api/errors.ts';
import { decodeCursor, encodeCursor, limitOf } from '../../../lib/stores/dynamo/page.ts';
import {
  endedBy,
  endingAfter,
  HIGHEST,
  LOWEST,
  msText,
  ordinalText,
  seqText,
  SHAPES,
} from '../../../lib/stores/dynamo/table.ts';
import { after } from '../../../lib/stores/dynamo/database.ts';

const refused = (cursor: string, shape: RegExp): boolean => {
  try {
    decodeCursor(cursor, shape);
    return false;
  } catch (error) {
    return error instanceof AppError && error.code === 'malformed-request' && error.details.member === 'cursor';
  }
};

describe('cursors', () => {
  test('encode the sort key, and decode to it', () => {
    expect(encodeCursor('V#0000000001')).toBe('ViMwMDAwMDAwMDAx');
    expect(decodeCursor('ViMwMDAwMDAwMDAx', SHAPES.version)).toBe('V#0000000001');
  });

  test('any other text is refused as malformed-request', () => {
    const shapes = Object.values(SHAPES);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.uint8Array().map(toBase64url)), (cursor) => {
        for (const shape of shapes) expect(refused(cursor, shape)).toBe(true);
      }),
    );
    for (const shape of shapes) expect(refused(toBase64url(Uint8Array.of(0xff, 0xfe)), shape)).toBe(true);
  });

  test('a shape must match the whole key', () => {
    for (const text of ['V#0000000001~', '~V#0000000001', 'V#1', 'v#0000000001', 'V#0000000001\n'])
      expect(refused(encodeCursor(text), SHAPES.version)).toBe(true);
  });
});

describe('limits', () => {
  test('are 50 by default, and 100 at most', () => {
    expect([limitOf({}), limitOf({ limit: 7 }), limitOf({ limit: 101 })]).toEqual([50, 7, 100]);
  });
});

describe('sort keys', () => {
  test('padded numbers sort as numbers do', () => {
    const ordered = (text: (n: number) => string, max: number) =>
      fc.assert(
        fc.property(fc.nat(max), fc.nat(max), (a, b) => {
          expect(text(a) < text(b)).toBe(a < b);
          expect(text(a)).toHaveLength(text(max).length);
        }),
      );
    ordered(seqText, 999_999_999_999);
    ordered(ordinalText, 4_294_967_295);
    ordered(msText, 9_999_999_999_999);
  });

  test('the spans of pending and of expired items meet at the current time and do not overlap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9_000_000_000_000 }),
        fc.integer({ min: -2, max: 2 }),
        (now, difference) => {
          const end = Math.max(0, now + difference);
          const key = `pending#${msText(end)}#aaaaaaaaaaaaaaaaaaaaaaaaaa`;
          const within = ({ from, to }: { from: string; to: string }) => from <= key && key <= to;
          expect(within(endingAfter('pending', now))).toBe(end > now);
          expect(within(endedBy('pending', now))).toBe(end <= now);
        },
      ),
    );
  });

  test('after(key) sorts after the key and before every longer key', () => {
    for (const next of ['0', '9', 'a', 'z', '#', 'E', LOWEST.concat('0')]) {
      expect('key' < after('key')).toBe(true);
      expect(after('key') <= `key${next}`).toBe(true);
      expect(`key${next}` < `key${HIGHEST}`).toBe(true);
    }
  });
});
