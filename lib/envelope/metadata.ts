// Metadata of a record version: encodes it, pads it, and seals it under the file key. docs/spec/metadata.md specifies it.
import { fromUtf8, utf8 } from '../bytes/codec.ts';
import { EnvelopeError } from './errors.ts';
import type { HeaderFields } from './header.ts';
import { decrypt, deriveKeys, encrypt } from './keys.ts';

export interface RecordMetadata {
  /** Length of the body, bytes. */
  readonly length: number;
  readonly fileName?: string | undefined;
  readonly mediaType?: string | undefined;
  readonly title?: string | undefined;
  /** The date that the record is about, an ISO 8601 date or instant. */
  readonly clinicalDate?: string | undefined;
  /** FHIR or LOINC category of the content. */
  readonly category?: string | undefined;
}

const TEXTS = ['fileName', 'mediaType', 'title', 'clinicalDate', 'category'] as const;
const SIZES = [512, 1024, 2048, 4096];
// A zero nonce is safe, because the metadata key is used once: the file key is fresh for every change of plaintext or metadata.
const NONCE = new Uint8Array(12);

const invalid = (): EnvelopeError => new EnvelopeError('metadata-invalid', 'the sealed metadata does not open');

/** Returns the JSON text with the members in a fixed order, without absent members, so that equal metadata has one text. */
const canonical = (m: RecordMetadata): string => {
  const known: Record<string, unknown> = { length: m.length };
  for (const name of TEXTS) if (m[name] !== undefined) known[name] = m[name];
  return JSON.stringify(known);
};

const isMetadata = (value: unknown): value is RecordMetadata => {
  if (typeof value !== 'object' || value === null) return false;
  const { length, ...texts } = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(length) &&
    (length as number) >= 0 &&
    Object.entries(texts).every(
      ([name, text]) => (TEXTS as readonly string[]).includes(name) && typeof text === 'string',
    )
  );
};

const padded = (text: Uint8Array): Uint8Array => {
  const size = SIZES.find((s) => text.length <= s);
  if (size === undefined) throw new EnvelopeError('too-long', 'the metadata is longer than 4096 bytes');
  const out = new Uint8Array(size);
  out.set(text);
  return out;
};

const parse = (plain: Uint8Array): RecordMetadata => {
  const end = plain.findLastIndex((b) => b !== 0) + 1;
  try {
    const text = fromUtf8(plain.subarray(0, end));
    const value: unknown = JSON.parse(text);
    if (isMetadata(value) && canonical(value) === text && padded(plain.subarray(0, end)).length === plain.length)
      return value;
  } catch {
    // All faults of the text get the same error, which repeats nothing of the text, because the text belongs to the patient.
  }
  throw invalid();
};

/** Returns the padded text of the metadata, 512 to 4096 bytes. @throws {EnvelopeError} `too-long`, `metadata-invalid` for members of the wrong type */
export const encodeMetadata = (metadata: RecordMetadata): Uint8Array => {
  const text = canonical(metadata);
  if (!isMetadata(JSON.parse(text)))
    throw new EnvelopeError('metadata-invalid', 'a member of the metadata has the wrong type');
  return padded(utf8(text));
};

/**
 * Seals metadata. Returns 528, 1040, 2064 or 4112 bytes. Secret: `fileKey`. Seal only one metadata for each file key and header.
 * @throws {EnvelopeError} `too-long`, `metadata-invalid` for members of the wrong type
 */
export const sealMetadata = async (
  metadata: RecordMetadata,
  fileKey: Uint8Array,
  header: HeaderFields,
): Promise<Uint8Array> => {
  const plain = encodeMetadata(metadata);
  return encrypt((await deriveKeys(fileKey, header)).metadata, NONCE, plain);
};

/** Opens sealed metadata. @throws {EnvelopeError} `metadata-invalid` */
export const openMetadata = async (
  sealed: Uint8Array,
  fileKey: Uint8Array,
  header: HeaderFields,
): Promise<RecordMetadata> => {
  const plain = await decrypt((await deriveKeys(fileKey, header)).metadata, NONCE, sealed);
  if (plain === undefined) throw invalid();
  return parse(plain);
};
