// Exports the scheme as one object, to be bundled with each backend.
export { decodeCapsule, encodeCapsule } from '../lib/umbral/capsule.ts';
export { decodeCFrag, encodeCFrag, verifyCFrag } from '../lib/umbral/cfrag.ts';
export { chosen } from '../lib/umbral/curve/choose-backend.ts';
export { decryptReencrypted } from '../lib/umbral/delegatee.ts';
export { decryptOriginal, generateKFrags } from '../lib/umbral/delegator.ts';
export { decodePublicKey, encodePublicKey, publicKeyOf, randomSecretKey, SecretKey } from '../lib/umbral/keys.ts';
export { decodeKFrag, encodeKFrag, reencrypt, verifyKFrag } from '../lib/umbral/proxy.ts';
export { encrypt } from '../lib/umbral/sender.ts';
