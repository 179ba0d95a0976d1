// Measures the time that companion keys add for a reader, in milliseconds, and X-Wing next to the one of @noble/post-quantum. It runs in Node and in browsers.
import { ml_kem768_x25519 as peer } from '@noble/post-quantum/hybrid.js';
import { systemRng } from '../lib/bytes/binary.ts';
import { identityId, newId } from '../lib/bytes/ids.ts';
import { openSeeds, sealSeeds } from '../lib/envelope/companion-seeds.ts';
import { openWrap, wrapKey } from '../lib/envelope/wrap.ts';
import { decapsulator, encapsulate } from '../lib/envelope/x-wing.ts';
import { decodeCapsule } from '../lib/umbral/capsule.ts';
import { decapsulateOriginal } from '../lib/umbral/delegator.ts';
import { publicKeyOf, randomSecretKey } from '../lib/umbral/keys.ts';
import { encapsulate as encapsulateUmbral } from '../lib/umbral/sender.ts';
import { median } from './statistics.ts';

const OPERATIONS = [
  /** Expands the seed of one cell, or of an inbox key. */
  'expand',
  /** Opens the sealed seeds of a grant with one cell. */
  'seeds',
  /** Opens one wrap whose Umbral secret is known: decapsulation, key derivation, file key and label. */
  'wrap',
  /** Opens 100 such wraps. */
  'wraps100',
  /** The first opening of a client: expands the inbox key, opens the seeds, expands the cell's key, opens one wrap. */
  'first',
  /** The author's part: makes a wrap with its label. */
  'seal',
  /** The part of `seal` that is Umbral's. */
  'sealUmbral',
  /** Expands a seed, and decapsulates one ciphertext. */
  'xWing',
  /** The same with the X-Wing of @noble/post-quantum. */
  'xWingPeer',
] as const;
export type CompanionTimes = Readonly<Record<(typeof OPERATIONS)[number], number>>;

const WRAPS = 100;

/**
 * Runs all operations in turns, `passes` times to warm up and as many times again. Returns the medians of the second half, milliseconds.
 * @param clock the time in milliseconds
 */
export const companionTimes = (passes: number, clock: () => number): CompanionTimes => {
  const [inboxSeed, seed] = [systemRng(32), systemRng(32)];
  const [inbox, companion, cell] = [decapsulator(inboxSeed), decapsulator(seed), randomSecretKey()];
  const patient = identityId(systemRng(32));
  const grant = { patient, recipient: identityId(systemRng(32)), grant: newId(), extension: 0 } as never;
  const sealed = sealSeeds([seed], inbox.publicKey, grant);
  const context = { patient, record: newId(), version: 1, folder: newId(), epoch: 1 } as never;
  const keys = { key: publicKeyOf(cell), companion: companion.publicKey };
  const content = { fileKey: systemRng(32), label: { title: 'Chest X-ray', fileName: 'chest.dcm' } };
  const wraps = Array.from({ length: WRAPS }, () => {
    const wrap = wrapKey(content, keys, context);
    const secret = decapsulateOriginal(cell, decodeCapsule(wrap.capsule));
    return { wrap, umbral: () => secret };
  });
  const unwrap = (i: number, key = companion) =>
    openWrap(wraps[i]!.wrap, { umbral: wraps[i]!.umbral, companion: key }, context);
  const { ciphertext } = encapsulate(companion.publicKey);

  const runs: Readonly<Record<keyof CompanionTimes, () => unknown>> = {
    expand: () => decapsulator(seed),
    seeds: () => openSeeds(sealed, inbox, grant),
    wrap: () => unwrap(0),
    wraps100: () => wraps.map((_, i) => unwrap(i)),
    first: () => unwrap(0, decapsulator(openSeeds(sealed, decapsulator(inboxSeed), grant)[0]!)),
    seal: () => wrapKey(content, keys, context),
    sealUmbral: () => encapsulateUmbral(keys.key),
    xWing: () => decapsulator(seed).decapsulate(ciphertext),
    xWingPeer: () => peer.decapsulate(ciphertext, seed),
  };
  const times = OPERATIONS.map(() => [] as number[]);
  for (let pass = 0; pass < 2 * passes; pass++)
    for (const [i, name] of OPERATIONS.entries()) {
      const start = clock();
      runs[name]();
      if (pass >= passes) times[i]!.push(clock() - start);
    }
  return Object.fromEntries(OPERATIONS.map((name, i) => [name, median(times[i]!)])) as unknown as CompanionTimes;
};
