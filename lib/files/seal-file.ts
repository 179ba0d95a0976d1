// Seals a file, and writes the blob to another file. Worker threads do the work. The blob has the same form as from sealBlob; docs/spec/blob.md specifies that
// form.
import { KeyObject } from 'node:crypto';
import type { PathLike } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { systemRng } from '../bytes/binary.ts';
import { EnvelopeError } from '../envelope/errors.ts';
import {
  blobLength,
  compositeDigest,
  DEFAULT_CHUNK,
  MOST_PARTS,
  PADDING_LIMIT,
  partCount,
  type HeaderFields,
} from '../envelope/header.ts';
import { deriveKeys } from '../envelope/keys.ts';
import { sealBlob, type HeaderInput, type SealedFacts, type SealOptions } from '../envelope/seal-blob.ts';
import { withWorkers, type Outcome, type Task, type ThreadOptions } from './run-workers.ts';
import { writeAtomically } from './atomic-file.ts';
import { openRegular, type RegularFile } from './regular-file.ts';

export type SealFileOptions = Omit<SealOptions, 'inFlight'> & ThreadOptions;

/** The facts of the blob that the author signs, and those for the sealed metadata. */
export interface SealedFile extends SealedFacts {
  readonly header: HeaderFields;
  /** The key commitment, 32 bytes. */
  readonly commit: Uint8Array;
  /** SHA-256 of each part, 32 bytes. */
  readonly parts: readonly Uint8Array[];
}

interface Sealing {
  readonly from: RegularFile;
  readonly to: FileHandle;
  readonly fileKey: Uint8Array;
  readonly heading: HeaderInput;
  readonly options: SealFileOptions;
}

const sealPadded = async ({ from, to, fileKey, heading, options }: Sealing): Promise<SealedFile> => {
  const body = new Blob([await from.file.readFile()]);
  const { header, commit, parts, facts } = await sealBlob(body.stream(), fileKey, heading, options);
  const digests: Uint8Array[] = [];
  for await (const { bytes, sha256 } of parts) {
    await to.writeFile(bytes);
    digests.push(sha256);
  }
  return { header, commit, parts: digests, ...facts() };
};

const sealByWorkers = async (
  { from, to, fileKey, heading, options: { chunk = DEFAULT_CHUNK, rng = systemRng } }: Sealing,
  run: (task: Task) => Promise<Outcome>,
): Promise<SealedFile> => {
  const header: HeaderFields = { ...heading, algorithm: 1, chunk, flags: 0, salt: rng(16) };
  const { payload, commit } = await deriveKeys(fileKey, header, { extractable: true });
  const sizes = { plain: from.size, chunk: 2 ** chunk, blob: blobLength(from.size, chunk) };
  const outcome = await run({ job: 'seal', from: from.file.fd, to: to.fd, key: KeyObject.from(payload), ...sizes });
  // Two workers read a chunk that crosses the border between their parts. If they read different bytes, the outcome is a fault: the file has changed.
  if ('fault' in outcome || !(await from.unchanged()))
    throw new EnvelopeError('source-changed', 'the file was written to while it was sealed');
  const parts = outcome.digests;
  const digest = await compositeDigest(parts);
  return { header, commit, parts, length: sizes.blob, digest, plainLength: sizes.plain };
};

/**
 * Seals a file into another one. The blob is written atomically and replaces an existing file.
 *
 * Secret: `fileKey`, 32 random bytes, fresh for every call, also after a call that failed.
 *
 * @param from a regular file; nobody may write to it during the call
 * @throws {EnvelopeError} `header-invalid`, `too-long`, `source-invalid`, `source-changed`, `target-invalid`; {RangeError} if `threads` is not a
 *   whole number from 1, unless the body is padded, which needs no threads; {Error} the error of the operating system, or the signal's reason
 */
export const sealFile = async (
  from: PathLike,
  to: PathLike,
  fileKey: Uint8Array,
  heading: HeaderInput,
  options: SealFileOptions = {},
): Promise<SealedFile> => {
  const source = await openRegular(from);
  const { size } = source;
  const sealing = (into: FileHandle): Sealing => ({ from: source, to: into, fileKey, heading, options });
  try {
    if (size < PADDING_LIMIT) return await writeAtomically(to, options.signal, (into) => sealPadded(sealing(into)));
    const length = blobLength(size, options.chunk ?? DEFAULT_CHUNK);
    if (partCount(length) > MOST_PARTS) throw new EnvelopeError('too-long', 'a blob has at most 10,000 parts of 8 MiB');
    return await withWorkers(length, options, (run) =>
      writeAtomically(to, options.signal, (into) => sealByWorkers(sealing(into), run)),
    );
  } finally {
    await source.file.close();
  }
};
