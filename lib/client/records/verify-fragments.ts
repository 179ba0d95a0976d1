// Verifies the signed answer to an opening, and the capsule fragments in it. For a wrong fragment it builds the proof against the service
// (docs/spec/evidence.md); check-wrong-fragment-proof.ts checks that proof.
import type { Answer } from '../../api/routes.ts';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import type { Rng } from '../../bytes/binary.ts';
import { BytesError } from '../../bytes/errors.ts';
import { openingInTime } from '../../domain/opening.ts';
import { instantOf } from '../../domain/time.ts';
import type { GrantCell, Jws, Statement } from '../../statements/kinds.ts';
import { ofService } from '../../statements/proxy-threshold.ts';
import {
  fragmentHash,
  verifyServiceStatement,
  type SignedDelegation,
  type ServiceKey,
} from '../../statements/service-statements.ts';
import { decodeCapsules, type Capsule } from '../../umbral/capsule.ts';
import { CapsuleFragVerifier, decodeCFrag, type VerifiedCapsuleFrag } from '../../umbral/cfrag.ts';
import { UmbralError } from '../../umbral/errors.ts';
import { check, checked, ClientError, unverified, type Check } from '../session/errors.ts';
import { publicKeyFrom } from '../identities/identities.ts';

type RecapsulateAnswer = Answer<'recapsulate'>;
type Wrap = RecapsulateAnswer['records'][number]['wrap'];
type SignedAnswer = NonNullable<RecapsulateAnswer['signed']>;

/** The proof that the service answered an opening with a wrong capsule fragment. It is plain JSON without secrets, and nobody can open a record with it. */
export interface FragmentProof {
  /** The service key. It signed the statement of the proxy key, which is `signed.key`. The proxy key signed the answer, which is `signed.answer`. */
  readonly serviceKey: ServiceKey;
  readonly signed: SignedAnswer;
  /** The opening that the recipient signed. */
  readonly opening: Jws;
  /** The index of the record in the opening, from 0. */
  readonly place: number;
  /**
   * Statements that the patient signed: its identity statement, the grant, and in `by` the statement that names the cell, which is the grant or an
   * extension of it.
   */
  readonly identity: Jws;
  readonly grant: Jws;
  readonly by: Jws;
  /** 105 and 381 bytes, base64url, as the service sent them: the capsule and its fragment. */
  readonly capsule: string;
  readonly fragment: string;
}

/** The error for a capsule fragment that the service signed and that does not come from the patient's key fragment. */
export class WrongFragmentError extends ClientError {
  readonly proof: FragmentProof;
  constructor(proof: FragmentProof, cause: unknown) {
    const what = cause instanceof ClientError ? cause.what : undefined;
    super('unverified', 'refused: the service answered with a wrong fragment, and signed it', what ?? 'cfrag', {
      cause,
    });
    this.proof = proof;
  }
}

export interface CheckedFragment {
  readonly capsule: Capsule;
  readonly cfrag: VerifiedCapsuleFrag;
}

/** A capsule and its fragment as the service sent them: 105 and 381 bytes, base64url. */
type Fragment = Pick<FragmentProof, 'capsule' | 'fragment'>;

/** The error for one wrong fragment in a list of fragments; `place` is its index. */
export class WrongFragmentAt extends Error {
  readonly place: number;
  constructor(place: number, cause: ClientError) {
    super(cause.message, { cause });
    this.place = place;
  }
}

/** Whether the error says that the fragment is wrong. Other errors are faults of the machine that checks the fragment. */
const isVerdict = (error: unknown): boolean =>
  error instanceof UmbralError
    ? error.code !== 'bad-randomness'
    : error instanceof BytesError || error instanceof ClientError;

/** Runs a check. If the check fails, the error has the index of the wrong fragment. @param place the index to use if the error of the check has none */
export const at = <T>(what: Check, run: () => T, place = 0): T => {
  try {
    return run();
  } catch (error) {
    if (!isVerdict(error)) throw error;
    throw new WrongFragmentAt(
      (error instanceof UmbralError ? error.index : undefined) ?? place,
      unverified(what, error),
    );
  }
};

/**
 * Checks capsules and fragments together.
 * @param kfrag the id of the key fragment in the patient's statement
 * @throws {WrongFragmentAt} (`capsule`, `kfrag-id`, `cfrag`)
 */
export const checkFragments = (
  list: readonly Fragment[],
  kfrag: string | undefined,
  verifier: CapsuleFragVerifier,
): readonly CheckedFragment[] => {
  const bytes = list.map(({ capsule }, i) => at('capsule', () => fromBase64url(capsule), i));
  const capsules = at('capsule', () => decodeCapsules(bytes));
  const cfrags = list.map(({ fragment }, i) => at('cfrag', () => decodeCFrag(fromBase64url(fragment)), i));
  cfrags.forEach(({ fields: { id } }, i) => at('kfrag-id', () => check('kfrag-id', toBase64url(id) === kfrag), i));
  const verified = at('cfrag', () => verifier.verify(cfrags.map((cfrag, i) => ({ cfrag, capsule: capsules[i]! }))));
  return verified.map((cfrag, i) => ({ cfrag, capsule: capsules[i]! }));
};

/** The three public keys of a delegation, base64url. */
type DelegationKeys = Omit<SignedDelegation, 'kfrag'>;

