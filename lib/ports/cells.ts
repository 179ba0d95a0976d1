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
  readonly wrappedKey: string;
}

export interface WrapName extends CellName {
  readonly version: number;
}

/** An extension to store. `kfrags` contains its key fragments in the order of its cells, base64url. */
export interface NewExtension {
  readonly statement: Statement<'extension'>;
  readonly kfrags: readonly string[];
}

/** The wrap and the extensions that are stored in the same transaction as a new cell. */
export interface Carried {
  /** The wrap of the record version in a single-record folder. */
  readonly wrap?: StoredWrap;
  /** Each extension has exactly one cell: the new one. {@link Grants.extend} has their conditions. */
  readonly extensions: readonly NewExtension[];
}
