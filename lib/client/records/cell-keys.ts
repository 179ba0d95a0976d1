// How the file keys of one cell are got out of their wraps: by the patient with the folder's key, by a recipient with fragments of its grant.
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
import { fragmentsOf, fragmentVerifier, type SignedBy } from './fragment-proof.ts';
import type { GrantedCell, GrantWithCells } from '../access/grants.ts';
import { knownIdentity, publicKeyFrom, publicKeyText } from '../identities/identities.ts';
import type { CallOptions } from '../session/transport.ts';

type Wrap = Answer<'recapsulate'>['records'][number]['wrap'];

/** An opening, and how the service signed its answer. */
export interface SignedOpening {
  readonly opening: Jws;
  /** None for the patient's own. */
  readonly proof: (SignedBy & { readonly serviceKey: string }) | undefined;
}

/** How the file keys of one cell are got out of their wraps. */
export interface CellKeys {
  readonly folder: FolderId;
  readonly epoch: number;
  /** The file key of each, 32 bytes. @throws {ClientError} `unverified`; {WrongFragmentError} */
  readonly unwrap: (wraps: readonly Wrap[], opening: SignedOpening) => Promise<readonly Uint8Array[]>;
}

/** Own wraps are opened with the folder's own key. */
export const ownKeys = (ctx: Context, { payload: { folder, epoch, salt } }: Statement<'folder'>): CellKeys => ({
  folder,
  epoch,
  unwrap: async (wraps) => {
    const capsules = await checked('capsule', () => decodeCapsules(wraps.map((w) => fromBase64url(w.capsule))));
    const key = ctx.keys.folderKey(folder, epoch, fromBase64url(salt));
    return checked('wrap', () => wraps.map((w, i) => decryptOriginal(key, capsules[i]!, fromBase64url(w.wrappedKey))));
  },
});

/** What a recipient remembers of a cell between openings, for the life of the client. */
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

/** Wraps of a granted cell are opened with a fragment that is proved to come from the granted key fragment, and with the own receiving key. */
export const grantedKeys = async (
  ctx: Context,
  grant: GrantWithCells,
  { folder, epoch, cell, by }: GrantedCell,
  options: CallOptions = {},
): Promise<CellKeys> => {
  const { number, key } = grant.statement.payload.receiving;
  const receiving = ctx.keys.receiving(number);
  // Not asked for what could not be opened; somebody else's grant is for the service to refuse.
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
