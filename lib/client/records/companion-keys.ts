// Companion keys of cells, expanded once for each cell: the patient derives the seed, a recipient gets it from its grant. The sealed seeds of a statement are
// opened once for all its cells.
import { equalBytes } from '../../bytes/binary.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import { openSeeds } from '../../envelope/companion-seeds.ts';
import { decapsulator, type Decapsulator } from '../../envelope/x-wing.ts';
import type { Jws, Statement } from '../../statements/kinds.ts';
import type { GrantedCell, GrantWithCells, SealedSeeds } from '../access/verify-grant.ts';
import type { Context } from '../session/context.ts';
import { check, checked } from '../session/errors.ts';

/** Returns the companion key of a cell, from the cache if it is there. The seed must give the key in the patient's statement of the cell. */
const companionKey = (
  ctx: Context,
  { hash, payload }: Statement<'folder'>,
  seed: () => Uint8Array | undefined,
): Promise<Decapsulator> =>
  checked('companion', () => {
    const known = ctx.companions.get(hash);
    if (known !== undefined) return known;
    const secret = seed();
    check('companion', secret !== undefined);
    const key = decapsulator(secret);
    check('companion', equalBytes(key.publicKey, fromBase64url(payload.companion)));
    ctx.companions.set(hash, key);
    return key;
  });

/** @throws {ClientError} `unverified` (`companion`) if the patient's keys do not give the companion key of the statement */
export const ownCompanion = (ctx: Context, cell: Statement<'folder'>): Promise<Decapsulator> => {
  const { folder, epoch, salt } = cell.payload;
  return companionKey(ctx, cell, () => ctx.keys.companionSeed(folder, epoch, fromBase64url(salt)));
};

/**
 * Returns the seeds of all cells that one grant or extension names, from the cache if they are there.
 * @param by the statement of the grant or of the extension
 */
const seedsOf = (
  ctx: Context,
  { patient, recipient, id: grant }: GrantWithCells,
  by: Jws,
  { extension, sealed }: SealedSeeds,
): readonly Uint8Array[] => {
  const known = ctx.seeds.get(by);
  if (known !== undefined) return known;
  const opened = openSeeds(fromBase64url(sealed), ctx.keys.inbox(), { patient, recipient, grant, extension });
  ctx.seeds.set(by, opened);
  return opened;
};

/** @throws {ClientError} `unverified` (`companion`) if the grant has no seeds, or others than those of its cells */
export const grantedCompanion = (
  ctx: Context,
  grant: GrantWithCells,
  { statement, by, seeds }: GrantedCell,
): Promise<Decapsulator> =>
  companionKey(ctx, statement, () => {
    check('companion', seeds !== undefined);
    return seedsOf(ctx, grant, by, seeds)[seeds.place];
  });
