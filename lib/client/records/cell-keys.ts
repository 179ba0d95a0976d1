// Unwraps the file keys of one cell. The patient uses the cell key. A recipient uses capsule fragments that it gets under its grant.
import type { Answer } from '../../api/routes.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import type { FolderId } from '../../bytes/ids.ts';
import type { GrantCell, Jws, Statement } from '../../statements/kinds.ts';
import { decodeCapsules, type Capsule } from '../../umbral/capsule.ts';
import { CapsuleOpener } from '../../umbral/delegatee.ts';
import { decryptOriginal } from '../../umbral/delegator.ts';
import type { SecretKey } from '../../umbral/keys.ts';
import type { CellOpener, Context } from '../session/context.ts';
import { check, checked, ClientError, resultOf } from '../session/errors.ts';
import { fragmentsOf, fragmentVerifier, type CheckedFragment, type SignedBy } from './verify-fragments.ts';
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
  /** Returns for each wrap its file key, 32 bytes, or the error of its check. @throws {ClientError} `unverified` (`recapsulation`) */
  readonly unwrap: (wraps: readonly Wrap[], opening: SignedOpening) => Promise<readonly (Uint8Array | ClientError)[]>;
}

/** Decodes capsules: all together, which is faster, and one by one if that fails. @returns for each wrap the capsule, or the error of its check */
const capsulesOf = async (wraps: readonly Wrap[]): Promise<readonly (Capsule | ClientError)[]> => {
  const decode = (list: readonly Wrap[]) =>
    resultOf(() => checked('capsule', () => decodeCapsules(list.map((w) => fromBase64url(w.capsule)))));
  const together = await decode(wraps);
  if (!(together instanceof ClientError)) return together;
  const each = await Promise.all(wraps.map((w) => decode([w])));
  return each.map((one) => (one instanceof ClientError ? one : one[0]!));
};

/** Unwraps with the patient's cell key. */
export const ownKeys = (ctx: Context, { payload: { folder, epoch, salt } }: Statement<'folder'>): CellKeys => ({
  folder,
  epoch,
  unwrap: async (wraps) => {
    const capsules = await capsulesOf(wraps);
    const key = ctx.keys.folderKey(folder, epoch, fromBase64url(salt));
    const open = async ({ wrappedKey }: Wrap, capsule: Capsule | ClientError) => {
      if (capsule instanceof ClientError) return capsule;
      return resultOf(() => checked('wrap', () => decryptOriginal(key, capsule, fromBase64url(wrappedKey))));
    };
    return Promise.all(wraps.map((w, i) => open(w, capsules[i]!)));
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
      const open = async (fragment: CheckedFragment | ClientError, { wrappedKey }: Wrap) => {
        if (fragment instanceof ClientError) return fragment;
        const { capsule, cfrag } = fragment;
        return resultOf(() => checked('wrap', () => opener.decrypt(capsule, [cfrag], fromBase64url(wrappedKey))));
      };
      return Promise.all(fragments.map((fragment, i) => open(fragment, wraps[i]!)));
    },
  };
};
