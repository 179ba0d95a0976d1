// The options by which commands name what a request or grant is about, and the words that describe it. Pure.
import { Option, type Command } from 'commander';
import {
  CATEGORIES,
  parseId,
  PURPOSES,
  PURPOSE_TEXTS,
  RIGHTS,
  type AccessRequest,
  type Category,
  type FolderId,
  type Purpose,
  type RecordId,
  type Right,
  type ScopeInput,
} from '../client/node.ts';
import { collect } from './app.ts';
import { usage } from './errors.ts';
import { durationText, plural, readDuration, shortId, visible } from './format.ts';

export interface ScopeOptions {
  readonly folder?: readonly string[];
  readonly category?: readonly Category[];
  readonly everything?: true;
  readonly record?: string;
}

export interface TermOptions {
  readonly purpose: Purpose;
  /** Seconds. */
  readonly for: number;
}

/** Adds the options of a scope and the options `--purpose` and `--for`. */
export const withScope = (command: Command): Command =>
  command
    .option('-f, --folder <folder>', 'a folder; can be given several times', collect)
    .addOption(
      new Option(
        '--category <category>',
        `folders of a category: ${CATEGORIES.join(', ')}; can be given several times`,
      ).argParser((value: string, before?: readonly string[]) => {
        if (!(CATEGORIES as readonly string[]).includes(value))
          throw usage(`there is no category '${visible(value)}'`, `the categories are ${CATEGORIES.join(', ')}`);
        return collect(value, before);
      }),
    )
    .option('--everything', 'all folders')
    .option('--record <id>', 'one record');

export const withTerms = (command: Command): Command =>
  command
    .addOption(new Option('--purpose <code>', 'why; the codes are those of HL7').choices(PURPOSES).default('TREAT'))
    .addOption(
      new Option('--for <duration>', 'how long, such as 30d, 12h or 4w').argParser(readDuration).makeOptionMandatory(),
    );

/** Adds the option `--right`, with the help that the command gives it. */
export const withRights = (command: Command, about: string): Command =>
  command.addOption(
    new Option('--right <right>', about).argParser((value: string, before?: readonly string[]) => {
      if (!(RIGHTS as readonly string[]).includes(value))
        throw usage(`there is no right '${visible(value)}'`, `the rights are ${RIGHTS.join(', ')}`);
      return collect(value, before);
    }),
  );

const idFrom = <T extends FolderId | RecordId>(what: string, list: string, text: string): T => {
  try {
    return parseId<T>(text);
  } catch {
    throw usage(
      `'${visible(text)}' is no id of a ${what}`,
      `an id has 26 characters; the patient's "pcehr ${list} --json" shows it`,
    );
  }
};

/** @throws {CliError} `usage` unless the options name folders, categories, everything or a record, and only one of them */
export const assertOneScope = ({ folder, category, everything, record }: ScopeOptions): void => {
  if ([folder, category, everything, record].filter((value) => value !== undefined).length !== 1)
    throw usage('say what it is about, in one way', 'give --folder, --category, --everything or --record');
};

/** Reads the scope of a request. The folders of somebody else have ids only. @throws {CliError} `usage` */
export const scopeFrom = (options: ScopeOptions): ScopeInput => {
  assertOneScope(options);
  const { folder, category, everything, record } = options;
  return {
    ...(folder === undefined ? {} : { folders: folder.map((f) => idFrom<FolderId>('folder', 'folders', f)) }),
    ...(category === undefined ? {} : { categories: category }),
    ...(everything === undefined ? {} : { everything }),
    ...(record === undefined ? {} : { record: idFrom<RecordId>('record', 'ls', record) }),
  };
};

/** `all folders`, `folders of laboratory, letters`, `2 folders: gj73zl6j, zu6u5nef`, `one record: znfozce2` */
export const scopeText = (scope: AccessRequest['scope']): string => {
  if ('everything' in scope) return 'all folders';
  if ('categories' in scope) return `folders of ${scope.categories.join(', ')}`;
  if ('folders' in scope) return `${plural(scope.folders.length, 'folder')}: ${scope.folders.map(shortId).join(', ')}`;
  return `one record: ${shortId(scope.record)}`;
};

export const purposeText = (purpose: Purpose): string => PURPOSE_TEXTS[purpose];

/** `read for 30 days, for treatment` */
export const termsText = (rights: readonly Right[], seconds: number, purpose: Purpose): string =>
  `${rights.join(' and ')} for ${durationText(seconds)}, for ${purposeText(purpose)}`;
