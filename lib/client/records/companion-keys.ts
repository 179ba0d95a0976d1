// Companion keys of cells, expanded once for each cell: the patient derives the seed, a recipient gets it from its grant.
import { equalBytes } from '../../bytes/binary.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import { openSeeds } from '../../envelope/companion-seeds.ts';
import { decapsulator, type Decapsulator } from '../../envelope/x-wing.ts';
import type { Statement } from '../../statements/kinds.ts';
import type { GrantedCell, GrantWithCells } from '../access/verify-grant.ts';
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

/** @throws {ClientError} `unverified` (`companion`) if the grant has no seeds, or others than those of its cells */
export const grantedCompanion = (
  ctx: Context,
  { patient, recipient, id: grant }: GrantWithCells,
  { statement, seeds }: GrantedCell,
): Promise<Decapsulator> =>
  companionKey(ctx, statement, () => {
    check('companion', seeds !== undefined);
    const { extension, sealed, place } = seeds;
    return openSeeds(fromBase64url(sealed), ctx.keys.inbox(), { patient, recipient, grant, extension })[place];
  });
