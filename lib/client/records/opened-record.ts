// The result of a call that opens records: the opened records, or an error that names the refused records and contains the opened ones.
import { AppError } from '../../api/errors.ts';
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

/** The error of an opening, or of one of its records. An AppError is a refusal by the service. */
export type OpeningError = ClientError | AppError;

export const isOpeningError = (error: unknown): error is OpeningError =>
  error instanceof ClientError || error instanceof AppError;

/** A record that failed a check when it was opened, or whose opening failed. */
export interface RefusedRecord {
  readonly record: RecordInfo;
  /**
   * The error of this record; `what` names the check that failed. It is a {@link WrongFragmentError}, with a proof, if the service signed a wrong fragment. If
   * the opening of a cell failed, its records and those of later cells have the error of that opening.
   */
  readonly error: OpeningError;
}

/**
 * The error for a call that opened some of its records only. The service has counted them, so the error contains them. The code is that of the first refused
 * record, or `partly-opened` if the service refused it.
 */
export class RefusedRecordsError extends ClientError {
  /** The records that failed a check or whose opening failed, at least one, in the order of the call. */
  readonly refused: readonly [RefusedRecord, ...RefusedRecord[]];
  /** The other records, in the order of the call. */
  readonly opened: readonly OpenedRecord[];
  constructor(refused: RefusedRecordsError['refused'], opened: readonly OpenedRecord[]) {
    const [{ error }] = refused;
    const all = refused.length + opened.length;
    const message = `${error.message}: ${refused.length} of ${all} records are refused, and \`opened\` has the others`;
    const isOwn = error instanceof ClientError;
    super(isOwn ? error.code : 'partly-opened', message, isOwn ? error.what : undefined, { cause: error });
    this.refused = refused;
    this.opened = opened;
  }
}

interface Result {
  readonly record: RecordInfo;
  readonly result: OpenedRecord | OpeningError;
}

/** Returns the opened records if none is refused. @throws {RefusedRecordsError} */
export const allOrRefused = (results: readonly Result[]): readonly OpenedRecord[] => {
  const opened = results.flatMap(({ result }) => (isOpeningError(result) ? [] : [result]));
  const [first, ...rest] = results.flatMap(({ record, result }) =>
    isOpeningError(result) ? [{ record, error: result }] : [],
  );
  if (first !== undefined) throw new RefusedRecordsError([first, ...rest], opened);
  return opened;
};
