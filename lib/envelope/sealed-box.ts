// Sealed box: HPKE (RFC 9180), one message in base mode, with the KEM X-Wing, HKDF-SHA-256 and ChaCha20-Poly1305. docs/spec/sealed-text.md specifies it.
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, u8, type Rng } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { encapsulate, KEM_CIPHERTEXT_BYTES, type Decapsulator } from './x-wing.ts';

/** The use of a box, and the facts to which its content is bound. Nobody opens a box with another use or other facts. */
export interface BoxBinding {
  /** A fixed label for each use. */
  readonly info: Uint8Array;
  readonly aad: Uint8Array;
}

/** The box is longer than its content by this, bytes. */
export const BOX_OVERHEAD = KEM_CIPHERTEXT_BYTES + 16;

const u16 = (value: number): Uint8Array => concat(u8(value >> 8), u8(value & 0xff));
const NONE = new Uint8Array(0);
/** The ids of X-Wing, HKDF-SHA-256 and ChaCha20-Poly1305. */
const SUITE = concat(utf8('HPKE'), u16(0x647a), u16(0x0001), u16(0x0003));
const BASE_MODE = u8(0);

const labeledExtract = (salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array =>
  extract(sha256, concat(utf8('HPKE-v1'), SUITE, utf8(label), ikm), salt);
const labeledExpand = (key: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array =>
  expand(sha256, key, concat(u16(length), utf8('HPKE-v1'), SUITE, utf8(label), info), length);

/** The cipher of the first message: RFC 9180 section 5.1. Its nonce is the base nonce, because its sequence number is 0. */
const cipherOf = (secret: Uint8Array, { info, aad }: BoxBinding) => {
  const context = concat(BASE_MODE, labeledExtract(NONE, 'psk_id_hash', NONE), labeledExtract(NONE, 'info_hash', info));
  const schedule = labeledExtract(secret, 'secret', NONE);
  const key = labeledExpand(schedule, 'key', context, 32);
  return chacha20poly1305(key, labeledExpand(schedule, 'base_nonce', context, 12), aad);
};

/** Returns ciphertext of the KEM[1120], ciphertext, tag[16]. @param publicKey 1216 bytes @throws {EnvelopeError} `key-invalid` */
export const sealBox = (publicKey: Uint8Array, binding: BoxBinding, plain: Uint8Array, rng?: Rng): Uint8Array => {
  const { ciphertext, secret } = encapsulate(publicKey, rng);
  return concat(ciphertext, cipherOf(secret, binding).encrypt(plain));
};

/** @throws {Error} for a box that was sealed to another key or with another binding, or that was altered. The callers throw an error with a code instead */
export const openBox = (box: Uint8Array, key: Decapsulator, binding: BoxBinding): Uint8Array =>
  cipherOf(key.decapsulate(box.subarray(0, KEM_CIPHERTEXT_BYTES)), binding).decrypt(box.subarray(KEM_CIPHERTEXT_BYTES));
