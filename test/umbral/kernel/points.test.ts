// Tests the backend on the kernel's debug build against noble: both must give the same results.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { systemRng } from '../../../lib/bytes/binary.ts';
import { fromHex, toHex } from '../../../lib/bytes/codec.ts';
import type { Backend, Base, Point } from '../../../lib/umbral/curve/backend.ts';
import { load } from '../../../lib/umbral/curve/wasm-memory.ts';
import { noble } from '../../../lib/umbral/curve/noble.ts';
import { ORDER, type Scalar } from '../../../lib/umbral/curve/scalar.ts';
import { makeWasm } from '../../../lib/umbral/curve/wasm.ts';
import { bytesOf } from '../arbitrary.ts';
import { cases, seeded } from '../../support/case-counts.ts';
import { debugBuild } from './debug-build.ts';

const kernel = load(debugBuild);
const wasm = makeWasm(kernel, systemRng);
const LONGEST = 3_600_000;
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n;
const mod = (x: bigint): Scalar => (((x % ORDER) + ORDER) % ORDER) as Scalar;
const near = (x: bigint): fc.Arbitrary<bigint> => fc.bigInt(-40n, 40n).map((d) => x + d);

const anyScalar: fc.Arbitrary<Scalar> = fc
  .oneof(
    { weight: 3, arbitrary: fc.bigInt(1n, ORDER - 1n) },
    fc.oneof(near(0n), near(ORDER), near(ORDER / 2n), near(2n ** 128n), near(2n ** 255n)),
    fc.tuple(fc.bigInt(-40n, 40n), fc.bigInt(-40n, 40n)).map(([a, b]) => a + b * LAMBDA),
    fc.bigInt(0n, 255n).map((i) => 2n ** i),
  )
  .map(mod);
const scalars = anyScalar.filter((k) => k !== 0n);

/** The points of all tests. They are few, so that equal and opposite points often meet in a test. Some are small multiples of others. */
const POOL: readonly Uint8Array[] = (
  [1n, 2n, 3n, 7n, 15n, LAMBDA, 2n * LAMBDA, 0x123456789abcdef0123456789abcdefn].flatMap((k) => [k, ORDER - k]) as Scalar[]
).flatMap((k) => noble.muls([['G', k], ['U', k]]).map((p) => noble.encode(p))); // prettier-ignore
const points = fc.constantFrom(...POOL);

/** Returns the result in a form that can be compared: the encodings of the points, or the code of the error. */
const outcome = (backend: Backend, run: (b: Backend) => readonly Point[]): readonly string[] => {
  try {
    return run(backend).map((p) => toHex(backend.encode(p)));
  } catch (error) {
    return [(error as { code: string }).code];
  }
};
const same = (run: (b: Backend) => readonly Point[]): void => expect(outcome(wasm, run)).toEqual(outcome(noble, run));

const based = fc.oneof(points, fc.constantFrom('G' as const, 'U' as const));
const base = (b: Backend, p: Uint8Array | 'G' | 'U'): Base => (typeof p === 'string' ? p : b.decode(p));

test('each point of a call has memory of its own, because one may be public and the next secret', () => {
  const points = wasm.muls([['G', 5n as Scalar], ['U', 5n as Scalar]]).map((p) => wasm.encode(p)); // prettier-ignore
  expect(points.map(({ buffer }) => buffer.byteLength)).toEqual([128, 128]);
  expect(points[0]!.buffer).not.toBe(points[1]!.buffer);
});

