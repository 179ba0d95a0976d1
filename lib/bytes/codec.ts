// Encodes bytes as text (base64url, hexadecimal, base32, UTF-8) and decodes it strictly: each byte string has exactly one accepted text. If a text is decoded
// and the bytes are encoded, the result is the same text.
import { base32nopad, base64urlnopad, hex } from '@scure/base';
import { BytesError } from './errors.ts';

const BASE64URL = /^[A-Za-z0-9_-]*$/;

const strictly = <T extends string>(
  text: T,
  what: string,
  decode: (t: T) => Uint8Array,
  encode: (b: Uint8Array) => string,
) => {
  let bytes: Uint8Array;
  try {
    bytes = decode(text);
  } catch {
    throw new BytesError('bad-encoding', `${what} is not canonically encoded`);
  }
  if (encode(bytes) !== text) throw new BytesError('bad-encoding', `${what} is not canonically encoded`);
  return bytes;
};

/** Encodes bytes as base64url without padding (RFC 4648 section 5). */
export const toBase64url = (bytes: Uint8Array): string => base64urlnopad.encode(bytes);

/**
 * Decodes base64url without padding.
 * @param what names the value in the error
 * @throws {BytesError} `bad-encoding` for padding, letters outside the alphabet, or unused bits that are not zero
 */
export const fromBase64url = (text: string, what = 'value'): Uint8Array => {
  if (!BASE64URL.test(text)) throw new BytesError('bad-encoding', `${what} is not base64url`);
  return strictly(text, what, (t) => base64urlnopad.decode(t), toBase64url);
};

/** Encodes bytes as lower-case hexadecimal. */
export const toHex = (bytes: Uint8Array): string => hex.encode(bytes);

/** Decodes lower-case hexadecimal. @throws {BytesError} `bad-encoding` for any other text, also for upper case and an odd length */
export const fromHex = (text: string, what = 'value'): Uint8Array => strictly(text, what, (t) => hex.decode(t), toHex);

/** Encodes bytes as lower-case base32 without padding (RFC 4648 section 6). 16 bytes become 26 characters. */
export const toBase32 = (bytes: Uint8Array): string => base32nopad.encode(bytes).toLowerCase();

/** Decodes lower-case base32. @throws {BytesError} `bad-encoding` for upper case, padding, or unused bits that are not zero */
export const fromBase32 = (text: string, what = 'value'): Uint8Array => {
  if (text !== text.toLowerCase()) throw new BytesError('bad-encoding', `${what} is not lower-case base32`);
  return strictly(text, what, (t) => base32nopad.decode(t.toUpperCase()), toBase32);
};

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** Decodes UTF-8. @throws {BytesError} `bad-encoding` for bytes that are not UTF-8 */
export const fromUtf8 = (bytes: Uint8Array, what = 'value'): string => {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new BytesError('bad-encoding', `${what} is not UTF-8`);
  }
};
