// Backend on the WebAssembly kernel (kernel/). Secrets use the constant-time functions of the kernel. Each call does one inversion for all its results,
// and wipes the memory of the kernel if a secret was written to it.
import { sha256 as longSha256 } from '@noble/hashes/sha2.js';
import { wipe, type Rng } from '../../bytes/binary.ts';
import type { Backend, Base, Point } from './backend.ts';
import { UmbralError } from '../errors.ts';
import { MESSAGE, SLOTS, TERMS, type Kernel } from './wasm-memory.ts';
import { add as addScalars, encodeScalar, type Scalar } from './scalar.ts';

/** `block` is the form that the kernel reads and writes. `bytes` is the encoding inside it; it is set at the first use. */
interface PointData {
  readonly block: Uint8Array;
  bytes: Uint8Array | undefined;
}
const ENCODING = 80;
const IDENTITY = 113;

const asPoint = (block: Uint8Array): Point => ({ block, bytes: undefined }) satisfies PointData as unknown as Point;
const dataOf = (p: Point): PointData => p as unknown as PointData;
const encode = (p: Point): Uint8Array => (dataOf(p).bytes ??= dataOf(p).block.subarray(ENCODING, IDENTITY));

type Term = readonly [Point, Scalar];

const identity = (): UmbralError => new UmbralError('bad-point', 'the sum is the identity');

