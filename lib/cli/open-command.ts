// The command open: opens records under a grant that somebody gave, into a folder or to stdout.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  intoFile,
  RefusedRecordsError,
  uniqueNames,
  type GrantWithCells,
  type OpenedRecord,
  type RecordInfo,
} from '../client/node.ts';
import { addCommand, printRows, type Options } from './app.ts';
import { usage } from './errors.ts';
import { isoTime, shortId, visible } from './format.ts';
import type { Io } from './io.ts';
import { recordNamed, whoIs } from './names.ts';
import { assertTarget, deliver, grantedRecords, warnOfLabel } from './record-commands.ts';
import { describe } from './record-rows.ts';
import { withSession, type Session } from './session.ts';

interface OpenOptions {
  readonly dir?: string;
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
  for (const record of opened) {
    const file = join(dir, nameOf(record.safeName));
    await record.save(intoFile(file));
    await warnOfLabel(io, record);
    const json = {
      record: record.record,
      version: record.version,
      author: whoIs(session, record.author),
      created: isoTime(record.created),
      name: record.safeName,
      metadata: record.metadata,
      file,
    };
    await printRows(io, options, [{ json, cells: [shortId(record.record), describe(record), visible(file)] }]);
  }
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

export const addOpenCommand = (program: Command, io: Io): void => {
  addCommand(program, {
    usage: 'open <grant> [records...]',
    about: "open records that a grant shows you; each opening is counted, and stands in the patient's trail",
    examples: ['open 3d5twx2v --dir anna', 'open 3d5twx2v 2mv6aqpt | less'],
  })
    .option('-d, --dir <folder>', 'save each record in this folder, under a safe form of its name')
    .action((grant: string, records: readonly string[], _: unknown, command: Command) =>
      open(io, command.optsWithGlobals<Options<OpenOptions>>(), grant, records),
    );
};
