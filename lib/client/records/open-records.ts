// Opens records for recipients and for the patient: signs the opening, sends it, and verifies the whole answer before it returns the records.
import { AppError } from '../../api/errors.ts';
import type { Answer } from '../../api/routes.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import { newId, type GrantId, type IdentityId, type OpeningId } from '../../bytes/ids.ts';
import { EnvelopeError, type EnvelopeErrorCode } from '../../envelope/errors.ts';
import type { HeaderFields } from '../../envelope/header.ts';
import { labelDifferences, labelOf } from '../../envelope/label.ts';
import { openMetadata } from '../../envelope/metadata.ts';
import { assertCommit, openBlob } from '../../envelope/open-blob.ts';
import type { OpenedWrap, WrapContent } from '../../envelope/wrap.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { signStatement } from '../../statements/sign.ts';
import { allOrRefused, isOpeningError, type OpenedRecord, type OpeningError } from './opened-record.ts';
import type { CellKeys } from './cell-keys.ts';
import { dated } from '../session/clock-correction.ts';
import type { Context } from '../session/context.ts';
import { downloadBlob, type DownloadProgress } from './download.ts';
import { check, checked, ClientError, resultOf, unverified } from '../session/errors.ts';
import { recordName, shown } from '../texts/record-texts.ts';
import { verifyLabel } from './labels.ts';
import { verifyAnswer } from './verify-fragments.ts';
import { serviceKey } from '../session/service-statements.ts';
import { assertGiven, infoOf, verifyRecord, verifySealedMetadata, type RecordInfo } from './verify-record.ts';
import type { CallOptions } from '../session/transport.ts';

type RecapsulatedRecord = Answer<'recapsulate'>['records'][number];

export interface KeyAccess {
  readonly patient: IdentityId;
  /** Absent for the patient's own openings. */
  readonly grant?: GrantId;
  readonly keysFor: (record: RecordInfo) => Promise<CellKeys>;
}

export interface OpenOptions extends CallOptions {
  /** The client calls this function for each record while the stream of the record is read. */
  readonly onProgress?: (record: RecordInfo, progress: DownloadProgress) => void;
}

/** Errors about the files that are read or written, not about the body. They are passed on unchanged. */
const FILE_ERRORS: ReadonlySet<EnvelopeErrorCode> = new Set(['source-invalid', 'source-changed', 'target-invalid']);

/** Maximum number of records in one opening. */
const MOST = 100;

interface Batch {
  readonly keys: CellKeys;
  readonly records: readonly RecordInfo[];
}

const headerOf = ({ payload: p }: Statement<'record'>): HeaderFields => ({
  record: p.record,
  version: p.version,
  patient: p.patient,
  folder: p.folder,
  author: p.author,
  created: p.created,
  salt: fromBase64url(p.salt),
  algorithm: p.algorithm,
  chunk: p.chunk,
  flags: p.flags,
});

/** One record of an answer, the cell of its wrap, and the content of the wrap, or the error of the check of its wrap. */
interface OpenedKey {
  readonly opened: RecapsulatedRecord;
  readonly cell: Statement<'folder'>;
  readonly content: OpenedWrap | ClientError;
}

/**
 * Signs one opening of records of one cell, and sends it. The returned function `again` sends the same opening once more: the service then answers as before
 * and counts no further opening.
 */
const sendOnce = async (
  ctx: Context,
  { patient, grant }: KeyAccess,
  { keys: { cell, unwrap }, records }: Batch,
  options: CallOptions,
) => {
  const payload: Payload<'opening'> = {
    opening: newId<OpeningId>(ctx.platform.rng),
    patient,
    opener: ctx.keys.id,
    ...(grant === undefined ? {} : { grant }),
    folder: cell.payload.folder,
    epoch: cell.payload.epoch,
    records: records.map(({ record, version }) => ({ record, version })),
    when: ctx.now(),
  };
  const opening = await signStatement('opening', payload, ctx.keys);
  const send = async () => {
    const answer = await ctx.call(
      'recapsulate',
      { params: { openingId: payload.opening }, body: { statement: opening.jws } },
      options,
    );
    if (answer.records.length !== records.length) throw new ClientError('bad-answer', 'not the records asked for');
    return answer;
  };
  const answer = await send();
  const proofOf = async (key: string) => ({ serviceKey: key, ...(await verifyAnswer(key, opening, answer)) });
  const proof = grant === undefined ? undefined : await proofOf(await serviceKey(ctx, options));
  const wraps = await unwrap(
    answer.records.map(({ wrap }, i) => ({ version: records[i]!, wrap })),
    { opening: opening.jws, proof },
  );
  const answers = answer.records.map((opened, i): OpenedKey => ({ opened, cell, content: wraps[i]! }));
  return { answers, again: async () => (await send()).records };
};

/** Sends an opening. If the service refuses its time, corrects the clock and signs a new opening. The service does not count a refused opening. */
const sendOpening = (ctx: Context, access: KeyAccess, batch: Batch, options: CallOptions) =>
  dated(ctx.clock, () => sendOnce(ctx, access, batch, options), options);

/** Verifies the record statement in the answer, its label, and that the file key matches the key commitment. Decrypts the metadata. */
const unseal = async (ctx: Context, info: RecordInfo, { opened, cell, content }: OpenedKey, options: CallOptions) => {
  if (content instanceof ClientError) throw content;
  const { fileKey, label } = content;
  const { patient, folder, record, version } = info;
  const authored = await verifyRecord(opened, { patient, folder, record, version });
  if (patient === ctx.keys.id) await assertGiven(ctx, [authored], options);
  const { statement } = authored;
  check('record', statement.hash === info.statement.hash);
  const sealed = verifySealedMetadata(statement, opened.metadata);
  const header = headerOf(statement);
  const commit = fromBase64url(statement.payload.commit);
  verifyLabel(statement, cell, opened.wrap);
  await checked('commit', () => assertCommit(fileKey, header, commit));
  const metadata = await checked('metadata', () => openMetadata(sealed, fileKey, header));
  return { authored, metadata, header, commit, fileKey, label };
};

