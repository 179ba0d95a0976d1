// Derives the keys of a record version from its file key, and encrypts with AES-256-GCM. The keys are bound to the whole header. The record statement contains
// the key commitment, so the author signs the key commitment too.
import { ofLength } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { encodeHeader, sha256, type HeaderFields } from './header.ts';

export interface RecordKeys {
  /** The key commitment (COMMIT in docs/spec/blob.md), 32 bytes, public. */
  readonly commit: Uint8Array;
  readonly payload: CryptoKey;
  readonly metadata: CryptoKey;
}

const AES: AesDerivedKeyParams = { name: 'AES-GCM', length: 256 };

export interface DeriveOptions {
  /** Whether the payload key is extractable. Only Node's engine needs this: Node makes KeyObjects of extractable keys only. */
  readonly extractable?: boolean;
}

/**
 * Derives the key commitment, the payload key and the metadata key: HKDF-SHA-256 (RFC 5869) of the file key, with the hash of the header as salt.
 * @param fileKey 32 random bytes, fresh for every version, and for every new attempt with another plaintext or metadata
 */
export const deriveKeys = async (
  fileKey: Uint8Array,
  header: HeaderFields,
  { extractable = false }: DeriveOptions = {},
): Promise<RecordKeys> => {
  const salt = await sha256(encodeHeader(header));
  const ikm = await crypto.subtle.importKey('raw', ofLength(fileKey, 32, 'file key') as BufferSource, 'HKDF', false, [
    'deriveBits',
    'deriveKey',
  ]);
  const hkdf = (use: string): HkdfParams => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: salt as BufferSource,
    info: utf8(`PCE1/${use}`) as BufferSource,
  });
  const [commit, payload, metadata] = await Promise.all([
    crypto.subtle.deriveBits(hkdf('commit'), ikm, 256),
    crypto.subtle.deriveKey(hkdf('payload'), ikm, AES, extractable, ['encrypt', 'decrypt']),
    crypto.subtle.deriveKey(hkdf('metadata'), ikm, AES, false, ['encrypt', 'decrypt']),
  ]);
  return { commit: new Uint8Array(commit), payload, metadata };
};

const params = (nonce: Uint8Array): AesGcmParams => ({ name: 'AES-GCM', iv: nonce as BufferSource, tagLength: 128 });

/** Returns ciphertext and tag. */
export const encrypt = async (key: CryptoKey, nonce: Uint8Array, plain: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.encrypt(params(nonce), key, plain as BufferSource));

/** Returns the plaintext; undefined, without any plaintext, if the tag is wrong. */
export const decrypt = async (
  key: CryptoKey,
  nonce: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array | undefined> => {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(params(nonce), key, sealed as BufferSource));
  } catch {
    return undefined;
  }
};
