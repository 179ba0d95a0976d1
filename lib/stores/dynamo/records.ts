// Store of records in DynamoDB: files, lists and deletes them. Commits and deletions of a record all change its head item, which decides their order.
import { AppError } from '../../api/errors.ts';
import type { FolderId, RecordId } from '../../bytes/ids.ts';
import { recordLife } from '../../domain/life-cycles.ts';
import type {
  CellName,
  ListedVersion,
  NewVersion,
  Page,
  PageRequest,
  Records,
  StoredRecord,
} from '../../ports/index.ts';
import { after, getItem, getItems, query, queryAll, type StoreContext } from './database.ts';
import { text, type Item } from './item.ts';
import { decodeCursor, encodeCursor, limitOf, mapPage, page } from './page.ts';
import { headItem, toFiledBlob, toLabel, toRecord, toVersion, versionItem, wrapItem } from './record-items.ts';
import { liveConditions } from './grant-items.ts';
import { deleteRecord } from './record-deletion.ts';
import { is, isAbsent, type Step } from './conditional-writes.ts';
import {
  cellKey,
  EVERYTHING,
  recordKey,
  recordPk,
  SHAPES,
  startingWith,
  stateKey,
  uploadKey,
  versionKey,
  wrapKey,
  wrapsOfVersions,
  wrapsPk,
  type Key,
  type Span,
} from './table.ts';
import { effectOf, type Writer } from './transactional-writer.ts';
import { OPEN, COMMITTED } from './uploads.ts';

const conflict = () => new AppError('version-conflict');
const exists = () => new AppError('already-exists');
/** Returns the refusal if this version exists already: for version 1 the record id is used, for a later version another author was quicker. */
const takenOf = ({ statement: { payload } }: NewVersion) => (payload.version === 1 ? exists : conflict);

const headStep = (version: NewVersion, head: StoredRecord | undefined): Step => {
  const { payload, hash } = version.statement;
  if (head === undefined) return { put: headItem(version), when: [isAbsent(takenOf(version))] };
  return {
    update: recordKey(payload.record),
    set: { latest: payload.version, hash, epoch: payload.epoch },
    when: [
      is('state', recordLife.delete.from, exists),
      is('latest', payload.version - 1, conflict),
      is('hash', head.latestHash, conflict),
    ],
  };
};

const commitSteps = (
  version: NewVersion,
  head: StoredRecord | undefined,
  event: string,
  now: number,
): readonly Step[] => {
  const { payload, hash } = version.statement;
  const { grant } = version;
  return [
    { put: versionItem(version, { event, at: now }), when: [isAbsent(takenOf(version))], makes: hash },
    headStep(version, head),
    { check: cellKey(payload), when: [is('state', 'current', () => new AppError('cell-closed'))] },
    { put: wrapItem(version), when: [] },
    ...(grant === undefined ? [] : [{ check: stateKey(grant.payload.grant), when: liveConditions(now) }]),
    {
      // The step takes the item off every list but does not delete it, so that an upload id is never used for a second blob.
      update: uploadKey(payload.record, version.upload.upload),
      set: { state: COMMITTED },
      remove: ['gsi2pk', 'gsi2sk'],
      when: [is('state', OPEN, () => new AppError('upload-not-found'))],
    },
  ];
};

/** The key of the version to which a wrap belongs: both sort keys contain the version number. */
const versionOfWrap = (wrap: Item): Key => {
  const [, number = ''] = text(wrap, 'sk').split('#');
  return { pk: text(wrap, 'pk'), sk: `V#${number}` };
};

/** The sort keys of the wraps of the versions on a page. The versions of a record have the numbers from 1 on without a gap. */
const wrapsOnPage = (request: PageRequest): Span => {
  const { cursor } = request;
  const before = cursor === undefined ? 0 : Number(decodeCursor(cursor, SHAPES.version).slice('V#'.length));
  return wrapsOfVersions(before + 1, before + limitOf(request));
};

/** Makes a version of a list from its two items. @returns undefined for a version that was deleted after the index listed it */
const toListed = (version: Item | undefined, wrap: Item | undefined): ListedVersion | undefined => {
  if (version === undefined || wrap === undefined) return undefined;
  const stored = toVersion(version);
  return stored.state === 'committed' ? { ...stored, label: toLabel(wrap) } : undefined;
};

