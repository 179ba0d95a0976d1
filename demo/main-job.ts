// Runs the main job step by step: register, file, request, approve, open, refuse a stranger, revoke, read the trail. It sees only ids and file paths.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { TrailEntry } from '../lib/client/index.ts';
import { Refused, type PartyProcess } from './start-party.ts';
import { brief, size, type Story } from './narrator.ts';

export interface FileOutcome {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly openedSha256: string | null;
}

export interface Outcome {
  readonly files: readonly FileOutcome[];
  readonly refusedStranger: boolean;
  readonly refusedAfterRevoke: boolean;
  readonly auditEvents: number;
  readonly auditVerified: boolean;
}

export interface People {
  readonly patient: PartyProcess;
  readonly clinician: PartyProcess;
  readonly stranger: PartyProcess;
}

const DAYS = 30;

const sha256Of = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

/** Returns the code of the refusal, or undefined if the call succeeded. Any other error ends the run. */
const refusedWith = async (attempt: Promise<unknown>, ...codes: readonly string[]): Promise<string | undefined> => {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    if (error instanceof Refused && codes.includes(error.code)) return error.code;
    throw error;
  }
};

/** The verb for each kind of event. The type requires every kind, so the code does not compile if a new kind has no verb. */
const WORDS: Readonly<Record<TrailEntry['kind'], string>> = {
  registered: 'registered',
  'folder-created': 'made a folder',
  'epoch-started': 'gave a folder a new key',
  'record-filed': 'filed a record',
  'record-deleted': 'deleted a record',
  'access-requested': 'asked for access',
  'request-denied': 'refused a request',
  'request-withdrawn': 'withdrew a request',
  'access-granted': 'granted access',
  'grant-extended': 'extended access',
  'grant-paused': 'paused access',
  'grant-resumed': 'resumed access',
  'grant-revoked': 'took access back',
  'grant-returned': 'gave access back',
  'records-opened': 'opened records',
};

/** Runs the main job. @param files paths of the files to file; the caller has checked that each can be read */
export const runMainJob = async (
  { patient, clinician, stranger }: People,
  files: readonly string[],
  story: Story,
): Promise<Outcome> => {
  story.heading('A patient and a clinician register. Their keys never leave their own computers.');
  const { id: patientId } = await story.step(
    () => patient.send('register', {}),
    ({ id }) => `The patient is ${brief(id)}.`,
  );
  const { id: clinicianId } = await story.step(
    () => clinician.send('register', { name: 'Praxis am Markt' }),
    ({ id }) => `The clinician is ${brief(id)}.`,
  );
  await stranger.send('register', {});

  story.heading('The patient makes a folder and files records. Each is encrypted before it is sent.');
  const { folder } = await story.step(
    () => patient.send('createFolder', { name: 'Cough, autumn 2025' }),
    () => 'A folder; its name is readable to the patient only.',
  );
  const filed: { file: string; record: string; bytes: number; sha256: string }[] = [];
  for (const file of files) {
    const { record, bytes } = await story.step(
      () => patient.send('file', { folder, path: file }),
      (f) => `${basename(file)}, ${size(f.bytes)}`,
    );
    filed.push({ file, record, bytes, sha256: await sha256Of(file) });
  }

  story.heading(`The clinician asks for the folder, to treat the patient. The patient agrees, for ${DAYS} days.`);
  const { request } = await story.step(
    () => clinician.send('ask', { patient: patientId, folder, days: DAYS }),
    () => 'The clinician asks (purpose: TREAT).',
  );
  const asked = (await patient.send('requests', {})).find((r) => r.id === request);
  if (asked?.from !== clinicianId) throw new Error('the request that the patient sees is not the one of the clinician');
  const { grant } = await story.step(
    () => patient.send('approve', { request, days: DAYS, from: clinicianId }),
    () => `The patient sees who asks, for what and how long, and approves.`,
  );

  story.heading('The clinician opens the records. The service re-encrypts their keys without seeing them.');
  const opened = await story.step(
    () => clinician.send('open', { grant, patient: patientId, folder }),
    (o) => `${o.length} of ${filed.length} records opened and written to disk.`,
  );
  const outcomes: FileOutcome[] = [];
  for (const { file, record, bytes, sha256 } of filed) {
    const path = opened.find((o) => o.record === record)?.path;
    const openedSha256 = path === undefined ? null : await sha256Of(path);
    story.say(
      `${openedSha256 === sha256 ? 'equal' : 'NOT EQUAL'}  SHA-256 ${sha256.slice(0, 16)}...  ${basename(file)}`,
    );
    outcomes.push({ file, bytes, sha256, openedSha256 });
  }

  story.heading('A stranger, registered like anybody else, tries with the very same ids.');
  const strange = await story.step(
    () => refusedWith(stranger.send('open', { grant, patient: patientId, folder }), 'not-found'),
    (code) => (code === undefined ? 'The stranger was LET IN.' : `Refused: ${code}.`),
  );

  story.heading('The patient takes the access back.');
  await story.step(
    () => patient.send('revoke', { grant }),
    () => 'Revoked.',
  );
  const revoked = await story.step(
    () => refusedWith(clinician.send('reopen', {}), 'grant-ended'),
    (code) =>
      code === undefined ? 'The clinician was LET IN again.' : `The clinician tries once more. Refused: ${code}.`,
  );

  story.heading('The patient reads the audit trail.');
  const names = new Map<string, string>([
    [patientId, 'the patient'],
    [clinicianId, 'the clinician'],
  ]);
  const { trail, verified } = await story.step(
    async () => {
      const read = await patient.send('audit', {}).then(
        (events) => ({ trail: events, verified: true }),
        (error: unknown) => {
          if (error instanceof Refused && ['unverified', 'rolled-back'].includes(error.code))
            return { trail: [], verified: false };
          throw error;
        },
      );
      return read;
    },
    (a) => (a.verified ? `${a.trail.length} entries, every link verified.` : 'The trail does NOT VERIFY.'),
  );
  for (const { seq, kind, actor, at, subject } of trail) {
    const count = subject.records === undefined || kind !== 'records-opened' ? '' : ` (${subject.records.length})`;
    story.say(
      `${String(seq).padStart(4)}  ${new Date(at).toISOString()}  ${names.get(actor) ?? brief(actor)} ${WORDS[kind]}${count}`,
    );
  }

  return {
    files: outcomes,
    refusedStranger: strange !== undefined,
    refusedAfterRevoke: revoked !== undefined,
    auditEvents: trail.length,
    auditVerified: verified,
  };
};

/** Checks that the trail has at least these events: registration, folder, each record, request, grant, an opening for each 100 records, revocation. */
export const allAsExpected = ({
  files,
  refusedStranger,
  refusedAfterRevoke,
  auditEvents,
  auditVerified,
}: Outcome): boolean =>
  files.every((f) => f.sha256 === f.openedSha256) &&
  refusedStranger &&
  refusedAfterRevoke &&
  auditVerified &&
  auditEvents >= files.length + 6;
