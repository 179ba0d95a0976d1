// Measures the time that companion keys add for a reader, in milliseconds. It runs in Node and in browsers.
import { systemRng } from '../lib/bytes/binary.ts';
import { identityId, newId } from '../lib/bytes/ids.ts';
import { openSeeds, sealSeeds } from '../lib/envelope/companion-seeds.ts';
import { openWrap, wrapKey } from '../lib/envelope/wrap.ts';
import { decapsulator } from '../lib/envelope/x-wing.ts';
import { decodeCapsule } from '../lib/umbral/capsule.ts';
import { decapsulateOriginal } from '../lib/umbral/delegator.ts';
import { publicKeyOf, randomSecretKey } from '../lib/umbral/keys.ts';
import { median } from './statistics.ts';

export interface CompanionTimes {
  /** Expands the seed of one cell, or of an inbox key. */
  readonly expand: number;
  /** Opens the sealed seeds of a grant with one cell. */
  readonly seeds: number;
  /** Opens one wrap whose Umbral secret is known: decapsulation, key derivation, file key and label. */
  readonly wrap: number;
  /** Opens 100 such wraps. */
  readonly wraps100: number;
  /** The first opening of a grant: expands the inbox key, opens the seeds, expands the cell's key, opens one wrap. */
  readonly first: number;
  /** The author's part: encapsulates and seals file key and label, without Umbral. */
  readonly seal: number;
}

const WRAPS = 100;

/** Runs each operation `passes` times to warm up, then measures it as many times again, and returns the medians. */
export const companionTimes = (passes: number): CompanionTimes => {
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
  const timeOf = (run: () => unknown): number => {
    const times: number[] = [];
    for (let i = 0; i < 2 * passes; i++) {
      const start = performance.now();
      run();
      if (i >= passes) times.push(performance.now() - start);
    }
    return median(times);
  };
  return {
    expand: timeOf(() => decapsulator(seed)),
    seeds: timeOf(() => openSeeds(sealed, inbox, grant)),
    wrap: timeOf(() => unwrap(0)),
    wraps100: timeOf(() => wraps.map((_, i) => unwrap(i))),
    first: timeOf(() => unwrap(0, decapsulator(openSeeds(sealed, decapsulator(inboxSeed), grant)[0]!))),
    seal: timeOf(() => wrapKey(content, keys, context)) - timeOf(() => decapsulateOriginal(cell, decodeCapsule(wraps[0]!.wrap.capsule))), // prettier-ignore
  };
};
