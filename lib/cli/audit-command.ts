// The command audit: who did what, when and why, from the verified trail of the patient.
import { Option, type Command } from 'commander';
import { purposesIn, type Folder, type TrailEntry } from '../client/node.ts';
import { addCommand, printRows, type Options, type Row } from './app.ts';
import { isoTime, plural, readTime, shortId, timeText } from './format.ts';
import type { Io } from './io.ts';
import { folderNamed, personNamed, whoIs, whoText, type Known } from './names.ts';
import { folderText } from './record-rows.ts';
import { purposeText } from './scope.ts';
import { withSession } from './session.ts';

/** What each event is called. */
const WORDS: Readonly<Record<TrailEntry['kind'], string>> = {
  registered: 'registered',
  'folder-created': 'made a folder',
  'epoch-started': 'gave a folder a new key',
  'record-filed': 'filed',
  'record-deleted': 'deleted',
  'access-requested': 'asked for access',
  'request-denied': 'denied a request',
  'request-withdrawn': 'withdrew a request',
  'access-granted': 'gave access',
  'grant-extended': 'extended access',
  'grant-paused': 'paused access',
  'grant-resumed': 'resumed access',
  'grant-revoked': 'ended access',
  'grant-returned': 'gave access back',
  'records-opened': 'opened',
};

interface AuditOptions {
  readonly who?: string;
  readonly folder?: string;
  readonly since?: number;
  readonly until?: number;
  readonly openings?: true;
}

type Purposes = ReturnType<typeof purposesIn>;

const purposeOf = ({ subject }: TrailEntry, purposes: Purposes) =>
  subject.purpose ?? (subject.grant === undefined ? undefined : purposes.get(subject.grant));

/** `opened 2mv6aqpt` */
const deedText = ({ kind, subject: { records = [] } }: TrailEntry): string => {
  const ids = records.map(({ record }) => shortId(record));
  return [WORDS[kind], ids.length > 3 ? plural(ids.length, 'record') : ids.join(', ')].join(' ').trim();
};

const eventRow =
  (known: Known, folders: readonly Folder[], purposes: Purposes) =>
  (event: TrailEntry): Row => {
    const who = whoIs(known, event.actor);
    const purpose = purposeOf(event, purposes);
    const { folder, folders: several = [] } = event.subject;
    const within = folder === undefined ? several : [folder];
    return {
      json: {
        seq: event.seq,
        at: isoTime(event.at),
        kind: event.kind,
        who,
        ...event.subject,
        ...(purpose === undefined ? {} : { purpose }),
      },
      cells: [
        String(event.seq),
        timeText(event.at),
        whoText(who),
        deedText(event),
        within.map((id) => folderText(folders, id)).join(', '),
        purpose === undefined ? '' : `for ${purposeText(purpose)}`,
      ],
    };
  };

const audit = (io: Io, options: Options<AuditOptions>): Promise<void> =>
  withSession(options, io, async (session) => {
    const { signal } = io;
    const folders = await session.patient.listFolders({ signal });
    const events = await session.patient.audit({ signal });
    const who = options.who === undefined ? undefined : personNamed(session, options.who);
    const folder = options.folder === undefined ? undefined : folderNamed(folders, options.folder).id;
    const { since = 0, until = Infinity } = options;
    const shown = events.filter(
      ({ kind, actor, at, subject }) =>
        (who === undefined || actor === who) &&
        (folder === undefined || subject.folder === folder || subject.folders?.includes(folder) === true) &&
        (options.openings === undefined || kind === 'records-opened') &&
        at >= since &&
        at <= until,
    );
    await printRows(io, options, shown.map(eventRow(session, folders, purposesIn(events))));
  });

export const addAuditCommand = (program: Command, io: Io): void => {
  addCommand(program, {
    usage: 'audit',
    about: 'show who did what, when and why; the whole trail is verified first',
    examples: ['audit', 'audit --openings --who Praxis --since 2026-03-01'],
  })
    .option('--who <person>', 'only what this person did')
    .option('-f, --folder <folder>', 'only what is about this folder')
    .option('--openings', 'only openings of records')
    .addOption(new Option('--since <time>', 'only from this time on, in UTC').argParser(readTime))
    .addOption(new Option('--until <time>', 'only up to this time, in UTC').argParser(readTime))
    .action((_: unknown, command: Command) => audit(io, command.optsWithGlobals<Options<AuditOptions>>()));
};
