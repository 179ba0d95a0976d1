// The commands folders and folders add: the patient's folders.
import { Option, type Command } from 'commander';
import { CATEGORIES, type Category, type Folder } from '../client/node.ts';
import { addCommand, printRows, tell, type Options, type Row } from './app.ts';
import { usage } from './errors.ts';
import { shortId, visible } from './format.ts';
import type { Io } from './io.ts';
import { withSession } from './session.ts';

const folderRow = ({ id, name, category }: Folder): Row => ({
  json: { id, name, category },
  cells: [shortId(id), category, visible(name)],
});

const list = (io: Io, options: Options<object>): Promise<void> =>
  withSession(options, io, async ({ patient }) => {
    const folders = await patient.listFolders({ signal: io.signal });
    await printRows(io, options, folders.map(folderRow));
    if (folders.length === 0) await tell(io, options, 'no folders yet: pcehr folders add NAME');
  });

const add = (io: Io, options: Options<{ readonly category: Category }>, name: string): Promise<void> => {
  if (name.trim() === '') throw usage('a folder needs a name');
  return withSession(options, io, async ({ patient }) => {
    const folder = await patient.createFolder({ name, category: options.category }, { signal: io.signal });
    await printRows(io, options, [folderRow(folder)]);
  });
};

export const addFolderCommands = (program: Command, io: Io): void => {
  const folders = program
    .command('folders')
    .description('list or make folders')
    .addHelpText('after', '\nExample:\n  $ pcehr folders')
    .action((_: unknown, command: Command) => list(io, command.optsWithGlobals<Options<object>>()));
  addCommand(folders, {
    usage: 'add <name>',
    about: 'make a folder; only you can read its name',
    examples: ['folders add "Blood counts" --category laboratory'],
  })
    .addOption(new Option('--category <category>', 'what it has').choices(CATEGORIES).default('other'))
    .action((name: string, _: unknown, command: Command) =>
      add(io, command.optsWithGlobals<Options<{ readonly category: Category }>>(), name),
    );
};
