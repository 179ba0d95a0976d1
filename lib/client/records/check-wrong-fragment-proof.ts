// Checks the proof that the service answered an opening with a wrong capsule fragment. A judge needs only the service key, and asks nobody.
// docs/spec/evidence.md specifies the proof.
import {
  at,
  checkFragments,
  verifierOf,
  signedHashes,
  delegationOf,
  assertDelegation,
  WrongFragmentAt,
  type FragmentProof,
} from './verify-fragments.ts';
import { fromBase64url } from '../../bytes/codec.ts';
import type { GrantId, IdentityId, RecordId } from '../../bytes/ids.ts';
import type { Statement } from '../../statements/kinds.ts';
import { fragmentHash, type SignedDelegation, type ServiceKey } from '../../statements/service-statements.ts';
import { claimOf, verifyStatement } from '../../statements/verify.ts';
import { check, checked, ClientError } from '../session/errors.ts';

/** The opening that a checked proof is about. */
export interface WrongFragment {
  readonly patient: IdentityId;
  readonly recipient: IdentityId;
  readonly grant: GrantId;
  readonly record: RecordId;
  readonly version: number;
  /** The service's clock, milliseconds since 1970. */
  readonly when: number;
}

/** Finds the cell of an opening in the statement that names the cell: the grant, or an extension of it. */
const cellNamedBy = async ({ by }: FragmentProof, grant: Statement<'grant'>, { payload: o }: Statement<'opening'>) => {
  const { patient, grant: id } = grant.payload;
  const named = by === grant.jws ? grant : await checked('extension', () => verifyStatement('extension', by, patient));
  check('extension', named.payload.grant === id);
  const cell = named.payload.cells.find((c) => c.folder === o.folder && c.epoch === o.epoch);
  check('grant-cell', cell !== undefined);
  return cell;
};

const isRight = (proof: FragmentProof, delegation: SignedDelegation): boolean => {
  try {
    // If a key of the delegation is not a point of the curve, no fragment can be right.
    checkFragments(
      [proof],
      delegation.kfrag,
      at('cfrag', () => verifierOf(delegation)),
    );
    return true;
  } catch (error) {
    if (error instanceof WrongFragmentAt) return false;
    throw error;
  }
};

/**
 * Checks a proof against the service. It makes no call, so a judge can use it offline.
 * @param serviceKey the service key, from a source that the judge trusts
 * @throws {ClientError} `unverified` if the parts of the proof do not belong together; `bad-argument` if the fragment is right
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
  assertDelegation(delegation, delegationOf(identity, grant, cell));
  const subject = records[proof.place];
  check('recapsulation', subject !== undefined);
  const hash = await checked('recapsulation', () =>
    fragmentHash(fromBase64url(proof.capsule), fromBase64url(proof.fragment)),
  );
  check('recapsulation', hash === fragments[proof.place]);
  if (isRight(proof, delegation))
    throw new ClientError('bad-argument', 'the fragment is right: this proves nothing against the service');
  return { patient, recipient: opener, grant: grant.payload.grant, ...subject, when };
};
