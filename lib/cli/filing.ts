// The command put: files bodies from files or from stdin, by the patient or under a grant to add.
import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import { CATEGORIES, fileBody, type Category, type Content, type FiledRecord, type Metadata } from '../client/node.ts';
import { addCommand, printRows, type Options } from './app.ts';
import { usage } from './errors.ts';
import { isoTime, shortId, sizeText, visible } from './format.ts';
import type { Io } from './io.ts';
import { mediaTypeOf } from './media-types.ts';
import { folderNamed, grantNamed } from './names.ts';
import { reportProgress } from './progress.ts';
import { describe } from './record-rows.ts';
import { withSession, type Session } from './session.ts';

interface PutOptions {
  readonly folder?: string;
  readonly grant?: string;
  readonly title?: string;
  readonly name?: string;
  readonly type?: string;
  readonly date?: string;
  readonly category?: Category;
}

type FileOne = (
  content: Content,
  metadata: Metadata,
  onProgress: (progress: { readonly sentBytes: number }) => void,
) => Promise<FiledRecord>;

/** Finds the folder or the grant to file under, once for all files. */
const filer = async ({ patient, recipient }: Session, options: PutOptions, signal: AbortSignal): Promise<FileOne> => {
  if ((options.folder === undefined) === (options.grant === undefined))
    throw usage(
      'name one place to file to',
      'give --folder FOLDER, or --grant GRANT if somebody gave you the right to add',
    );
  if (options.folder !== undefined) {
    const { id } = folderNamed(await patient.listFolders({ signal }), options.folder);
    return (content, metadata, onProgress) => patient.file(id, content, metadata, { signal, onProgress });
  }
  const { id, patient: owner } = grantNamed(await recipient.listGrants(undefined, { signal }), options.grant!);
  const grant = await recipient.grant(id, owner, { signal });
  return (content, metadata, onProgress) => recipient.file(grant, content, metadata, { signal, onProgress });
};

const metadataOf = (path: string, { title, name, type, date, category }: PutOptions): Metadata => {
  const fileName = name ?? (path === '-' ? undefined : basename(path));
  const mediaType = type ?? mediaTypeOf(fileName ?? '');
  return {
    ...(fileName === undefined ? {} : { fileName }),
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(title === undefined ? {} : { title }),
    ...(date === undefined ? {} : { clinicalDate: date }),
    ...(category === undefined ? {} : { category }),
  };
};

const assertOne = (files: readonly string[], options: PutOptions): void => {
  const single = (['title', 'name'] as const).find((name) => options[name] !== undefined);
  if (files.length > 1 && single !== undefined)
    throw usage(`--${single} fits one file only`, 'file the files one by one');
  if (files.length > 1 && files.includes('-')) throw usage('stdin (-) cannot be filed together with files');
};

const put = (io: Io, options: Options<PutOptions>, files: readonly string[]): Promise<void> => {
  assertOne(files, options);
  if (files.includes('-') && options.passphraseFd === 0) throw usage('stdin has the passphrase already');
  return withSession(options, io, async (session) => {
    const fileOne = await filer(session, options, io.signal);
    for (const path of files) {
      const metadata = metadataOf(path, options);
      const progress = reportProgress(io, options, `filing ${visible(path)}`);
      const filed = await fileOne(path === '-' ? io.stdin : fileBody(path), metadata, (p) =>
        progress.show(p.sentBytes),
      );
      await progress.end();
      const { record, folder, created, length, receipt } = filed;
      await printRows(io, options, [
        {
          json: {
            record,
            version: filed.version,
            folder,
            created: isoTime(created),
            length,
            ...(receipt && { receipt: receipt.jws }),
          },
          cells: [shortId(record), sizeText(length), describe(filed)],
        },
      ]);
    }
  });
};

export const addPutCommand = (program: Command, io: Io): void => {
  addCommand(program, {
    usage: 'put <files...>',
    about: 'file files, or stdin (-); prints each record when it is stored',
    examples: [
      'put letter.pdf scan.png --folder Letters',
      'echo "Hb 14.2 g/dl" | pcehr put - --folder "Blood counts" --title "Blood count"',
      'put result.pdf --grant 5kq2wz7m',
    ],
  })
    .option('-f, --folder <folder>', 'one of your folders')
    .option('-g, --grant <grant>', 'a grant to add, which somebody gave you')
    .option('--title <text>', 'title of the record')
    .option('--name <name>', 'name of the file, in place of its own')
    .option('--type <type>', 'media type, in place of the one that the name suggests')
    .option('--date <date>', 'clinical date, such as 2026-03-01')
    .addOption(new Option('--category <category>', 'what it is').choices(CATEGORIES))
    .action((files: readonly string[], _: unknown, command: Command) =>
      put(io, command.optsWithGlobals<Options<PutOptions>>(), files),
    );
};
