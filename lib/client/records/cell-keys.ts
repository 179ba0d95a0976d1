// Unwraps the file keys of one cell. The patient uses the cell key. A recipient uses capsule fragments that it gets under its grant.
import type { Answer } from '../../api/routes.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import type { FolderId } from '../../bytes/ids.ts';
import type { GrantCell, Jws, Statement } from '../../statements/kinds.ts';
import { decodeCapsules } from '../../umbral/capsule.ts';
import { CapsuleOpener } from '../../umbral/delegatee.ts';
import { decryptOriginal } from '../../umbral/delegator.ts';
import type { SecretKey } from '../../umbral/keys.ts';
import type { CellOpener, Context } from '../session/context.ts';
import { check, checked } from '../session/errors.ts';
import { fragmentsOf, fragmentVerifier, type SignedBy } from './verify-fragments.ts';
import type { GrantedCell, GrantWithCells } from '../access/verify-grant.ts';
import { knownIdentity, publicKeyFrom, publicKeyText } from '../identities/identities.ts';
import type { CallOptions } from '../session/transport.ts';

type Wrap = Answer<'recapsulate'>['records'][number]['wrap'];

/** An opening, and the service's signature on the answer. */
export interface SignedOpening {
  readonly opening: Jws;
  /** Absent for the patient's own openings. */
  readonly proof: (SignedBy & { readonly serviceKey: string }) | undefined;
}

/** Unwraps the file keys of one cell. */
export interface CellKeys {
  readonly folder: FolderId;
  readonly epoch: number;
  /** Returns the file key of each wrap, 32 bytes. @throws {ClientError} `unverified`; {WrongFragmentError} */
  readonly unwrap: (wraps: readonly Wrap[], opening: SignedOpening) => Promise<readonly Uint8Array[]>;
}

/** Unwraps with the patient's cell key. */
export const ownKeys = (ctx: Context, { payload: { folder, epoch, salt } }: Statement<'folder'>): CellKeys => ({
  folder,
  epoch,
  unwrap: async (wraps) => {
    const capsules = await checked('capsule', () => decodeCapsules(wraps.map((w) => fromBase64url(w.capsule))));
    const key = ctx.keys.folderKey(folder, epoch, fromBase64url(salt));
    return checked('wrap', () => wraps.map((w, i) => decryptOriginal(key, capsules[i]!, fromBase64url(w.wrappedKey))));
  },
});

/** Returns the cached state for openings of one cell, or creates it. The state stays in the cache as long as the client exists. */
const openerOf = (
  ctx: Context,
  identity: Statement<'identity'>,
  grant: Statement<'grant'>,
  cell: GrantCell,
  receiving: SecretKey,
): CellOpener => {
  const name = [identity.payload.kfragSigner, cell.key, grant.payload.receiving.key].join();
  const known = ctx.openers.get(name);
  if (known !== undefined) return known;
  const opener = {
    verifier: fragmentVerifier(identity, grant, cell, ctx.platform.rng),
    opener: new CapsuleOpener(receiving, publicKeyFrom(cell.key)),
  };
  ctx.openers.set(name, opener);
  return opener;
};

/** Unwraps with a capsule fragment and the recipient's receiving key. The fragment must be proved to come from the granted key fragment. */
export const grantedKeys = async (
  ctx: Context,
  grant: GrantWithCells,
  { folder, epoch, cell, by }: GrantedCell,
  options: CallOptions = {},
): Promise<CellKeys> => {
  const { number, key } = grant.statement.payload.receiving;
  const receiving = ctx.keys.receiving(number);
  // The client does not send an opening whose answer this device cannot decrypt. A grant to another recipient passes here, because the service refuses such an
  // opening.
  check('receiving-key', grant.recipient !== ctx.keys.id || publicKeyText(receiving) === key);
  const identity = await knownIdentity(ctx, grant.patient, options);
  const { verifier, opener } = openerOf(ctx, identity, grant.statement, cell, receiving);
  const entitled = { identity, grant: grant.statement, cell, by, verifier };
  return {
    folder,
    epoch,
    unwrap: async (wraps, { opening, proof }) => {
      check('recapsulation', proof !== undefined);
      const fragments = fragmentsOf(wraps, entitled, { ...proof, opening });
      return checked('wrap', () =>
        fragments.map(({ capsule, cfrag }, i) => opener.decrypt(capsule, [cfrag], fromBase64url(wraps[i]!.wrappedKey))),
      );
    },
  };
};
