// Page of the browser test: patient and recipient in one tab, with only the SDK and the browser. It sends its result to the server from which it came. It logs
// each step to the console, which the test prints if the page does not finish.
import {
  AppError,
  createIdentity,
  createMemory,
  createPatient,
  createRecipient,
  curveChoice,
  importMemory,
  type Content,
  type DownloadProgress,
  type RecordInfo,
  type UploadProgress,
} from '../../lib/client/index.ts';

export interface Seen {
  readonly fileName: string;
  readonly bytes: number;
  readonly filed: string;
  readonly opened: string;
}

/** The report of the page: its observations, or its error. */
export type Report =
  | {
      readonly seen: readonly Seen[];
      readonly uploaded: number;
      readonly downloaded: number;
      readonly refused: { readonly code: string; readonly reason: string | undefined };
      readonly trail: readonly string[];
      /** How many parts were hashed by a worker. */
      readonly hashedApart: number;
      readonly curve: { readonly name: string; readonly reason?: string };
    }
  | { readonly broken: string };

const MiB = 1024 * 1024;

/** Makes random bytes, in several calls, because one call of getRandomValues returns at most 64 KiB. */
const bytesOf = (length: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
};

const sha256 = async (bytes: BufferSource): Promise<string> =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (b) => b.toString(16).padStart(2, '0')).join(
    '',
  );

const step = (name: string): void => {
  console.log(`step: ${name}`);
};

/** The bodies to file: one that is padded, one in one part, and a stream of unknown length with four parts. */
const CONTENTS: readonly { readonly fileName: string; readonly length: number; readonly as: (b: Blob) => Content }[] = [
  { fileName: 'note.txt', length: 1_000, as: (blob) => blob },
  { fileName: 'scan.bin', length: 3 * MiB + 1, as: (blob) => blob },
  { fileName: 'film.bin', length: 24 * MiB + 1, as: (blob) => blob.stream() },
];

let hashedApart = 0;
const PlainWorker = globalThis.Worker;
globalThis.Worker = class extends PlainWorker {
  constructor(url: string | URL) {
    super(url);
    this.addEventListener('message', ({ data }) => {
      if (data !== 'ready') hashedApart += 1;
    });
  }
};

const mainJob = async (origin: string): Promise<Report> => {
  step('register');
  const [own, theirs] = [createIdentity().identity, createIdentity().identity];
  const patient = createPatient({ origin, ...own });
  const recipient = createRecipient({ origin, ...theirs, memory: createMemory(theirs.id) });
  await Promise.all([patient.register(), recipient.register({ name: 'Praxis am Markt' })]);

  step('file');
  const folder = await patient.createFolder({ name: 'Cough, autumn', category: 'imaging' });
  let uploaded = 0;
  const filed: { readonly record: RecordInfo; readonly sha256: string }[] = [];
  for (const { fileName, length, as } of CONTENTS) {
    const bytes = bytesOf(length);
    const [before, metadata] = [uploaded, { fileName, mediaType: 'application/octet-stream' }];
    const onProgress = ({ sentBytes }: UploadProgress) => (uploaded = before + sentBytes);
    const record = await patient.file(folder.id, as(new Blob([bytes])), metadata, { onProgress });
    filed.push({ record, sha256: await sha256(bytes) });
  }

  step('request');
  const { id } = await recipient.request({
    patient: patient.id,
    folders: [folder.id],
    purpose: 'TREAT',
    durationSeconds: 86_400,
  });
  // `verify` means that the two people have compared the safety number. Then a second client of the patient starts from the exported memory of the first.
  patient.verify(recipient.id);
  const kept = JSON.stringify(patient.memory.export());
  const again = createPatient({ origin, ...own, memory: importMemory(own.keys.id, JSON.parse(kept)) });

  step('approve');
  const asked = (await again.listRequests('pending')).find((r) => r.id === id)!;
  again.verify(recipient.id);
  const [approved] = await again.approve(asked);

  step('open');
  const grant = await recipient.grant(approved.id, patient.id);
  const records = await recipient.listRecords(grant, folder.id);
  const seen: Seen[] = [];
  let downloaded = 0;
  for (const record of records) {
    const before = downloaded;
    const onProgress = (_: RecordInfo, { receivedBytes }: DownloadProgress) => (downloaded = before + receivedBytes);
    const [opened] = await recipient.open(grant, [record], { onProgress });
    const body = await new Response(opened!.stream() as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer();
    seen.push({
      fileName: opened!.safeName,
      bytes: body.byteLength,
      filed: filed.find((f) => f.record.record === record.record)?.sha256 ?? 'none',
      opened: await sha256(body),
    });
  }

  step('revoke');
  await again.revoke(grant);
  const refusal = await recipient.open(grant, records).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(refusal instanceof AppError)) throw new Error('the recipient was not refused', { cause: refusal });

  step('trail');
  return {
    seen,
    uploaded,
    downloaded,
    refused: { code: refusal.code, reason: refusal.details.reason },
    trail: (await again.audit()).map((e) => e.kind),
    hashedApart,
    curve: curveChoice,
  };
};

const textOf = (error: unknown): string =>
  error instanceof Error
    ? `${error.stack ?? error.message}${error.cause === undefined ? '' : `\ncause: ${textOf(error.cause)}`}`
    : String(error);

const report = await mainJob(new URL(location.href).searchParams.get('api') ?? '').catch((error: unknown): Report => ({
  broken: textOf(error),
}));
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
