// Re-encrypts capsules with a stored key fragment, and signs the result: the proxy's half of a recapsulation. It does not check whether the opening is allowed:
// authorize-opening.ts has checked that before. A proxy of another operator would first check it by itself.
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

/** The input of a re-encryption. All texts are base64url. */
export interface Reencryption {
  /** Hash of the opening statement. */
  readonly opening: StatementHash;
  readonly keyFragment: StoredKeyFragment;
  /** The public keys with which the key fragment was made: the patient's key fragment signer, the cell key, the recipient's receiving key. */
  readonly keys: { readonly verifying: string; readonly delegating: string; readonly receiving: string };
  readonly capsules: readonly string[];
  /** The time of the service, ms since 1970. */
  readonly now: number;
}

export interface Reencrypted {
  /** One capsule fragment for each capsule, in their order, base64url. */
  readonly cfrags: readonly string[];
  /** The signed answer. With it a recipient can prove to others that the service made a wrong fragment. */
  readonly signed: SignedAnswer;
}

/** Keeps decoded key fragments of recent grants, because a recipient often sends several openings one after the other. */
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
