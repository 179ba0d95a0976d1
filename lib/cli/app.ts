// Adds commands to the program, and prints their answers: text for people, or with `--json` one line of JSON for each thing. Data goes to stdout, all else to stderr.
import type { Command } from 'commander';
import { columns, jsonLine } from './format.ts';
import type { Io } from './io.ts';
import { CliError, usage } from './errors.ts';
import type { CommonOptions } from './session.ts';

/** Options of one command, and the options that every command has. */
export type Options<T> = T & CommonOptions;

export interface Leaf {
  /** Usage, such as `get <record>`. */
  readonly usage: string;
  readonly about: string;
  /** One example or more, which `--help` shows. `pcehr` is added in front of an example that does not have it. */
  readonly examples: readonly string[];
}

/** Adds a command, with its examples at the end of its help. */
export const addCommand = (parent: Command, { usage: line, about, examples }: Leaf): Command => {
  const title = examples.length === 1 ? 'Example' : 'Examples';
  const shown = examples.map((e) => `  $ ${e.includes('pcehr ') ? e : `pcehr ${e}`}`).join('\n');
  return parent.command(line).description(about).addHelpText('after', `\n${title}:\n${shown}`);
};

/** One thing of an answer: its JSON, and its columns for people. */
export interface Row {
  readonly json: object;
  readonly cells: readonly string[];
}

/** Prints things, one a line. Prints nothing for none. */
export const printRows = async (io: Io, { json }: CommonOptions, rows: readonly Row[]): Promise<void> => {
  if (rows.length === 0) return;
  const text =
    json === true
      ? rows.map((row) => jsonLine(row.json)).join('')
      : `${columns(rows.map((r) => r.cells)).join('\n')}\n`;
  await io.out.write(text);
};

/** Prints one thing as lines of text, or as one line of JSON. */
export const printOne = (io: Io, { json }: CommonOptions, value: object, lines: readonly string[]): Promise<void> =>
  io.out.write(json === true ? jsonLine(value) : `${lines.join('\n')}\n`);

/** Tells the person at the terminal something that is no data. Programs and pipes do not get it. */
export const tell = async (io: Io, { json }: CommonOptions, line: string): Promise<void> => {
  if (json !== true && io.err.isTerminal) await io.err.write(`${line}\n`);
};

/** Asks the person to agree. With `--yes` nobody is asked. @throws {CliError} `usage` if there is no terminal to ask on; `declined` if the answer is no */
export const agree = async (io: Io, yes: boolean | undefined, question: string): Promise<void> => {
  if (yes === true) return;
  if (io.questions === undefined) throw usage('there is no terminal to ask on', 'give --yes to agree');
  if (!(await io.questions.yes(question))) throw new CliError('failed', 'declined', 'nothing was done');
};

/** For an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
