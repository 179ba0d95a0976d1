// Tests the lengths of the parts of a wrap in the contract: the service accepts no others.
import { expect, test } from '@jest/globals';
import { toBase64url } from '../../lib/bytes/codec.ts';
import { versionView } from '../../lib/api/record-routes.ts';
import { wrap } from '../../lib/api/shapes.ts';
import { LABEL_BYTES } from '../../lib/envelope/label.ts';

const bytes = (length: number): string => toBase64url(new Uint8Array(length));
const parts = { capsule: bytes(105), companionCiphertext: bytes(1120), wrappedKey: bytes(48), label: bytes(272) };
const isWrap = (changes: object): boolean => wrap.safeParse({ ...parts, ...changes }).success;

test('a label has one of two lengths', () => {
  const accepted = Array.from({ length: 540 }, (_, length) => length).filter((n) => isWrap({ label: bytes(n) }));
  expect(accepted).toEqual(LABEL_BYTES);
  // The last character of 272 bytes has spare bits, which must be zero.
  expect(isWrap({ label: `${bytes(272).slice(0, -1)}B` })).toBe(false);
});

test('every other part has one length, and none is left out', () => {
  for (const [name, length] of [
    ['capsule', 105],
    ['companionCiphertext', 1120],
    ['wrappedKey', 48],
  ] as const) {
    expect(isWrap({ [name]: bytes(length) })).toBe(true);
    for (const other of [0, length - 1, length + 1])
      expect([name, isWrap({ [name]: bytes(other) })]).toEqual([name, false]);
  }
  for (const name of Object.keys(parts)) expect([name, isWrap({ [name]: undefined })]).toEqual([name, false]);
});

test('a list has no part of a wrap that opens a record', () => {
  const { capsule, wrappedKey, ...listed } = parts;
  const view = { statement: 'a.b.c', state: 'committed', metadata: bytes(528), ...listed };
  expect(versionView.safeParse(view).success).toBe(true);
  expect(versionView.safeParse({ ...view, capsule }).success).toBe(false);
  expect(versionView.safeParse({ ...view, wrappedKey }).success).toBe(false);
});
