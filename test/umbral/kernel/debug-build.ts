// Gives tests access to the internal functions of the kernel's debug build, which traps when a limb exceeds its bounds. The kernel stores a field element
// as 9 signed limbs of 29 bits, and a scalar as 8 words of 32 bits.
import { compile } from '../../../scripts/kernel/compile.ts';

/** The field prime of secp256k1. */
const P = 2n ** 256n - 2n ** 32n - 977n;

type Part = (...addresses: readonly number[]) => number;
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly freeAt: WebAssembly.Global<'i32'>;
}

export const debugBuild = await compile({ inspect: true, debug: true });

export interface Inside {
  readonly call: (part: string, ...addresses: readonly number[]) => number;
  /** Returns the address of the i-th argument. */
  readonly at: (i: number) => number;
  readonly putLimbs: (at: number, limbs: readonly number[]) => void;
  readonly limbs: (at: number) => readonly number[];
  /** Returns the integer that the limbs represent, not reduced modulo p. */
  readonly value: (limbs: readonly number[]) => bigint;
  readonly putWords: (at: number, x: bigint) => void;
  readonly words: (at: number) => bigint;
  readonly field: (at: number) => bigint;
}

export const modP = (x: bigint): bigint => ((x % P) + P) % P;
export const limbsOf = (x: bigint): number[] =>
  Array.from({ length: 9 }, (_, i) => Number((x >> BigInt(29 * i)) & 0x1fffffffn));

export const inside = (wasm: Uint8Array<ArrayBuffer>): Inside => {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  const parts = instance.exports as unknown as Readonly<Record<string, Part>>;
  const { memory, freeAt } = instance.exports as unknown as Exports;
  const view = new DataView(memory.buffer);
  const limbs = (at: number): number[] => Array.from({ length: 9 }, (_, i) => view.getInt32(at + 4 * i, true));
  const value = (list: readonly number[]): bigint =>
    list.reduce((sum, limb, i) => sum + (BigInt(limb) << BigInt(29 * i)), 0n);
  return {
    call: (part, ...addresses) => parts[part]!(...addresses),
    at: (i) => freeAt.value + 160 * i,
    putLimbs: (at, list) => list.forEach((limb, i) => view.setInt32(at + 4 * i, limb, true)),
    limbs,
    value,
    putWords: (at, x) => {
      for (let i = 0; i < 8; i++) view.setUint32(at + 4 * i, Number((x >> BigInt(32 * i)) & 0xffffffffn), true);
    },
    words: (at) =>
      Array.from({ length: 8 }, (_, i) => BigInt(view.getUint32(at + 4 * i, true)) << BigInt(32 * i)).reduce(
        (a, b) => a + b,
      ),
    field: (at) => modP(value(limbs(at))),
  };
};
