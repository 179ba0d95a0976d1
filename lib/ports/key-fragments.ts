// Key fragments: the port through which a proxy reads and deletes the key fragments of grants. A proxy of another operator has its own store behind this
// port.
import type { Brand, GrantId } from '../bytes/ids.ts';
import type { CellName } from './cells.ts';

/**
 * A stored key fragment: 310 bytes, base64url. It was verified before it was stored, and {@link reencrypt} does not verify it again. So only stores make values
 * of this type.
 */
export type StoredKeyFragment = Brand<string, 'StoredKeyFragment'>;

export interface KeyFragments {
  /** Finds the key fragment of one cell, by a consistent read. @returns undefined if the grant does not read the cell, or after {@link forget} */
  find(grant: GrantId, cell: CellName): Promise<StoredKeyFragment | undefined>;
  /** Deletes all key fragments of an ended grant. If a call was interrupted, a second call deletes the rest. */
  forget(grant: GrantId): Promise<void>;
}
