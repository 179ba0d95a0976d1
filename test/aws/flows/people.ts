// Makes the people of the flow tests: SDK clients over HTTP with new keys for each test. All tests share one system, but never an identity.
import { systemRng } from '../../../lib/bytes/binary.ts';
import { fromBase64url } from '../../../lib/bytes/codec.ts';
import type { FolderId } from '../../../lib/bytes/ids.ts';
import {
  createPatient,
  createRecipient,
  type GrantWithCells,
  type Patient,
  type Recipient,
  type RecordInfo,
} from '../../../lib/client/index.ts';
import { collect } from '../../../lib/envelope/open-blob.ts';
import { deviceKeys, identityPublicKey, type DeviceKeys } from '../../../lib/identity/key-derivation.ts';
import { nextKeyHash } from '../../../lib/identity/identity-statement.ts';

export const API_URL = process.env['API_URL'] ?? '';

export interface Person {
  readonly keys: DeviceKeys;
  readonly next: string;
}

export const newPerson = (): Person => ({
  keys: deviceKeys(systemRng(32)),
  next: nextKeyHash(identityPublicKey(systemRng(32))),
});

export interface Connection {
  readonly origin?: string;
  readonly fetch?: typeof fetch;
  readonly clock?: () => number;
}

/** The storage of the local system. */
const STORAGE = process.env['AWS_ENDPOINT_URL'];
const storage = STORAGE === undefined ? {} : { storageOrigins: [new URL(STORAGE).origin] };
const options = (person: Person, { origin = API_URL, ...rest }: Connection) => ({
  origin,
  ...storage,
  ...person,
  ...rest,
});

export const patientOf = (person: Person, at: Connection = {}): Patient => createPatient(options(person, at));
export const recipientOf = (person: Person, at: Connection = {}): Recipient => createRecipient(options(person, at));

export const given = {
  patient: async (at: Connection = {}) => {
    const patient = patientOf(newPerson(), at);
    await patient.register();
    return patient;
  },
  recipient: async (at: Connection = {}) => {
    const recipient = recipientOf(newPerson(), at);
    await recipient.register();
    return recipient;
  },
  /** Sets up a patient with a folder of records, and a recipient. */
  folder: async (contents: readonly Uint8Array[], at: Connection = {}) => {
    const [patient, recipient] = await Promise.all([given.patient(at), given.recipient(at)]);
    const folder = await patient.createFolder({ name: 'Cough, autumn', category: 'laboratory' });
    const records: RecordInfo[] = [];
    for (const [i, content] of contents.entries())
      records.push(await patient.file(folder.id, content, { fileName: `record ${i}`, mediaType: 'text/plain' }));
    return { patient, recipient, folder: folder.id, records };
  },
  /** Sets up what `folder` does, and a grant to read the folder. */
  grant: async (contents: readonly Uint8Array[], at: Connection = {}, less: { readonly openings?: number } = {}) => {
    const parties = await given.folder(contents, at);
    const grant = await when.granted(parties, less);
    return { ...parties, grant };
  },
};

interface Parties {
  readonly patient: Patient;
  readonly recipient: Recipient;
  readonly folder: FolderId;
}

export const DAY_SECONDS = 86_400;

export const when = {
  asks: ({ patient, recipient, folder }: Parties) =>
    recipient.request({ patient: patient.id, folders: [folder], purpose: 'TREAT', durationSeconds: 30 * DAY_SECONDS }),
  /** The recipient sends a request, the patient approves it, and the recipient fetches the grant. */
  granted: async (parties: Parties, less: { readonly openings?: number } = {}): Promise<GrantWithCells> => {
    const { id } = await when.asks(parties);
    const asked = (await parties.patient.listRequests('pending')).find((r) => r.id === id)!;
    const [grant] = await parties.patient.approve(asked, { ...less, unverifiedRecipient: true });
    return parties.recipient.grant(grant.id, parties.patient.id);
  },
};

export const then = {
  opens: async (recipient: Recipient, grant: GrantWithCells, records: readonly RecordInfo[]): Promise<Uint8Array[]> => {
    const opened = await recipient.open(grant, records);
    return Promise.all(opened.map((o) => collect(o.stream())));
  },
};

export const bytesOf = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 65_536) crypto.getRandomValues(bytes.subarray(i, Math.min(length, i + 65_536)));
  return bytes;
};
export const saltOf = (text: string): Uint8Array => fromBase64url(text);
