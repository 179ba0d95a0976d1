// Helpers for tests of the envelope: sample bodies, sealing, opening, and the code of a refusal.
import { newId, identityId, type FolderId, type RecordId } from '../../lib/bytes/ids.ts';
import { concat } from '../../lib/bytes/binary.ts';
import { EnvelopeError } from '../../lib/envelope/errors.ts';
import type { HeaderFields } from '../../lib/envelope/header.ts';
import { collect, openBlob, type SignedBlob } from '../../lib/envelope/open-blob.ts';
import { sealBlob, type HeaderInput, type SealOptions } from '../../lib/envelope/seal-blob.ts';

export const fileKey = new Uint8Array(32).fill(7);
export const heading: HeaderInput = {
  record: newId<RecordId>(() => new Uint8Array(16).fill(1)),
  version: 1,
  patient: identityId(new Uint8Array(32).fill(2)),
  folder: newId<FolderId>(() => new Uint8Array(16).fill(3)),
  author: identityId(new Uint8Array(32).fill(4)),
  created: 1_764_000_000_000,
};

/** Returns the bytes in pieces. The sizes are used in turn, again and again. */
export async function* inPieces(bytes: Uint8Array, ...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield await Promise.resolve(bytes.subarray(at, at + size));
    at += size;
  }
}

export const patterned = (length: number): Uint8Array => {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = i * 31 + (i >> 8);
  return out;
};

export interface Sealed extends SignedBlob {
  readonly blob: Uint8Array;
  readonly plainLength: number;
}

export const seal = async (
  body: Uint8Array,
  options: SealOptions = {},
  sizes: readonly number[] = [65_536],
  changes: Partial<HeaderInput> = {},
): Promise<Sealed> => {
  const sealed = await sealBlob(inPieces(body, ...sizes), fileKey, { ...heading, ...changes }, options);
  const parts: Uint8Array[] = [];
  for await (const part of sealed.parts) parts.push(part.bytes);
  return { header: sealed.header, commit: sealed.commit, blob: concat(...parts), ...sealed.facts() };
};

export const openAll = async (
  s: Sealed,
  blob: Uint8Array = s.blob,
  changes: Partial<Sealed> & { readonly key?: Uint8Array } = {},
): Promise<Uint8Array> => {
  const signed = { ...s, ...changes };
  return collect(
    await openBlob(inPieces(blob, 100_003), changes.key ?? fileKey, signed, { plainLength: signed.plainLength }),
  );
};

/** Returns the code of the refusal, or `opened` if there was none. */
export const codeOf = async (run: Promise<unknown>): Promise<string> => {
  try {
    await run;
    return 'opened';
  } catch (error) {
    if (error instanceof EnvelopeError) return error.code;
    throw error;
  }
};

export const withHeader = (s: Sealed, changes: Partial<HeaderFields>): Partial<Sealed> => ({
  header: { ...s.header, ...changes },
});