const chunks = <T>(list: readonly T[], size: number): (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/** Calls `some` with parts of the list, each of at most `size` elements, and joins the results. */
const inChunks = <T, R>(list: readonly T[], size: number, some: (part: readonly T[]) => R[]): R[] =>
  list.length <= size ? some(list) : chunks(list, size).flatMap(some);

/** Calls `run` and wipes the memory of the kernel afterwards, also after an error. */
const wiping = <T>(kernel: Kernel, terms: number, run: () => T): T => {
  try {
    return run();
  } finally {
    kernel.wipe(terms);
  }
};

const results = (kernel: Kernel, count: number): Point[] => {
  kernel.settle(count);
  const points: Point[] = [];
  // Each point gets memory of its own, because one call can return public and secret points.
  for (let i = 0; i < count; i++) {
    const block = kernel.result(i);
    if (block[IDENTITY] === 1) throw identity();
    points.push(asPoint(block));
  }
  return points;
};

/** SUMS[to] = sum of the terms. If one call of the kernel cannot take all terms, they are summed in steps, which also use SUMS[to + 1]. */
const sumInto = (kernel: Kernel, to: number, terms: readonly Term[], walk: (to: number, terms: number) => void): void =>
  chunks(terms, TERMS).forEach((part, c) => {
    part.forEach(([p, k], i) => {
      kernel.setPoint(i, dataOf(p).block);
      kernel.setScalar(i, k);
    });
    kernel.prepare(part.length);
    walk(c === 0 ? to : to + 1, part.length);
    if (c > 0) kernel.add(to, to + 1);
  });

/** SUMS[i] = [k_i]P for the scalars in these slots. Two or more scalars use the tables of a pair, which halves the number of doublings. */
const multiplesInto = (kernel: Kernel, p: Point, slots: readonly number[]): void => {
  kernel.setPoint(0, dataOf(p).block);
  if (slots.length === 1) {
    kernel.prepare(1);
    kernel.sum(slots[0]!, 1, slots[0]!);
  } else {
    kernel.preparePair();
    for (const slot of slots) kernel.sumPair(slot, slot);
  }
};

const mulsOf = (kernel: Kernel, list: readonly (readonly [Base, Scalar])[]): Point[] =>
  wiping(kernel, 2, () => {
    const slotsOf = new Map<Point, number[]>();
    list.forEach(([base, k], i) => {
      kernel.setScalar(i, k);
      if (typeof base === 'string') kernel.sumFixed(i, Number(base === 'U'), i);
      else slotsOf.set(base, [...(slotsOf.get(base) ?? []), i]);
    });
    slotsOf.forEach((slots, p) => multiplesInto(kernel, p, slots));
    return results(kernel, list.length);
  });

const sumsOf = (kernel: Kernel, list: readonly (readonly Term[])[]): Point[] => {
  if (list.some((terms) => terms.length === 0)) throw identity();
  return wiping(kernel, Math.min(TERMS, Math.max(...list.map((terms) => terms.length))), () => {
    list.forEach((terms, i) => sumInto(kernel, i, terms, (to, count) => kernel.sum(to, count, 0)));
    return results(kernel, list.length);
  });
};

/** Adds up all scalars of one fixed point, G or U. Returns undefined if there are none. */
const totalOf = (terms: readonly (readonly [Base, Scalar])[], base: Base): Scalar | undefined => {
  const scalars = terms.filter(([b]) => b === base).map(([, k]) => k);
  return scalars.length === 0 ? undefined : scalars.reduce(addScalars);
};

const isPoint = (term: readonly [Base, Scalar]): term is Term => typeof term[0] !== 'string';

const checkLinear = (kernel: Kernel, terms: readonly (readonly [Base, Scalar])[], equals: Point): boolean => {
  // The time depends on the scalars: callers pass public scalars only (backend.ts). The points may be secret, so they are wiped.
  const free = terms.filter(isPoint);
  return wiping(kernel, Math.min(TERMS, free.length), () => {
    const slotOf = (base: 'G' | 'U', slot: number): number => {
      const k = totalOf(terms, base);
      if (k === undefined) return -1;
      kernel.setScalar(slot, k);
      return slot;
    };
    const [g, u] = [slotOf('G', TERMS), slotOf('U', TERMS + 1)];
    // The multiples of G and U are added in the first step only.
    if (free.length === 0) {
      kernel.prepare(0);
      kernel.sumPublic(0, 0, 0, g, u);
    } else
      sumInto(kernel, 0, free, (to, count) => kernel.sumPublic(to, count, 0, to === 0 ? g : -1, to === 0 ? u : -1));
    kernel.setPoint(0, dataOf(equals).block);
    return kernel.equals(0, 0) === 1;
  });
};

/** SUMS[0] = p + q */
const addPoints = (kernel: Kernel, p: Point, q: Point): void => {
  kernel.setPoint(0, dataOf(p).block);
  kernel.setPoint(1, dataOf(q).block);
  kernel.take(0, 0);
  kernel.take(1, 1);
  kernel.add(0, 1);
};

/** Computes [k](p + q). If p + q is the identity, its Z is 0. The Z of the table and the Z of the result are then 0 too, so `results` refuses the result. */
const addMul = (kernel: Kernel, p: Point, q: Point, k: Scalar): Point =>
  wiping(kernel, 1, () => {
    addPoints(kernel, p, q);
    kernel.setScalar(0, k);
    kernel.prepareSum(0);
    kernel.sum(0, 1, 0);
    return results(kernel, 1)[0]!;
  });

const decode = (kernel: Kernel, bytes: Uint8Array): Point => {
  if (bytes.length === 33) {
    kernel.setBytes(0, bytes);
    // An encoded point is public, so the time may show whether it is valid.
    if (kernel.decodePoint() === 1) return asPoint(kernel.result(0));
  }
  throw new UmbralError('bad-point', 'not a compressed point of secp256k1');
};

const sign = (kernel: Kernel, digest: Uint8Array, key: Scalar, extra: Uint8Array): Uint8Array =>
  wiping(kernel, 1, () => {
    const secret = encodeScalar(key);
    kernel.setBytes(0, digest);
    kernel.setBytes(32, secret);
    kernel.setBytes(64, extra);
    wipe(secret);
    kernel.sign();
    return kernel.getBytes(0, 64);
  });

/** Hashes a message that may be secret. */
const hash = (kernel: Kernel, message: Uint8Array, run: (length: number) => void): Uint8Array => {
  try {
    kernel.setMessage(message);
    run(message.length);
    return kernel.getBytes(0, 32);
  } finally {
    kernel.wipeHash();
  }
};

const verify = (kernel: Kernel, signature: Uint8Array, digest: Uint8Array, key: Point): boolean => {
  if (signature.length !== 64 || digest.length !== 32) return false;
  // All inputs are public: variable time is safe here.
  kernel.setBytes(0, digest);
  kernel.setBytes(32, signature);
  kernel.setPoint(0, dataOf(key).block);
  return kernel.verify() === 1;
};

/** @param rng draws the blinding point of the multiplications, with 33 bytes for each try */
export const makeWasm = (kernel: Kernel, rng: Rng): Backend => {
  do {
    const bytes = rng(33);
    bytes[0] = 2 | (bytes[0]! & 1);
    kernel.setBytes(0, bytes);
  } while (kernel.start() === 0);
  kernel.wipe(1);
  return {
    decode: (bytes) => decode(kernel, bytes),
    encode,
    muls: (list) => inChunks(list, SLOTS, (part) => mulsOf(kernel, part)),
    sums: (list) => inChunks(list, SLOTS - 1, (part) => sumsOf(kernel, part)),
    add: (p, q) =>
      wiping(kernel, 1, () => {
        addPoints(kernel, p, q);
        return results(kernel, 1)[0]!;
      }),
    addMul: (p, q, k) => addMul(kernel, p, q, k),
    checkLinear: (terms, equals) => checkLinear(kernel, terms, equals),
    inv: (k) =>
      wiping(kernel, 0, () => {
        kernel.setScalar(0, k);
        kernel.invert();
        return kernel.getScalar(0);
      }),
    sign: (digest, key, extra) => sign(kernel, digest, key, extra),
    sha256: (message) => (message.length <= MESSAGE ? hash(kernel, message, kernel.sha256) : longSha256(message)),
    hkdf: (secret) => hash(kernel, secret, kernel.hkdf),
    verify: (signature, digest, key) => verify(kernel, signature, digest, key),
  };
};
