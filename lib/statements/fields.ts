// Basic schemas that statements and API bodies are made of: ids, bytes, numbers, names, enumerations. Input is parsed once; its type is branded from then on.
import * as z from 'zod/mini';
import { fromBase64url } from '../bytes/codec.ts';
import { parseId, parseIdentityId, type IdentityId, type RandomId } from '../bytes/ids.ts';

const parses = (read: () => unknown): boolean => {
  try {
    read();
    return true;
  } catch {
    return false;
  }
};

/** A whole number from `min` to `max`. */
export const integer = (min: number, max: number) => z.int().check(z.minimum(min), z.maximum(max));

/** A list of `min` to `max` members. */
export const listOf = <T extends z.ZodMiniType>(of: T, min: number, max: number) =>
  z.array(of).check(z.minLength(min), z.maxLength(max));

/** Exactly `length` bytes as canonical base64url. It stays text, because the text is signed. */
export const bytesOf = (length: number) => between(length, length);

/** Canonical base64url of `min` to `max` bytes. */
export const between = (min: number, max: number) =>
  z.string().check(
    z.maxLength(Math.ceil((max * 4) / 3)),
    z.refine((s) => parses(() => fromBase64url(s)), 'not canonical base64url'),
    z.refine(
      (s) => {
        const n = Math.floor((s.length * 3) / 4);
        return n >= min && n <= max;
      },
      `must be ${min === max ? min : `${min} to ${max}`} bytes`,
    ),
  );

export const identity = z.pipe(
  z.string().check(
    z.length(62),
    z.refine((s) => parses(() => parseIdentityId(s)), 'not an identity id'),
  ),
  z.transform((s: string) => s as IdentityId),
);

export const randomId = <T extends RandomId>() =>
  z.pipe(
    z.string().check(
      z.length(26),
      z.refine((s) => parses(() => parseId(s)), 'not an id'),
    ),
    z.transform((s: string) => s as T),
  );

/** SHA-256, 32 bytes, base64url. */
export const sha256 = bytesOf(32);
/** SEC 1 compressed secp256k1 point, 33 bytes, base64url. The code that uses the point checks that it is on the curve. */
export const point = bytesOf(33);
/** The service key, by which a statement names a deployment of the service: SEC 1 compressed P-256 point, 33 bytes, base64url. */
export const serviceKey = bytesOf(33);
/** X-Wing public key, 1216 bytes, base64url. Only its length is checked: the service has no code for X-Wing. */
export const kemKey = bytesOf(1216);
/** Length of the sealed companion seeds of this many cells, bytes. */
export const companionsLength = (cells: number): number => 1136 + 32 * cells;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export const instant = integer(0, 9_999_999_999_999);
/** A whole number from 0. */
export const count = z.int().check(z.minimum(0));
/** A counter. In storage keys it is padded with zeros to ten digits. */
export const ordinal = integer(1, 4_294_967_295);

/**
 * A public name, 1 to 120 UTF-16 code units. It must not contain control characters, lone surrogates (JSON can carry them, other languages cannot),
 * direction marks (they make a name read as another one) or invisible characters (two names that look the same would differ), nor begin or end with a space.
 */
export const publicName = z
  .string()
  .check(
    z.maxLength(120),
    z.regex(
      /^(?=\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\u2800\uFFF9-\uFFFB]+(?<=\S)$/u,
      'not a plain name',
    ),
  );

/** The kinds of folders. They are broad, so that none reveals a diagnosis. */
export const CATEGORIES = ['letters', 'imaging', 'laboratory', 'medication', 'devices', 'other'] as const;
export const category = z.enum(CATEGORIES);
export type Category = z.infer<typeof category>;

/** HL7 v3 ActReason codes (PurposeOfUse) that a request or grant may name, each with its display text. */
export const PURPOSE_TEXTS = {
  TREAT: 'treatment',
  ETREAT: 'emergency treatment',
  CAREMGT: 'care management',
  HOPERAT: 'healthcare operations',
  HPAYMT: 'healthcare payment',
  HRESCH: 'healthcare research',
  PATRQT: 'patient requested',
  FAMRQT: 'family requested',
  PUBHLTH: 'public health',
  COVERAGE: 'coverage under policy or program',
} as const;
export type Purpose = keyof typeof PURPOSE_TEXTS;
export const PURPOSES = Object.keys(PURPOSE_TEXTS) as readonly Purpose[];
export const purpose = z.enum(PURPOSES);

/** `read`: open records; `add`: file new records; `write`: file later versions of existing records. */
export const RIGHTS = ['read', 'add', 'write'] as const;
export const right = z.enum(RIGHTS);
export type Right = z.infer<typeof right>;

/** A recipient's receiving key, for which key fragments are made. */
export const receivingKey = z.strictObject({ number: ordinal, key: point });

/** Maximum number of grants to which one call adds a new cell. With the items of the cell they fit into one transaction of 100 items. */
export const MOST_CARRIED = 40;
/** Maximum number of cells in a grant or extension, and of folders in a request. With their key fragments they fit into one transaction of 100 items. */
export const MOST_CELLS = 80;
