// Items of a record (its head, versions and wraps): converts them to and from the types of the ports.
import type { RecordState } from '../../domain/life-cycles.ts';
import type { FolderId, IdentityId, RecordId } from '../../bytes/ids.ts';
import type {
  BlobName,
  FiledBlob,
  NewVersion,
  StoredLabel,
  StoredRecord,
  StoredVersion,
  StoredWrap,
} from '../../ports/index.ts';
import { count, optionalText, statementOf, text, type Fields, type Item } from './item.ts';
import { recordIndex, recordKey, versionKey, wrapIndex, wrapKey, type Key } from './table.ts';

export const toRecord = (item: Item): StoredRecord => {
  const deletion = optionalText(item, 'deletion');
  return {
    record: text<RecordId>(item, 'record'),
    patient: text<IdentityId>(item, 'patient'),
    folder: text<FolderId>(item, 'folder'),
    epoch: count(item, 'epoch'),
    latest: count(item, 'latest'),
    latestHash: text(item, 'hash'),
    state: text<RecordState>(item, 'state'),
    ...(deletion === undefined ? {} : { deletion }),
  };
};

const toBlob = (item: Item): BlobName => ({ key: text(item, 'blob'), versionId: text(item, 'versionId') });

export const toFiledBlob = (item: Item): FiledBlob => ({ ...toBlob(item), filed: count(item, 'filed') });

export const toVersion = (item: Item): StoredVersion => {
  const metadata = optionalText(item, 'metadata');
  const grant = optionalText(item, 'grant');
  return {
    statement: statementOf('record', item),
    state: text<RecordState>(item, 'state'),
    ...(metadata === undefined ? {} : { metadata }),
    ...(grant === undefined ? {} : { grant }),
    blob: toBlob(item),
    event: text(item, 'event'),
    filed: count(item, 'filed'),
  };
};

export const toLabel = (item: Item): StoredLabel => ({
  companionCiphertext: text(item, 'companionCiphertext'),
  label: text(item, 'label'),
});

export const toWrap = (item: Item): StoredWrap => ({
  capsule: text(item, 'capsule'),
  wrappedKey: text(item, 'wrappedKey'),
  ...toLabel(item),
});

/** Makes the head item from the first version, whose `created` fixes the position of the record in the folder's list. */
export const headItem = ({ statement: { payload: p, hash } }: NewVersion): Fields & Key => ({
  ...recordKey(p.record),
  ...recordIndex(p.folder, p.created, p.record),
  record: p.record,
  patient: p.patient,
  folder: p.folder,
  epoch: p.epoch,
  latest: p.version,
  hash,
  state: 'committed',
});

export const versionItem = (
  { statement: { payload: p, jws, hash }, metadata, blob, grant }: NewVersion,
  filed: { readonly event: string; readonly at: number },
): Fields & Key => ({
  ...versionKey(p.record, p.version),
  jws,
  hash,
  metadata,
  blob: blob.key,
  versionId: blob.versionId,
  grant: grant?.jws,
  event: filed.event,
  filed: filed.at,
  state: 'committed',
});

export const wrapItem = ({ statement: { payload: p }, wrap }: NewVersion): Fields & Key => ({
  ...wrapKey(p.record, p.version, p),
  ...wrapIndex(p, p.created, p.record, p.version),
  ...wrap,
});
