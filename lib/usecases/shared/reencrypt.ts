// Re-encrypts capsules with a stored key fragment, and signs the result: the proxy's half of a recapsulation. It decides nothing; authorize-opening.ts does,
// before. A proxy of another operator would decide by itself first.
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import type { ServiceSigner, SignedAnswer, StoredKeyFragment } from '../../ports/index.ts';
import type { StatementHash } from '../../statements/kinds.ts';
import { fragmentHash } from '../../statements/service-statements.ts';
import {
  decodeCapsules,
  encodeCFrag,
  kfragId,
  reencrypt as reencryptCapsule,
  StoredKFrags,
} from '../../umbral/proxy.ts';

/** All texts are base64url. */
export interface Reencryption {
  /** Hash of the opening statement. */
  readonly opening: StatementHash;
  readonly keyFragment: StoredKeyFragment;
  /** The public keys that it was made with: the patient's signer of key fragments, the cell's key, the recipient's receiving key. */
  readonly keys: { readonly verifying: string; readonly delegating: string; readonly receiving: string };
  readonly capsules: readonly string[];
  /** The service's clock, ms. */
  readonly now: number;
}

export interface Reencrypted {
  /** One capsule fragment for each capsule, in their order, base64url. */
  readonly cfrags: readonly string[];
  /** With this a recipient can prove to others who made a wrong fragment. */
  readonly signed: SignedAnswer;
}

/** Decoded key fragments of recent grants, because recipients often open in several requests. */
const stored = new StoredKFrags();

export async function reencrypt(
  serviceSigner: Pick<ServiceSigner, 'answer'>,
  { opening, keyFragment, keys, capsules, now }: Reencryption,
): Promise<Reencrypted> {
  const kfrag = stored.trust(fromBase64url(keyFragment));
  const encoded = capsules.map((c) => fromBase64url(c));
  const fragments = decodeCapsules(encoded).map((capsule) => encodeCFrag(reencryptCapsule(capsule, kfrag)));
  const { verifying, delegating, receiving } = keys;
  const signed = await serviceSigner.answer({
    opening,
    fragments: fragments.map((fragment, i) => fragmentHash(encoded[i]!, fragment)),
    delegation: { verifying, delegating, receiving, kfrag: toBase64url(kfragId(kfrag)) },
    when: now,
  });
  return { cfrags: fragments.map(toBase64url), signed };
}