/** Verifies a record, and compares its label with its metadata. The body is verified later, while it is streamed. */
const verifyOpened = async (
  ctx: Context,
  info: RecordInfo,
  answered: OpenedKey,
  { renew, options }: { readonly renew: () => Promise<string>; readonly options: OpenOptions },
): Promise<OpenedRecord> => {
  const { authored, metadata, header, commit, fileKey, label } = await unseal(ctx, info, answered, options);
  const { opened } = answered;
  const { payload } = authored.statement;
  const blob = { header, commit, digest: fromBase64url(payload.digest), length: payload.length };

  const { onProgress, signal } = options;
  const plainLength = metadata.length;
  const download = () =>
    downloadBlob(
      ctx,
      { url: opened.download.url, renew },
      { signal, ...(onProgress && { onProgress: (p) => onProgress(info, p) }) },
    );
  const start = async () => openBlob(await download(), fileKey, blob, { plainLength });
  return {
    ...infoOf(authored, 'committed', label),
    safeName: recordName(info.record, metadata),
    metadata: { ...shown(metadata), length: plainLength },
    labelDiffers: labelDifferences(label, metadata),
    stream: () => lazily(start, signal),
    save: async (into) => {
      try {
        await into.open(lazily(download, signal), fileKey, blob, { plainLength, signal });
      } catch (error) {
        throw error instanceof EnvelopeError && !FILE_ERRORS.has(error.code) ? bodyError(error, signal) : error;
      }
    },
  };
};

/** Opens one of the patient's records, so that the patient can wrap its file key again. The new label is made from the metadata. */
export const openContent = async (
  ctx: Context,
  access: KeyAccess,
  record: RecordInfo,
  options: CallOptions = {},
): Promise<WrapContent> => {
  const [batch] = await batches(access, [record]);
  const { answers } = await sendOpening(ctx, access, batch!, options);
  const { fileKey, metadata } = await unseal(ctx, record, answers[0]!, options);
  return { fileKey, label: labelOf(metadata) };
};

/** Converts an error that occurred while reading a body to a ClientError. */
const bodyError = (error: unknown, signal: AbortSignal | undefined): unknown => {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof ClientError || error instanceof AppError) return error;
  if (error instanceof EnvelopeError) return unverified(error.code === 'digest-mismatch' ? 'digest' : 'blob', error);
  return new ClientError('download-failed', 'the download broke off', undefined, { cause: error });
};

/** Returns a stream that calls `start` only at the first read. */
const lazily = (
  start: () => Promise<ReadableStream<Uint8Array>>,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> => {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          reader ??= (await start()).getReader();
          const next = await reader.read();
          if (next.done) controller.close();
          else controller.enqueue(next.value);
        } catch (error) {
          controller.error(bodyError(error, signal));
        }
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
};

/** Puts the records into groups of one cell each, at most 100 records in a group. */
const batches = async (access: KeyAccess, records: readonly RecordInfo[]): Promise<readonly Batch[]> => {
  const known = new Map<string, CellKeys>();
  const cells = new Map<string, { readonly keys: CellKeys; readonly records: RecordInfo[] }[]>();
  for (const record of records) {
    const filedIn = `${record.folder}#${record.epoch}`;
    const keys = known.get(filedIn) ?? (await access.keysFor(record));
    // The cell of a single-record folder has one version only, so its keys open no other record that was filed in the same cell.
    if (keys.cell.payload.folder === record.folder) known.set(filedIn, keys);
    const name = keys.cell.hash;
    const list = cells.get(name) ?? [];
    const open = list.at(-1);
    if (open !== undefined && open.records.length < MOST) open.records.push(record);
    else list.push({ keys, records: [record] });
    cells.set(name, list);
  }
  return [...cells.values()].flat();
};

/**
 * Opens records, in the order given, with one opening for each cell, or for each 100 records of it. If a record fails a check, the other records are opened
 * nevertheless. If an opening fails, the client sends no further one, and delivers the records of the openings before, because the service has counted them.
 * @throws {RefusedRecordsError} names the records that were not opened, and contains the opened ones. If the first opening fails, its own error: {ClientError}
 *   `unverified` (`recapsulation`), `bad-answer`; {ServiceError} `not-found`, `grant-ended`, `grant-not-begun`
 */
export const openRecords = async (
  ctx: Context,
  access: KeyAccess,
  records: readonly RecordInfo[],
  options: OpenOptions = {},
): Promise<readonly OpenedRecord[]> => {
  const results = new Map<RecordInfo, OpenedRecord | OpeningError>();
  const open = async (batch: Batch): Promise<void> => {
    const { answers, again } = await sendOpening(ctx, access, batch, options);
    for (const [i, record] of batch.records.entries()) {
      const renew = async (): Promise<string> => (await again())[i]!.download.url;
      results.set(record, await resultOf(() => verifyOpened(ctx, record, answers[i]!, { renew, options })));
    }
  };
  let failure: OpeningError | undefined;
  for (const batch of await batches(access, records)) {
    try {
      if (failure === undefined) await open(batch);
    } catch (error) {
      if (results.size === 0 || !isOpeningError(error)) throw error;
      failure = error;
    }
  }
  return allOrRefused(records.map((record) => ({ record, result: (results.get(record) ?? failure)! })));
};
