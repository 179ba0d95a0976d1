// Exports both halves of a key pair, for code that may hold secrets. Other code imports the public half from proxy.ts or capsule.ts.
export { decodePublicKey, encodePublicKey, type PublicKey } from './public-key.ts';
export { publicKeyOf, randomSecretKey, SecretKey } from './secret-key.ts';
