// Computes the safety number and QR payload with which two people verify each other's ids in person. docs/spec/safety-number.md
import { sha512 } from '@noble/hashes/sha2.js';
import { concat } from '../../bytes/binary.ts';
import { utf8 } from '../../bytes/codec.ts';
import { enteredText } from '../../bytes/entered-text.ts';
import { identityKey, parseIdentityId, type IdentityId } from '../../bytes/ids.ts';
import { ClientError } from '../session/errors.ts';

/** Number of hash rounds. They make it expensive to search for an id whose digits are similar. */
const ROUNDS = 5_200;
const TAG = 'pcehr/v1/safety-number\0';
const QR = 'PCEHR1:';

/** Thirty digits of one identity: six groups of five, each 40 bits of the hash modulo 100,000. */
const half = (id: IdentityId): string => {
  const key = identityKey(id);
  let hash: Uint8Array = sha512(concat(utf8(TAG), key));
  for (let i = 1; i < ROUNDS; i++) hash = sha512(concat(hash, key));
  const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength);
  const group = (i: number): number => (view.getUint8(5 * i) * 2 ** 32 + view.getUint32(5 * i + 1)) % 100_000;
  return Array.from({ length: 6 }, (_, i) => String(group(i)).padStart(5, '0')).join('');
};

/** Computes sixty digits in twelve groups of five. The order of the two ids does not matter. docs/spec/safety-number.md. */
export const safetyNumber = (a: IdentityId, b: IdentityId): string => {
  const digits = [half(a), half(b)].sort().join('');
  return digits.match(/.{5}/g)?.join(' ') ?? '';
};

/** Returns the text for a QR code of an id. The text is in upper case, because a code in alphanumeric mode is small. */
export const qrPayload = (id: IdentityId): string => `${QR}${id.toUpperCase()}`;

/** Reads an id from a scanned text. A scanner may add white space or control characters around it. @throws {ClientError} `bad-argument` */
export const readQrPayload = (scanned: string): IdentityId => {
  const text = enteredText(scanned);
  try {
    if (text.startsWith(QR) && text === text.toUpperCase()) return parseIdentityId(text.slice(QR.length).toLowerCase());
  } catch {
    // A text that is no id gets the error below.
  }
  throw new ClientError('bad-argument', 'this is not the code of an identity');
};
