// Loads the WebAssembly kernel, and reads and writes its memory. kernel/layout.ts defines the slots.
import { KERNEL } from './kernel.generated.ts';
import type { Scalar } from './scalar.ts';

/** SLOTS: scalars, points and results in one call. TERMS: points in one interleaved sum. MESSAGE: bytes that the kernel hashes at a time. */
export const SLOTS = 64;
export const TERMS = 32;
export const MESSAGE = 1024;
/** Bytes of a point in memory: affine form, encoding, and a flag for the identity (kernel/layout.ts). */
const POINT_BYTES = 128;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly scalarsAt: WebAssembly.Global<'i32'>;
  readonly pointsAt: WebAssembly.Global<'i32'>;
  readonly outAt: WebAssembly.Global<'i32'>;
  readonly bytesAt: WebAssembly.Global<'i32'>;
  readonly messageAt: WebAssembly.Global<'i32'>;
  readonly start: () => number;
  readonly decodePoint: () => number;
  readonly prepare: (terms: number) => void;
  readonly sum: (to: number, terms: number, first: number) => void;
  readonly prepareSum: (from: number) => void;
  readonly preparePair: () => void;
  readonly sumPair: (to: number, scalar: number) => void;
  readonly sumPublic: (to: number, terms: number, first: number, g: number, u: number) => void;
  readonly sumFixed: (to: number, isU: number, scalar: number) => void;
  readonly take: (to: number, from: number) => void;
  readonly add: (to: number, from: number) => void;
  readonly equals: (sum: number, point: number) => number;
  readonly settle: (count: number) => void;
  readonly invert: () => void;
  readonly sign: () => void;
  readonly sha256: (length: number) => void;
  readonly hkdf: (length: number) => void;
  readonly verify: () => number;
  readonly wipe: (terms: number) => void;
  readonly wipeHash: () => void;
}

export interface Kernel extends Omit<Exports, 'scalarsAt' | 'pointsAt' | 'outAt' | 'bytesAt' | 'messageAt'> {
  readonly setScalar: (slot: number, value: Scalar) => void;
  readonly getScalar: (slot: number) => Scalar;
  readonly setPoint: (slot: number, point: Uint8Array) => void;
  readonly result: (slot: number) => Uint8Array;
  readonly setBytes: (at: number, bytes: Uint8Array) => void;
  /** Writes a message to be hashed, at most {@link MESSAGE} bytes. */
  readonly setMessage: (message: Uint8Array) => void;
  readonly getBytes: (at: number, length: number) => Uint8Array;
}

export const kernelBytes = (): Uint8Array<ArrayBuffer> => {
  const text = atob(KERNEL);
  const bytes = new Uint8Array(text.length);
  // `Uint8Array.from` takes about ten times as long, and this runs at every cold start.
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};

/**
 * Compiles synchronously: the module is small, and everything that uses the curve can then stay synchronous. This throws in a browser that refuses synchronous
 * compilation (old Chromium above 4 KB on the main thread) or WebAssembly (a content security policy). The caller then uses noble.
 */
export const load = (wasm: Uint8Array<ArrayBuffer>): Kernel => {
  const exports = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as unknown as Exports;
  const { buffer } = exports.memory;
  const at = (global: WebAssembly.Global<'i32'>): number => global.value;
  const [scalars, points, out, bytes, messages] = [
    new BigUint64Array(buffer, at(exports.scalarsAt), 4 * SLOTS),
    new Uint8Array(buffer, at(exports.pointsAt), POINT_BYTES * SLOTS),
    new Uint8Array(buffer, at(exports.outAt), POINT_BYTES * SLOTS),
    new Uint8Array(buffer, at(exports.bytesAt), 256),
    new Uint8Array(buffer, at(exports.messageAt), MESSAGE),
  ];
  return {
    ...exports,
    setScalar: (slot, value) => {
      // Only the low 64 bits of the value are written to each element.
      scalars[4 * slot] = value;
      scalars[4 * slot + 1] = value >> 64n;
      scalars[4 * slot + 2] = value >> 128n;
      scalars[4 * slot + 3] = value >> 192n;
    },
    getScalar: (slot) => {
      const [a, b, c, d] = scalars.subarray(4 * slot, 4 * slot + 4) as unknown as [bigint, bigint, bigint, bigint];
      return ((((((d << 64n) | c) << 64n) | b) << 64n) | a) as Scalar;
    },
    setPoint: (slot, point) => points.set(point, POINT_BYTES * slot),
    result: (slot) => out.slice(POINT_BYTES * slot, POINT_BYTES * (slot + 1)),
    setBytes: (position, value) => bytes.set(value, position),
    setMessage: (message) => messages.set(message),
    getBytes: (position, length) => bytes.slice(position, position + length),
  };
};
