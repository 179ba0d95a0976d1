// Test people with real keys from fixed seeds, and functions that sign statements for them. A test can give changes, to sign an invalid statement.
import { sha256 } from '@noble/hashes/sha2.js';
import type { Body } from '../../lib/api/routes.ts';
import { concat, systemRng } from '../../lib/bytes/binary.ts';
import { fromBase64url, toBase64url } from '../../lib/bytes/codec.ts';
import {
  newId,
  type FolderId,
  type GrantId,
  type OpeningId,
  type RecordId,
  type UploadId,
} from '../../lib/bytes/ids.ts';
import { DAY } from '../../lib/domain/time.ts';
import { PART_BYTES } from '../../lib/envelope/header.ts';
import { decapsulator } from '../../lib/envelope/x-wing.ts';
import { deviceKeys, identityPublicKey, type DeviceKeys } from '../../lib/identity/key-derivation.ts';
import { identityPayload } from '../../lib/identity/identity-statement.ts';
import type { GrantCell, Kind, Payload, Statement } from '../../lib/statements/kinds.ts';
import { companionsLength, type Right } from '../../lib/statements/fields.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import type { BodyWithoutEntry } from '../support/entries.ts';
import { MEMORY_SERVICE_KEY } from '../support/memory/service-signer.ts';
import { hashOfLabel, hashOfWrap, wrapOf } from '../support/wraps.ts';
import { generateKFrags, type KFragInput } from '../../lib/umbral/delegator.ts';
import { encodePublicKey, publicKeyOf } from '../../lib/umbral/keys.ts';
import { encodeKFrag, kfragId } from '../../lib/umbral/kfrag.ts';

export const NOW = 1_767_225_600_000;

export interface Person {
  readonly keys: DeviceKeys;
  /** Ed25519 public key of the next generation. */
  readonly next: Uint8Array;
}

const personFrom = (byte: number): Person => ({
  keys: deviceKeys(new Uint8Array(32).fill(byte)),
  next: identityPublicKey(new Uint8Array(32).fill(byte + 100)),
});

export const patient = personFrom(1);
export const recipient = personFrom(2);
/** An identity that is registered, and has a folder and no grant. */
export const stranger = personFrom(3);
/** An identity that is not registered. */
export const nobody = personFrom(4);

export const b64 = (length: number): string => toBase64url(systemRng(length));
export const hashOf = (bytes: Uint8Array): string => toBase64url(sha256(bytes));

/** Signs the payload with the changes. A change to undefined removes the member, because a client would leave it out. */
export const signed = <K extends Kind>(
  kind: K,
  payload: Payload<K>,
  changes: Partial<Payload<K>>,
  { keys }: Person,
): Promise<Statement<K>> => {
  const members = Object.entries({ ...payload, ...changes }).filter(([, value]) => value !== undefined);
  return signStatement(kind, Object.fromEntries(members) as Payload<K>, keys);
};

export const identityOf = (
  person: Person,
  changes: Partial<Payload<'identity'>> = {},
): Promise<Statement<'identity'>> => {
  const { keys, next } = person;
  const facts = { keys, nextIdentityKey: next, number: changes.number ?? 1, now: NOW };
  return signed(
    'identity',
    identityPayload({ ...facts, receivingNumber: changes.receiving?.number ?? 1 }),
    changes,
    person,
  );
};

/** Returns the receiving key with that number and its proof, as an identity statement contains it. */
export const receivingOf = ({ keys, next }: Person, receivingNumber: number): Payload<'identity'>['receiving'] =>
  identityPayload({ keys, nextIdentityKey: next, number: 1, receivingNumber, now: NOW }).receiving;

export const folderOf = (person: Person, changes: Partial<Payload<'folder'>> = {}): Promise<Statement<'folder'>> => {
  const { folder = newId<FolderId>(), epoch = 1, salt = b64(16) } = changes;
  const key = publicKeyOf(person.keys.folderKey(folder, epoch, fromBase64url(salt)));
  const companion = decapsulator(person.keys.companionSeed(folder, epoch, fromBase64url(salt))).publicKey;
  return signed(
    'folder',
    {
      patient: person.keys.id,
      folder,
      epoch,
      salt,
      key: toBase64url(encodePublicKey(key)),
      companion: toBase64url(companion),
      category: 'letters',
      name: b64(80),
      issued: NOW,
    },
    changes,
    person,
  );
};

