// Short texts sealed to an identity's inbox key: names of folders, messages with requests. Its place is sealed in with it, so that a text
// copied to another place is noticed. docs/spec/sealed-text.md is the page to this file.
import { concat, equalBytes, type Rng } from '../bytes/binary.ts';
import { fromUtf8, utf8 } from '../bytes/codec.ts';
import type { IdentityId } from '../bytes/ids.ts';
import { decodeCapsule, encodeCapsule } from '../umbral/capsule.ts';
import { decryptOriginal } from '../umbral/delegator.ts';
import type { PublicKey, SecretKey } from '../umbral/keys.ts';
import { encrypt } from '../umbral/sender.ts';
import { EnvelopeError } from './errors.ts';
import { CAPSULE_BYTES } from './wrap.ts';

export interface TextPlace {
  readonly kind: 'folder-name' | 'request-message';
  readonly sender: IdentityId;
  readonly receiver: IdentityId;
  /** Id of the thing whose statement carries the text. */
  readonly statement: string;
}

/** Lengths tell the text's only up to this. */
const STEP = 64;

/** The text in its place, padded: one form for each. */
const encode = ({ kind, sender, receiver, statement }: TextPlace, text: string): Uint8Array => {
  const bytes = utf8(JSON.stringify({ kind, sender, receiver, statement, text }));
  const padded = new Uint8Array(Math.ceil(bytes.length / STEP) * STEP);
  padded.set(bytes);
  return padded;
};

/** capsule[105], then the sealed text: 40 bytes more than a multiple of 64. */
export const sealText = (place: TextPlace, text: string, receiver: PublicKey, rng?: Rng): Uint8Array => {
  const { capsule, ciphertext } = encrypt(receiver, encode(place, text), rng);
  return concat(encodeCapsule(capsule), ciphertext);
};

const textIn = (plain: Uint8Array): unknown => {
  const json = fromUtf8(plain.subarray(0, plain.findLastIndex((b) => b !== 0) + 1));
  return (JSON.parse(json) as { text?: unknown } | null)?.text;
};

/** @throws {EnvelopeError} `text-invalid` when it does not open, or was sealed for another place */
export const openText = (sealed: Uint8Array, key: SecretKey, place: TextPlace): string => {
  try {
    const plain = decryptOriginal(key, decodeCapsule(sealed.slice(0, CAPSULE_BYTES)), sealed.subarray(CAPSULE_BYTES));
    const text = textIn(plain);
    if (typeof text === 'string' && equalBytes(encode(place, text), plain)) return text;
  } catch {
    // Not for this key, altered, or not a text: one answer for all.
  }
  throw new EnvelopeError('text-invalid', 'the sealed text does not open here');
};
