// The commands init, recover, whoami and register: the identity of a profile.
import type { Command } from 'commander';
import { createIdentity, identityFromWords, qrPayload, safetyNumber, type Identity } from '../client/node.ts';
import { addCommand, printOne, tell, type Options } from './app.ts';
import { CliError, usage } from './errors.ts';
import { visible } from './format.ts';
import { sealIdentity } from './identity-file.ts';
import type { Io, Questions } from './io.ts';
import { personNamed, whoIs, whoText } from './names.ts';
import { newPassphrase } from './passphrase.ts';
import { createFile, readText } from './private-file.ts';
import { filesOf, hasIdentity, makeProfileFolder, profileName, readProfile, saveSettings } from './profile.ts';
import { withSession } from './session.ts';
import { readOrigin } from './settings.ts';

interface InitOptions {
  readonly origin?: string;
  readonly wordsTo?: string;
}

const assertNew = async (folder: string, name: string): Promise<void> => {
  if (await hasIdentity(folder))
    throw new CliError(
      'profile',
      'exists',
      `the profile ${name} has an identity already, and it is not overwritten`,
      'name another profile: pcehr --profile NAME init',
    );
};

/** How many words are asked back. */
const ASKED = 3;
/** How often the person may type each of them. */
const TRIES = 3;

/** Draws three different places from 1 to 24, in rising order. */
const places = (rng: Io['rng']): readonly number[] => {
  const drawn = new Set<number>();
  // 240 is the largest multiple of 24 in a byte, so no place is drawn more often than another.
  while (drawn.size < ASKED)
    for (const byte of rng(ASKED)) if (byte < 240 && drawn.size < ASKED) drawn.add((byte % 24) + 1);
  return [...drawn].sort((a, b) => a - b);
};

const wordLines = (words: string): string => {
  const numbered = words.split(' ').map((word, i) => `${String(i + 1).padStart(2)}. ${word.padEnd(10)}`);
  return Array.from({ length: 6 }, (_, row) =>
    numbered
      .slice(row * 4, row * 4 + 4)
      .join(' ')
      .trimEnd(),
  ).join('\n');
};

/** Asks for a word until it is right, because people mistype. @throws {CliError} `usage` after three wrong words */
const askWord = async ({ text }: Questions, place: number, word: string): Promise<void> => {
  for (let tries = 0; tries < TRIES; tries++) {
    const answer = await text(tries === 0 ? `Word ${place}` : `That was not it. Word ${place}`);
    if (answer.trim().toLowerCase() === word) return;
  }
  throw usage(`this is not word ${place}; no identity was made`, 'run the command again, and write the words down');
};

/** Shows the words once, and asks three of them back. @throws {CliError} `no-terminal`, `usage` for a wrong word */
const teachWords = async (io: Io, words: string): Promise<void> => {
  if (io.questions === undefined)
    throw new CliError(
      'usage',
      'no-terminal',
      'there is no terminal to show the 24 words on',
      'give --words-to FILE to write them to a new file; print it, and delete it',
    );
  const title = 'Write these 24 words on paper. They restore the identity on any device. They are shown once.';
  await io.questions.reveal(`${title}\n\n${wordLines(words)}\n`, 'Are all 24 words on paper?');
  const list = words.split(' ');
  for (const place of places(io.rng)) await askWord(io.questions, place, list[place - 1]!);
};

interface Kept {
  readonly identity: Identity;
  readonly origin: string | undefined;
  readonly passphrase: string;
}

const keep = async (io: Io, folder: string, { identity, origin, passphrase }: Kept): Promise<void> => {
  await createFile(filesOf(folder).identity, await sealIdentity(identity, passphrase, io.scryptLogN));
  await saveSettings(folder, { id: identity.id, ...(origin === undefined ? {} : { origin }) });
};

/** The command to run next, as the person types it. */
const next = (name: string, origin: string | undefined): string => {
  const command = name === 'default' ? 'pcehr' : `pcehr --profile ${name}`;
  return `next: ${command} ${origin === undefined ? 'config origin ADDRESS' : 'register'}`;
};

const init = async (io: Io, options: Options<InitOptions>): Promise<void> => {
  const name = profileName(options, io);
  const folder = await makeProfileFolder(name, io);
  await assertNew(folder, name);
  const origin = options.origin === undefined ? undefined : readOrigin(options.origin);
  const passphrase = await newPassphrase(options, io);
  const { identity, words } = createIdentity(io.rng);
  if (options.wordsTo === undefined) await teachWords(io, words);
  else await createFile(options.wordsTo, `${words}\n`);
  await keep(io, folder, { identity, origin, passphrase });
  await printOne(io, options, { profile: name, id: identity.id, folder }, [identity.id]);
  await tell(io, options, next(name, origin));
};

