// Opens a blob that is in a file, and writes the body to another file. Worker threads do the work. docs/spec/blob.md specifies the format.
import { KeyObject } from 'node:crypto';
import type { PathLike } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { equalBytes } from '../bytes/binary.ts';
import { EnvelopeError } from '../envelope/errors.ts';
import { compositeDigest, PADDED } from '../envelope/header.ts';
import { collect, openBlob, payloadKey, type OpenBlobOptions, type SignedBlob } from '../envelope/open-blob.ts';
import { withWorkers, type Outcome, type Task, type ThreadOptions } from './run-workers.ts';
import { writeAtomically } from './atomic-file.ts';
import { openRegular } from './regular-file.ts';

export type OpenFileOptions = Omit<OpenBlobOptions, 'inFlight'> & ThreadOptions;

const assertLength = (size: number, length: number): void => {
  if (size < length) throw new EnvelopeError('truncated', 'the blob ends early');
  if (size > length) throw new EnvelopeError('trailing-data', 'the blob goes on after its end');
};

interface Opening {
  readonly from: FileHandle;
  readonly to: FileHandle;
  readonly fileKey: Uint8Array;
  readonly blob: SignedBlob;
  readonly options: OpenFileOptions;
}

const openPadded = async ({ from, to, fileKey, blob, options }: Opening): Promise<void> => {
  const sealed = new Blob([await from.readFile()]).stream();
  await to.writeFile(await collect(await openBlob(sealed, fileKey, blob, options)));
};

const openByWorkers = async (
  { from, to, fileKey, blob, options }: Opening,
  run: (task: Task) => Promise<Outcome>,
): Promise<void> => {
  const key = await payloadKey(fileKey, blob, { plainLength: options.plainLength, extractable: true });
  const sizes = { plain: options.plainLength, chunk: 2 ** blob.header.chunk, blob: blob.length };
  const outcome = await run({ job: 'open', from: from.fd, to: to.fd, key: KeyObject.from(key), ...sizes });
  if ('fault' in outcome) {
    if ('chunk' in outcome.fault)
      throw new EnvelopeError('chunk-invalid', `chunk ${outcome.fault.chunk} does not open`);
    if ('changed' in outcome.fault)
      throw new EnvelopeError('source-changed', 'the file was written to while it was opened');
    throw new EnvelopeError('truncated', 'the blob ends early');
  }
  if (!equalBytes(await compositeDigest(outcome.digests), blob.digest))
    throw new EnvelopeError('digest-mismatch', 'the blob is not the one that was signed');
};

/**
 * Opens a blob into a file. The file is written atomically and replaces an existing one; nothing remains of a body that is refused.
 *
 * Secret: `fileKey`.
 *
 * @throws {EnvelopeError} `header-invalid`, `commit-mismatch`, `length-mismatch`, `truncated`, `trailing-data`, `chunk-invalid`, `digest-mismatch`,
 *   `source-invalid`, `source-changed`, `target-invalid`; {RangeError} if `threads` is not a whole number from 1, unless the body is padded, which needs no
 *   threads; {Error} the error of the operating system, or the signal's reason
 */
export const openFile = async (
  from: PathLike,
  to: PathLike,
  fileKey: Uint8Array,
  blob: SignedBlob,
  options: OpenFileOptions,
): Promise<void> => {
  const { file, size } = await openRegular(from);
  const opening = (into: FileHandle): Opening => ({ from: file, to: into, fileKey, blob, options });
  try {
    assertLength(size, blob.length);
    if ((blob.header.flags & PADDED) !== 0)
      await writeAtomically(to, options.signal, (into) => openPadded(opening(into)));
    else
      await withWorkers(blob.length, options, (run) =>
        writeAtomically(to, options.signal, (into) => openByWorkers(opening(into), run)),
      );
  } finally {
    await file.close();
  }
};
