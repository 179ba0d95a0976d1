// Seals short texts to an identity's inbox key: folder names and messages with requests. The context (kind, sender, receiver, statement) is authenticated
// with the text, so a text that is copied to another context does not open. docs/spec/sealed-text.md specifies it.
import { equalBytes, type Rng } from '../bytes/binary.ts';
import { fromUtf8, utf8 } from '../bytes/codec.ts';
import type { IdentityId } from '../bytes/ids.ts';
import { EnvelopeError } from './errors.ts';
import { openBox, sealBox, type BoxBinding } from './sealed-box.ts';
import type { Decapsulator } from './x-wing.ts';

export interface TextContext {
  readonly kind: 'folder-name' | 'request-message';
  readonly sender: IdentityId;
  readonly receiver: IdentityId;
  /** Id of the folder or request whose statement carries the text. */
  readonly statement: string;
}

/** Texts are padded to a multiple of this, bytes, so that the length shows little about the text. */
const STEP = 64;

const bindingOf = ({ kind, sender, receiver, statement }: TextContext): BoxBinding => ({
  info: utf8('pcehr/v1/text'),
  aad: utf8(JSON.stringify({ kind, sender, receiver, statement })),
});

/** Encodes the text as JSON with zero padding. Equal texts give equal bytes. */
const encode = (text: string): Uint8Array => {
  const bytes = utf8(JSON.stringify({ text }));
  const padded = new Uint8Array(Math.ceil(bytes.length / STEP) * STEP);
  padded.set(bytes);
  return padded;
};

/** Seals a text. Returns a sealed box, 1136 bytes longer than a multiple of 64. @param inbox 1216 bytes @throws {EnvelopeError} `key-invalid` */
export const sealText = (context: TextContext, text: string, inbox: Uint8Array, rng?: Rng): Uint8Array =>
  sealBox(inbox, bindingOf(context), encode(text), rng);

const textIn = (plain: Uint8Array): unknown => {
  const json = fromUtf8(plain.subarray(0, plain.findLastIndex((b) => b !== 0) + 1));
  return (JSON.parse(json) as { text?: unknown } | null)?.text;
};

/** Opens a text. @throws {EnvelopeError} `text-invalid` if it does not open, or was sealed for another context */
export const openText = (sealed: Uint8Array, key: Decapsulator, context: TextContext): string => {
  try {
    const plain = openBox(sealed, key, bindingOf(context));
    const text = textIn(plain);
    if (typeof text === 'string' && equalBytes(encode(text), plain)) return text;
  } catch {
    // The text was sealed to another key or for another context, was changed, or is no valid text. All these cases get the same error.
  }
  throw new EnvelopeError('text-invalid', 'the sealed text does not open here');
};
