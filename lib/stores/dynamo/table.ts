// Table keys: makes every key and index key of the main table and of the nonce table, as docs/spec/storage.md describes them. Keys are ASCII. Numbers
// are padded with zeros, so that text sorts like the number: seq to 12 digits, epoch and version to 10, ms to 13.
import type { FolderId, GrantId, IdentityId, RecordId, RequestId, UploadId } from '../../bytes/ids.ts';
import type { GrantState, RequestState } from '../../domain/life-cycles.ts';
import { DAY } from '../../domain/time.ts';
import type { CellName, Role, StoredUpload } from '../../ports/index.ts';

/** Primary key of the main table. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}
export type Index = 'gsi1' | 'gsi2';

const pad = (n: number, width: number): string => String(n).padStart(width, '0');
export const seqText = (seq: number): string => pad(seq, 12);
export const ordinalText = (n: number): string => pad(n, 10);
export const msText = (ms: number): string => pad(ms, 13);

const cellText = ({ folder, epoch }: CellName): string => `${folder}#${ordinalText(epoch)}`;

export const identityKey = (id: IdentityId): Key => ({ pk: `I#${id}`, sk: 'I' });

export const chainPk = (patient: IdentityId): string => `A#${patient}`;
export const headKey = (patient: IdentityId): Key => ({ pk: chainPk(patient), sk: 'HEAD' });
export const eventKey = (patient: IdentityId, seq: number): Key => ({ pk: chainPk(patient), sk: `E#${seqText(seq)}` });

/** Key of the item that stores an entry of a chain of statements, together with the statements that the entry names. */
export const entryKey = (id: IdentityId, number: number): Key => ({ pk: chainPk(id), sk: `S#${ordinalText(number)}` });

/** Key of the item of a checkpoint. There is one item for each head whose checkpoint was requested. */
export const checkpointKey = (patient: IdentityId, seq: number): Key => ({
  pk: chainPk(patient),
  sk: `K#${seqText(seq)}`,
});

export const folderKey = (folder: FolderId): Key => ({ pk: `F#${folder}`, sk: 'F' });
export const cellKey = (cell: CellName): Key => ({ pk: `F#${cell.folder}`, sk: `C#${ordinalText(cell.epoch)}` });

export const recordPk = (record: RecordId): string => `R#${record}`;
export const recordKey = (record: RecordId): Key => ({ pk: recordPk(record), sk: 'R' });
export const versionKey = (record: RecordId, version: number): Key => ({
  pk: recordPk(record),
  sk: `V#${ordinalText(version)}`,
});
export const wrapKey = (record: RecordId, version: number, cell: CellName): Key => ({
  pk: recordPk(record),
  sk: `W#${ordinalText(version)}#${cellText(cell)}`,
});
export const uploadKey = (record: RecordId, upload: UploadId): Key => ({ pk: recordPk(record), sk: `U#${upload}` });

export const requestKey = (id: RequestId): Key => ({ pk: `Q#${id}`, sk: 'Q' });
/** How many requests of one recipient to one patient may be pending. */
export const SLOTS = 5;
/** How many requests of all recipients to one patient may be pending. One query reads all of their slots. */
export const PATIENT_SLOTS = 100;
export const patientSlotsPk = (patient: IdentityId): string => `PS#${patient}`;
export const patientSlotKey = (patient: IdentityId, n: number): Key => ({
  pk: patientSlotsPk(patient),
  sk: pad(n, 2),
});
/** Key of the item that counts the requests of a recipient in one hour; the item contains the hour. */
export const paceKey = (recipient: IdentityId): Key => ({ pk: `QN#${recipient}`, sk: 'HOUR' });
export const slotKey = (recipient: IdentityId, patient: IdentityId, n: number): Key => ({
  pk: `QS#${recipient}#${patient}`,
  sk: String(n),
});

export const stateKey = (grant: GrantId): Key => ({ pk: `G#${grant}`, sk: 'STATE' });
export const grantKey = (grant: GrantId): Key => ({ pk: `G#${grant}`, sk: 'GRANT' });
/** Key of the item with the end of a grant to read, for the list of grants whose cells must still be closed. */
export const endKey = (grant: GrantId): Key => ({ pk: `G#${grant}`, sk: 'END' });
/** Key of the item that puts a standing grant into the patient's list of standing grants, until the grant ends. */
export const standingKey = (grant: GrantId): Key => ({ pk: `G#${grant}`, sk: 'STANDING' });
export const grantPk = (grant: GrantId): string => `G#${grant}`;
export const grantCellKey = (grant: GrantId, cell: CellName): Key => ({
  pk: `G#${grant}`,
  sk: `C#${cellText(cell)}`,
});

/** Key of the nonce table, for the nonce of a request (22 characters) or an opening id (26). */
export const claimPk = (identity: IdentityId, nonce: string): string => `N#${identity}#${nonce}`;

const gsi1 = (gsi1pk: string, gsi1sk: string) => ({ gsi1pk, gsi1sk });
const gsi2 = (gsi2pk: string, gsi2sk: string) => ({ gsi2pk, gsi2sk });

export const ownEventsPk = (actor: IdentityId): string => `X#${actor}`;
/** Index keys of an event: by time, and by actor if the actor is not the patient. */
export const eventIndexes = (e: { patient: IdentityId; actor: IdentityId; seq: number; at: number }) => ({
  ...gsi2(chainPk(e.patient), `${msText(e.at)}#${seqText(e.seq)}`),
  ...(e.actor === e.patient ? {} : gsi1(ownEventsPk(e.actor), `${e.patient}#${seqText(e.seq)}`)),
});

