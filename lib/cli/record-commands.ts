// The commands ls, get and rm: the patient's own records, and the list of what a grant shows.
import { lstat } from 'node:fs/promises';
import type { Command } from 'commander';
import { intoFile, RIGHT_FACTS, type GrantWithCells, type OpenedRecord, type RecordInfo } from '../client/node.ts';
import { addCommand, agree, printOne, printRows, tell, type Options } from './app.ts';
import { CliError, usage } from './errors.ts';
import { isoTime, shortId, visible } from './format.ts';
import type { Io } from './io.ts';
import { folderNamed, grantNamed, ownRecords, recordNamed } from './names.ts';
import { describe, recordRow } from './record-rows.ts';
import { withSession, type Session } from './session.ts';

interface LsOptions {
  readonly grant?: string;
}

/** Lists what a grant shows, in all its folders. */
export const recordsUnder = async (
  { recipient }: Session,
  grant: GrantWithCells,
  signal: AbortSignal,
): Promise<readonly RecordInfo[]> => {
  const lists: (readonly RecordInfo[])[] = [];
  for (const folder of new Set(grant.cells.map((c) => c.folder)))
    lists.push(await recipient.listRecords(grant, folder, { signal }));
  return lists.flat().filter(({ state }) => state === 'committed');
};

/** Finds a grant by its id, and lists what it shows. */
export const grantedRecords = async (session: Session, text: string, signal: AbortSignal) => {
  const { recipient } = session;
  const { id, patient, right } = grantNamed(await recipient.listGrants(undefined, { signal }), text);
  const { opensRecords, filesVersion } = RIGHT_FACTS[right];
  if (!opensRecords)
    throw usage(
      `grant ${shortId(id)} is a right to ${right}: it shows and opens no records`,
      filesVersion === 'first' ? `file with it: pcehr put FILE --grant ${shortId(id)}` : 'run: pcehr grants --received',
    );
  const grant = await recipient.grant(id, patient, { signal });
  return { grant, records: await recordsUnder(session, grant, signal) };
};

const ls = (io: Io, options: Options<LsOptions>, folderText: string | undefined): Promise<void> =>
  withSession(options, io, async (session) => {
    const { signal } = io;
    if (options.grant !== undefined) {
      const { records } = await grantedRecords(session, options.grant, signal);
      return printRows(io, options, records.map(recordRow(session, [])));
    }
    const folders = await session.patient.listFolders({ signal });
    const within = folderText === undefined ? folders : [folderNamed(folders, folderText)];
    const records = await ownRecords(session, within, signal);
    await printRows(io, options, records.map(recordRow(session, folders)));
    if (records.length === 0) await tell(io, options, 'no records here yet: pcehr put FILE --folder FOLDER');
  });

interface GetOptions {
  readonly out?: string;
  readonly force?: true;
}

/** Checks the target before anything is opened, because an opening stands in the trail. @throws {CliError} `exists`, `usage` */
export const assertTarget = async (io: Io, { out, force }: GetOptions): Promise<void> => {
  if (out === undefined) {
    if (io.out.isTerminal)
      throw usage(
        'the content of a record is not shown on a terminal',
        'give --out FILE, or --out - to show it nevertheless',
      );
    return;
  }
  if (out === '-' || force === true) return;
  const found = await lstat(out).catch(() => undefined);
  if (found !== undefined)
    throw new CliError('failed', 'exists', `${visible(out)} exists already`, 'give --force to replace it');
};

/** Writes the body to the file, or to stdout. The bytes on stdout are proven only when the command ends with 0. */
export const deliver = async (io: Io, opened: OpenedRecord, out: string | undefined): Promise<void> => {
  if (out !== undefined && out !== '-') return opened.save(intoFile(out));
  for await (const piece of opened.stream()) await io.out.write(piece);
};

/** Warns on a terminal if the list showed something else than what the author sealed in the record. */
export const warnOfLabel = async (io: Io, { record, labelDiffers }: OpenedRecord): Promise<void> => {
  if (labelDiffers.length > 0)
    await io.err.write(
      `pcehr: ${shortId(record)}: the list shows another ${labelDiffers.join(', ')} than the record\n`,
    );
};

const get = async (io: Io, options: Options<GetOptions>, text: string): Promise<void> => {
  await assertTarget(io, options);
  await withSession(options, io, async (session) => {
    const { signal } = io;
    const record = recordNamed(await ownRecords(session, await session.patient.listFolders({ signal }), signal), text);
    const [opened] = await session.patient.open([record], { signal });
    await deliver(io, opened!, options.out);
    await warnOfLabel(io, opened!);
    if (options.out === undefined || options.out === '-') return;
    const { metadata, version, safeName: name } = opened!;
    const facts = {
      record: record.record,
      version,
      created: isoTime(record.created),
      name,
      metadata,
      file: options.out,
    };
    await printOne(io, options, facts, [`${shortId(record.record)}  ${describe(opened!)}  ${visible(options.out)}`]);
  });
};

const rm = (io: Io, options: Options<{ readonly yes?: true }>, text: string): Promise<void> =>
  withSession(options, io, async (session) => {
    const { signal } = io;
    const record = recordNamed(await ownRecords(session, await session.patient.listFolders({ signal }), signal), text);
    await agree(io, options.yes, `Delete ${shortId(record.record)}, ${describe(record)}, for good?`);
    await session.patient.deleteRecord(record, undefined, { signal });
    await printOne(io, options, { record: record.record, deleted: true }, [`deleted ${shortId(record.record)}`]);
  });

export const addRecordCommands = (program: Command, io: Io): void => {
  addCommand(program, {
    usage: 'ls [folder]',
    about: 'list your records, or what a grant shows you; opens nothing',
    examples: ['ls', 'ls "Blood counts"', 'ls --grant 5kq2wz7m'],
  })
    .option('-g, --grant <grant>', 'a grant that somebody gave you')
    .action((folder: string | undefined, _: unknown, command: Command) =>
      ls(io, command.optsWithGlobals<Options<LsOptions>>(), folder),
    );
  addCommand(program, {
    usage: 'get <record>',
    about: 'open one of your records; your trail shows the opening',
    examples: ['get 2mv6aqpt --out letter.pdf', 'get 2mv6aqpt | less'],
  })
    .option('-o, --out <file>', 'write to this file, completely or not at all; - is stdout')
    .option('--force', 'replace the file')
    .action((record: string, _: unknown, command: Command) =>
      get(io, command.optsWithGlobals<Options<GetOptions>>(), record),
    );
  addCommand(program, {
    usage: 'rm <record>',
    about: 'delete a record with all its versions; only the signed statements stay',
    examples: ['rm 2mv6aqpt'],
  })
    .option('-y, --yes', 'do not ask')
    .action((record: string, _: unknown, command: Command) =>
      rm(io, command.optsWithGlobals<Options<{ readonly yes?: true }>>(), record),
    );
};
