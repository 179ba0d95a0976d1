// Sample grants, cells and people for the tests of lib/domain. `cellOf` and `grantOf` take the members that a test changes.
import { identityId, newId, type FolderId, type GrantId } from '../../lib/bytes/ids.ts';
import { toBase64url } from '../../lib/bytes/codec.ts';
import { DAY } from '../../lib/domain/time.ts';
import { companionsLength } from '../../lib/statements/fields.ts';
import type { GrantCell, Payload } from '../../lib/statements/kinds.ts';

export const NOW = 1_767_225_600_000;
const idOf = (byte: number) => identityId(new Uint8Array(32).fill(byte));
export const patient = idOf(1);
export const recipient = idOf(2);
export const hash = 'A'.repeat(43);
export const point = 'A'.repeat(44);
export const kemKey = toBase64url(new Uint8Array(1216));
export const folder = newId<FolderId>();

/** A cell of the sample folder, with a key fragment. */
export const cellOf = (changes: Partial<GrantCell> = {}): GrantCell => ({
  folder,
  epoch: 1,
  key: point,
  statement: hash,
  kfrags: [{ proxy: 'service', id: hash, hash }],
  ...changes,
});

/** Returns zero bytes in base64url, with the length of the sealed companion seeds for this number of cells. */
export const companionsOf = (cells: number): string => toBase64url(new Uint8Array(companionsLength(cells)));

/** A valid grant to read the sample cell for a day, with a new id. */
export const grantOf = (changes: Partial<Payload<'grant'>> = {}): Payload<'grant'> => ({
  grant: newId<GrantId>(),
  patient,
  recipient,
  receiving: { number: 1, key: point },
  right: 'read',
  cells: [cellOf()],
  ...(changes.right === undefined || changes.right === 'read'
    ? { inbox: kemKey, companions: companionsOf(changes.cells?.length ?? 1) }
    : {}),
  notBefore: NOW,
  expires: NOW + DAY,
  purpose: 'TREAT',
  threshold: 1,
  proxies: [{ id: 'service' }],
  issued: NOW,
  ...changes,
});
