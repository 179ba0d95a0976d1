// Opens the wraps of one cell: the file keys and the labels. The patient uses the cell key. A recipient uses capsule fragments that it gets under its grant.
import type { Answer } from '../../api/routes.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import { RIGHT_FACTS } from '../../domain/grant.ts';
import { openWrap, type OpenedWrap, type Wrap } from '../../envelope/wrap.ts';
import type { WrapContext } from '../../envelope/wrap-keys.ts';
import type { GrantCell, Jws, Statement } from '../../statements/kinds.ts';
import { decodeCapsules } from '../../umbral/capsule.ts';
import { CapsuleOpener } from '../../umbral/delegatee.ts';
import { decapsulateOriginal } from '../../umbral/delegator.ts';
import type { SecretKey } from '../../umbral/keys.ts';
import type { CellOpener, Context } from '../session/context.ts';
import { check, checked } from '../session/errors.ts';
import { grantedCompanion, ownCompanion } from './companion-keys.ts';
import { fragmentsOf, fragmentVerifier, type SignedBy } from './verify-fragments.ts';
import type { GrantedCell, GrantWithCells } from '../access/verify-grant.ts';
import { knownIdentity, publicKeyFrom, publicKeyText } from '../identities/identities.ts';
import type { CallOptions } from '../session/transport.ts';

type AnsweredWrap = Answer<'recapsulate'>['records'][number]['wrap'];

/** A record version that the caller asked for, and the wrap that the service answered. */
export interface WrappedVersion {
  readonly version: Pick<WrapContext, 'patient' | 'record' | 'version'>;
  readonly wrap: AnsweredWrap;
}

const partsOf = ({ capsule, companionCiphertext, wrappedKey, label }: AnsweredWrap): Wrap => ({
  capsule: fromBase64url(capsule),
  companionCiphertext: fromBase64url(companionCiphertext),
  wrappedKey: fromBase64url(wrappedKey),
  label: fromBase64url(label),
});

/** An opening, and the service's signature on the answer. */
export interface SignedOpening {
  readonly opening: Jws;
  /** Absent for the patient's own openings. */
  readonly proof: (SignedBy & { readonly serviceKey: string }) | undefined;
}

/** Opens the wraps of one cell. */
export interface CellKeys {
  /** The patient's statement of the cell. */
  readonly cell: Statement<'folder'>;
  /** Returns the content of the wrap of each version. @throws {ClientError} `unverified`; {WrongFragmentError} */
  readonly unwrap: (versions: readonly WrappedVersion[], opening: SignedOpening) => Promise<readonly OpenedWrap[]>;
}

/** Unwraps with the patient's cell key. */
export const ownKeys = (ctx: Context, cell: Statement<'folder'>): CellKeys => {
  const { folder, epoch, salt } = cell.payload;
  return {
    cell,
    unwrap: async (versions) => {
      const capsules = await checked('capsule', () =>
        decodeCapsules(versions.map(({ wrap }) => fromBase64url(wrap.capsule))),
      );
      const key = ctx.keys.folderKey(folder, epoch, fromBase64url(salt));
      const companion = await ownCompanion(ctx, cell);
      return checked('wrap', () =>
        versions.map(({ version, wrap }, i) => {
          const umbral = () => decapsulateOriginal(key, capsules[i]!);
          return openWrap(partsOf(wrap), { umbral, companion }, { ...version, folder, epoch });
        }),
      );
    },
  };
};

/** Returns the cached state for openings of one cell, or creates it. The client keeps it for its whole life. */
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
  granted: GrantedCell,
  options: CallOptions = {},
): Promise<CellKeys> => {
  const { folder, epoch, cell, by } = granted;
  const { number, key } = grant.statement.payload.receiving;
  const receiving = ctx.keys.receiving(number);
  // The client does not send an opening whose answer this device cannot decrypt. An opening under a grant of another recipient, or without the right to
  // open, is refused by the service.
  const mayOpen = grant.recipient === ctx.keys.id && RIGHT_FACTS[grant.right].opensRecords;
  check('receiving-key', !mayOpen || publicKeyText(receiving) === key);
  const companion = mayOpen ? await grantedCompanion(ctx, grant, granted) : undefined;
  const identity = await knownIdentity(ctx, grant.patient, options);
  const { verifier, opener } = openerOf(ctx, identity, grant.statement, cell, receiving);
  const entitled = { identity, grant: grant.statement, cell, by, verifier };
  return {
    cell: granted.statement,
    unwrap: async (versions, { opening, proof }) => {
      check('recapsulation', proof !== undefined);
      check('companion', companion !== undefined);
      const fragments = fragmentsOf(
        versions.map(({ wrap }) => wrap),
        entitled,
        { ...proof, opening },
      );
      return checked('wrap', () =>
        fragments.map(({ capsule, cfrag }, i) => {
          const { version, wrap } = versions[i]!;
          const umbral = () => opener.decapsulate(capsule, [cfrag]);
          return openWrap(partsOf(wrap), { umbral, companion }, { ...version, folder, epoch });
        }),
      );
    },
  };
};
