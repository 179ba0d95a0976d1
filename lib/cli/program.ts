// Makes the program `pcehr` from its command families, runs it, and turns each error into lines on stderr and an exit code.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addApproveCommand } from './approve-command.ts';
import { addAuditCommand } from './audit-command.ts';
import { addCompletionCommand } from './completion-command.ts';
import { addConfigCommands } from './config-commands.ts';
import { addContactCommands } from './contact-commands.ts';
import { EXIT } from './errors.ts';
import { errorLines, explain, type Explanation } from './explain.ts';
import { addPutCommand } from './filing.ts';
import { addFolderCommands } from './folder-commands.ts';
import { addGrantCommands } from './grant-commands.ts';
import { addIdentityCommands } from './identity-commands.ts';
import type { Io } from './io.ts';
import { addOpenCommand } from './open-command.ts';
import { addRecordCommands } from './record-commands.ts';
import { addRequestCommands } from './request-commands.ts';
import { addShareCommand } from './share-command.ts';

const FAMILIES = [
  addIdentityCommands,
  addConfigCommands,
  addContactCommands,
  addFolderCommands,
  addPutCommand,
  addRecordCommands,
  addRequestCommands,
  addApproveCommand,
  addShareCommand,
  addGrantCommands,
  addOpenCommand,
  addAuditCommand,
  addCompletionCommand,
];

const descriptor = (text: string): number => {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('It must be the number of an open file descriptor.');
  return Number(text);
};

const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 the service refused, 4 an answer failed a check,
5 no answer, 6 the profile cannot be used, 130 interrupted.`;

/** Makes the program. `write` gets help and version. */
export const makeProgram = (io: Io, write: (text: string) => void): Command => {
  const program = new Command('pcehr')
    .description('Health records that only you and the people you choose can read.')
    .option('--profile <name>', 'which identity to use (default: $PCEHR_PROFILE, else "default")')
    .option('--json', 'print JSON, one line for each thing')
    .option(
      '--passphrase-file <file>',
      'read the passphrase from the first line of a file (default: $PCEHR_PASSPHRASE_FILE)',
    )
    .addOption(
      new Option('--passphrase-fd <number>', 'read the passphrase from a file descriptor').argParser(descriptor),
    )
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write, outputError: () => undefined })
    .addHelpText('after', `\nExample:\n  $ pcehr init --origin https://api.example.org\n${EXIT_HELP}`);
  for (const addFamily of FAMILIES) addFamily(program, io);
  return program;
};

/** The name of the command that the arguments name, for the hint at its help. */
const commandNames = (program: Command, argv: readonly string[]): readonly string[] => {
  const names: string[] = [];
  let at: Command | undefined = program;
  for (const word of argv) {
    const next: Command | undefined = at.commands.find((c) => c.name() === word);
    if (next === undefined) continue;
    names.push(word);
    at = next;
  }
  return names;
};

/** Explains an error of commander, such as an unknown option. */
const explainUsage = (error: CommanderError, names: readonly string[]): Explanation => ({
  code: 'usage',
  message: error.message
    .replace(/^error: /, '')
    .replace(/\n\((Did you mean .*)\)$/, ': $1')
    .replace(/\.$/, ''),
  hint: `run: ${['pcehr', ...names, '--help'].join(' ')}`,
  exit: EXIT.usage,
});

/** Whether the person asked for help or got it because the command line names no command. */
const isHelp = ({ code }: CommanderError): boolean => code.startsWith('commander.help') || code === 'commander.version';

/** Runs one command line. @returns the exit code. Never rejects. */
export const run = async (argv: readonly string[], io: Io): Promise<number> => {
  const help: string[] = [];
  const program = makeProgram(io, (text) => help.push(text));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) {
      // Help that was asked for is data. Help in place of a command that is missing is not.
      await (error.exitCode === 0 ? io.out : io.err).write(help.join(''));
      return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    }
    const explanation =
      error instanceof CommanderError ? explainUsage(error, commandNames(program, argv)) : explain(error);
    if (io.signal.aborted) return EXIT.interrupted;
    // A reader that ended early, such as head, wants no more, and no message either.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return EXIT.failed;
    await io.err.write(errorLines(explanation, argv.includes('--json')));
    return explanation.exit;
  }
};
