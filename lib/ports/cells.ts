// Cells of folders as they are stored, the wraps made for them, and the extensions that bring a grant into one.
import type { FolderId } from '../bytes/ids.ts';
import type { CellState } from '../domain/life-cycles.ts';
import type { Statement } from '../statements/kinds.ts';

export interface CellName {
  readonly folder: FolderId;
  readonly epoch: number;
}

export interface StoredCell {
  readonly statement: Statement<'folder'>;
  readonly state: CellState;
}

export interface StoredWrap {
  readonly capsule: string;
  readonly wrappedKey: string;
}

export interface WrapName extends CellName {
  readonly version: number;
}

/** A further statement of the patient's on its grant, with the key fragments in the order of its cells. */
export interface NewExtension {
  readonly statement: Statement<'extension'>;
  readonly kfrags: readonly string[];
}

/** What goes into a new cell in the transaction that makes it. */
export interface Carried {
  /** Of the record version that a folder of kind single holds. */
  readonly wrap?: StoredWrap;
  /** One cell each: the new one. Their conditions are those of {@link Grants.extend}. */
  readonly extensions: readonly NewExtension[];
}
