// Label of a record version: the texts of its metadata, sealed to the cell's companion key, so that a list shows them and no record is opened for it. The
// author seals the label with the secret of the wrap's companion ciphertext. docs/spec/record-label.md specifies it.
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, ofLength, wipe } from '../bytes/binary.ts';
import { fromUtf8, utf8 } from '../bytes/codec.ts';
import { EnvelopeError } from './errors.ts';
import type { RecordMetadata } from './metadata.ts';

/**
 * Maximum lengths of the texts, in bytes of their JSON form without the quotes. The order of the members is their order in the JSON. All texts at their
 * maximum make 505 bytes.
 */
const LONGEST = { fileName: 144, mediaType: 64, title: 144, clinicalDate: 32, category: 48 } as const;

export type LabelMember = keyof typeof LONGEST;
export const LABEL_MEMBERS = Object.keys(LONGEST) as readonly LabelMember[];

/**
 * The texts of a label. They are a claim of the author, until the record is opened and its metadata compared. The author chose every character: there may be
 * control characters, invisible ones, and marks that change the direction of writing. So an application shows each text apart from its own words (in HTML as
 * `textContent` of a `bdi` element), and makes no path, link or query of it.
 */
export type Label = Readonly<Partial<Record<LabelMember, string | undefined>>>;

/** The values from which the key of a label is derived. */
export interface LabelKey {
  /** The shared secret of the wrap's companion ciphertext, 32 bytes. */
  readonly secret: Uint8Array;
  /** The companion ciphertext. */
  readonly ciphertext: Uint8Array;
  /** The encoded context of the wrap: patient, record, version, folder, epoch. */
  readonly context: Uint8Array;
}

/** Lengths of the padded text, bytes. There are two, so that the length shows one bit about the texts. */
const SIZES = [256, 512] as const;
const TAG_BYTES = 16;
/** Lengths of a sealed label, bytes: 272 and 528. */
export const LABEL_BYTES: readonly number[] = SIZES.map((s) => s + TAG_BYTES);
// A zero nonce is safe, because the key is used once: each wrap has a fresh companion ciphertext, and one label.
const NONCE = new Uint8Array(12);
const ELLIPSIS = '…';

const invalid = (): EnvelopeError => new EnvelopeError('label-invalid', 'the label does not open');

/** Length of a text in JSON without the quotes, bytes. */
const lengthOf = (text: string): number => utf8(JSON.stringify(text)).length - 2;

/** Returns a text of at most `most` bytes unchanged. Cuts a longer text: returns as many whole code points as fit, and an ellipsis. */
const cut = (text: string, most: number): string => {
  if (lengthOf(text) <= most) return text;
  let left = most - lengthOf(ELLIPSIS);
  let kept = '';
  for (const character of text) {
    left -= lengthOf(character);
    if (left < 0) break;
    kept += character;
  }
  return kept + ELLIPSIS;
};

/** Returns the label that belongs to these metadata: their texts, each cut to its maximum length. */
export const labelOf = (metadata: Omit<RecordMetadata, 'length'>): Label => {
  const label: Partial<Record<LabelMember, string>> = {};
  for (const name of LABEL_MEMBERS) {
    const text = metadata[name];
    if (text !== undefined) label[name] = cut(text, LONGEST[name]);
  }
  return label;
};

/** Returns the names of the members that differ from the label that belongs to this metadata. An absent label has no member. */
export const labelDifferences = (label: Label | undefined, metadata: RecordMetadata): readonly LabelMember[] => {
  const expected = labelOf(metadata);
  return LABEL_MEMBERS.filter((name) => label?.[name] !== expected[name]);
};

/** Returns the JSON text with the members in their order. */
const canonical = (label: Label): string =>
  JSON.stringify(Object.fromEntries(LABEL_MEMBERS.flatMap((n) => (label[n] === undefined ? [] : [[n, label[n]]]))));

/** Pads with zero bytes. @returns undefined if the text is too long */
const padded = (text: Uint8Array): Uint8Array | undefined => {
  const size = SIZES.find((s) => text.length <= s);
  if (size === undefined) return undefined;
  const out = new Uint8Array(size);
  out.set(text);
  return out;
};

const isLabel = (value: unknown): value is Label =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).every(([name, text]) => Object.hasOwn(LONGEST, name) && typeof text === 'string');

/** Encodes a label with padding: 256 or 512 bytes. @throws {EnvelopeError} `label-invalid` for a text of the wrong type, or longer than its maximum */
export const encodeLabel = (label: Label): Uint8Array => {
  const text = canonical(label);
  const bytes = isLabel(JSON.parse(text)) && canonical(labelOf(label)) === text ? padded(utf8(text)) : undefined;
  if (bytes === undefined) throw new EnvelopeError('label-invalid', 'a text of the label is too long or no text');
  return bytes;
};

/** Decodes what {@link encodeLabel} returned. Each label has one encoding, and any other is refused. @throws {EnvelopeError} `label-invalid` */
export const decodeLabel = (plain: Uint8Array): Label => {
  const text = plain.subarray(0, plain.findLastIndex((b) => b !== 0) + 1);
  try {
    const json = fromUtf8(text);
    const value: unknown = JSON.parse(json);
    if (isLabel(value) && canonical(labelOf(value)) === json && padded(text)?.length === plain.length) return value;
  } catch {
    // All faults get the same error, which says nothing about the text, because the text belongs to the patient.
  }
  throw invalid();
};

/** Derives the key of the label: HKDF-SHA-256 (RFC 5869) of the shared secret, for this ciphertext and this context only. */
const keyOf = ({ secret, ciphertext, context }: LabelKey): Uint8Array => {
  const info = concat(utf8('pcehr/v1/label'), sha256(ciphertext), context);
  return hkdf(sha256, ofLength(secret, 32, 'companion secret'), undefined, info, 32);
};

/**
 * Seals a label: 272 or 528 bytes. Secret: `key.secret`. Seal only one label with each companion ciphertext.
 * @throws {EnvelopeError} `label-invalid` for a text of the wrong type, or longer than its maximum; {BytesError} for a secret of another length
 */
export const sealLabel = (key: LabelKey, label: Label): Uint8Array => {
  const plain = encodeLabel(label);
  const secret = keyOf(key);
  const sealed = chacha20poly1305(secret, NONCE).encrypt(plain);
  wipe(secret);
  return sealed;
};

/** Opens a label. @throws {EnvelopeError} `label-invalid` if it does not open with this key, or its text is not in canonical form */
export const openLabel = (key: LabelKey, sealed: Uint8Array): Label => {
  const secret = keyOf(key);
  let plain: Uint8Array;
  try {
    plain = chacha20poly1305(secret, NONCE).decrypt(sealed);
  } catch {
    // Another key, another context and an altered byte get the same error as a wrong text.
    throw invalid();
  } finally {
    wipe(secret);
  }
  return decodeLabel(plain);
};

/**
 * SHA-256 of companion ciphertext and sealed label. The identity that made the wrap signs this hash in its record or folder statement, so nobody else can make
 * the label.
 */
export const labelHash = (ciphertext: Uint8Array, label: Uint8Array): Uint8Array => sha256(concat(ciphertext, label));
