// Tests which backend is chosen, and that the self-test finds each operation that gives a wrong result.
import { describe, expect, test } from '@jest/globals';
import type { Backend } from '../../../lib/umbral/curve/backend.ts';
import { choose, chosen } from '../../../lib/umbral/curve/choose-backend.ts';
import { noble } from '../../../lib/umbral/curve/noble.ts';
import type { Scalar } from '../../../lib/umbral/curve/scalar.ts';
import { passesSelfTest } from '../../../lib/umbral/curve/self-test.ts';

describe('the backend', () => {
  test('is the kernel where WebAssembly exists', () => {
    expect(chosen.name).toBe('wasm');
  });

  test('is noble where WebAssembly is missing', () => {
    const choice = choose(() => {
      throw new Error('no WebAssembly');
    });
    expect(choice).toEqual({ backend: noble, name: 'noble', reason: 'not-loaded' });
  });

  test('is noble where the kernel fails its self-test', () => {
    const choice = choose(() => ({ ...chosen.backend, inv: (k) => k }));
    expect(choice).toEqual({ backend: noble, name: 'noble', reason: 'self-test-failed' });
  });
});

describe.each([
  ['wasm', chosen.backend],
  ['noble', noble],
])('the self test on %s', (_, backend) => {
  test('passes the self-test', () => {
    expect(passesSelfTest(backend)).toBe(true);
  });

  test('fails the self-test if an operation throws', () => {
    const inv = () => {
      throw new Error('unreachable');
    };
    expect(passesSelfTest({ ...backend, inv })).toBe(false);
  });

  const wrong: Readonly<Record<keyof Backend, Partial<Backend>>> = {
    decode: { decode: (bytes) => backend.decode(bytes.map((b, i) => (i === 0 ? b ^ 1 : b))) },
    encode: { encode: (p) => backend.encode(p).map((b, i) => (i === 0 ? b ^ 1 : b)) },
    muls: { muls: (list) => backend.muls(list).reverse() },
    sums: { sums: (list) => backend.sums(list.map((terms) => terms.slice(1))) },
    add: { add: (p) => p },
    addMul: { addMul: (p, q) => backend.add(p, q) },
    checkLinear: { checkLinear: () => true },
    inv: { inv: (k) => k },
    sign: { sign: (digest, key) => backend.sign(digest, key, digest) },
    verify: { verify: () => true },
    sha256: { sha256: (message) => message.slice(0, 32) },
    hkdf: { hkdf: (secret) => backend.sha256(secret) },
  };
  const short = (message: Uint8Array): Uint8Array =>
    message.length > 300 ? backend.sha256(message) : message.slice(0, 32);
  const beyond = (k: Scalar): Scalar => (backend.inv(k) + 2n ** 256n) as Scalar;
  test.each([
    ['short messages are hashed wrong', { sha256: short }],
    ['inverses are out of range', { inv: beyond }],
  ])('fails when %s', (_name, part) => {
    expect(passesSelfTest({ ...backend, ...part })).toBe(false);
  });

  test.each(Object.entries(wrong))('fails the self-test if %s is wrong', (_name, part) => {
    expect(passesSelfTest({ ...backend, ...part })).toBe(false);
  });
});
