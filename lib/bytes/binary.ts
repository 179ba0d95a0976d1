// Helpers for byte arrays: big-endian integers of fixed width, concatenation, comparison, random bytes and wiping.
import { BytesError } from './errors.ts';

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
};

const unsigned = (value: number, max: number, bits: number): void => {
  if (!Number.isSafeInteger(value) || value < 0 || value > max)
    throw new BytesError('bad-value', `not an unsigned ${bits}-bit integer`);
};

export const u8 = (value: number): Uint8Array => {
  unsigned(value, 0xff, 8);
  return Uint8Array.of(value);
};

export const u32 = (value: number): Uint8Array => {
  unsigned(value, 0xffffffff, 32);
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
};

/** Encodes 8 bytes. The value is limited to 2^53 - 1; no counter and no millisecond clock of this project reaches that. */
export const u64 = (value: number): Uint8Array => {
  unsigned(value, Number.MAX_SAFE_INTEGER, 64);
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
};

/** Compares in a time that does not depend on the content. The lengths are public. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  let diff = 0;
  for (let i = 0; i < a.length; i++) diff |= a[i]! ^ b[i]!;
  return diff === 0;
};

/** Returns `bytes` if the length is right. @throws {BytesError} `bad-length`; the message names the value by `what` */
export const ofLength = (bytes: Uint8Array, length: number, what: string): Uint8Array => {
  if (bytes.length !== length)
    throw new BytesError('bad-length', `${what} must be ${length} bytes, not ${bytes.length}`);
  return bytes;
};

/** A source of random bytes; the default is the platform's generator. Tests and vectors pass their own. */
export type Rng = (length: number) => Uint8Array;

export const systemRng: Rng = (length) => globalThis.crypto.getRandomValues(new Uint8Array(length));

/** Overwrites secrets with zeros. This is not certain, because JavaScript may have made copies. */
export const wipe = (...secrets: readonly Uint8Array[]): void => {
  for (const s of secrets) s.fill(0);
};
