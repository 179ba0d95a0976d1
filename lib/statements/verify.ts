// Verifies statements. It is strict: every JOSE library accepts what is accepted here, and each statement has one form only.
import { identityKey, parseIdentityId, type IdentityId } from '../bytes/ids.ts';
import { verifyEd25519 } from './ed25519.ts';
import { StatementError } from './errors.ts';
import { headerText, parseCanonical, parsePayload, signerOf, splitJws, statementHash, typOf } from './jws.ts';
import { KINDS, type Jws, type Kind, type Statement } from './kinds.ts';

export { statementHash } from './jws.ts';

export interface Claim {
  readonly kind: Kind;
  readonly signer: IdentityId;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Parses the header of a statement of any signer. The text must be canonical. */
const parseHeader = (text: string): Claim => {
  const header = parseCanonical(text, 'header');
  if (isRecord(header) && typeof header['kid'] === 'string') {
    const kind = (Object.keys(KINDS) as Kind[]).find((k) => typOf(k) === header['typ']);
    const kid = header['kid'] as IdentityId;
    if (kind !== undefined && headerText(kind, kid) === text) return { kind, signer: kid };
  }
  throw new StatementError('malformed', 'the header is not that of a statement', 'header');
};

/**
 * Reads the signer and the kind that a statement claims. **Nothing is checked.** Use the claim only to choose `expectedSigner` if any identity may be
 * the signer, as for a request from a stranger.
 *
 * @throws {StatementError} `malformed`
 */
export const claimOf = (jws: Jws): Claim => {
  const claim = parseHeader(splitJws(jws).header);
  try {
    return { kind: claim.kind, signer: parseIdentityId(claim.signer) };
  } catch {
    throw new StatementError('malformed', 'kid is not an identity id', 'kid');
  }
};

const verified = <K extends Kind>(kind: K, jws: Jws, expectedSigner: IdentityId): Statement<K> => {
  const parts = splitJws(jws);
  if (parts.header !== headerText(kind, expectedSigner)) {
    if (parseHeader(parts.header).kind !== kind)
      throw new StatementError('malformed', `this is no ${kind} statement`, 'typ');
    throw new StatementError('wrong-signer', 'kid is not the expected signer', 'kid');
  }
  // The signature is checked before the payload, so that unsigned input is not parsed.
  if (!verifyEd25519(parts.signature, parts.signingInput, identityKey(expectedSigner)))
    throw new StatementError('bad-signature', 'the signature does not verify', 'signature');
  const payload = parsePayload(kind, parseCanonical(parts.payload, 'payload'));
  if (signerOf(kind, payload) !== expectedSigner) {
    const { signer } = KINDS[kind];
    throw new StatementError('wrong-signer', `${signer} is not the expected signer`, signer);
  }
  return { kind, jws, hash: statementHash(jws), payload };
};

/**
 * Verifies form, signer, signature and payload of a statement, in this order. See docs/spec/statements.md.
 *
 * @param expectedSigner the identity that must have signed, as the caller knows it; never take it from the statement itself, see {@link claimOf}
 * @throws {StatementError} (the promise is rejected with it) `malformed`, `wrong-signer`, `bad-signature`, `bad-payload`
 */
export const verifyStatement = <K extends Kind>(kind: K, jws: Jws, expectedSigner: IdentityId): Promise<Statement<K>> =>
  new Promise((resolve) => resolve(verified(kind, jws, expectedSigner)));

/**
 * **Hazard: this checks no signature.** The service calls it when it reads statements from its own table, because it verified them before it stored them. To
 * verify them again would cost time and not protect against anybody who can write to the table. Clients never call this.
 *
 * @throws {StatementError} `malformed` or `bad-payload`: the stored item is damaged
 */
export const reloadStatement = <K extends Kind>(kind: K, jws: Jws): Statement<K> => {
  const parts = splitJws(jws);
  if (parseHeader(parts.header).kind !== kind)
    throw new StatementError('malformed', `this is no ${kind} statement`, 'typ');
  return { kind, jws, hash: statementHash(jws), payload: parsePayload(kind, parseCanonical(parts.payload, 'payload')) };
};