export const epochAfter = (
  person: Person,
  { payload, hash }: Statement<'folder'>,
  changes: Partial<Payload<'folder'>> = {},
): Promise<Statement<'folder'>> =>
  folderOf(person, { folder: payload.folder, epoch: payload.epoch + 1, previous: hash, ...changes });

/** Returns the parts of a blob as they are uploaded. */
export const partsOf = (blob: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(blob.length / PART_BYTES) }, (_, i) =>
    blob.subarray(i * PART_BYTES, (i + 1) * PART_BYTES),
  );

export interface Filing {
  readonly statement: Statement<'record'>;
  readonly blob: Uint8Array;
  readonly upload: UploadId;
  readonly body: Body<'commit-record'>;
  readonly fileKey: Uint8Array;
}

interface FilingOf extends Partial<Payload<'record'>> {
  readonly blob?: Uint8Array;
  readonly upload?: UploadId;
}

/** Returns a record version for the cell, ready to upload. The blob contains random bytes, because the service cannot read it. */
export const filingOf = async (
  author: Person,
  cell: Statement<'folder'>,
  { blob = systemRng(1040), upload = newId<UploadId>(), ...changes }: FilingOf = {},
): Promise<Filing> => {
  const fileKey = systemRng(32);
  const version = { record: newId<RecordId>(), version: 1, ...changes };
  const wrap = wrapOf(fileKey, cell, version);
  const metadata = systemRng(528);
  const { id } = author.keys;
  const { folder, epoch } = cell.payload;
  const payload: Payload<'record'> = {
    record: version.record,
    version: version.version,
    patient: id,
    folder,
    epoch,
    author: id,
    created: NOW,
    algorithm: 1,
    chunk: 16,
    flags: 0,
    salt: b64(16),
    commit: b64(32),
    digest: hashOf(concat(...partsOf(blob).map((p) => sha256(p)))),
    length: blob.length,
    metadata: hashOf(metadata),
    wrap: hashOfWrap(wrap),
    label: hashOfLabel(wrap),
  };
  const statement = await signed('record', payload, changes, author);
  const body = { statement: statement.jws, upload, metadata: toBase64url(metadata), wrap };
  return { statement, blob, upload, body, fileKey };
};

export const deletionOf = (
  person: Person,
  { payload: { record }, hash }: Statement<'record'>,
  changes: Partial<Payload<'deletion'>> = {},
): Promise<Statement<'deletion'>> =>
  signed('deletion', { patient: person.keys.id, record, of: hash, code: 'mistake', when: NOW }, changes, person);

const receivingKey = (person: Person, number = 1): Payload<'request'>['receiving'] => ({
  number,
  key: receivingOf(person, number).key,
});

export const requestOf = (
  person: Person,
  folders: readonly Statement<'folder'>[],
  changes: Partial<Payload<'request'>> = {},
): Promise<Statement<'request'>> =>
  signed(
    'request',
    {
      request: newId(),
      patient: patient.keys.id,
      recipient: person.keys.id,
      service: MEMORY_SERVICE_KEY,
      receiving: receivingKey(person),
      scope: { folders: folders.map((f) => f.payload.folder) },
      rights: ['read'],
      purpose: 'TREAT',
      duration: (30 * DAY) / 1000,
      until: NOW + 7 * DAY,
      created: NOW,
    },
    changes,
    person,
  );

/** Makes a key fragment, and the cell of a grant that names the fragment. A test that needs a wrong fragment gives changes. */
export const delegated = (
  owner: Person,
  { payload, hash }: Statement<'folder'>,
  to: Person,
  changes: Partial<KFragInput> = {},
): { readonly cell: GrantCell; readonly kfrag: string } => {
  const { folder, epoch, salt, key } = payload;
  const [kfrag] = generateKFrags({
    delegating: owner.keys.folderKey(folder, epoch, fromBase64url(salt)),
    receiving: publicKeyOf(to.keys.receiving(1)),
    signer: owner.keys.kfragSigner,
    threshold: 1,
    shares: 1,
    ...changes,
  });
  const bytes = encodeKFrag(kfrag!);
  const named = { proxy: 'service' as const, id: toBase64url(kfragId(kfrag!)), hash: hashOf(bytes) };
  return { cell: { folder, epoch, key, statement: hash, kfrags: [named] }, kfrag: toBase64url(bytes) };
};

/** Random bytes that have the length of the sealed companion seeds of this many cells. The service cannot see the difference. */
export const companionsOf = (cells: number): string => b64(companionsLength(cells));

