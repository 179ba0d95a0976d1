// The commands grants, pause, resume and revoke: the access that was given to others and got from others.
import type { Command } from 'commander';
import { RIGHT_FACTS, type Folder, type Grant } from '../client/node.ts';
import { addCommand, printRows, tell, type Options, type Row } from './app.ts';
import { isoTime, plural, shortId, timeText } from './format.ts';
import type { Io } from './io.ts';
import { grantNamed, whoIs, whoText, type Known } from './names.ts';
import { folderText } from './record-rows.ts';
import { purposeText } from './scope.ts';
import { withSession, type Session } from './session.ts';

const MOST_NAMES = 3;

/** `Letters, Scans`, or `Letters, Scans, X-rays and 4 more` */
const foldersText = (folders: readonly Folder[], { folders: ids, standing }: Grant): string => {
  const names = ids.slice(0, MOST_NAMES).map((id) => folderText(folders, id));
  const more = ids.length > MOST_NAMES ? ` and ${ids.length - MOST_NAMES} more` : '';
  return `${names.join(', ')}${more}${standing === undefined ? '' : ', and later folders'}`;
};

/** A grant in a list. @param folders the own folders, whose names the user can read */
export const grantRow =
  (known: Known, folders: readonly Folder[]) =>
  (grant: Grant): Row => {
    const given = grant.patient === known.memory.owner;
    const other = whoIs(known, given ? grant.recipient : grant.patient);
    const { id, right, state, purpose, expires, used } = grant;
    return {
      json: {
        grant: id,
        direction: given ? 'given' : 'received',
        with: other,
        right,
        folders: grant.folders,
        standing: grant.standing !== undefined,
        purpose,
        expires: isoTime(expires),
        state,
        used,
      },
      cells: [
        shortId(id),
        state,
        `${given ? 'to' : 'from'} ${whoText(other)}`,
        right,
        `for ${purposeText(purpose)}`,
        `until ${timeText(expires)}`,
        RIGHT_FACTS[right].opensRecords ? plural(used, 'opening') : '',
        foldersText(folders, grant),
      ],
    };
  };

interface GrantsOptions {
  readonly all?: true;
  readonly received?: true;
}

const HAS_ENDED: ReadonlySet<Grant['state']> = new Set(['revoked', 'expired', 'exhausted']);

const list = (io: Io, options: Options<GrantsOptions>): Promise<void> =>
  withSession(options, io, async (session) => {
    const { signal } = io;
    const { patient, recipient } = session;
    const folders = options.received === true ? [] : await patient.listFolders({ signal });
    const { listGrants } = options.received === true ? recipient : patient;
    const grants = await listGrants(undefined, { signal });
    const shown = grants.filter(({ state }) => options.all === true || !HAS_ENDED.has(state));
    await printRows(io, options, shown.map(grantRow(session, folders)));
    if (shown.length === 0) await tell(io, options, 'no grants');
  });

/** Commands that change a grant that the user gave, with the function of the client that does it. */
const CHANGES = [
  {
    name: 'pause',
    about: 'stop access that you gave at once, until you resume it',
    change: ({ patient }: Session, grant: Grant, signal: AbortSignal) => patient.pause(grant, { signal }),
  },
  {
    name: 'resume',
    about: 'let access that you paused go on',
    change: ({ patient }: Session, grant: Grant, signal: AbortSignal) => patient.resume(grant, { signal }),
  },
  {
    name: 'revoke',
    about: 'end access that you gave, at once and for good',
    change: ({ patient }: Session, grant: Grant, signal: AbortSignal) => patient.revoke(grant, undefined, { signal }),
  },
] as const;

const changeGrant = (
  io: Io,
  options: Options<object>,
  text: string,
  { change }: (typeof CHANGES)[number],
): Promise<void> =>
  withSession(options, io, async (session) => {
    const { signal } = io;
    const found = grantNamed(await session.patient.listGrants(undefined, { signal }), text);
    const changed = await change(session, found, signal);
    await printRows(io, options, [grantRow(session, await session.patient.listFolders({ signal }))(changed)]);
  });

export const addGrantCommands = (program: Command, io: Io): void => {
  addCommand(program, {
    usage: 'grants',
    about: 'list the access that you gave, or got from others',
    examples: ['grants', 'grants --received --all'],
  })
    .option('--received', 'list what others gave you')
    .option('--all', 'also list grants that have ended')
    .action((_: unknown, command: Command) => list(io, command.optsWithGlobals<Options<GrantsOptions>>()));
  for (const command of CHANGES)
    addCommand(program, {
      usage: `${command.name} <grant>`,
      about: command.about,
      examples: [`${command.name} 3d5twx2v`],
    }).action((text: string, _: unknown, cmd: Command) =>
      changeGrant(io, cmd.optsWithGlobals<Options<object>>(), text, command),
    );
};
