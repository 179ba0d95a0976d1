// Opens the wraps of one cell: the file keys and the labels. The patient uses the cell key. A recipient uses capsule fragments that it gets under its grant.
import type { Answer } from '../../api/routes.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import { RIGHT_FACTS } from '../../domain/grant.ts';
import { openWrap, type OpenedWrap, type Wrap } from '../../envelope/wrap.ts';
import type { WrapContext } from '../../envelope/wrap-keys.ts';
import type { GrantCell, Jws, Statement } from '../../statements/kinds.ts';
import { decodeCapsules, type Capsule } from '../../umbral/capsule.ts';
import { CapsuleOpener } from '../../umbral/delegatee.ts';
import { decapsulateOriginal } from '../../umbral/delegator.ts';
import type { SecretKey } from '../../umbral/keys.ts';
import type { CellOpener, Context } from '../session/context.ts';
import { check, checked, ClientError, resultOf } from '../session/errors.ts';
import { grantedCompanion, ownCompanion } from './companion-keys.ts';
import { fragmentsOf, fragmentVerifier, type CheckedFragment, type SignedBy } from './verify-fragments.ts';
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
  /** Returns for each version the content of its wrap, or the error of its check. @throws {ClientError} `unverified` (`recapsulation`) */
  readonly unwrap: (
    versions: readonly WrappedVersion[],
    opening: SignedOpening,
  ) => Promise<readonly (OpenedWrap | ClientError)[]>;
}

/** Decodes capsules: all together, which is faster, and one by one if that fails. @returns for each wrap the capsule, or the error of its check */
const capsulesOf = async (wraps: readonly AnsweredWrap[]): Promise<readonly (Capsule | ClientError)[]> => {
  const decode = (list: readonly AnsweredWrap[]) =>
    resultOf(() => checked('capsule', () => decodeCapsules(list.map((w) => fromBase64url(w.capsule)))));
  const together = await decode(wraps);
  if (!(together instanceof ClientError)) return together;
  const each = await Promise.all(wraps.map((w) => decode([w])));
  return each.map((one) => (one instanceof ClientError ? one : one[0]!));
};

/** Unwraps with the patient's cell key. */
export const ownKeys = (ctx: Context, cell: Statement<'folder'>): CellKeys => {
  const { folder, epoch, salt } = cell.payload;
  return {
    cell,
    unwrap: async (versions) => {
      const capsules = await capsulesOf(versions.map(({ wrap }) => wrap));
      const key = ctx.keys.folderKey(folder, epoch, fromBase64url(salt));
      const companion = await ownCompanion(ctx, cell);
      const open = async ({ version, wrap }: WrappedVersion, capsule: Capsule | ClientError) => {
        if (capsule instanceof ClientError) return capsule;
        const secrets = { umbral: () => decapsulateOriginal(key, capsule), companion };
        return resultOf(() => checked('wrap', () => openWrap(partsOf(wrap), secrets, { ...version, folder, epoch })));
      };
      return Promise.all(versions.map((v, i) => open(v, capsules[i]!)));
    },
  };
};

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
      const open = async (fragment: CheckedFragment | ClientError, { version, wrap }: WrappedVersion) => {
        if (fragment instanceof ClientError) return fragment;
        const { capsule, cfrag } = fragment;
        const secrets = { umbral: () => opener.decapsulate(capsule, [cfrag]), companion };
        return resultOf(() => checked('wrap', () => openWrap(partsOf(wrap), secrets, { ...version, folder, epoch })));
      };
      return Promise.all(fragments.map((fragment, i) => open(fragment, versions[i]!)));
    },
  };
};
