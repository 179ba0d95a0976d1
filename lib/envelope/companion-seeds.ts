// Seals companion seeds to a recipient's inbox key, and opens them. A grant to read and an extension contain one seed for each of their cells, in the order of
// the cells. docs/spec/companion-keys.md specifies them.
import { concat, ofLength, u32, type Rng } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { idBytes, identityKey, type GrantId, type IdentityId } from '../bytes/ids.ts';
import { EnvelopeError } from './errors.ts';
import { openBox, sealBox, type BoxBinding } from './sealed-box.ts';
import { KEM_SEED_BYTES, type Decapsulator } from './x-wing.ts';

/** The statement that contains the seeds. */
export interface SeedsContext {
  readonly patient: IdentityId;
  readonly recipient: IdentityId;
  readonly grant: GrantId;
  /** Number of the extension; 0 for the grant itself. */
  readonly extension: number;
}

const bindingOf = ({ patient, recipient, grant, extension }: SeedsContext): BoxBinding => ({
  info: utf8('pcehr/v1/companions'),
  aad: concat(identityKey(patient), identityKey(recipient), idBytes(grant), u32(extension)),
});

/** Returns a sealed box, 1136 bytes and 32 for each seed. @param inbox 1216 bytes @throws {EnvelopeError} `key-invalid` */
export const sealSeeds = (
  seeds: readonly Uint8Array[],
  inbox: Uint8Array,
  context: SeedsContext,
  rng?: Rng,
): Uint8Array =>
  sealBox(inbox, bindingOf(context), concat(...seeds.map((seed) => ofLength(seed, KEM_SEED_BYTES, 'seed'))), rng);

/** Returns the seeds, 32 bytes each. @throws {EnvelopeError} `seeds-invalid` */
export const openSeeds = (sealed: Uint8Array, inbox: Decapsulator, context: SeedsContext): readonly Uint8Array[] => {
  try {
    const plain = openBox(sealed, inbox, bindingOf(context));
    if (plain.length % KEM_SEED_BYTES !== 0) throw new RangeError('no list of seeds');
    return Array.from({ length: plain.length / KEM_SEED_BYTES }, (_, i) =>
      plain.slice(i * KEM_SEED_BYTES, (i + 1) * KEM_SEED_BYTES),
    );
  } catch {
    // The seeds were sealed to another key or for another statement, or were changed. All these cases get the same error.
    throw new EnvelopeError('seeds-invalid', 'the sealed seeds do not open here');
  }
};
