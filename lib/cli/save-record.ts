// Saves an opened record in a file, and prints a line about it.
import { intoFile, type OpenedRecord } from '../client/node.ts';
import { printRows, type Options } from './app.ts';
import { isoTime, shortId, visible } from './format.ts';
import type { Io } from './io.ts';
import { whoIs } from './names.ts';
import { warnOfLabel } from './record-commands.ts';
import { describe } from './record-rows.ts';
import type { Session } from './session.ts';

/** Saves a record in a file, and prints it. */
export const saveRecord = async (
  io: Io,
  options: Options<object>,
  session: Session,
  { record, file }: { readonly record: OpenedRecord; readonly file: string },
): Promise<void> => {
  await record.save(intoFile(file));
  await warnOfLabel(io, record);
  const json = {
    record: record.record,
    version: record.version,
    author: whoIs(session, record.author),
    created: isoTime(record.created),
    name: record.safeName,
    metadata: record.metadata,
    file,
  };
  await printRows(io, options, [{ json, cells: [shortId(record.record), describe(record), visible(file)] }]);
};
