// The command open --all: saves every record that somebody granted and that no earlier run has saved. A record that fails does not keep the others back.
import { appendFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AppError,
  ClientError,
  RefusedRecordsError,
  RIGHT_FACTS,
  type ClientErrorCode,
  type Grant,
  type GrantWithCells,
  type OpenedRecord,
  type RecordInfo,
  uniqueNames,
} from '../client/node.ts';
import { tell, type Options } from './app.ts';
import { CliError, EXIT } from './errors.ts';
import { errorLines, explain } from './explain.ts';
import { plural, shortId } from './format.ts';
import type { Io } from './io.ts';
import { readText } from './private-file.ts';
import { filesOf } from './profile.ts';
import { recordsUnder } from './record-commands.ts';
import { saveRecord } from './save-record.ts';
import { withSession, type Session } from './session.ts';

/** Most records of one opening. All of them are downloaded before the ten minutes are over in which the storage gives them out. */
const BATCH = 20;

/** Errors after which other records would fail too, or after which no answer of the service should be used. */
const ENDS_THE_RUN: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'network',
  'rolled-back',
  'wrong-clock',
  'bad-memory',
]);

/** One run of the command. */
interface Run {
  readonly io: Io;
  readonly options: Options<object>;
  readonly session: Session;
  readonly dir: string;
  /** Hashes of the signed statements of all records that were saved. */
  readonly saved: Set<string>;
  /** Gives each record of a patient a file name that the patient's folder does not have. */
  readonly names: Map<string, (name: string) => string>;
  /** Exit codes of the records and grants that failed. */
  readonly failures: number[];
}

/** Reads the hashes of the records that earlier runs saved. An unfinished line, which a crash can leave, is no hash. */
const readSaved = async (folder: string): Promise<Set<string>> => {
  const text = (await readText(filesOf(folder).pulled)) ?? '';
  return new Set(text.split('\n').filter((line) => /^[\w-]{43}$/.test(line)));
};

/** The line begins with a line feed, so that it is whole also after an unfinished line. */
const remember = async ({ session, saved }: Run, hash: string): Promise<void> => {
  await appendFile(filesOf(session.folder).pulled, `\n${hash}\n`, { mode: 0o600, flush: true });
  saved.add(hash);
};

/** Reports a record or a grant that failed. @throws an error after which the run must end */
const fail = async ({ io, options, failures }: Run, id: string, error: unknown): Promise<void> => {
  io.signal.throwIfAborted();
  const isOfOne = error instanceof AppError || (error instanceof ClientError && !ENDS_THE_RUN.has(error.code));
  if (!isOfOne) throw error;
  const explanation = explain(error);
  failures.push(explanation.exit);
  const json = options.json === true;
  const message = json ? explanation.message : `${shortId(id)}: ${explanation.message}`;
  await io.err.write(errorLines({ ...explanation, message, ...(json && { id }) }, json));
};

const namesIn = async ({ names }: Run, folder: string): Promise<(name: string) => string> => {
  const known = names.get(folder);
  if (known !== undefined) return known;
  await mkdir(folder, { recursive: true });
  const made = uniqueNames(await readdir(folder));
  names.set(folder, made);
  return made;
};

const save = async (run: Run, grant: Grant, record: OpenedRecord): Promise<void> => {
  const folder = join(run.dir, grant.patient);
  const nameOf = await namesIn(run, folder);
  try {
    await saveRecord(run.io, run.options, run.session, { record, file: join(folder, nameOf(record.safeName)) });
    await remember(run, record.statement.hash);
  } catch (error) {
    await fail(run, record.record, error);
  }
};

/** Opens records at once. If the grant has fewer openings left than that, opens them one by one, as many as it has. */
const openBatch = async (run: Run, grant: GrantWithCells, records: readonly RecordInfo[]): Promise<void> => {
  try {
    const opened = await run.session.recipient.open(grant, records, { signal: run.io.signal });
    for (const record of opened) await save(run, grant, record);
  } catch (error) {
    if (error instanceof RefusedRecordsError) {
      for (const record of error.opened) await save(run, grant, record);
      for (const { record, error: reason } of error.refused) await fail(run, record.record, reason);
    } else if (records.length > 1 && error instanceof AppError && error.details.reason === 'exhausted')
      for (const record of records) await openBatch(run, grant, [record]);
    else for (const { record } of records) await fail(run, record, error);
  }
};

const pullGrant = async (run: Run, { id, patient }: Grant): Promise<void> => {
  try {
    const grant = await run.session.recipient.grant(id, patient, { signal: run.io.signal });
    const records = await recordsUnder(run.session, grant, run.io.signal);
    const fresh = records.filter(({ statement: { hash } }) => !run.saved.has(hash));
    for (let at = 0; at < fresh.length; at += BATCH) await openBatch(run, grant, fresh.slice(at, at + BATCH));
  } catch (error) {
    await fail(run, id, error);
  }
};

/** Throws if something failed. A failed check of an answer counts more than all else. */
const assertNoFailure = ({ failures }: Run): void => {
  if (failures.length === 0) return;
  throw new CliError(
    failures.includes(EXIT.unverified) ? 'unverified' : 'failed',
    'partly-failed',
    `${plural(failures.length, 'failure')}; all other records are saved`,
    'run the command again: it saves only what is missing',
  );
};

/** Saves what is new under all grants to read that are active, each patient's records in a folder named by the patient's id. */
export const pull = (io: Io, options: Options<object>, dir: string): Promise<void> =>
  withSession(options, io, async (session) => {
    const saved = await readSaved(session.folder);
    const before = saved.size;
    const run: Run = { io, options, session, dir, saved, names: new Map(), failures: [] };
    const grants = await session.recipient.listGrants('active', { signal: io.signal });
    for (const grant of grants.filter(({ right, state }) => RIGHT_FACTS[right].opensRecords && state === 'active'))
      await pullGrant(run, grant);
    assertNoFailure(run);
    if (saved.size === before) await tell(io, options, 'nothing new');
  });
