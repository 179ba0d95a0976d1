// Tests identity ids and random ids: encoding, and refusal of malformed ids.
import { describe, expect, test } from '@jest/globals';
import { bech32, bech32m } from '@scure/base';
import fc from 'fast-check';
import { BytesError } from '../../lib/bytes/errors.ts';
import {
  idBytes,
  identityId,
  identityKey,
  newId,
  parseId,
  parseIdentityId,
  parseScannedIdentityId,
  type FolderId,
} from '../../lib/bytes/ids.ts';

const refused = (read: () => unknown): string => {
  try {
    read();
    return 'accepted';
  } catch (error) {
    if (error instanceof BytesError) return error.code;
    throw error;
  }
};
const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('identity ids', () => {
  test('are 62 lower-case characters that decode to the key', () => {
    fc.assert(
      fc.property(bytes(32), (publicKey) => {
        const id = identityId(publicKey);
        expect(id).toMatch(/^ehr1[02-9ac-hj-np-z]{58}$/);
        expect(identityKey(id)).toEqual(publicKey);
        expect(parseIdentityId(id)).toBe(id);
      }),
    );
  });

  test('any one changed letter is refused', () => {
    const id = identityId(key(7));
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 61 }),
        fc.constantFrom(...Array.from('023456789acdefghjklmnpqrstuvwxyz')),
        (at, c) => {
          fc.pre(id[at] !== c);
          expect(refused(() => parseIdentityId(id.slice(0, at) + c + id.slice(at + 1)))).toBe('bad-encoding');
        },
      ),
    );
  });

  test.each([
    ['upper case', identityId(key(7)).toUpperCase()],
    ['mixed case', identityId(key(7)).replace('ehr', 'Ehr')],
    ['another prefix', bech32m.encodeFromBytes('ehx', key(7))],
    ['bech32 in place of bech32m', bech32.encodeFromBytes('ehr', key(7))],
    ['31 bytes', bech32m.encodeFromBytes('ehr', new Uint8Array(31))],
    ['33 bytes', bech32m.encodeFromBytes('ehr', new Uint8Array(33))],
    ['nothing', ''],
    ['white space', ` ${identityId(key(7))}`],
  ])('%s is refused', (_, text) => expect(refused(() => parseIdentityId(text))).toBe('bad-encoding'));

  test('a QR reader may return all upper case, but no mixture', () => {
    const id = identityId(key(7));
    expect(parseScannedIdentityId(id.toUpperCase())).toBe(id);
    expect(parseScannedIdentityId(id)).toBe(id);
    expect(refused(() => parseScannedIdentityId(id.replace('ehr', 'EHR')))).toBe('bad-encoding');
    for (const end of ['\r\n', ' ', '\x1d', '\u00a0']) {
      expect(parseScannedIdentityId(`\ufeff${id}${end}`)).toBe(id);
      expect(parseScannedIdentityId(id.toUpperCase() + end)).toBe(id);
      // In statements an id has one form only, so nothing is removed there.
      expect(refused(() => parseIdentityId(id + end))).toBe('bad-encoding');
    }
  });

  test('only a key of 32 bytes has an id', () =>
    expect(refused(() => identityId(new Uint8Array(31)))).toBe('bad-length'));

  test('the error does not repeat the text', () => {
    expect(() => parseIdentityId('ehr1private')).toThrow(/^(?!.*private)/);
  });
});

describe('random ids', () => {
  test('are 26 characters of lower-case base32 for 16 bytes', () => {
    fc.assert(
      fc.property(bytes(16), (random) => {
        const id = newId<FolderId>(() => random);
        expect(id).toMatch(/^[a-z2-7]{26}$/);
        expect(idBytes(id)).toEqual(random);
        expect(parseId<FolderId>(id)).toBe(id);
      }),
    );
  });

  test('come from the platform when no other source is given', () => {
    expect(newId()).not.toBe(newId());
  });

  const id = newId<FolderId>(() => new Uint8Array(16));
  test.each([
    ['set spare bits', `${id.slice(0, 25)}b`, 'bad-encoding'],
    ['upper case', id.toUpperCase(), 'bad-encoding'],
    ['15 bytes', 'a'.repeat(24), 'bad-length'],
    ['padding', `${id}======`, 'bad-encoding'],
    ['nothing', '', 'bad-length'],
  ])('%s is refused', (_, text, code) => expect(refused(() => parseId(text))).toBe(code));
});