export const recordIndex = (folder: FolderId, created: number, record: RecordId) =>
  gsi1(`F#${folder}`, `${msText(created)}#${record}`);
export const wrapsPk = (cell: CellName): string => `C#${cellText(cell)}`;
export const wrapIndex = (cell: CellName, created: number, record: RecordId, version: number) =>
  gsi1(wrapsPk(cell), `${msText(created)}#${record}#${ordinalText(version)}`);

/** Number of index partitions over which the uploads of a day are spread. */
export const SHARDS = 16;
export const uploadsPk = (day: number, shard: number): string => `L#${pad(day, 5)}#${shard}`;
export const dayOf = (ms: number): number => Math.floor(ms / DAY);
/** Chooses the shard from the first letter of a base32 id, which encodes five random bits. */
const shardOf = (record: RecordId): number => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(record.charAt(0)) % SHARDS;
export const uploadIndex = ({ created, record, upload }: StoredUpload) =>
  gsi2(uploadsPk(dayOf(created), shardOf(record)), `${msText(created)}#${record}#${upload}`);

const byParty =
  (patientPrefix: string, recipientPrefix: string) =>
  (as: Role, id: IdentityId): { readonly index: Index; readonly pk: string } =>
    as === 'patient'
      ? { index: 'gsi1', pk: `${patientPrefix}#${id}` }
      : { index: 'gsi2', pk: `${recipientPrefix}#${id}` };
export const requestsOf = byParty('QP', 'QR');
export const grantsOf = byParty('GP', 'GR');

interface Parties {
  readonly patient: IdentityId;
  readonly recipient: IdentityId;
}
const listed = (state: string, end: number, id: string): string => `${state}#${msText(end)}#${id}`;

export const requestIndexes = ({ patient, recipient }: Parties, state: RequestState, until: number, id: RequestId) => ({
  ...gsi1(requestsOf('patient', patient).pk, listed(state, until, id)),
  ...gsi2(requestsOf('recipient', recipient).pk, listed(state, until, id)),
});
export const grantIndexes = ({ patient, recipient }: Parties, state: GrantState, end: number, id: GrantId) => ({
  ...gsi1(grantsOf('patient', patient).pk, listed(state, end, id)),
  ...gsi2(grantsOf('recipient', recipient).pk, listed(state, end, id)),
});
export const cellGrantsPk = (folder: FolderId): string => `GC#${folder}`;
export const grantCellIndex = (cell: CellName, grant: GrantId) =>
  gsi1(cellGrantsPk(cell.folder), `${ordinalText(cell.epoch)}#${grant}`);
export const standingPk = (patient: IdentityId): string => `GS#${patient}`;
export const standingIndex = (patient: IdentityId, end: number, grant: GrantId) =>
  gsi1(standingPk(patient), `${msText(end)}#${grant}`);
export const endsPk = (patient: IdentityId): string => `GM#${patient}`;
export const endIndex = (patient: IdentityId, end: number, grant: GrantId) =>
  gsi1(endsPk(patient), `${msText(end)}#${grant}`);

/** Characters that sort before and after every character of a key. */
export const LOWEST = '!';
export const HIGHEST = '~';

/** A range of sort keys from `from` to `to`, both included. */
export interface Span {
  readonly from: string;
  readonly to: string;
}
export const EVERYTHING: Span = { from: LOWEST, to: HIGHEST };
export const startingWith = (prefix: string): Span => ({ from: prefix, to: `${prefix}${HIGHEST}` });

/** The sort keys of the items in a state whose end is after `now`. */
export const endingAfter = (state: string, now: number): Span => ({
  from: `${state}#${msText(now + 1)}`,
  to: `${state}#${HIGHEST}`,
});
export const endedBy = (state: string, now: number): Span => ({
  from: `${state}#`,
  to: `${state}#${msText(now)}#${HIGHEST}`,
});
/** The sort keys of the items whose end is at `now` or before. */
export const before = (now: number): Span => ({ from: LOWEST, to: `${msText(now)}#${HIGHEST}` });
export const afterwards = (now: number): Span => ({ from: msText(now + 1), to: HIGHEST });
/** The sort keys of the wraps of these versions, both included. */
export const wrapsOfVersions = (first: number, last: number): Span => ({
  from: `W#${ordinalText(first)}`,
  to: `W#${ordinalText(last)}#${HIGHEST}`,
});
export const between = (from: number, to: number): Span => ({ from: msText(from), to: `${msText(to)}#${HIGHEST}` });

/** For each list, the form of the sort keys that its cursors contain. */
export const SHAPES = {
  entry: /^S#\d{10}$/,
  event: /^E#\d{12}$/,
  eventByTime: /^\d{13}#\d{12}$/,
  ownEvent: /^ehr1[a-z0-9]{58}#\d{12}$/,
  grantCell: /^C#[a-z2-7]{26}#\d{10}$/,
  cellGrant: /^\d{10}#[a-z2-7]{26}$/,
  end: /^\d{13}#[a-z2-7]{26}$/,
  record: /^\d{13}#[a-z2-7]{26}$/,
  version: /^V#\d{10}$/,
  wrap: /^\d{13}#[a-z2-7]{26}#\d{10}$/,
  byState: /^[a-z]+#\d{13}#[a-z2-7]{26}$/,
} as const;
