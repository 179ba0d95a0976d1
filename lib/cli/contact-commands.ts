// The commands contacts add, ls, verify and rm: the names that the user gives to ids, and whether an id was verified in person.
import type { Command } from 'commander';
import { readQrPayload, safetyNumber, type IdentityId } from '../client/node.ts';
import { addCommand, agree, printOne, printRows, type Options, type Row } from './app.ts';
import { CliError, usage } from './errors.ts';
import { visible } from './format.ts';
import type { Io } from './io.ts';
import { personId, personNamed, whoIs, whoText, type Who } from './names.ts';
import { readProfile, saveContacts, saveMemory, type Profile } from './profile.ts';
import { withProfile } from './session.ts';

const LONGEST = 60;

/** Checks a name that the user gives. It must not look like an id or an option, and must have no invisible characters. */
const readName = (text: string): string => {
  const name = text.trim();
  if (name === '' || name.length > LONGEST || visible(name) !== name || /^(-|ehr1|PCEHR1:)/.test(name))
    throw usage(`'${visible(text)}' is no name for a contact`, `use 1 to ${LONGEST} visible characters`);
  return name;
};

const contactRow = (who: Who): Row => ({
  json: { id: who.id, name: who.name ?? null, verified: who.verified },
  cells: [visible(who.name ?? ''), who.verified ? 'verified' : 'not verified', who.id],
});

const add = (io: Io, options: Options<object>, text: string, idText: string): Promise<void> =>
  withProfile(options, io, async (profile) => {
    const [name, id] = [readName(text), personId(idText)];
    const taken = profile.contacts.find((c) => c.name === name || c.id === id);
    if (taken !== undefined)
      throw usage(
        `there is a contact of this ${taken.name === name ? 'name' : 'id'}: ${taken.name}`,
        'run: pcehr contacts ls',
      );
    const contacts = [...profile.contacts, { name, id }];
    await saveContacts(profile.folder, contacts);
    await printRows(io, options, [contactRow(whoIs({ ...profile, contacts }, id))]);
  });

const list = async (io: Io, options: Options<object>): Promise<void> => {
  const profile = await readProfile(options, io);
  const rows = profile.contacts.map(({ id }) => contactRow(whoIs(profile, id)));
  await printRows(io, options, rows);
};

const remove = (io: Io, options: Options<object>, text: string): Promise<void> =>
  withProfile(options, io, async (profile) => {
    const id = personNamed(profile, text);
    await saveContacts(
      profile.folder,
      profile.contacts.filter((c) => c.id !== id),
    );
  });

interface VerifyOptions {
  readonly code?: string;
  readonly safetyNumber?: string;
}

const differs = (): CliError =>
  new CliError(
    'unverified',
    'not-the-same',
    'this is not the contact: the two do not agree',
    'do not give access to this contact; ask the person for the id again',
  );

/** Compares what the other person showed with the contact. @throws {CliError} `not-the-same`, `declined` */
const compare = async (io: Io, options: Options<VerifyOptions>, own: IdentityId, other: Who): Promise<void> => {
  const number = safetyNumber(own, other.id);
  if (options.code !== undefined) {
    if (readQrPayload(options.code) !== other.id) throw differs();
  } else if (options.safetyNumber !== undefined) {
    if (options.safetyNumber.replaceAll(/\D/g, '') !== number.replaceAll(' ', '')) throw differs();
  } else {
    const question = `Does ${whoText(other)} see the same safety number?\n${number}`;
    if (io.questions === undefined)
      throw usage('there is no terminal to ask on', 'give --code or --safety-number, as the other person shows it');
    await agree(io, undefined, question);
  }
};

const verify = async (io: Io, options: Options<VerifyOptions>, text: string): Promise<void> => {
  const known: Profile = await readProfile(options, io);
  const id = personNamed(known, text);
  await compare(io, options, known.settings.id, whoIs(known, id));
  await withProfile(options, io, async (profile) => {
    profile.memory.noteVerified(id);
    await saveMemory(profile.folder, profile.memory.export());
    const who = whoIs(profile, id);
    await printOne(io, options, contactRow(who).json, [whoText(who)]);
  });
};

export const addContactCommands = (program: Command, io: Io): void => {
  const contacts = program.command('contacts').description('name people, and verify them');
  addCommand(contacts, {
    usage: 'add <name> <id>',
    about: 'name an id, or the text of its code',
    examples: ['contacts add "Dr. May" ehr1pr4jt5...'],
  }).action((name: string, id: string, _: unknown, command: Command) =>
    add(io, command.optsWithGlobals<Options<object>>(), name, id),
  );
  addCommand(contacts, { usage: 'ls', about: 'list the contacts', examples: ['contacts ls'] }).action(
    (_: unknown, command: Command) => list(io, command.optsWithGlobals<Options<object>>()),
  );
  addCommand(contacts, {
    usage: 'verify <person>',
    about: 'compare safety numbers with a person, who must be there or on the telephone',
    examples: ['contacts verify "Dr. May"', 'contacts verify "Dr. May" --code PCEHR1:EHR1PR4JT5...'],
  })
    .option('--code <text>', 'the text of the code that the other person shows')
    .option('--safety-number <digits>', 'the sixty digits that the other person sees')
    .action((name: string, _: unknown, command: Command) =>
      verify(io, command.optsWithGlobals<Options<VerifyOptions>>(), name),
    );
  addCommand(contacts, {
    usage: 'rm <person>',
    about: 'forget the name of a person',
    examples: ['contacts rm "Dr. May"'],
  }).action((name: string, _: unknown, command: Command) =>
    remove(io, command.optsWithGlobals<Options<object>>(), name),
  );
};
