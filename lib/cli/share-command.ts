// The command share: gives access that nobody asked for. It shows who gets what, until when, and how many records it is now; then it gives it.
import { Option, type Command } from 'commander';
import {
  RIGHTS,
  RIGHT_FACTS,
  type Folder,
  type GrantInput,
  type RecordInfo,
  type Right,
  type ScopeInput,
} from '../client/node.ts';
import { addCommand, printOne, printRows, type Options } from './app.ts';
import { usage } from './errors.ts';
import { grantRow } from './grant-commands.ts';
import type { Io } from './io.ts';
import { folderNamed, ownRecords, personNamed, recordNamed, whoIs } from './names.ts';
import {
  agreeTo,
  folderIds,
  offerJson,
  offerLines,
  withCounts,
  withGivingOptions,
  type GivingOptions,
  type Offer,
} from './offer.ts';
import { assertOneScope, withScope, withTerms, type ScopeOptions, type TermOptions } from './scope.ts';
import { withSession, type Session } from './session.ts';

interface ShareOptions extends ScopeOptions, TermOptions, GivingOptions {
  readonly right: Right;
}

/** The own folders that the options name. For a record it is the folder that has the record. */
interface Chosen {
  readonly folders: readonly Folder[];
  readonly record?: RecordInfo;
  /** Whether later folders can be included. */
  readonly stands: boolean;
}

const chosenBy = async (io: Io, session: Session, options: ShareOptions): Promise<Chosen> => {
  const every = await session.patient.listFolders({ signal: io.signal });
  const { folder: names, category: categories, record: text } = options;
  if (names !== undefined)
    return { folders: [...new Set(names.map((name) => folderNamed(every, name)))], stands: false };
  if (text !== undefined) {
    const record = recordNamed(await ownRecords(session, every, io.signal), text);
    return { folders: every.filter(({ id }) => id === record.folder), record, stands: false };
  }
  const isChosen = ({ category }: Folder) => categories === undefined || categories.includes(category);
  return { folders: every.filter(isChosen), stands: true };
};

/** The rights to add and to write are for folders that are there now, each by its name. */
const assertRightFits = ({ right, folder, openings }: ShareOptions): void => {
  if (RIGHT_FACTS[right].opensRecords) return;
  if (folder === undefined) throw usage(`the right to ${right} is for folders`, 'give --folder FOLDER');
  if (openings !== undefined) throw usage(`the right to ${right} opens no records`, 'leave out --openings');
};

const offerOf = async (io: Io, session: Session, options: ShareOptions, who: Offer['who']): Promise<Offer> => {
  const { folders, record, stands } = await chosenBy(io, session, options);
  return {
    who,
    rights: [options.right],
    purpose: options.purpose,
    durationSeconds: options.for,
    until: io.clock() + options.for * 1_000,
    openings: options.openings,
    folders: await withCounts(session.patient, folders, io.signal),
    record: record?.record,
    standing: stands && options.onlyNow === undefined,
  };
};

const scopeOf = (offer: Offer, { category, everything }: ShareOptions): ScopeInput => {
  if (offer.record !== undefined) return { record: offer.record };
  if (category !== undefined) return { categories: category };
  return everything === true ? { everything } : { folders: folderIds(offer) };
};

const inputOf = (offer: Offer, options: ShareOptions): GrantInput => ({
  ...scopeOf(offer, options),
  recipient: offer.who.id,
  right: options.right,
  purpose: offer.purpose,
  durationSeconds: offer.durationSeconds,
  ...(offer.openings === undefined ? {} : { openings: offer.openings }),
  ...(offer.standing ? { standing: true } : {}),
});

const share = (io: Io, options: Options<ShareOptions>, text: string): Promise<void> => {
  assertOneScope(options);
  assertRightFits(options);
  return withSession(options, io, async (session) => {
    const { patient } = session;
    const offer = await offerOf(io, session, options, whoIs(session, personNamed(session, text)));
    if (options.dryRun === true) return printOne(io, options, offerJson(offer), offerLines(offer));
    await agreeTo(io, offer, options);
    const grants = await patient.grant(inputOf(offer, options), { signal: io.signal });
    await printRows(io, options, grants.map(grantRow(session, await patient.listFolders({ signal: io.signal }))));
  });
};

export const addShareCommand = (program: Command, io: Io): void => {
  const command = addCommand(program, {
    usage: 'share <person>',
    about: 'give access that nobody asked for; shows exactly what, and asks',
    examples: ['share Praxis --folder Letters --for 30d', 'share Praxis --record 2mv6aqpt --for 1w --openings 3'],
  });
  withTerms(withScope(command)).addOption(
    new Option('--right <right>', 'what the person may do').choices(RIGHTS).default('read'),
  );
  withGivingOptions(command).action((text: string, _: unknown, cmd: Command) =>
    share(io, cmd.optsWithGlobals<Options<ShareOptions>>(), text),
  );
};
