// Port of the service's signatures. The private key stays in KMS.
import type { Jws } from '../statements/kinds.ts';
import type { ServiceKind, ServicePayload } from '../statements/service-statements.ts';

/** The service's own signatures. The private key stays in KMS. */
export interface ServiceSigner {
  sign<K extends ServiceKind>(kind: K, payload: ServicePayload<K>): Promise<Jws>;
  /** The public key, SEC 1 compressed P-256, base64url. */
  key(): Promise<string>;
  /** Signs with this running copy's own key, for which `key` is the service's certificate. */
  answer(payload: ServicePayload<'recapsulation'>): Promise<SignedAnswer>;
  /** Signs the time with that key, too. */
  time(payload: ServicePayload<'time'>): Promise<SignedAnswer>;
}

/** A recapsulation or a time, and the statement of the proxy key that signed it. */
export interface SignedAnswer {
  readonly key: Jws;
  readonly answer: Jws;
}
