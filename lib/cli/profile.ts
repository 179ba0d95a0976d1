// A profile: the folder with one identity, the address of its service, its contacts, and what its client remembers. Nothing here needs the passphrase.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemory, createTrail, importMemory, parseIdentityId } from '../client/node.ts';
import type { IdentityId, Memory, Trail, TrailSnapshot } from '../client/node.ts';
import { CliError, usage } from './errors.ts';
import { visible } from './format.ts';
import type { Io } from './io.ts';
import { readJson, readText, replaceFile } from './private-file.ts';

/** profile.json. It has no secret. */
export interface Settings {
  readonly id: IdentityId;
  /** The address of the API, such as `https://api.example.org`. */
  readonly origin?: string;
  readonly serviceKey?: string;
  readonly storageOrigins?: readonly string[];
}

/** A person or organisation that the user has named. */
export interface Contact {
  readonly name: string;
  readonly id: IdentityId;
}

export interface Profile {
  readonly name: string;
  readonly folder: string;
  readonly settings: Settings;
  readonly contacts: readonly Contact[];
  readonly memory: Memory;
  readonly trail: Trail;
}

export interface ProfileOptions {
  readonly profile?: string | undefined;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Returns the name of the chosen profile: `--profile`, else PCEHR_PROFILE, else `default`. @throws {CliError} `usage` */
export const profileName = ({ profile }: ProfileOptions, { env }: Pick<Io, 'env'>): string => {
  const name = profile ?? env['PCEHR_PROFILE'] ?? 'default';
  if (!NAME.test(name))
    throw usage(`'${visible(name)}' is no name of a profile`, 'use small letters, digits, dots, - and _; at most 64');
  return name;
};

/** Returns the folder that has all profiles, by the XDG base directory specification. A relative XDG path is ignored, as the specification says. */
export const profilesFolder = ({ env, home }: Pick<Io, 'env' | 'home'>): string => {
  const given = env['XDG_DATA_HOME'];
  return join(given?.startsWith('/') === true ? given : join(home, '.local', 'share'), 'pcehr');
};

export const profileFolder = (name: string, io: Pick<Io, 'env' | 'home'>): string => join(profilesFolder(io), name);

export const filesOf = (folder: string) => ({
  identity: join(folder, 'identity.age'),
  settings: join(folder, 'profile.json'),
  contacts: join(folder, 'contacts.json'),
  memory: join(folder, 'memory.json'),
  trail: join(folder, 'trail.json'),
  pulled: join(folder, 'pulled.txt'),
});

/** Makes the folder of a new profile, for its owner only. */
export const makeProfileFolder = async (name: string, io: Pick<Io, 'env' | 'home'>): Promise<string> => {
  const folder = profileFolder(name, io);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
};

/** Tells whether the profile has an identity. */
export const hasIdentity = async (folder: string): Promise<boolean> =>
  (await readText(filesOf(folder).identity)) !== undefined;

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

export const saveSettings = (folder: string, settings: Settings): Promise<void> =>
  replaceFile(filesOf(folder).settings, json(settings));
export const saveContacts = (folder: string, contacts: readonly Contact[]): Promise<void> =>
  replaceFile(filesOf(folder).contacts, json(contacts));
export const saveMemory = (folder: string, snapshot: unknown): Promise<void> =>
  replaceFile(filesOf(folder).memory, `${JSON.stringify(snapshot)}\n`);
export const saveTrail = (folder: string, snapshot: TrailSnapshot): Promise<void> =>
  replaceFile(filesOf(folder).trail, `${JSON.stringify(snapshot)}\n`);

const damaged = (path: string): CliError =>
  new CliError('profile', 'damaged', `${path} is damaged`, 'restore it from a backup');

const settingsFrom = (path: string, value: unknown): Settings => {
  try {
    const settings = value as Settings;
    parseIdentityId(settings.id);
    return settings;
  } catch {
    throw damaged(path);
  }
};

/** Reads a profile. @throws {CliError} `no-profile` */
export const readProfile = async (options: ProfileOptions, io: Io): Promise<Profile> => {
  const name = profileName(options, io);
  const folder = profileFolder(name, io);
  const files = filesOf(folder);
  const stored = await readJson(files.settings);
  if (stored === undefined)
    throw new CliError('profile', 'no-profile', `there is no profile ${name}`, `run: pcehr --profile ${name} init`);
  const settings = settingsFrom(files.settings, stored);
  const [contacts, memory, trail] = await Promise.all(
    [files.contacts, files.memory, files.trail].map((path) => readJson(path)),
  );
  return {
    name,
    folder,
    settings,
    contacts: (contacts ?? []) as readonly Contact[],
    memory: memory === undefined ? createMemory(settings.id) : importMemory(settings.id, memory),
    trail: createTrail(trail as TrailSnapshot | undefined),
  };
};
