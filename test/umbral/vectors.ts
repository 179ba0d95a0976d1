// Reads recorded test vectors, from the folder in UMBRAL_VECTORS or from test/vectors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rng } from '../../lib/bytes/binary.ts';
import { fromHex } from '../../lib/bytes/codec.ts';

const FOLDER = process.env['UMBRAL_VECTORS'] ?? join(import.meta.dirname, '../vectors');

export const vectors = <T>(name: string): T => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as T;

/** Makes a generator that returns recorded values in order and checks their lengths. The caller must check with `left` that all were used. */
export const replay = (...values: readonly string[]): Rng & { readonly left: () => number } => {
  const queue = values.map((v) => fromHex(v));
  const rng = (length: number): Uint8Array => {
    const next = queue.shift();
    if (next?.length !== length) throw new Error(`drew ${length} bytes where the record has ${next?.length ?? 0}`);
    return next;
  };
  return Object.assign(rng, { left: () => queue.length });
};

export interface Flow {
  readonly id: string;
  readonly threshold: number;
  readonly shares: number;
  readonly signDelegatingKey: boolean;
  readonly signReceivingKey: boolean;
  readonly delegatingSk: string;
  readonly delegatingPk: string;
  readonly receivingSk: string;
  readonly receivingPk: string;
  readonly signingSk: string;
  readonly verifyingPk: string;
  readonly plaintext: string;
  readonly encrypt: Readonly<
    Record<'r' | 'u' | 'nonce' | 'capsule' | 'capsuleSimple' | 'keySeed' | 'demKey' | 'ciphertext', string>
  >;
  readonly kfrags: {
    readonly precursorScalar: string;
    readonly coefficients: readonly string[];
    readonly dhPoint: string;
    readonly d: string;
    readonly items: readonly Readonly<
      Record<'id' | 'shareIndex' | 'signatureExtraEntropyReceiver' | 'signatureExtraEntropyProxy' | 'kfrag', string>
    >[];
  };
  readonly cfrags: readonly { readonly t: string; readonly cfrag: string }[];
  readonly decryptWith: readonly number[];
}

export const flows = (): readonly Flow[] => vectors<{ readonly flows: readonly Flow[] }>('umbral-pre-flows.json').flows;
