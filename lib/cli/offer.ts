// Describes the access that approve and share are about to give: who gets what, for what purpose, until when, and how many records it is now.
import { Option, type Command } from 'commander';
import type { Folder, FolderId, Patient, Purpose, RecordId, Right } from '../client/node.ts';
import { agree } from './app.ts';
import { CliError, usage } from './errors.ts';
import { isoTime, plural, shortId, timeText, visible } from './format.ts';
import type { Io } from './io.ts';
import { whoText, type Who } from './names.ts';
import { termsText } from './scope.ts';

/** Options of each command that gives access. */
export interface GivingOptions {
  readonly openings?: number;
  readonly onlyNow?: true;
  readonly unverified?: true;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** The access that a command is about to give, as it is shown before the question. */
export interface Offer {
  readonly who: Who;
  readonly rights: readonly Right[];
  readonly purpose: Purpose;
  readonly durationSeconds: number;
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly openings: number | undefined;
  readonly folders: readonly { readonly folder: Folder; readonly records: number }[];
  /** Present if only this record of the folder is given. */
  readonly record: RecordId | undefined;
  /** Whether later folders are included. */
  readonly standing: boolean;
}

/** Counts the records in one folder after the other. */
export const withCounts = async (
  { listRecords }: Pick<Patient, 'listRecords'>,
  chosen: readonly Folder[],
  signal: AbortSignal,
): Promise<Offer['folders']> => {
  const folders: { readonly folder: Folder; readonly records: number }[] = [];
  for (const folder of chosen) {
    const records = await listRecords(folder.id, { signal });
    folders.push({ folder, records: records.filter(({ state }) => state === 'committed').length });
  }
  return folders;
};

export const offerLines = (offer: Offer): readonly string[] => [
  `who      ${whoText(offer.who)}`,
  `what     ${termsText(offer.rights, offer.durationSeconds, offer.purpose)}`,
  `until    ${timeText(offer.until)}${offer.openings === undefined ? '' : `, at most ${plural(offer.openings, 'opening')}`}`,
  ...offer.folders.map(({ folder, records }) => `folder   ${visible(folder.name)}: ${plural(records, 'record')}`),
  ...(offer.standing ? ['         and folders that you make later'] : []),
  ...(offer.record === undefined ? [] : [`only     the record ${shortId(offer.record)}`]),
];

export const offerJson = (offer: Offer): object => ({
  who: offer.who,
  rights: offer.rights,
  purpose: offer.purpose,
  durationSeconds: offer.durationSeconds,
  until: isoTime(offer.until),
  ...(offer.openings === undefined ? {} : { openings: offer.openings }),
  folders: offer.folders.map(({ folder: { id, name }, records }) => ({ id, name, records })),
  ...(offer.record === undefined ? {} : { record: offer.record }),
  standing: offer.standing,
});

export const folderIds = ({ folders }: Offer): readonly FolderId[] => folders.map(({ folder }) => folder.id);

/** @throws {CliError} `unverified-recipient` if the user has not verified the person, unless the command line says that this is intended */
const assertVerified = ({ who }: Offer, { unverified }: GivingOptions): void => {
  if (!who.verified && unverified === undefined)
    throw new CliError(
      'usage',
      'unverified-recipient',
      `${whoText(who)}: you have not compared safety numbers with this person`,
      `run: pcehr contacts verify ${who.name === undefined ? who.id : visible(who.name)}`,
    );
};

/** Asks the person to agree to what is given. @throws {CliError} `unverified-recipient`, `usage`, `declined` */
export const agreeTo = async (io: Io, offer: Offer, options: GivingOptions): Promise<void> => {
  assertVerified(offer, options);
  await agree(io, options.yes, `${offerLines(offer).join('\n')}\nGive this?`);
};

const readOpenings = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw usage(`'${visible(text)}' is no number of openings`);
  return Number(text);
};

export const withGivingOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--openings <number>',
        'at most so many records opened in all; each opening of a record counts',
      ).argParser(readOpenings),
    )
    .option('--only-now', 'leave out folders that you make later')
    .option('--unverified', 'give it to a person whom you have not verified')
    .option('--dry-run', 'show what would be given, and give nothing')
    .option('-y, --yes', 'do not ask');
