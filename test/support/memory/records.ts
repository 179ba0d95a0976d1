// In-memory port of records: heads, versions and wraps.
import { AppError } from '../../../lib/api/errors.ts';
import { livenessAt, type GrantStatus } from '../../../lib/domain/grant.ts';
import type { Instant } from '../../../lib/domain/time.ts';
import type { RecordId } from '../../../lib/bytes/ids.ts';
import type { ListedVersion, NewVersion, Records, StoredRecord, StoredVersion } from '../../../lib/ports/index.ts';
import { mapPage, pageOf, pageOfLists, type Placed } from './page.ts';
import { cellText, ms, ordinal, uploadName, type RecordRow, type State, type WrapRow } from './state.ts';
import type { Steps } from './steps.ts';
import { headOf, effectOf, transact, unless, type Refusal } from './transaction.ts';

const VERSION = /^V#\d{10}$/;
const RECORD = /^\d{13}#[a-z2-7]{26}$/;
const WRAP = /^[a-z2-7]{26}#[1-9]\d{0,9}#\d{13}#[a-z2-7]{26}#\d{10}$/;

const follows = (row: RecordRow | undefined, { statement }: NewVersion, head: StoredRecord | undefined): boolean =>
  head === undefined
    ? row === undefined
    : row?.head.state === 'committed' &&
      row.head.latest === statement.payload.version - 1 &&
      row.head.latestHash === head.latestHash;

/** Returns the record with one more version. */
const withVersion = (
  row: RecordRow | undefined,
  { statement, metadata, blob, wrap, grant }: NewVersion,
  filed: { readonly event: string; readonly filed: number },
): RecordRow => {
  const { record, patient, folder, epoch, version, created } = statement.payload;
  const head: StoredRecord = {
    record,
    patient,
    folder,
    epoch,
    latest: version,
    latestHash: statement.hash,
    state: 'committed',
  };
  const { key, versionId } = blob;
  const stored: StoredVersion = {
    statement,
    state: 'committed',
    metadata,
    blob: { key, versionId },
    ...(grant && { grant: grant.jws }),
    ...filed,
  };
  return {
    head,
    created: row?.created ?? created,
    versions: new Map(row?.versions).set(version, stored),
    wraps: [...(row?.wraps ?? []), { record, version, folder, epoch, created, ...wrap }],
  };
};

const withoutContent = ({ metadata: _metadata, ...version }: StoredVersion): StoredVersion => ({
  ...version,
  state: 'deleted',
});

const undeleted = (row: RecordRow | undefined, of: string): readonly (Refusal | undefined)[] => [
  unless(row?.head.state === 'committed', row === undefined ? new AppError('not-found') : 'repeated'),
  unless(row?.head.latestHash === of, new AppError('statement-outdated')),
];

const notLive = (status: GrantStatus | undefined, now: Instant): Refusal | undefined => {
  if (status === undefined) return new AppError('not-found');
  const live = livenessAt(status, now);
  if (live.live) return undefined;
  return live.reason === 'not-begun'
    ? new AppError('grant-not-begun', { serverTime: now })
    : new AppError('grant-ended', { reason: live.reason });
};

export const recordSteps = (state: State): Steps<Records> => {
  const versionsOf = (id: RecordId): readonly StoredVersion[] => [...(state.records.get(id)?.versions.values() ?? [])];
  const placedVersions = (id: RecordId) =>
    versionsOf(id).map((v): Placed<StoredVersion> => [`V#${ordinal(v.statement.payload.version)}`, v]);
  const listed = ({ record, version, companionCiphertext, label }: WrapRow): ListedVersion | undefined => {
    const stored = state.records.get(record)?.versions.get(version);
    return stored && { ...stored, label: { companionCiphertext, label } };
  };

  return {
    find: (id) => state.records.get(id)?.head,

    versions: (id, request) => pageOf(placedVersions(id), VERSION, request),

    version: (id, version) => state.records.get(id)?.versions.get(version),

    wraps: (id, request) => {
      const onPage =
        request && pageOf(placedVersions(id), VERSION, request).items.map((v) => v.statement.payload.version);
      return (state.records.get(id)?.wraps ?? [])
        .filter((w) => onPage?.includes(w.version) ?? true)
        .map(({ version, folder, epoch, companionCiphertext, label }) => ({
          version,
          folder,
          epoch,
          companionCiphertext,
          label,
        }));
    },

    listFolder: (folder, request) => {
      const rows = [...state.records.values()].filter(
        ({ head }) => head.folder === folder && head.state === 'committed',
      );
      const placed = rows.map(({ head, created, wraps }): Placed<ListedVersion> => {
        const home = wraps.find((w) => w.version === head.latest && w.folder === head.folder && w.epoch === head.epoch);
        return [`${ms(created)}#${head.record}`, listed(home!)!];
      });
      return pageOf(placed, RECORD, request);
    },

    listCells: (cells, request) => {
      const wraps = [...state.records.values()].flatMap((row) => row.wraps);
      const lists = cells.map(cellText).map((name) => {
        const own = wraps.filter((w) => cellText(w) === name);
        return [
          name,
          own.map((w): Placed<WrapRow> => [`${ms(w.created)}#${w.record}#${ordinal(w.version)}`, w]),
        ] as const;
      });
      const { items, ...rest } = mapPage(pageOfLists(lists, WRAP, request), listed);
      return { ...rest, items: items.filter((v) => v !== undefined) };
    },

    commit: (version, head, event, call) => {
      const { payload } = version.statement;
      const { grant } = version;
      const row = state.records.get(payload.record);
      const stored = row?.versions.get(payload.version)?.statement;
      const cell = state.folders.get(payload.folder)?.cells.get(payload.epoch);
      const upload = state.uploads.get(uploadName({ record: payload.record, upload: version.upload.upload }));
      return transact(state, {
        ...effectOf(call),
        makes: [[version.statement, stored]],
        conditions: [
          unless(stored === undefined, new AppError(payload.version === 1 ? 'already-exists' : 'version-conflict')),
          unless(row?.head.state !== 'deleted', new AppError('already-exists')),
          unless(follows(row, version, head), new AppError('version-conflict')),
          unless(cell?.state === 'current', new AppError('cell-closed')),
          unless(upload?.state === 'open', new AppError('upload-not-found')),
          grant === undefined ? undefined : notLive(state.grants.get(grant.payload.grant)?.status, call.now),
        ],
        events: [{ draft: event, evidence: version.statement.jws }],
        effect: () => {
          const filing = { event: headOf(state, payload.patient).hash, filed: call.now };
          state.records.set(payload.record, withVersion(row, version, filing));
          if (upload !== undefined) state.uploads.set(uploadName(upload.upload), { ...upload, state: 'committed' });
        },
      });
    },

    delete: ({ record }, deletion, event, call) => {
      const row = state.records.get(record);
      return transact(state, {
        ...effectOf(call),
        conditions: undeleted(row, deletion.payload.of),
        events: [{ draft: event, evidence: deletion.jws }],
        effect: () => {
          if (row === undefined) return;
          const versions = new Map([...row.versions].map(([n, v]) => [n, withoutContent(v)]));
          const head: StoredRecord = { ...row.head, state: 'deleted', deletion: deletion.jws };
          state.records.set(record, { ...row, head, versions, wraps: [] });
        },
      });
    },

    blobs: (id) => versionsOf(id).map(({ blob, filed }) => ({ ...blob, filed })),
  };
};
