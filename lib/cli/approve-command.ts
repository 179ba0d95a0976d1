// The command approve: shows who gets what, for what purpose, until when, and how many records it is now; then gives it, or less.
import { Option, type Command } from 'commander';
import type { AccessRequest, ApproveOptions, Folder, Right } from '../client/node.ts';
import { addCommand, agree, collect, printOne, printRows, type Options } from './app.ts';
import { CliError, usage } from './errors.ts';
import { isoTime, plural, readDuration, shortId, timeText, visible } from './format.ts';
import { grantRow } from './grant-commands.ts';
import type { Io } from './io.ts';
import { folderNamed, requestNamed, whoIs, whoText, type Who } from './names.ts';
import { termsText, withRights } from './scope.ts';
import { withSession, type Session } from './session.ts';

interface Narrower {
  readonly folder?: readonly string[];
  readonly right?: readonly Right[];
  readonly for?: number;
  readonly openings?: number;
  readonly onlyNow?: true;
  readonly unverified?: true;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** What an approval gives, as it is shown before the question. */
interface Offer {
  readonly request: AccessRequest;
  readonly who: Who;
  readonly rights: readonly Right[];
  readonly durationSeconds: number;
  readonly until: number;
  readonly openings: number | undefined;
  readonly folders: readonly { readonly folder: Folder; readonly records: number }[];
  /** Whether later folders are included. */
  readonly standing: boolean;
}

const offerOf = async (io: Io, session: Session, request: AccessRequest, options: Narrower): Promise<Offer> => {
  const { signal } = io;
  const { patient } = session;
  const asked = await patient.preview(request, { signal });
  const chosen = options.folder === undefined ? asked : options.folder.map((text) => folderNamed(asked, text));
  const folders = [];
  for (const folder of chosen) {
    const records = await patient.listRecords(folder.id, { signal });
    folders.push({ folder, records: records.filter(({ state }) => state === 'committed').length });
  }
  const durationSeconds = options.for ?? request.durationSeconds;
  const stands = 'everything' in request.scope || 'categories' in request.scope;
  return {
    request,
    who: whoIs(session, request.recipient),
    rights: options.right ?? request.rights,
    durationSeconds,
    until: io.clock() + durationSeconds * 1_000,
    openings: options.openings,
    folders,
    standing: stands && options.folder === undefined && options.onlyNow === undefined,
  };
};

const offerLines = (offer: Offer): readonly string[] => [
  `who      ${whoText(offer.who)}`,
  `what     ${termsText(offer.rights, offer.durationSeconds, offer.request.purpose)}`,
  `until    ${timeText(offer.until)}${offer.openings === undefined ? '' : `, at most ${plural(offer.openings, 'opening')}`}`,
  ...offer.folders.map(({ folder, records }) => `folder   ${visible(folder.name)}: ${plural(records, 'record')}`),
  ...(offer.standing ? ['         and folders that you make later'] : []),
  ...('record' in offer.request.scope ? [`only     the record ${shortId(offer.request.scope.record)}`] : []),
];

const offerJson = (offer: Offer): object => ({
  request: offer.request.id,
  who: offer.who,
  rights: offer.rights,
  purpose: offer.request.purpose,
  durationSeconds: offer.durationSeconds,
  until: isoTime(offer.until),
  ...(offer.openings === undefined ? {} : { openings: offer.openings }),
  folders: offer.folders.map(({ folder: { id, name }, records }) => ({ id, name, records })),
  standing: offer.standing,
});

const approveOptions = (offer: Offer, options: Narrower, signal: AbortSignal): ApproveOptions => ({
  ...(options.folder === undefined ? {} : { folders: offer.folders.map(({ folder }) => folder.id) }),
  rights: offer.rights,
  durationSeconds: offer.durationSeconds,
  ...(offer.openings === undefined ? {} : { openings: offer.openings }),
  ...(options.onlyNow === undefined ? {} : { standing: false }),
  unverifiedRecipient: options.unverified === true,
  signal,
});

const assertVerified = ({ who }: Offer, { unverified }: Narrower): void => {
  if (!who.verified && unverified === undefined)
    throw new CliError(
      'usage',
      'unverified-recipient',
      `${whoText(who)}: you have not compared safety numbers with this person`,
      `run: pcehr contacts verify ${who.name === undefined ? who.id : visible(who.name)}`,
    );
};

const approve = (io: Io, options: Options<Narrower>, text: string): Promise<void> =>
  withSession(options, io, async (session) => {
    const { patient } = session;
    const request = requestNamed(await patient.listRequests('pending', { signal: io.signal }), text);
    const offer = await offerOf(io, session, request, options);
    if (options.dryRun === true) return printOne(io, options, offerJson(offer), offerLines(offer));
    assertVerified(offer, options);
    await agree(io, options.yes, `${offerLines(offer).join('\n')}\nGive this?`);
    const grants = await patient.approve(request, approveOptions(offer, options, io.signal));
    await printRows(
      io,
      options,
      grants.map(
        grantRow(
          session,
          offer.folders.map(({ folder }) => folder),
        ),
      ),
    );
  });

const readOpenings = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw usage(`'${visible(text)}' is no number of openings`);
  return Number(text);
};

export const addApproveCommand = (program: Command, io: Io): void => {
  const command = addCommand(program, {
    usage: 'approve <request>',
    about: 'give what a request asks for, or less; shows exactly what, and asks',
    examples: ['approve 5kq2wz7m', 'approve 5kq2wz7m --folder Letters --for 7d --openings 10'],
  });
  withRights(command)
    .option('-f, --folder <folder>', 'give this folder only; can be given several times', collect)
    .addOption(new Option('--for <duration>', 'give it for less time').argParser(readDuration))
    .addOption(new Option('--openings <number>', 'at most so many openings of a record').argParser(readOpenings))
    .option('--only-now', 'leave out folders that you make later')
    .option('--unverified', 'give it to a person whom you have not verified')
    .option('--dry-run', 'show what would be given, and give nothing')
    .option('-y, --yes', 'do not ask')
    .action((text: string, _: unknown, cmd: Command) => approve(io, cmd.optsWithGlobals<Options<Narrower>>(), text));
};
