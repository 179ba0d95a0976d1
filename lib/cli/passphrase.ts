// Gets the passphrase of an identity: from a file, from a file descriptor, or from the person at the terminal. There is no option and no environment variable
// that has the passphrase itself, because other processes and the shell's history could show it.
import { read } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { CliError, usage } from './errors.ts';
import type { Io } from './io.ts';

export interface PassphraseOptions {
  readonly passphraseFile?: string | undefined;
  readonly passphraseFd?: number | undefined;
}

/** Fewest characters of a new passphrase. Scrypt makes each guess slow, but not impossible. */
const SHORTEST = 8;
/** Most bytes that are read for a passphrase. */
const LONGEST = 4_096;

const readSome = promisify(read);

/** The first line, without its line end. */
const firstLine = (bytes: Buffer): string => bytes.toString('utf8').split(/\r?\n/, 1)[0]!;

const readDescriptor = async (fd: number): Promise<string> => {
  const bytes = Buffer.alloc(LONGEST);
  let length = 0;
  while (length < LONGEST && !bytes.subarray(0, length).includes(0x0a)) {
    const { bytesRead } = await readSome(fd, bytes, length, LONGEST - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return firstLine(bytes.subarray(0, length));
};

/** Others must not be able to read the file. A pipe such as `<(command)` has no such mode. */
const assertPrivate = async (path: string): Promise<void> => {
  const info = await stat(path);
  if (info.isFile() && (info.mode & 0o077) !== 0)
    throw usage(`others can read the passphrase file ${path}`, `run: chmod 600 ${path}`);
};

const readPath = async (path: string): Promise<string> => {
  await assertPrivate(path);
  const file = await open(path, 'r');
  try {
    return await readDescriptor(file.fd);
  } finally {
    await file.close();
  }
};

const given = async ({ passphraseFile, passphraseFd }: PassphraseOptions, io: Io): Promise<string | undefined> => {
  if (passphraseFd !== undefined) return readDescriptor(passphraseFd);
  const path = passphraseFile ?? io.env['PCEHR_PASSPHRASE_FILE'];
  return path === undefined ? undefined : readPath(path);
};

const noTerminal = (): CliError =>
  new CliError(
    'usage',
    'no-terminal',
    'there is no terminal to ask for the passphrase',
    'give --passphrase-file FILE or --passphrase-fd NUMBER',
  );

/** Gets the passphrase of an existing identity. @throws {CliError} `no-terminal` */
export const askPassphrase = async (options: PassphraseOptions, io: Io, profile: string): Promise<string> => {
  const known = await given(options, io);
  if (known !== undefined) return known;
  if (io.questions === undefined) throw noTerminal();
  return io.questions.secret(`Passphrase of the profile ${profile}`);
};

const assertLongEnough = (passphrase: string): string => {
  if (Array.from(passphrase).length < SHORTEST)
    throw usage(
      `the passphrase is shorter than ${SHORTEST} characters`,
      'take four or five words that nobody can guess',
    );
  return passphrase;
};

/** Gets a new passphrase; at a terminal twice. @throws {CliError} `usage` if it is short or the two differ; `no-terminal` */
export const newPassphrase = async (options: PassphraseOptions, io: Io): Promise<string> => {
  const known = await given(options, io);
  if (known !== undefined) return assertLongEnough(known);
  if (io.questions === undefined) throw noTerminal();
  const first = assertLongEnough(await io.questions.secret('New passphrase'));
  if ((await io.questions.secret('The same passphrase again')) !== first) throw usage('the two passphrases differ');
  return first;
};
