// Computes SHA-256 of the parts of a blob for an engine that can hash whole parts only: it buffers each part.
import type { PartHash } from './engine.ts';
import { bufferPool } from './bytestream.ts';
import { PART_BYTES } from './header.ts';
import { partDigester } from './part-digester.ts';

/** Buffers one part while the previous one is hashed. @param length of the blob, bytes */
export const bufferedPartHash = (length: number, digester = partDigester()): PartHash => {
  const size = Math.min(length, PART_BYTES);
  const buffers = bufferPool(size);
  let part: Uint8Array | undefined;
  let filled = 0;
  /** The promise for the digest of the previous part. */
  let busy: Promise<unknown> | undefined;
  const fill = (bytes: Uint8Array): Uint8Array => {
    part ??= buffers.take();
    part.set(bytes, filled);
    filled += bytes.length;
    return part;
  };
  const digestOf = async (whole: Uint8Array): Promise<Uint8Array> => {
    const { bytes, digest } = await digester.digest(whole);
    buffers.release(bytes);
    return digest;
  };
  return {
    feed: async (bytes) => {
      const n = Math.min(bytes.length, size - filled);
      const whole = fill(bytes.subarray(0, n));
      if (filled < size) return { bytes };
      const [before, digest] = [busy, digestOf(whole)];
      // The consumer gets the error when it awaits the digest. Until then the error must not count as an unhandled rejection.
      digest.catch(() => undefined);
      busy = digest;
      part = undefined;
      filled = 0;
      if (n < bytes.length) fill(bytes.subarray(n));
      await before;
      return { bytes, digest };
    },
    end: async () => (filled === 0 ? undefined : digestOf(part!.subarray(0, filled))),
    close: digester.close,
  };
};
