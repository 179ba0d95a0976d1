// Key fragments: the port through which a proxy reads and deletes the key fragments of grants. A proxy of another operator has a
// store of its own behind this port.
import type { Brand, GrantId } from '../bytes/ids.ts';
import type { CellName } from './cells.ts';

/**
 * A key fragment as it was stored after verification: 310 bytes, base64url. Only stores make values of this type, because {@link reencrypt} does not verify
 * the fragment again.
 */
export type StoredKeyFragment = Brand<string, 'StoredKeyFragment'>;

export interface KeyFragments {
  /** Reads the key fragment of one cell consistently. @returns undefined if the grant does not read the cell, or after {@link forget} */
  find(grant: GrantId, cell: CellName): Promise<StoredKeyFragment | undefined>;
  /** Deletes all key fragments of a grant that was ended before. A repetition deletes those that an interrupted call left. */
  forget(grant: GrantId): Promise<void>;
}
