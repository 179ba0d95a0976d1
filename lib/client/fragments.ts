// What a recipient gets from the proxy, checked: the service signs how it answered an opening, so that a wrong capsule fragment convicts it before
// anybody who holds the service's key. docs/spec/evidence.md is the page to this file.
import type { Answer } from '../api/routes.ts';
import { fromBase64url, toBase64url } from '../bytes/codec.ts';
import type { GrantId, IdentityId, RecordId } from '../bytes/ids.ts';
import type { Rng } from '../bytes/binary.ts';
import { openingInTime } from '../domain/opening.ts';
import { instantOf } from '../domain/time.ts';
import type { GrantCell, Jws, Statement } from '../statements/kinds.ts';
import { fragmentHash, verifyServiceStatement, type Delegated, type ServiceKey } from '../statements/service.ts';
import { claimOf, verifyStatement } from '../statements/verify.ts';
import { decodeCapsule, type Capsule } from '../umbral/capsule.ts';
import { decodeCFrag, verifyCFrag, type VerifiedCapsuleFrag } from '../umbral/cfrag.ts';
import { check, checked, ClientError } from './errors.ts';
import { publicKeyFrom } from './identities.ts';

type Opened = Answer<'recapsulate'>;
type Wrap = Opened['records'][number]['wrap'];
type Signed = NonNullable<Opened['signed']>;

/** Everything that shows that the service answered an opening with a wrong capsule fragment. Plain JSON; holds no secret and opens nothing. */
export interface FragmentProof {
  /** The key of the service, and what it signed: the key of the copy that answered, and that one's answer. */
  readonly serviceKey: ServiceKey;
  readonly signed: Signed;
  /** Signed by the recipient. */
  readonly opening: Jws;
  /** Which record of the opening, from 0. */
  readonly place: number;
  /** Signed by the patient: its keys, the grant, and the statement that names the cell, which is the grant again or an extension of it. */
  readonly identity: Jws;
  readonly grant: Jws;
  readonly by: Jws;
  /** 105 and 381 bytes, base64url, as they came. */
  readonly capsule: string;
  readonly fragment: string;
}

/** The proxy did not do what the patient's key fragment says, and signed it. */
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

/** Who may read what of whom. The key fragment's id as the patient named it, if it did. */
type Delegation = Omit<Delegated, 'kfrag'> & { readonly kfrag: string | undefined; readonly rng?: Rng };

export interface CheckedFragment {
  readonly capsule: Capsule;
  readonly cfrag: VerifiedCapsuleFrag;
}

/** @throws {ClientError} `unverified` (`capsule`, `kfrag-id`, `cfrag`) */
const checkFragment = async (capsule: string, fragment: string, to: Delegation): Promise<CheckedFragment> => {
  const decoded = await checked('capsule', () => decodeCapsule(fromBase64url(capsule)));
  const cfrag = await checked('cfrag', () => decodeCFrag(fromBase64url(fragment)));
  check('kfrag-id', toBase64url(cfrag.fields.id) === to.kfrag);
  const keys = {
    verifying: publicKeyFrom(to.verifying),
    delegating: publicKeyFrom(to.delegating),
    receiving: publicKeyFrom(to.receiving),
  };
  const context = { ...keys, capsule: decoded, ...(to.rng === undefined ? {} : { rng: to.rng }) };
  return { capsule: decoded, cfrag: await checked('cfrag', () => verifyCFrag(cfrag, context)) };
};

const hashOf = ({ capsule, cfrags = [] }: Wrap): string => {
  const [fragment, ...rest] = cfrags;
  check('cfrag', fragment !== undefined && rest.length === 0);
  return fragmentHash(fromBase64url(capsule), fromBase64url(fragment));
};

/** The hashes that the service signed for an opening. @throws {ClientError} `unverified` (`recapsulation`) */
const signedHashes = async (key: ServiceKey, signed: Signed, opening: Statement<'opening'>) => {
  const by = await checked('recapsulation', () => verifyServiceStatement('proxy-key', signed.key, key));
  const said = await checked('recapsulation', () => verifyServiceStatement('recapsulation', signed.answer, by.key));
  check('recapsulation', said.when >= by.from && said.when <= by.until);
  check('recapsulation', said.opening === opening.hash);
  // A key that has expired convicts nobody of an opening that came later.
  check('recapsulation', openingInTime(opening.payload.when, instantOf(said.when)));
  check('recapsulation', said.fragments.length === opening.payload.records.length);
  return said;
};

/** What the service signed, and by which delegation it answered. */
export interface SignedBy {
  readonly signed: Signed;
  readonly delegation: Delegated;
}

