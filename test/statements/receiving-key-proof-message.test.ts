// Tests the message that proves possession of a receiving key.
import { expect, test } from '@jest/globals';
import { BytesError } from '../../lib/bytes/errors.ts';
import { possessionMessage } from '../../lib/statements/receiving-key-proof-message.ts';
import { fill, patient } from './samples.ts';

test('is tag, identity key, number and receiving key, 88 bytes', () => {
  const message = possessionMessage(patient.id, 258, fill(2, 33));
  expect(message).toHaveLength(88);
  expect(new TextDecoder().decode(message.subarray(0, 19))).toBe('pcehr/v1/receiving\0');
  expect(message.subarray(19, 51)).toEqual(patient.publicKey);
  expect([...message.subarray(51, 55)]).toEqual([0, 0, 1, 2]);
  expect(message.subarray(55)).toEqual(fill(2, 33));
});

test('refuses a key that is not a compressed point, by its length', () => {
  expect(() => possessionMessage(patient.id, 1, fill(2, 32))).toThrow(BytesError);
});
