// Opens a profile for one command: takes its lock, unlocks its identity, makes the clients, and stores what they saw.
import { readFile } from 'node:fs/promises';
import {
  createPatient,
  createRecipient,
  type Identity,
  type MemorySnapshot,
  type Patient,
  type Recipient,
} from '../client/node.ts';
import { CliError } from './errors.ts';
import { openIdentity } from './identity-file.ts';
import type { Io } from './io.ts';
import { withLock } from './lock.ts';
import { askPassphrase, type PassphraseOptions } from './passphrase.ts';
import { filesOf, readProfile, saveMemory, saveTrail, type Profile, type ProfileOptions } from './profile.ts';

export interface CommonOptions extends ProfileOptions, PassphraseOptions {
  readonly json?: boolean | undefined;
}

/** A profile whose identity is unlocked. Both clients have the same identity, memory and trail. */
export interface Session extends Profile {
  readonly patient: Patient;
  readonly recipient: Recipient;
}

/** Runs a function with a profile that no other process changes meanwhile. */
export const withProfile = async <T>(
  options: ProfileOptions,
  io: Io,
  run: (profile: Profile) => Promise<T>,
): Promise<T> => {
  // The first reading finds out whether there is a profile: a lock needs its folder. The second one reads what another process may have changed.
  const { folder } = await readProfile(options, io);
  return withLock(folder, io, async () => run(await readProfile(options, io)));
};

/** Asks for the passphrase, and opens the identity of the profile. */
const unlock = async (profile: Profile, options: CommonOptions, io: Io): Promise<Identity> => {
  const sealed = await readFile(filesOf(profile.folder).identity, 'utf8');
  return openIdentity(sealed, await askPassphrase(options, io, profile.name));
};

const originOf = ({ name, settings: { origin } }: Profile): string => {
  if (origin === undefined)
    throw new CliError(
      'profile',
      'no-origin',
      `the profile ${name} has no address of a service`,
      'run: pcehr config origin ADDRESS',
    );
  return origin;
};

const clientsOf = (profile: Profile, identity: Identity, io: Io) => {
  const { serviceKey, storageOrigins } = profile.settings;
  const client = {
    ...identity,
    origin: originOf(profile),
    ...(serviceKey === undefined ? {} : { serviceKey }),
    ...(storageOrigins === undefined ? {} : { storageOrigins }),
    memory: profile.memory,
    trail: profile.trail,
    fetch: io.fetch,
    clock: io.clock,
    rng: io.rng,
    // The clients wait for this before an act leaves the device.
    save: (snapshot: MemorySnapshot) => saveMemory(profile.folder, snapshot),
  };
  return { patient: createPatient(client), recipient: createRecipient(client) };
};

/**
 * Runs a function with an unlocked profile. The passphrase is asked before the profile is locked, so that a waiting question keeps no other command waiting.
 * Then the profile is read again, because another process may have changed it. Stores memory and trail afterwards, also after an error, because both have verified statements only.
 */
export const withSession = async <T>(
  options: CommonOptions,
  io: Io,
  run: (session: Session) => Promise<T>,
): Promise<T> => {
  const found = await readProfile(options, io);
  originOf(found);
  const identity = await unlock(found, options, io);
  return withLock(found.folder, io, async () => {
    const profile = await readProfile(options, io);
    const before = JSON.stringify([profile.memory.export(), profile.trail.export()]);
    try {
      return await run({ ...profile, ...clientsOf(profile, identity, io) });
    } finally {
      const [memory, trail] = [profile.memory.export(), profile.trail.export()];
      if (JSON.stringify([memory, trail]) !== before) {
        await saveTrail(profile.folder, trail);
        await saveMemory(profile.folder, memory);
      }
    }
  });
};
