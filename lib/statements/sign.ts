// Signs statements, on the client. The private key stays with the signer, which receives only the bytes to sign.
import { toBase64url, utf8 } from '../bytes/codec.ts';
import type { IdentityId } from '../bytes/ids.ts';
import { StatementError } from './errors.ts';
import { headerText, parsePayload, signerOf } from './jws.ts';
import { KINDS, type Kind, type Payload, type Statement } from './kinds.ts';
import { verifyStatement } from './verify.ts';

/** An identity that can sign. `sign` is Ed25519 (RFC 8032, pure) over the bytes themselves, not over a hash of them. */
export interface Signer {
  readonly id: IdentityId;
  readonly sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

const text = (json: string): string => toBase64url(utf8(json));

/**
 * Signs a payload as a compact JWS (RFC 7515, EdDSA of RFC 8037) with the members in the order of the schema. The result is verified before it is
 * returned, so a signer with a wrong key or id fails here and not at the service.
 *
 * @throws {StatementError} `bad-payload`, `wrong-signer` (the payload names somebody else), `bad-signature` (the signer's key is not that of its id)
 */
export const signStatement = async <K extends Kind>(
  kind: K,
  payload: Payload<K>,
  signer: Signer,
): Promise<Statement<K>> => {
  const checked = parsePayload(kind, payload);
  if (signerOf(kind, checked) !== signer.id)
    throw new StatementError('wrong-signer', `${KINDS[kind].signer} is not the signer`, KINDS[kind].signer);
  const signingInput = `${text(headerText(kind, signer.id))}.${text(JSON.stringify(checked))}`;
  const signature = await signer.sign(utf8(signingInput));
  return verifyStatement(kind, `${signingInput}.${toBase64url(signature)}`, signer.id);
};