/** That the service signed what it answered. @throws {ClientError} `unverified` (`recapsulation`, `cfrag`) */
export const verifyAnswer = async (
  key: ServiceKey,
  opening: Statement<'opening'>,
  { records, signed }: Opened,
): Promise<SignedBy> => {
  check('recapsulation', signed !== undefined);
  const { fragments, delegation } = await signedHashes(key, signed, opening);
  check(
    'recapsulation',
    records.length === fragments.length && records.every((r, i) => hashOf(r.wrap) === fragments[i]),
  );
  return { signed, delegation };
};

/** A cell that a recipient may read, and who says so. */
export interface Entitled {
  readonly identity: Statement<'identity'>;
  readonly grant: Statement<'grant'>;
  readonly cell: GrantCell;
  readonly by: Jws;
  readonly rng: Rng;
}

const delegationOf = (
  { payload: { kfragSigner } }: Statement<'identity'>,
  { payload: { receiving } }: Statement<'grant'>,
  { key, kfrags }: GrantCell,
): Delegation => ({ verifying: kfragSigner, delegating: key, receiving: receiving.key, kfrag: kfrags[0]?.id });

/** The service answered by what the patient gave; an answer by anything else convicts nobody, and is not taken. */
const assertBy = (said: Delegated, to: Delegation): void =>
  check(
    'recapsulation',
    (['verifying', 'delegating', 'receiving', 'kfrag'] as const).every((name) => said[name] === to[name]),
  );

/** @throws {WrongFragmentError} with what convicts the service; {ClientError} `unverified` (`recapsulation`) */
export const fragmentOf = async (
  { capsule, cfrags = [] }: Wrap,
  { identity, grant, cell, by, rng }: Entitled,
  { delegation, ...answered }: Pick<FragmentProof, 'serviceKey' | 'opening' | 'place'> & SignedBy,
): Promise<CheckedFragment> => {
  const fragment = cfrags[0] ?? '';
  const to = delegationOf(identity, grant, cell);
  assertBy(delegation, to);
  try {
    return await checkFragment(capsule, fragment, { ...to, rng });
  } catch (error) {
    throw new WrongFragmentError(
      { ...answered, identity: identity.jws, grant: grant.jws, by, capsule, fragment },
      error,
    );
  }
};

/** What a proof shows. */
export interface WrongFragment {
  readonly patient: IdentityId;
  readonly recipient: IdentityId;
  readonly grant: GrantId;
  readonly record: RecordId;
  readonly version: number;
  /** By the clock of the service, milliseconds since 1970. */
  readonly when: number;
}

/** The cell of an opening as grant or extension names it. */
const cellNamedBy = async ({ by }: FragmentProof, grant: Statement<'grant'>, { payload: o }: Statement<'opening'>) => {
  const { patient, grant: id } = grant.payload;
  const named = by === grant.jws ? grant : await checked('extension', () => verifyStatement('extension', by, patient));
  check('extension', named.payload.grant === id);
  const cell = named.payload.cells.find((c) => c.folder === o.folder && c.epoch === o.epoch);
  check('grant-cell', cell !== undefined);
  return cell;
};

/**
 * Checks a proof against the service, without asking the service.
 *
 * @param serviceKey as the judge knows it
 * @throws {ClientError} `unverified`, when the proof does not hold together; `bad-argument`, when the fragment is right
 */
export const checkFragmentProof = async (proof: FragmentProof, serviceKey: ServiceKey): Promise<WrongFragment> => {
  check('service-key', proof.serviceKey === serviceKey);
  const opening = await checked('recapsulation', () =>
    verifyStatement('opening', proof.opening, claimOf(proof.opening).signer),
  );
  const { patient, opener, records } = opening.payload;
  const identity = await checked('identity', () => verifyStatement('identity', proof.identity, patient));
  const grant = await checked('grant', () => verifyStatement('grant', proof.grant, patient));
  check('grant', opening.payload.grant === grant.payload.grant && opener === grant.payload.recipient);
  const cell = await cellNamedBy(proof, grant, opening);
  const { fragments, delegation, when } = await signedHashes(serviceKey, proof.signed, opening);
  assertBy(delegation, delegationOf(identity, grant, cell));
  const subject = records[proof.place];
  check('recapsulation', subject !== undefined);
  const hash = await checked('recapsulation', () =>
    fragmentHash(fromBase64url(proof.capsule), fromBase64url(proof.fragment)),
  );
  check('recapsulation', hash === fragments[proof.place]);
  const right = await checkFragment(proof.capsule, proof.fragment, delegation).then(
    () => true,
    () => false,
  );
  if (right) throw new ClientError('bad-argument', 'the fragment is right: this proves nothing against the service');
  return { patient, recipient: opener, grant: grant.payload.grant, ...subject, when };
};