const cellName = ({ folder, epoch }: CellName): string => `${folder}#${epoch}`;

export const makeRecords = (context: StoreContext, write: Writer): Records => {
  const wrapsAfter = async (cells: readonly CellName[], request: PageRequest) => {
    const { from, start } = begin(cells, request);
    const limit = limitOf(request);
    const wraps: Item[] = [];
    for (const [i, cell] of cells.entries()) {
      if (i < start) continue;
      const span = i === start ? { ...EVERYTHING, from } : EVERYTHING;
      const asked = { index: 'gsi1', pk: wrapsPk(cell), span, limit: limit - wraps.length } as const;
      const { items, more } = await query(context, asked);
      wraps.push(...items);
      const last = items.at(-1);
      if (last !== undefined && (more || (wraps.length === limit && i + 1 < cells.length)))
        return { wraps, next: encodeCursor(`${cellName(cell)}#${text(last, 'gsi1sk')}`) };
    }
    return { wraps };
  };

  return {
    find: async (id) => {
      const item = await getItem(context, recordKey(id));
      return item === undefined ? undefined : toRecord(item);
    },

    versions: async (id, request) => {
      const asked = { pk: recordPk(id), span: startingWith('V#') };
      return mapPage(await page(context, asked, SHAPES.version, request), toVersion);
    },

    version: async (id, version) => {
      const item = await getItem(context, versionKey(id, version));
      return item === undefined ? undefined : toVersion(item);
    },

    wraps: async (id, request) => {
      const span = request === undefined ? startingWith('W#') : wrapsOnPage(request);
      const wraps = await queryAll(context, { pk: recordPk(id), span });
      return wraps.map((w) => {
        const [, version, folder, epoch] = text(w, 'sk').split('#');
        return { version: Number(version), folder: folder as FolderId, epoch: Number(epoch), ...toLabel(w) };
      });
    },

    listFolder: async (folder, request): Promise<Page<ListedVersion>> => {
      const asked = { index: 'gsi1', pk: `F#${folder}`, span: EVERYTHING } as const;
      const heads = await page(context, asked, SHAPES.record, request);
      const records = heads.items.map(toRecord);
      // One call reads versions and wraps: a page of 50 records needs 100 keys, as many as one batch takes.
      const found = await getItems(context, [
        ...records.map((r) => versionKey(r.record, r.latest)),
        ...records.map((r) => wrapKey(r.record, r.latest, r)),
      ]);
      const listed = records.map((_, i) => toListed(found[i], found[records.length + i]));
      return { ...heads, items: listed.filter((v) => v !== undefined) };
    },

    listCells: async (cells, request) => {
      const { wraps, next } = await wrapsAfter(cells, request);
      // A wrap never changes, so the label can come from the index. The versions are read consistently, because a record may have been deleted since.
      const versions = await getItems(context, wraps.map(versionOfWrap));
      const items = wraps.map((w, i) => toListed(versions[i], w)).filter((v) => v !== undefined);
      return { items, ...(next === undefined ? {} : { next }) };
    },

    commit: (version, head, event, call) =>
      write({
        steps: ([filed = '']) => commitSteps(version, head, filed, call.now),
        events: [{ draft: event, evidence: version.statement.jws }],
        ...effectOf(call),
      }),

    delete: (record, deletion, event, call) => deleteRecord(context, write, { record, deletion, event, call }),

    blobs: async (id: RecordId) =>
      (await queryAll(context, { pk: recordPk(id), span: startingWith('V#') })).map(toFiledBlob),
  };
};

const CELL_CURSOR = /^([a-z2-7]{26}#[1-9]\d{0,9})#(\d{13}#[a-z2-7]{26}#\d{10})$/;

/**
 * Finds the cell at which a list goes on, and the first sort key in that cell.
 * @throws {AppError} `malformed-request` if the cursor is for no cell of the list
 */
const begin = (
  cells: readonly CellName[],
  { cursor }: PageRequest,
): { readonly start: number; readonly from: string } => {
  if (cursor === undefined) return { start: 0, from: EVERYTHING.from };
  const [, name, sortKey = ''] = CELL_CURSOR.exec(decodeCursor(cursor, CELL_CURSOR)) ?? [];
  const start = cells.findIndex((c) => cellName(c) === name);
  if (start < 0) throw new AppError('malformed-request', { member: 'cursor' });
  return { start, from: after(sortKey) };
};
