// ServiceSigner: the port through which use cases sign with the service key and the proxy key. The private service key stays in KMS.
import type { Jws } from '../statements/kinds.ts';
import type { ServiceKind, ServicePayload } from '../statements/service-statements.ts';

/** Signs for the service. */
export interface ServiceSigner {
  sign<K extends ServiceKind>(kind: K, payload: ServicePayload<K>): Promise<Jws>;
  /** Returns the public service key, SEC 1 compressed P-256, base64url. */
  key(): Promise<string>;
  /** Signs with the proxy key. The result has, in `key`, the certificate of that proxy key, which the service key signed. */
  answer(payload: ServicePayload<'recapsulation'>): Promise<SignedAnswer>;
  /** Signs the time with the proxy key. */
  time(payload: ServicePayload<'time'>): Promise<SignedAnswer>;
}

/** A signed recapsulation or time, and the certificate of the proxy key that signed it. */
export interface SignedAnswer {
  readonly key: Jws;
  readonly answer: Jws;
}
