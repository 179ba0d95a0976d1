// Sample grants, cells and people for the tests of lib/domain. Each function takes changes.
import { identityId, newId, type FolderId, type GrantId } from '../../lib/bytes/ids.ts';
import { DAY } from '../../lib/domain/time.ts';
import type { GrantCell, Payload } from '../../lib/statements/kinds.ts';

export const NOW = 1_767_225_600_000;
const idOf = (byte: number) => identityId(new Uint8Array(32).fill(byte));
export const patient = idOf(1);
export const recipient = idOf(2);
export const hash = 'A'.repeat(43);
export const point = 'A'.repeat(44);
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

/** A valid grant to read the sample cell for a day, with a new id. */
export const grantOf = (changes: Partial<Payload<'grant'>> = {}): Payload<'grant'> => ({
  grant: newId<GrantId>(),
  patient,
  recipient,
  receiving: { number: 1, key: point },
  right: 'read',
  cells: [cellOf()],
  notBefore: NOW,
  expires: NOW + DAY,
  purpose: 'TREAT',
  threshold: 1,
  proxies: [{ id: 'service' }],
  issued: NOW,
  ...changes,
});