describe(`points: the kernel and noble give the same results for, ${seeded}`, () => {
  test(
    'sums of two points',
    () => {
      fc.assert(
        fc.property(points, points, (p, q) => same((b) => [b.add(b.decode(p), b.decode(q))])),
        cases(4_000),
      );
    },
    LONGEST,
  );

  test(
    'decoding of arbitrary bytes',
    () => {
      const bytes = fc.oneof(
        points,
        fc.tuple(fc.integer({ min: 0, max: 5 }), bytesOf(32)).map(([tag, x]) => Uint8Array.of(tag, ...x)),
        fc.tuple(fc.constantFrom(2, 3), fc.integer({ min: 0, max: 255 })).map(([tag, x]) => {
          // The tested values of x are near p.
          const near = new Uint8Array(33).fill(0xff);
          near.set([tag]);
          near.set([0xfe, 0xff, 0xff, 0xfc, x], 28);
          return near;
        }),
      );
      fc.assert(fc.property(bytes, (b) => same((backend) => [backend.decode(b)])), cases(2_000)); // prettier-ignore
    },
    LONGEST,
  );

  test(
    'multiples of points',
    () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(based, scalars), { minLength: 1, maxLength: 3 }), (list) =>
          same((b) => b.muls(list.map(([p, k]) => [base(b, p), k] as const))),
        ),
        cases(300),
      );
    },
    LONGEST,
  );

  test(
    'multiples of one point, which share a table',
    () => {
      fc.assert(
        fc.property(points, fc.array(scalars, { minLength: 2, maxLength: 4 }), (bytes, list) =>
          same((b) => {
            const p = b.decode(bytes);
            return b.muls(list.map((k) => [p, k] as const));
          }),
        ),
        cases(200),
      );
    },
    LONGEST,
  );

  test(
    'sums of secret multiples, equal and opposite ones among them',
    () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(points, scalars), { minLength: 1, maxLength: 4 }), (list) =>
          same((b) => b.sums([list.map(([p, k]) => [b.decode(p), k] as const)])),
        ),
        cases(300),
      );
    },
    LONGEST,
  );

  test(
    'multiples of sums',
    () => {
      fc.assert(
        fc.property(points, points, scalars, (p, q, k) => same((b) => [b.addMul(b.decode(p), b.decode(q), k)])),
        cases(300),
      );
    },
    LONGEST,
  );

  test(
    'public sums: true equations, and equations with one scalar or point changed',
    () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(based, anyScalar), { minLength: 1, maxLength: 5 }), points, (list, other) => {
          const terms = (b: Backend) => list.map(([p, k]) => [base(b, p), k] as const);
          expect(wasm.checkLinear(terms(wasm), wasm.decode(other))).toBe(
            noble.checkLinear(terms(noble), noble.decode(other)),
          );
          // This also tries a true equation. Its sum is computed by single additions; if a partial sum is the identity, there is no equation to try.
          const nonZero = list.filter(([, k]) => k !== 0n);
          if (nonZero.length === 0) return;
          const [sum] = outcome(noble, (b) => [
            nonZero.map(([p, k]) => b.muls([[base(b, p), k]])[0]!).reduce((x, y) => b.add(x, y)),
          ]) as [string];
          if (sum !== 'bad-point')
            for (const b of [wasm, noble]) expect(b.checkLinear(terms(b), b.decode(fromHex(sum)))).toBe(true);
        }),
        cases(150),
      );
    },
    LONGEST,
  );

  test(
    'inverses and signatures',
    () => {
      fc.assert(
        fc.property(scalars, bytesOf(32), bytesOf(32), fc.nat(63), (k, digest, extra, at) => {
          const signature = wasm.sign(digest, k, extra);
          expect(toHex(signature)).toBe(toHex(noble.sign(digest, k, extra)));
          expect(wasm.inv(k)).toBe(noble.inv(k));
          const [key] = wasm.muls([['G', k]]) as [Point];
          expect(wasm.verify(signature, digest, key)).toBe(true);
          expect(
            wasm.verify(
              signature.map((byte, i) => (i === at ? byte ^ 1 : byte)),
              digest,
              key,
            ),
          ).toBe(false);
        }),
        cases(300),
      );
    },
    LONGEST,
  );

  test('signatures over digests at both ends of their range', () => {
    for (const fill of [0, 0xff]) {
      const [digest, extra] = [new Uint8Array(32).fill(fill), new Uint8Array(32)];
      const k = 5n as Scalar;
      const signature = wasm.sign(digest, k, extra);
      expect(toHex(signature)).toBe(toHex(noble.sign(digest, k, extra)));
      expect(wasm.verify(signature, digest, wasm.muls([['G', k]])[0]!)).toBe(true);
    }
  });

  test('more terms and results than fit into one call', () => {
    const k = (i: number): Scalar => mod(LAMBDA ** 2n * BigInt(i + 1));
    const many = Array.from({ length: 70 }, (_, i) => [POOL[i % POOL.length]!, k(i)] as const);
    same((b) => b.muls(many.map(([p, s], i) => [i % 3 === 0 ? 'U' : b.decode(p), s] as const)));
    same((b) => b.sums([many.map(([p, s]) => [b.decode(p), s] as const)]));
    same((b) => b.sums(many.map(([p, s]) => [[b.decode(p), s] as const])));
    const [sum] = wasm.sums([many.map(([p, s]) => [wasm.decode(p), s] as const)]) as [Point];
    expect(wasm.checkLinear(many.map(([p, s]) => [wasm.decode(p), s] as const), sum)).toBe(true); // prettier-ignore
  });

  test('SHA-256 and HKDF of every length that fits into the kernel, and of longer ones', () => {
    for (let length = 0; length <= 1100; length++) {
      const message = Uint8Array.from({ length }, (_, i) => i * length);
      expect(toHex(wasm.sha256(message))).toBe(toHex(noble.sha256(message)));
      if (length <= 200) expect(toHex(wasm.hkdf(message))).toBe(toHex(noble.hkdf(message)));
    }
  });

  test('no call leaves its scalars or results in the memory', () => {
    const { scalarsAt, publicAt } = kernel as unknown as Record<'scalarsAt' | 'publicAt', WebAssembly.Global<'i32'>>;
    const secret = new Uint8Array(kernel.memory.buffer, scalarsAt.value, publicAt.value - scalarsAt.value);
    const [p, q] = POOL.slice(0, 2).map((bytes) => wasm.decode(bytes)) as [Point, Point];
    const k = mod(LAMBDA * LAMBDA);
    for (const run of [
      () =>
        wasm.muls([
          ['G', k],
          ['U', k],
          [p, k],
        ]),
      () =>
        wasm.sums([
          [
            [p, k],
            [q, k],
          ],
          [[q, k]],
        ]),
      () => wasm.add(p, q),
      () => wasm.addMul(p, q, k),
      () => wasm.checkLinear([[p, k]], q),
      () =>
        wasm.muls([
          [p, k],
          [p, k],
        ]),
      () => wasm.hkdf(new Uint8Array(33).fill(1)),
      () => wasm.inv(k),
      () => wasm.sign(new Uint8Array(32), k, new Uint8Array(32)),
    ]) {
      run();
      expect(secret.findIndex((byte) => byte !== 0)).toBe(-1);
    }
  });
});
