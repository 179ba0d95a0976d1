// Self-test of a backend with known answers. It runs each operation once with each of two sets of values, before the backend is used.
import { concat, equalBytes } from '../../bytes/binary.ts';
import { fromHex } from '../../bytes/codec.ts';
import type { Backend, Point } from './backend.ts';
import { decodeScalar, encodeScalar, ORDER, type Scalar } from './scalar.ts';

interface Known {
  readonly k: string;
  readonly l: string;
  readonly p: string;
  /** SHA-256 of all results, computed by the backend under test, so that SHA-256 is tested too. */
  readonly answers: string;
}

const KNOWN: readonly Known[] = [
  {
    k: 'a0631b93507579f4b9a30615d0c959754710f5b4e12fe64de7d948bb9ccb932c',
    l: 'd3009a4f72be84e0fbf8d19a1c2695c6e09460d3a7e13a6e6190752622720709',
    p: '02c620dc0de49feed48856e87ffed6b84e5f1407f1bdc532ba15dc320451d8fc05',
    answers: '7a4b8b8c7940b0ed7a188e45078cf85e7a7d5c6e7b8f5860d3fe82ea58d7f69e',
  },
  {
    k: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413f',
    l: '0000000000000000000000000000000000000000000000000000000000000005',
    p: '02e5c819737220fe9c7f2af89f1171359c8fcaa960e4d38384379e3ba52f2bde52',
    answers: '5f52ea177c9a0cc4240308ff73512a39397df438f9401a9eee6fdff551862d2f',
  },
];

const DIGEST = new Uint8Array(32).fill(0x5a);
const EXTRA = new Uint8Array(32).fill(0xa5);

const scalar = (hex: string): Scalar => decodeScalar(fromHex(hex));

const answers = (backend: Backend, known: Known): boolean => {
  const [k, l] = [scalar(known.k), scalar(known.l)];
  const p = backend.decode(fromHex(known.p));
  const points = backend.muls([
    ['G', k],
    ['U', k],
    [p, k],
  ]);
  const [g] = points as [Point];
  const [sum] = backend.sums([
    [
      [p, k],
      [p, l],
    ],
  ]) as [Point];
  const signature = backend.sign(DIGEST, k, EXTRA);
  const inverse = backend.inv(k);
  const results = concat(
    ...[...points, sum, backend.add(p, g), backend.addMul(p, g, k)].map((point) => backend.encode(point)),
    encodeScalar(inverse),
    signature,
    backend.hkdf(signature),
    backend.sha256(signature),
  );
  const changed = signature.slice();
  changed[40]! ^= 1;
  const checks = (equals: Point): boolean =>
    backend.checkLinear(
      [
        [p, k],
        [p, l],
        ['G', k],
        ['G', (ORDER - k) as Scalar],
      ],
      equals,
    );
  return (
    equalBytes(backend.sha256(results), fromHex(known.answers)) &&
    // This line refuses an inverse of more than 256 bits. The hash of the results does not show such an inverse, because encodeScalar drops the upper bits.
    inverse === decodeScalar(encodeScalar(inverse)) &&
    checks(sum) &&
    !checks(g) &&
    backend.verify(signature, DIGEST, g) &&
    !backend.verify(changed, DIGEST, g)
  );
};

export const passesSelfTest = (backend: Backend): boolean => {
  try {
    return KNOWN.every((known) => answers(backend, known));
  } catch {
    return false;
  }
};