export const verifierOf = ({ verifying, delegating, receiving }: DelegationKeys, rng?: Rng): CapsuleFragVerifier =>
  new CapsuleFragVerifier(
    {
      verifying: publicKeyFrom(verifying),
      delegating: publicKeyFrom(delegating),
      receiving: publicKeyFrom(receiving),
    },
    rng,
  );

const hashOf = ({ capsule, cfrags = [] }: Wrap): string => {
  const [fragment, ...rest] = cfrags;
  check('cfrag', fragment !== undefined && rest.length === 0);
  return fragmentHash(fromBase64url(capsule), fromBase64url(fragment));
};

/** Verifies the signed answer to an opening, and returns the fragment hashes in it. @throws {ClientError} `unverified` (`recapsulation`) */
export const signedHashes = async (key: ServiceKey, signed: SignedAnswer, opening: Statement<'opening'>) => {
  const by = await checked('recapsulation', () => verifyServiceStatement('proxy-key', signed.key, key));
  const said = await checked('recapsulation', () => verifyServiceStatement('recapsulation', signed.answer, by.key));
  check('recapsulation', said.when >= by.from && said.when <= by.until);
  check('recapsulation', said.opening === opening.hash);
  // The checks above show that the proxy key was valid at the signed time of the answer. The time of the opening must be near that time. A thief of an
  // expired proxy key can sign only times before its expiry, and so cannot answer a later opening.
  check('recapsulation', openingInTime(opening.payload.when, instantOf(said.when)));
  check('recapsulation', said.fragments.length === opening.payload.records.length);
  return said;
};

/** An answer that the service signed, and the delegation in this answer. */
export interface SignedBy {
  readonly signed: SignedAnswer;
  readonly delegation: SignedDelegation;
}

/** Verifies that the service signed the fragments of its answer. @throws {ClientError} `unverified` (`recapsulation`, `cfrag`) */
export const verifyAnswer = async (
  key: ServiceKey,
  opening: Statement<'opening'>,
  { records, signed }: RecapsulateAnswer,
): Promise<SignedBy> => {
  check('recapsulation', signed !== undefined);
  const { fragments, delegation } = await signedHashes(key, signed, opening);
  check(
    'recapsulation',
    records.length === fragments.length && records.every((r, i) => hashOf(r.wrap) === fragments[i]),
  );
  return { signed, delegation };
};

/** A cell that a recipient may read, with the statements that give it the right. */
export interface EntitledCell {
  readonly identity: Statement<'identity'>;
  readonly grant: Statement<'grant'>;
  readonly cell: GrantCell;
  readonly by: Jws;
  /** The client uses the verifier for every opening of the cell, because the verifier keeps results that depend only on the keys. */
  readonly verifier: CapsuleFragVerifier;
}

export const delegationOf = (
  { payload: { kfragSigner } }: Statement<'identity'>,
  { payload: { receiving } }: Statement<'grant'>,
  { key, kfrags }: GrantCell,
) => ({ verifying: kfragSigner, delegating: key, receiving: receiving.key, kfrag: ofService(kfrags)?.id });

/** Creates the verifier for all fragments of one cell; {@link fragmentsOf} uses it. */
export const fragmentVerifier = (
  identity: Statement<'identity'>,
  grant: Statement<'grant'>,
  cell: GrantCell,
  rng: Rng,
): CapsuleFragVerifier => verifierOf(delegationOf(identity, grant, cell), rng);

/** Refuses an answer whose delegation is not the patient's, because such an answer could not be a proof against the service. */
export const assertDelegation = (
  signed: SignedDelegation,
  expected: DelegationKeys & { readonly kfrag: string | undefined },
): void =>
  check(
    'recapsulation',
    (['verifying', 'delegating', 'receiving', 'kfrag'] as const).every((name) => signed[name] === expected[name]),
  );

/**
 * Checks the fragments of an opening: all together, and one by one if that fails, so that one wrong fragment does not hide the others.
 * @returns for each record, in order, the fragment, or the error with the proof against the service
 * @throws {ClientError} `unverified` (`recapsulation`)
 */
export const fragmentsOf = (
  wraps: readonly Wrap[],
  { identity, grant, cell, by, verifier }: EntitledCell,
  { delegation, ...answered }: Pick<FragmentProof, 'serviceKey' | 'opening'> & SignedBy,
): readonly (CheckedFragment | WrongFragmentError)[] => {
  const to = delegationOf(identity, grant, cell);
  assertDelegation(delegation, to);
  const fragments = wraps.map(({ capsule, cfrags }) => ({ capsule, fragment: cfrags?.[0] ?? '' }));
  const checkOne = (fragment: Fragment, place: number): CheckedFragment | WrongFragmentError => {
    try {
      return checkFragments([fragment], to.kfrag, verifier)[0]!;
    } catch (error) {
      if (!(error instanceof WrongFragmentAt)) throw error;
      const said = { identity: identity.jws, grant: grant.jws, by, place, ...fragment };
      return new WrongFragmentError({ ...answered, ...said }, error.cause);
    }
  };
  try {
    return checkFragments(fragments, to.kfrag, verifier);
  } catch (error) {
    if (!(error instanceof WrongFragmentAt)) throw error;
    return fragments.map(checkOne);
  }
};
