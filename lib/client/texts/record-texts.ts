// Makes the texts by which an author describes a record safe for its readers: to be shown, and to name a file. The texts of the author stay apart as `claimed`.
import type { RecordId } from '../../bytes/ids.ts';
import type { Label } from '../../envelope/label.ts';
import type { RecordMetadata } from '../../envelope/metadata.ts';
import { displayText } from './display-text.ts';
import { safeName } from './safe-name.ts';

const SHOWN = ['mediaType', 'title', 'clinicalDate', 'category'] as const;

/** The texts of an author, safe to show ({@link displayText}). A text with nothing to show is absent. The file name is `safeName` of the record. */
export interface ShownTexts<Claimed extends Label> extends Readonly<Partial<Record<(typeof SHOWN)[number], string>>> {
  /**
   * The texts exactly as the author chose them, with any characters. Do not print them, and make no path, header, link or query of them.
   */
  readonly claimed: Claimed;
}

/** The label of a listed version, safe to show. */
export type ShownLabel = ShownTexts<Label>;
/** The metadata of an opened version, safe to show. `length` is that of the body, bytes. */
export type ShownMetadata = ShownTexts<RecordMetadata> & Pick<RecordMetadata, 'length'>;

export const shown = <Claimed extends Label>(claimed: Claimed): ShownTexts<Claimed> => {
  const texts: Partial<Record<(typeof SHOWN)[number], string>> = {};
  for (const name of SHOWN) {
    const text = displayText(claimed[name] ?? '');
    if (text !== '') texts[name] = text;
  }
  return { ...texts, claimed };
};

/** Returns the file name for a record. A record without one, or with nothing left of it, gets a name with its id. */
export const recordName = (record: RecordId, claimed: Pick<Label, 'fileName'> | undefined): string =>
  safeName(claimed?.fileName, `record-${record}`);
