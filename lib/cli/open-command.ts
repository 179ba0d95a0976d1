// The command open: opens records under a grant that somebody gave, into a folder or to stdout; with --all what is new under all grants.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  RefusedRecordsError,
  uniqueNames,
  type GrantWithCells,
  type OpenedRecord,
  type RecordInfo,
} from '../client/node.ts';
import { addCommand, type Options } from './app.ts';
import { usage } from './errors.ts';
import type { Io } from './io.ts';
import { recordNamed } from './names.ts';
import { pull } from './pull.ts';
import { assertTarget, deliver, grantedRecords } from './record-commands.ts';
import { saveRecord } from './save-record.ts';
import { withSession, type Session } from './session.ts';

interface OpenOptions {
  readonly dir?: string;
  readonly all?: true;
}

/** Opens the records. If some are refused, returns the others and the error. */
const openAll = async (
  { recipient }: Session,
  { grant, records }: { readonly grant: GrantWithCells; readonly records: readonly RecordInfo[] },
  signal: AbortSignal,
): Promise<{ readonly opened: readonly OpenedRecord[]; readonly error?: RefusedRecordsError }> => {
  try {
    return { opened: await recipient.open(grant, records, { signal }) };
  } catch (error) {
    if (!(error instanceof RefusedRecordsError)) throw error;
    return { opened: error.opened, error };
  }
};

/** Saves each record under its safe name. A name that the folder has already gets a number, so that nothing is replaced. */
const saveAll = async (
  io: Io,
  options: Options<OpenOptions>,
  dir: string,
  { session, opened }: { readonly session: Session; readonly opened: readonly OpenedRecord[] },
): Promise<void> => {
  const nameOf = uniqueNames(await readdir(dir));
  for (const record of opened)
    await saveRecord(io, options, session, { record, file: join(dir, nameOf(record.safeName)) });
};

const chosenFrom = (records: readonly RecordInfo[], texts: readonly string[]): readonly RecordInfo[] =>
  texts.length === 0 ? records : texts.map((text) => recordNamed(records, text));

const open = async (
  io: Io,
  options: Options<OpenOptions>,
  grantText: string,
  texts: readonly string[],
): Promise<void> => {
  const { dir } = options;
  if (dir === undefined && texts.length !== 1)
    throw usage('several records need a folder', 'give --dir FOLDER, or name one record');
  if (dir === undefined) await assertTarget(io, {});
  else await mkdir(dir, { recursive: true });
  await withSession(options, io, async (session) => {
    const { grant, records } = await grantedRecords(session, grantText, io.signal);
    const { opened, error } = await openAll(session, { grant, records: chosenFrom(records, texts) }, io.signal);
    if (dir === undefined) for (const record of opened) await deliver(io, record, undefined);
    else await saveAll(io, options, dir, { session, opened });
    if (error !== undefined) throw error;
  });
};

const openOrPull = (
  io: Io,
  options: Options<OpenOptions>,
  grant: string | undefined,
  records: readonly string[],
): Promise<void> => {
  if ((options.all === true) !== (grant === undefined)) throw usage('say what to open', 'name a grant, or give --all');
  if (grant !== undefined) return open(io, options, grant, records);
  if (options.dir === undefined) throw usage('several records need a folder', 'give --dir FOLDER');
  return pull(io, options, options.dir);
};

export const addOpenCommand = (program: Command, io: Io): void => {
  addCommand(program, {
    usage: 'open [grant] [records...]',
    about: "open records that a grant shows you; each opening is counted, and stands in the patient's trail",
    examples: ['open 3d5twx2v --dir anna', 'open 3d5twx2v 2mv6aqpt | less', 'open --all --dir records'],
  })
    .option('-d, --dir <folder>', 'save each record in this folder, under a safe form of its name')
    .option('--all', 'save what is new under all grants, in a folder for each patient')
    .action((grant: string | undefined, records: readonly string[], _: unknown, command: Command) =>
      openOrPull(io, command.optsWithGlobals<Options<OpenOptions>>(), grant, records),
    );
};