/** The two members of a grant to read from which the recipient gets its companion keys. Grants to add or to write have neither. */
const readingKeys = ({ keys }: Person, right: Right = 'read', cells: number): Partial<Payload<'grant'>> =>
  right === 'read' ? { inbox: toBase64url(keys.inbox().publicKey), companions: companionsOf(cells) } : {};

export interface SignedGrant {
  readonly statement: Statement<'grant'>;
  readonly body: BodyWithoutEntry<'grant-access'>;
}

interface GrantOf extends Partial<Payload<'grant'>> {
  readonly to?: Person;
  readonly answers?: Statement<'request'>;
  readonly kfrags?: string[];
}

/** Signs a grant, by the patient unless another owner is given. */
export const grantOf = async (
  cells: readonly Statement<'folder'>[],
  { to = recipient, answers, kfrags, ...changes }: GrantOf = {},
  owner: Person = patient,
): Promise<SignedGrant> => {
  const made = changes.cells === undefined ? cells.map((c) => delegated(owner, c, to)) : [];
  const payload: Payload<'grant'> = {
    grant: newId<GrantId>(),
    patient: owner.keys.id,
    recipient: to.keys.id,
    receiving: receivingKey(to),
    ...(answers === undefined ? {} : { request: { id: answers.payload.request, hash: answers.hash } }),
    right: 'read',
    cells: made.map((d) => d.cell),
    ...readingKeys(to, changes.right, (changes.cells ?? cells).length),
    notBefore: NOW,
    expires: NOW + DAY,
    purpose: 'TREAT',
    threshold: 1,
    proxies: [{ id: 'service' }],
    issued: NOW,
  };
  const statement = await signed('grant', payload, changes, owner);
  return { statement, body: { statement: statement.jws, kfrags: kfrags ?? made.map((d) => d.kfrag) } };
};

interface ExtensionOf extends Partial<Payload<'extension'>> {
  readonly by?: Person;
  readonly kfrags?: string[];
}

/** Signs an extension of a grant by these cells. It is the first extension of the grant, unless the changes give another number. */
export const extensionOf = async (
  { statement: { payload, hash } }: SignedGrant,
  cells: readonly Statement<'folder'>[],
  { by = patient, kfrags, ...changes }: ExtensionOf = {},
) => {
  const made = cells.map((c) => delegated(patient, c, recipient));
  const statement = await signed(
    'extension',
    {
      patient: by.keys.id,
      grant: payload.grant,
      number: 1,
      previous: hash,
      cells: made.map((d) => d.cell),
      companions: companionsOf((changes.cells ?? cells).length),
      issued: NOW,
    },
    changes,
    by,
  );
  return { statement, body: { statement: statement.jws, kfrags: kfrags ?? made.map((d) => d.kfrag) } };
};
export type SignedExtension = Awaited<ReturnType<typeof extensionOf>>;

export const denialOf = (
  { payload: { request }, hash }: Statement<'request'>,
  changes: Partial<Payload<'denial'>> = {},
  person: Person = patient,
): Promise<Statement<'denial'>> =>
  signed('denial', { patient: person.keys.id, request, of: hash, code: 'declined', when: NOW }, changes, person);

export const revocationOf = (
  { payload: { grant }, hash }: Statement<'grant'>,
  changes: Partial<Payload<'revocation'>> = {},
  person: Person = patient,
): Promise<Statement<'revocation'>> =>
  signed('revocation', { patient: person.keys.id, grant, of: hash, code: 'other', when: NOW }, changes, person);

export const returnOf = (
  { payload: { grant, patient: from }, hash }: Statement<'grant'>,
  changes: Partial<Payload<'return'>> = {},
  person: Person = recipient,
): Promise<Statement<'return'>> => {
  const parties = { recipient: person.keys.id, patient: from };
  return signed('return', { ...parties, grant, of: hash, code: 'not-needed', when: NOW }, changes, person);
};

/** Signs an opening of the patient's records in the cell. For a recipient, the caller gives the grant in the changes; the patient needs no grant. */
export const openingOf = (
  opener: Person,
  cell: Statement<'folder'>,
  records: readonly Statement<'record'>[],
  changes: Partial<Payload<'opening'>> = {},
): Promise<Statement<'opening'>> =>
  signed(
    'opening',
    {
      opening: newId<OpeningId>(),
      patient: patient.keys.id,
      opener: opener.keys.id,
      folder: cell.payload.folder,
      epoch: cell.payload.epoch,
      records: records.map(({ payload: { record, version } }) => ({ record, version })),
      when: NOW,
    },
    changes,
    opener,
  );
