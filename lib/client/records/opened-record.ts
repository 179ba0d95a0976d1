// The result of an opening: the opened records, or an error that names the records that failed a check and contains the other records.
import type { LabelMember } from '../../envelope/label.ts';
import type { BodySink } from '../../envelope/open-blob.ts';
import { ClientError } from '../session/errors.ts';
import type { ShownMetadata } from '../texts/record-texts.ts';
import type { RecordInfo } from './verify-record.ts';

export interface OpenedRecord extends RecordInfo {
  /** The metadata that the author sealed in the record, safe to show. `metadata.claimed` has the texts as the author chose them. */
  readonly metadata: ShownMetadata;
  /**
   * The members in which the claimed `label` differs from the label that belongs to the claimed metadata. Then lists show something else than the author sealed in the record. Empty
   * if nothing differs. An absent label differs in each text of the metadata.
   */
  readonly labelDiffers: readonly LabelMember[];
  /**
   * Returns the decrypted body as a stream, in constant memory. Each call starts a download. The stream returns only authenticated bytes. It ends with an
   * error if the blob is not exactly the signed one, possibly after many bytes: then discard all of them. Start the download within ten minutes of the
   * opening. After that, open the record again, which counts as another opening.
   * The error of the stream is a ClientError `unverified` (`blob`, `digest`) or `download-failed`, or the signal's reason.
   */
  readonly stream: () => ReadableStream<Uint8Array>;
  /** Downloads the body into a sink such as `intoFile`, which keeps the complete body or nothing. Rejects with the errors of `stream` or of the sink. */
  readonly save: (into: BodySink) => Promise<void>;
}

/** A record that failed a check when it was opened. */
export interface RefusedRecord {
  readonly record: RecordInfo;
  /** The error of this record; `what` names the check that failed. It is a {@link WrongFragmentError}, with a proof, if the service signed a wrong fragment. */
  readonly error: ClientError;
}

/** The error for an opening in which some records failed a check. The service has counted the opening, so the error contains the other records. */
export class RefusedRecordsError extends ClientError {
  /** The records that failed a check, at least one, in the order of the call. */
  readonly refused: readonly [RefusedRecord, ...RefusedRecord[]];
  /** The other records, in the order of the call. */
  readonly opened: readonly OpenedRecord[];
  constructor(refused: RefusedRecordsError['refused'], opened: readonly OpenedRecord[]) {
    const [{ error }] = refused;
    const all = refused.length + opened.length;
    const message = `${error.message}: ${refused.length} of ${all} records are refused, and \`opened\` has the others`;
    super(error.code, message, error.what, { cause: error });
    this.refused = refused;
    this.opened = opened;
  }
}

interface Result {
  readonly record: RecordInfo;
  readonly result: OpenedRecord | ClientError;
}

/** Returns the opened records if none is refused. @throws {RefusedRecordsError} */
export const allOrRefused = (results: readonly Result[]): readonly OpenedRecord[] => {
  const opened = results.flatMap(({ result }) => (result instanceof ClientError ? [] : [result]));
  const [first, ...rest] = results.flatMap(({ record, result }) =>
    result instanceof ClientError ? [{ record, error: result }] : [],
  );
  if (first !== undefined) throw new RefusedRecordsError([first, ...rest], opened);
  return opened;
};
