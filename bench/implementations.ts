// The implementations to compare. A "lane" has the ten operations of one implementation, ready to be timed in Node or in a page.
import * as umbralPre from '@nucypher/umbral-pre';
import type * as Bundled from './scheme-entry.ts';

export type Scheme = typeof Bundled;
export const OPERATIONS = [
  'encrypt 64 B',
  'capsule parse+check',
  'decrypt original',
  'kfrags 1/1',
  'kfrags 3/5',
  'kfrag parse+verify',
  're-encrypt',
  'cfrag parse+verify',
  'open 1/1',
  'open 3/5',
] as const;
export type Operation = (typeof OPERATIONS)[number];
export type Lane = Readonly<Record<Operation, () => unknown>>;

const PLAINTEXT = new Uint8Array(64).fill(7);

export const laneOf = (s: Scheme): Lane => {
  const [a, b, w] = [s.randomSecretKey(), s.randomSecretKey(), s.randomSecretKey()];
  const [A, B, W] = [a, b, w].map((k) => s.decodePublicKey(s.encodePublicKey(s.publicKeyOf(k)))) as [
    ReturnType<Scheme['decodePublicKey']>,
    ReturnType<Scheme['decodePublicKey']>,
    ReturnType<Scheme['decodePublicKey']>,
  ];
  const keys = { verifying: W, delegating: A, receiving: B };
  const { capsule, ciphertext } = s.encrypt(A, PLAINTEXT);
  const capsuleBytes = s.encodeCapsule(capsule);
  const split = (threshold: number, shares: number) =>
    s.generateKFrags({ delegating: a, receiving: B, signer: w, threshold, shares });
  // These objects are decoded from bytes. An object that was just made could still have its encoding in a cache.
  const cfrags = (threshold: number, shares: number) =>
    split(threshold, shares)
      .slice(0, threshold)
      .map((k) => s.verifyCFrag(s.decodeCFrag(s.encodeCFrag(s.reencrypt(capsule, k))), { capsule, ...keys }));
  const [kfrag] = split(1, 1);
  const kfragBytes = s.encodeKFrag(kfrag!);
  const [one, three] = [cfrags(1, 1), cfrags(3, 5)];
  const cfragBytes = s.encodeCFrag(one[0]!);
  return {
    'encrypt 64 B': () => s.encrypt(A, PLAINTEXT),
    'capsule parse+check': () => s.decodeCapsule(capsuleBytes),
    'decrypt original': () => s.decryptOriginal(a, capsule, ciphertext),
    'kfrags 1/1': () => split(1, 1),
    'kfrags 3/5': () => split(3, 5),
    'kfrag parse+verify': () => s.verifyKFrag(s.decodeKFrag(kfragBytes), keys),
    're-encrypt': () => s.reencrypt(capsule, kfrag!),
    'cfrag parse+verify': () => s.verifyCFrag(s.decodeCFrag(cfragBytes), { capsule, ...keys }),
    'open 1/1': () => s.decryptReencrypted(b, A, capsule, one, ciphertext),
    'open 3/5': () => s.decryptReencrypted(b, A, capsule, three, ciphertext),
  };
};

/**
 * The operations of the npm package @nucypher/umbral-pre. Its objects are in WebAssembly memory. Its users must free them by hand, and so does the benchmark.
 */
export const peerLane = (): Lane => {
  const u = umbralPre;
  const [a, b, w] = [u.SecretKey.random(), u.SecretKey.random(), u.SecretKey.random()];
  const [A, B, W] = [a.publicKey(), b.publicKey(), w.publicKey()];
  const signer = new u.Signer(w);
  const [capsule, ciphertext] = u.encrypt(A, PLAINTEXT);
  const capsuleBytes = capsule.toBytes();
  const split = (threshold: number, shares: number) => u.generateKFrags(a, B, signer, threshold, shares, true, true);
  const cfrags = (threshold: number, shares: number) =>
    split(threshold, shares)
      .slice(0, threshold)
      .map((k) => u.reencrypt(capsule, k));
  const [kfrag] = split(1, 1);
  const kfragBytes = kfrag!.toBytes();
  const [one, three] = [cfrags(1, 1), cfrags(3, 5)];
  const cfragBytes = one[0]!.toBytes();
  const free = (...objects: readonly { free: () => void }[]): void => objects.forEach((o) => o.free());
  return {
    'encrypt 64 B': () => free(u.encrypt(A, PLAINTEXT)[0]),
    'capsule parse+check': () => free(u.Capsule.fromBytes(capsuleBytes)),
    'decrypt original': () => u.decryptOriginal(a, capsule, ciphertext),
    'kfrags 1/1': () => free(...split(1, 1)),
    'kfrags 3/5': () => free(...split(3, 5)),
    'kfrag parse+verify': () => free(u.KeyFrag.fromBytes(kfragBytes).verify(W, A, B)),
    're-encrypt': () => free(u.reencrypt(capsule, kfrag!)),
    'cfrag parse+verify': () => free(u.CapsuleFrag.fromBytes(cfragBytes).verify(capsule, W, A, B)),
    'open 1/1': () => u.decryptReencrypted(b, A, capsule, one, ciphertext),
    'open 3/5': () => u.decryptReencrypted(b, A, capsule, three, ciphertext),
  };
};
