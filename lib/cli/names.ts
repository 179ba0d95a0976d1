// Finds what the user names: a person by contact or id, and a folder, record, request or grant by name, id or the first characters of the id.
import {
  parseScannedIdentityId,
  readQrPayload,
  type AccessRequest,
  type Folder,
  type Grant,
  type IdentityId,
  type Memory,
  type Patient,
  type RecordInfo,
} from '../client/node.ts';
import { usage } from './errors.ts';
import { shortId, visible } from './format.ts';
import type { Contact, Profile } from './profile.ts';
import type { Session } from './session.ts';

/** Fewest characters of an id that a command takes. */
const SHORTEST = 4;

const one = <T>(found: readonly T[], what: string, text: string, list: string): T => {
  const [first, second] = found;
  if (first === undefined) throw usage(`there is no ${what} '${visible(text)}'`, `run: pcehr ${list}`);
  if (second !== undefined)
    throw usage(`'${visible(text)}' fits ${found.length} ${what}s`, 'write more characters of the id');
  return first;
};

/** Finds the things whose id is the text, or begins with it. */
const byId = <T>(things: readonly T[], idOf: (thing: T) => string, text: string): readonly T[] =>
  text.length < SHORTEST ? [] : things.filter((thing) => idOf(thing).startsWith(text));

/** Finds a folder by its name, or by its id. A name that two folders have fits neither. */
export const folderNamed = (folders: readonly Folder[], text: string): Folder => {
  const named = folders.filter(({ name, id }) => name === text || id === text);
  return one(named.length > 0 ? named : byId(folders, (f) => f.id, text), 'folder', text, 'folders');
};

export const grantNamed = (grants: readonly Grant[], text: string): Grant =>
  one(
    byId(grants, (g) => g.id, text),
    'grant',
    text,
    'grants --all',
  );

const requestNamed = <T extends { readonly id: string }>(requests: readonly T[], text: string): T =>
  one(
    byId(requests, (r) => r.id, text),
    'request',
    text,
    'inbox --all',
  );

/** Finds a request that waits for the patient's answer. @throws {CliError} `usage`, which says so if the request has ended */
export const openRequestNamed = async (
  { listRequests }: Pick<Patient, 'listRequests'>,
  text: string,
  signal: AbortSignal,
): Promise<AccessRequest> => {
  const waiting = await listRequests('pending', { signal });
  const fits = byId(waiting, (r) => r.id, text).length > 0;
  const found = requestNamed(fits ? waiting : await listRequests(undefined, { signal }), text);
  if (found.state !== 'pending')
    throw usage(`the request ${shortId(found.id)} is ${found.state} already`, 'run: pcehr inbox --all');
  return found;
};

export const recordNamed = (records: readonly RecordInfo[], text: string): RecordInfo =>
  one(
    byId(records, (r) => r.record, text),
    'record',
    text,
    'ls',
  );

/** Lists the latest version of every record of the patient, with its folder. */
export const ownRecords = async (
  { patient }: Session,
  folders: readonly Folder[],
  signal: AbortSignal,
): Promise<readonly RecordInfo[]> => {
  const lists: (readonly RecordInfo[])[] = [];
  for (const { id } of folders) lists.push(await patient.listRecords(id, { signal }));
  return lists.flat().filter(({ state }) => state === 'committed');
};

const readId = (text: string): IdentityId | undefined => {
  for (const read of [parseScannedIdentityId, readQrPayload])
    try {
      return read(text);
    } catch {
      // The other form may fit.
    }
  return undefined;
};

const FORM_OF_ID = 'an id has 62 characters and begins with ehr1';

const hasFormOfId = (text: string): boolean => text.length === 62 && text.toLowerCase().startsWith('ehr1');

/** Reads a whole id, or the text of its QR code. @throws {CliError} `usage` */
export const personId = (text: string): IdentityId => {
  const id = readId(text);
  if (id === undefined)
    throw usage(
      `'${visible(text)}' is no id of a person`,
      hasFormOfId(text) ? 'a character is wrong: compare it with the other\'s "pcehr whoami"' : FORM_OF_ID,
    );
  return id;
};

/** Finds a person by the name of a contact, a whole id, or the first characters of the id of a contact. */
export const personNamed = ({ contacts }: Pick<Profile, 'contacts'>, text: string): IdentityId => {
  const named = contacts.find(({ name }) => name === text);
  if (named !== undefined) return named.id;
  if (hasFormOfId(text)) return personId(text);
  return (
    readId(text) ??
    one(
      byId(contacts, (c) => c.id, text),
      'contact',
      text,
      'contacts ls',
    ).id
  );
};

/** A person as lists show it. */
export interface Who {
  readonly id: IdentityId;
  /** The name that the user gave. Absent for a person who is no contact. */
  readonly name?: string;
  /** Whether the user has verified the id in person. */
  readonly verified: boolean;
  readonly self?: true;
}

export interface Known {
  readonly contacts: readonly Contact[];
  readonly memory: Memory;
}

/** Describes a person by the contacts of the profile. */
export const whoIs = ({ contacts, memory }: Known, id: IdentityId): Who => {
  const name = contacts.find((c) => c.id === id)?.name;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    verified: memory.isVerified(id),
    ...(memory.owner === id ? { self: true } : {}),
  };
};

/** `Praxis am Markt (verified)`, `ehr1qqqs9f2k (not verified)`, `you` */
export const whoText = ({ id, name, verified, self }: Who): string => {
  if (self === true) return 'you';
  return `${name === undefined ? shortId(id) : visible(name)} (${verified ? 'verified' : 'not verified'})`;
};
