// Known answers that a backend must give before it is used: each operation once, by two sets of values.
import { equalBytes } from '../bytes/binary.ts';
import { fromHex } from '../bytes/codec.ts';
import type { Backend, Point } from './backend.ts';
import { decodeScalar, ORDER, type Scalar } from './scalar.ts';

interface Known {
  readonly k: string;
  readonly l: string;
  readonly p: string;
  /** [k]G, [k]U, [k]P */
  readonly muls: readonly [string, string, string];
  /** [k]P + [l]P, and P + [k]G */
  readonly sum: string;
  readonly add: string;
  /** [k](P + [k]G) */
  readonly addMul: string;
  readonly inverse: string;
  /** By k, of a digest of 32 bytes 0x5a with 32 bytes 0xa5. */
  readonly signature: string;
  /** Both of the signature. */
  readonly sha256: string;
  readonly hkdf: string;
}

const KNOWN: readonly Known[] = [
  {
    k: 'a0631b93507579f4b9a30615d0c959754710f5b4e12fe64de7d948bb9ccb932c',
    l: 'd3009a4f72be84e0fbf8d19a1c2695c6e09460d3a7e13a6e6190752622720709',
    p: '02c620dc0de49feed48856e87ffed6b84e5f1407f1bdc532ba15dc320451d8fc05',
    muls: [
      '0320b17e0b00c8faea6add993c302fc96f279bb706487c509d946eae8d43bd6f90',
      '03a3d9bed4c7bdb13d44507e02dc953a0005d7f3d717e1817acc4a8c90e3c422fa',
      '0389128e1e9628e6f5408e10a5f67e7fda590d695890da21f45e2d15cae7c531f1',
    ],
    sum: '035eddfb7610b4ee1539c0c88ade69d367cb366e1cbb43a94f3e0608badccb8b60',
    add: '03441d525793877e5c371c9bffbeed1734cdb0cff4baf560f83a3ae4dbb90c42e5',
    addMul: '03371d5192ff1b7a8e04d32d6d8d2bd8fee89f9086fdefaac564688ba9caeab719',
    inverse: '57914d44fb69597da16ec3a6608f1c1c9cdd6c65b5d79d65f014bbc51c84e6db',
    signature:
      '9dbae06e837dd20e1667dd098cf60cce029d288b1411d07dce784786619501cc103e132496c2b9e70ec4baa4789d87fa0abcbf481c09f51f2b3c04d5a0dfe9fd',
    sha256: '8df1494a3264169114f193fbf9e8556bc3bd028a0d5ce390371e4e093b04e847',
    hkdf: 'ed253ddd30b965932b566d5302bf7767c69f3408d1994fc44f1a0eb963edf387',
  },
  {
    k: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413f',
    l: '0000000000000000000000000000000000000000000000000000000000000005',
    p: '02e5c819737220fe9c7f2af89f1171359c8fcaa960e4d38384379e3ba52f2bde52',
    muls: [
      '03c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5',
      '03a8544857bfc71c7bd02461c76fc35e4f3f47f1cab96e0ccdfb38927542a91324',
      '02312cbf751f6e4ffbf97da12fafe8b022bfa5a5ff0ec800c939146685debbde32',
    ],
    sum: '0218b8537ec24bab898ebea6d0af854766e59c78795c6f081d047a72e09eb90689',
    add: '027bf999302ce3236b820b732ce66f79b259a5ee090b1c7b72e9100212d2c23aae',
    addMul: '03df39f2afb0763730191d1599658e8f48bb9a023b65ded3e53863a08a1b55bab3',
    inverse: '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0',
    signature:
      'c5e854664b19c12185b50f226a8408d30c5a138b387d40deaf59c272ce0603db03faf6c9bd4019e63063438f6bf2a219260b9cc3c06bc6f5bb8e411dd00561dc',
    sha256: '72ba1a6ca170741dcb9030b8c1f0e384b88f17a40ecb0b1185404c3084d9e4e3',
    hkdf: '15733349fcfd4d9d1dc30c5ff0d2e112d83179546e8bcfdbbe7614d5aa50e7f2',
  },
];

const DIGEST = new Uint8Array(32).fill(0x5a);
const EXTRA = new Uint8Array(32).fill(0xa5);

const answers = (backend: Backend, known: Known): boolean => {
  const scalar = (hex: string): Scalar => decodeScalar(fromHex(hex));
  const is = (p: Point | undefined, hex: string): boolean =>
    p !== undefined && equalBytes(backend.encode(p), fromHex(hex));
  const [k, l] = [scalar(known.k), scalar(known.l)];
  const p = backend.decode(fromHex(known.p));
  const [g, u, q] = backend.muls([
    ['G', k],
    ['U', k],
    [p, k],
  ]) as [Point, Point, Point];
  const [sum] = backend.sums([
    [
      [p, k],
      [p, l],
    ],
  ]) as [Point];
  const signature = backend.sign(DIGEST, k, EXTRA);
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
    [g, u, q].every((point, i) => is(point, known.muls[i]!)) &&
    is(sum, known.sum) &&
    is(backend.add(p, g), known.add) &&
    is(backend.addMul(p, g, k), known.addMul) &&
    checks(sum) &&
    !checks(q) &&
    backend.inv(k) === scalar(known.inverse) &&
    equalBytes(signature, fromHex(known.signature)) &&
    equalBytes(backend.sha256(signature), fromHex(known.sha256)) &&
    equalBytes(backend.hkdf(signature), fromHex(known.hkdf)) &&
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