interface RecoverOptions {
  readonly origin?: string;
  readonly wordsFile?: string;
}

const askWords = async (io: Io, { wordsFile }: RecoverOptions): Promise<string> => {
  if (wordsFile !== undefined) {
    const text = await readText(wordsFile);
    if (text === undefined) throw usage(`there is no file ${wordsFile}`);
    return text;
  }
  if (io.questions === undefined)
    throw new CliError('usage', 'no-terminal', 'there is no terminal to ask for the words', 'give --words-file FILE');
  return io.questions.text('The 24 words');
};

const recover = async (io: Io, options: Options<RecoverOptions>): Promise<void> => {
  const name = profileName(options, io);
  const folder = await makeProfileFolder(name, io);
  await assertNew(folder, name);
  const origin = options.origin === undefined ? undefined : readOrigin(options.origin);
  const identity = identityFromWords(await askWords(io, options));
  await keep(io, folder, { identity, origin, passphrase: await newPassphrase(options, io) });
  await printOne(io, options, { profile: name, id: identity.id, folder }, [identity.id]);
  await tell(io, options, next(name, origin));
};

const whoami = async (io: Io, options: Options<{ readonly with?: string }>): Promise<void> => {
  const profile = await readProfile(options, io);
  const { id, origin } = profile.settings;
  const facts = { profile: profile.name, id, code: qrPayload(id), origin: origin ?? null, folder: profile.folder };
  const lines = [
    `profile  ${profile.name}`,
    `id       ${id}`,
    `code     ${facts.code}`,
    `service  ${origin ?? '(none)'}`,
    `folder   ${profile.folder}`,
  ];
  if (options.with === undefined) return printOne(io, options, facts, lines);
  const other = whoIs(profile, personNamed(profile, options.with));
  const number = safetyNumber(id, other.id);
  const more = { with: { ...other, safetyNumber: number } };
  return printOne(io, options, { ...facts, ...more }, [...lines, '', `safety number with ${whoText(other)}`, number]);
};

const register = (io: Io, options: Options<{ readonly name?: string }>): Promise<void> =>
  withSession(options, io, async ({ patient }) => {
    const { name } = options;
    const { payload } = await patient.register({ ...(name === undefined ? {} : { name }), signal: io.signal });
    const facts = { id: payload.id, name: payload.name ?? null };
    await printOne(io, options, facts, [
      `registered ${payload.id}${payload.name === undefined ? '' : ` as ${visible(payload.name)}`}`,
    ]);
  });

export const addIdentityCommands = (program: Command, io: Io): void => {
  addCommand(program, {
    usage: 'init',
    about: 'make an identity: 24 words on paper, and a file under a passphrase',
    examples: [
      'init --origin https://api.example.org',
      '--profile praxis init --words-to words.txt --passphrase-file pass.txt',
    ],
  })
    .option('--origin <address>', 'address of the service')
    .option('--words-to <file>', 'write the words to a new file, and do not show them; print the file, and delete it')
    .action((options: InitOptions, command: Command) => init(io, command.optsWithGlobals<Options<InitOptions>>()));
  addCommand(program, {
    usage: 'recover',
    about: 'restore an identity from its 24 words, under a new passphrase',
    examples: ['--profile new-laptop recover --origin https://api.example.org'],
  })
    .option('--origin <address>', 'address of the service')
    .option('--words-file <file>', 'read the words from a file')
    .action((_: unknown, command: Command) => recover(io, command.optsWithGlobals<Options<RecoverOptions>>()));
  addCommand(program, {
    usage: 'whoami',
    about: 'show the own id, and the code that others scan; asks no passphrase',
    examples: ['whoami', 'whoami --with "Dr. May"'],
  })
    .option('--with <person>', 'also show the safety number to compare with this person')
    .action((_: unknown, command: Command) =>
      whoami(io, command.optsWithGlobals<Options<{ readonly with?: string }>>()),
    );
  addCommand(program, {
    usage: 'register',
    about: 'register the identity at the service; needed once before all else',
    examples: ['register', '--profile praxis register --name "Praxis am Markt"'],
  })
    .option('--name <name>', 'public name of an organisation; patients give none')
    .action((_: unknown, command: Command) =>
      register(io, command.optsWithGlobals<Options<{ readonly name?: string }>>()),
    );
};
