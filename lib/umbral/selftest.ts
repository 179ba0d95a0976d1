// Known answers that a backend must give before it is used: each operation once, by two sets of values.
import { concat, equalBytes } from '../bytes/binary.ts';
import { fromHex } from '../bytes/codec.ts';
import type { Backend, Point } from './backend.ts';
import { decodeScalar, encodeScalar, ORDER, type Scalar } from './scalar.ts';

interface Known {
  readonly k: string;
  readonly l: string;
  readonly p: string;
  /** SHA-256 of all answers. The backend's own makes it: one that is wrong does not come out as this either. */
  readonly answers: string;
}

const KNOWN: readonly Known[] = [
  {
    k: 'a0631b93507579f4b9a30615d0c959754710f5b4e12fe64de7d948bb9ccb932c',
    l: 'd3009a4f72be84e0fbf8d19a1c2695c6e09460d3a7e13a6e6190752622720709',
    p: '02c620dc0de49feed48856e87ffed6b84e5f1407f1bdc532ba15dc320451d8fc05',
    answers: '9285e0bb7b8274737f46572e92850de673e1e35298e0c992bd6c55b8dbf5a522',
  },
  {
    k: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413f',
    l: '0000000000000000000000000000000000000000000000000000000000000005',
    p: '02e5c819737220fe9c7f2af89f1171359c8fcaa960e4d38384379e3ba52f2bde52',
    answers: '4765e1b6af10d7212960b0f5481a88b1073a363b356164e370137222d6ab53a0',
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
  const told = concat(
    ...[...points, sum, backend.add(p, g), backend.addMul(p, g, k)].map((point) => backend.encode(point)),
    encodeScalar(backend.inv(k)),
    signature,
    backend.hkdf(signature),
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
    equalBytes(backend.sha256(told), fromHex(known.answers)) &&
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
