// Tests safety numbers and QR payloads against docs/spec/safety-number.md: its examples, and its rule computed again with node:crypto.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { identityId, identityKey, type IdentityId } from '../../lib/bytes/ids.ts';
import { qrPayload, readQrPayload, safetyNumber } from '../../lib/client/index.ts';

const idOf = (byte: number): IdentityId => identityId(new Uint8Array(32).fill(byte));
const sha512 = (...parts: readonly Uint8Array[]) => createHash('sha512').update(Buffer.concat(parts)).digest();

const half = (id: IdentityId): string => {
  const key = identityKey(id);
  let hash = sha512(Buffer.from('pcehr/v1/safety-number\0'), key);
  for (let round = 2; round <= 5200; round++) hash = sha512(hash, key);
  return [0, 5, 10, 15, 20, 25].map((at) => String(hash.readUIntBE(at, 5) % 100_000).padStart(5, '0')).join(' ');
};

test('the page contains the examples', async () => {
  const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'spec', 'safety-number.md'), 'utf8');
  for (const text of [idOf(1), idOf(2), safetyNumber(idOf(1), idOf(2)), qrPayload(idOf(1))])
    expect(page).toContain(text);
});

test.each([
  [1, 2],
  [2, 1],
  [7, 255],
])('the sixty digits are the two halves in ascending order, for either order of the ids: %i, %i', (a, b) => {
  expect(safetyNumber(idOf(a), idOf(b))).toBe([half(idOf(a)), half(idOf(b))].sort().join(' '));
});

test('a QR payload gives its id back', () => {
  expect(readQrPayload(qrPayload(idOf(9)))).toBe(idOf(9));
});

test.each(['\r\n', ' ', '\x1d', '\n\x1d', '\u00a0'])(
  'ignores the characters that a scanner adds at the end: %j',
  (end) => {
    expect(readQrPayload(`\ufeff${qrPayload(idOf(9))}${end}`)).toBe(idOf(9));
  },
);

test.each([
  ['lower case', (code: string) => code.toLowerCase()],
  ['another prefix', (code: string) => code.replace('PCEHR1:', 'PCEHR2:')],
  ['no prefix', (code: string) => code.slice(7)],
  ['one letter changed', (code: string) => code.slice(0, 20) + (code[20] === 'Q' ? 'P' : 'Q') + code.slice(21)],
  ['cut short', (code: string) => code.slice(0, -1)],
  ['nothing', () => ''],
])('refuses a text that is no QR payload: %s', (_, spoil) => {
  expect(() => readQrPayload(spoil(qrPayload(idOf(1))))).toThrow('this is not the code of an identity');
});
