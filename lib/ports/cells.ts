// Types of stored cells: the cells of folders, the wraps made for them, and the extensions that add a cell to a grant.
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
  readonly companionCiphertext: string;
  readonly wrappedKey: string;
  readonly label: string;
}

/** The parts of a wrap with which a list shows the label. The other parts stay out of lists, so that nobody can open a record with what a list returns. */
export type StoredLabel = Pick<StoredWrap, 'companionCiphertext' | 'label'>;

export interface WrapName extends CellName {
  readonly version: number;
}

/** A wrap of a record, without the parts that open the record. */
export interface NamedLabel extends WrapName, StoredLabel {}

/** An extension to store. `kfrags` contains its key fragments in the order of its cells, base64url. */
export interface NewExtension {
  readonly statement: Statement<'extension'>;
  readonly kfrags: readonly string[];
}

/** The wrap and the extensions that are stored in the same transaction as a new cell. */
export interface Carried {
  /** The wrap of the record version in a single-record folder. */
  readonly wrap?: StoredWrap;
  /** Each extension has exactly one cell: the new one. {@link Grants.extend} lists the conditions for storing an extension. */
  readonly extensions: readonly NewExtension[];
}
