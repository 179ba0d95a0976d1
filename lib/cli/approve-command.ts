// The command approve: shows who gets what, for what purpose, until when, and how many records it is now; then gives it, or less.
import { Option, type Command } from 'commander';
import { RIGHTS, type AccessRequest, type ApproveOptions, type Right } from '../client/node.ts';
import { addCommand, collect, printOne, printRows, type Options } from './app.ts';
import { readDuration } from './format.ts';
import { grantRow } from './grant-commands.ts';
import type { Io } from './io.ts';
import { folderNamed, openRequestNamed, whoIs } from './names.ts';
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
import { withRights } from './scope.ts';
import { withSession, type Session } from './session.ts';

interface Narrower extends GivingOptions {
  readonly folder?: readonly string[];
  readonly right?: readonly Right[];
  readonly for?: number;
}

const offerOf = async (io: Io, session: Session, request: AccessRequest, options: Narrower): Promise<Offer> => {
  const { signal } = io;
  const { patient } = session;
  const asked = await patient.preview(request, { signal });
  const chosen = options.folder === undefined ? asked : options.folder.map((text) => folderNamed(asked, text));
  const durationSeconds = options.for ?? request.durationSeconds;
  const { scope } = request;
  const stands = 'everything' in scope || 'categories' in scope;
  return {
    who: whoIs(session, request.recipient),
    rights: options.right ?? request.rights,
    purpose: request.purpose,
    durationSeconds,
    until: io.clock() + durationSeconds * 1_000,
    openings: options.openings,
    folders: await withCounts(patient, chosen, signal),
    record: 'record' in scope ? scope.record : undefined,
    standing: stands && options.folder === undefined && options.onlyNow === undefined,
  };
};

const approveOptions = (offer: Offer, options: Narrower, signal: AbortSignal): ApproveOptions => ({
  ...(options.folder === undefined ? {} : { folders: folderIds(offer) }),
  rights: offer.rights,
  durationSeconds: offer.durationSeconds,
  ...(offer.openings === undefined ? {} : { openings: offer.openings }),
  ...(options.onlyNow === undefined ? {} : { standing: false }),
  unverifiedRecipient: options.unverified === true,
  signal,
});

const approve = (io: Io, options: Options<Narrower>, text: string): Promise<void> =>
  withSession(options, io, async (session) => {
    const { patient } = session;
    const request = await openRequestNamed(patient, text, io.signal);
    const offer = await offerOf(io, session, request, options);
    if (options.dryRun === true)
      return printOne(io, options, { request: request.id, ...offerJson(offer) }, offerLines(offer));
    await agreeTo(io, offer, options);
    const grants = await patient.approve(request, approveOptions(offer, options, io.signal));
    const row = grantRow(
      session,
      offer.folders.map(({ folder }) => folder),
    );
    await printRows(io, options, grants.map(row));
  });

export const addApproveCommand = (program: Command, io: Io): void => {
  const command = addCommand(program, {
    usage: 'approve <request>',
    about: 'give what a request asks for, or less; shows exactly what, and asks',
    examples: ['approve 5kq2wz7m', 'approve 5kq2wz7m --folder Letters --for 7d --openings 10'],
  });
  withRights(
    command,
    `give only this right: ${RIGHTS.join(', ')}; can be given several times (default: all that the request asks for)`,
  )
    .option('-f, --folder <folder>', 'give this folder only; can be given several times', collect)
    .addOption(new Option('--for <duration>', 'give it for less time').argParser(readDuration));
  withGivingOptions(command).action((text: string, _: unknown, cmd: Command) =>
    approve(io, cmd.optsWithGlobals<Options<Narrower>>(), text),
  );
};
