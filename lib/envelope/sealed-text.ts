// Seals short texts to an identity's inbox key: folder names and messages with requests. The context (kind, sender, receiver, statement) is sealed with
// the text, so a text that is copied to another context does not open. docs/spec/sealed-text.md specifies it.
import { concat, equalBytes, type Rng } from '../bytes/binary.ts';
import { fromUtf8, utf8 } from '../bytes/codec.ts';
import type { IdentityId } from '../bytes/ids.ts';
import { decodeCapsule, encodeCapsule } from '../umbral/capsule.ts';
import { decryptOriginal } from '../umbral/delegator.ts';
import type { PublicKey, SecretKey } from '../umbral/keys.ts';
import { encrypt } from '../umbral/sender.ts';
import { EnvelopeError } from './errors.ts';
import { CAPSULE_BYTES } from './wrap.ts';

export interface TextContext {
  readonly kind: 'folder-name' | 'request-message';
  readonly sender: IdentityId;
  readonly receiver: IdentityId;
  /** Id of the folder or request whose statement carries the text. */
  readonly statement: string;
}

/** Texts are padded to a multiple of this, bytes, so that the length shows little about the text. */
const STEP = 64;

/** Encodes context and text as JSON with zero padding. Equal inputs give equal bytes. */
const encode = ({ kind, sender, receiver, statement }: TextContext, text: string): Uint8Array => {
  const bytes = utf8(JSON.stringify({ kind, sender, receiver, statement, text }));
  const padded = new Uint8Array(Math.ceil(bytes.length / STEP) * STEP);
  padded.set(bytes);
  return padded;
};

/** Seals a text. Returns capsule[105], then the ciphertext, whose length is 40 bytes more than a multiple of 64. */
export const sealText = (context: TextContext, text: string, receiver: PublicKey, rng?: Rng): Uint8Array => {
  const { capsule, ciphertext } = encrypt(receiver, encode(context, text), rng);
  return concat(encodeCapsule(capsule), ciphertext);
};

const textIn = (plain: Uint8Array): unknown => {
  const json = fromUtf8(plain.subarray(0, plain.findLastIndex((b) => b !== 0) + 1));
  return (JSON.parse(json) as { text?: unknown } | null)?.text;
};

/** Opens a text. @throws {EnvelopeError} `text-invalid` if it does not open, or was sealed for another context */
export const openText = (sealed: Uint8Array, key: SecretKey, context: TextContext): string => {
  try {
    const plain = decryptOriginal(key, decodeCapsule(sealed.slice(0, CAPSULE_BYTES)), sealed.subarray(CAPSULE_BYTES));
    const text = textIn(plain);
    if (typeof text === 'string' && equalBytes(encode(context, text), plain)) return text;
  } catch {
    // The text was sealed to another key, was changed, or is no valid text. All these cases get the same error.
  }
  throw new EnvelopeError('text-invalid', 'the sealed text does not open here');
};
