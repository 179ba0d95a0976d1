// Rows of records, as put, ls, get and open print them. Pure.
import type { Folder, FolderId, RecordInfo } from '../client/node.ts';
import type { Row } from './app.ts';
import { isoTime, shortId, sizeText, timeText, visible } from './format.ts';
import { whoIs, whoText, type Known } from './names.ts';

/** Describes a record by the title that its author gave, else by its safe file name. */
export const describe = ({ safeName, label }: Pick<RecordInfo, 'safeName' | 'label'>): string =>
  visible(label?.title ?? safeName);

/** The name of a folder that the user can read; a recipient sees the id only. */
export const folderText = (folders: readonly Folder[], id: FolderId): string =>
  visible(folders.find((f) => f.id === id)?.name ?? shortId(id));

/** A record in a list. What its label says is a claim of the author until the record is opened. */
export const recordRow =
  (known: Known, folders: readonly Folder[]) =>
  (record: RecordInfo): Row => {
    const author = whoIs(known, record.author);
    return {
      json: {
        record: record.record,
        version: record.version,
        folder: record.folder,
        author,
        created: isoTime(record.created),
        length: record.length,
        name: record.safeName,
        label: record.label ?? null,
      },
      cells: [
        shortId(record.record),
        `v${record.version}`,
        timeText(record.created),
        sizeText(record.length),
        whoText(author),
        folderText(folders, record.folder),
        describe(record),
      ],
    };
  };
