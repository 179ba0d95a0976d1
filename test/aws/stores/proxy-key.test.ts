// Tests the proxy key of a running copy of the service: it is certified once, renewed in time, and certified again after a failure.
import { describe, expect, test } from '@jest/globals';
import { compactVerify, importJWK } from 'jose';
import { p256 } from '@noble/curves/nist.js';
import { fromBase64url, toBase64url } from '../../../lib/bytes/codec.ts';
import { HOUR, MINUTE } from '../../../lib/domain/time.ts';
import { verifyServiceStatement } from '../../../lib/statements/service-statements.ts';
import { makeProxyKey } from '../../../lib/stores/kms/proxy-key.ts';
import type { ServiceSigner } from '../../../lib/ports/index.ts';
import { makeMemoryServiceSigner } from '../../support/memory/service-signer.ts';

const hash = toBase64url(new Uint8Array(32).fill(1));
const point = toBase64url(new Uint8Array(33).fill(2));
const delegation = { verifying: point, delegating: point, receiving: point, kfrag: hash };
const answerAt = (when: number) => ({ opening: hash, fragments: [hash], delegation, when });

const makeCounted = () => {
  const serviceSigner = makeMemoryServiceSigner();
  const state = { certified: 0, failing: false };
  const certify: ServiceSigner['sign'] = async (kind, payload) => {
    state.certified += 1;
    if (state.failing) throw new Error('no answer');
    return serviceSigner.sign(kind, payload);
  };
  return { serviceSigner, state, ...makeProxyKey(certify) };
};

describe('a proxy key', () => {
  test('signs answers that verify with its certificate, also in jose', async () => {
    const { serviceSigner, answer } = makeCounted();
    const { key, answer: jws } = await answer(answerAt(HOUR));
    const certificate = verifyServiceStatement('proxy-key', key, await serviceSigner.key());
    expect(certificate).toEqual({ key: certificate.key, from: HOUR - MINUTE, until: 25 * HOUR });
    expect(verifyServiceStatement('recapsulation', jws, certificate.key)).toEqual(answerAt(HOUR));
    const point = p256.Point.fromBytes(fromBase64url(certificate.key)).toBytes(false);
    const [x, y] = [toBase64url(point.subarray(1, 33)), toBase64url(point.subarray(33))];
    await compactVerify(jws, await importJWK({ kty: 'EC', crv: 'P-256', x, y }, 'ES256'));
  });

  test('is certified once for concurrent answers', async () => {
    const { state, answer } = makeCounted();
    const all = await Promise.all([1, 2, 3, 4].map(() => answer(answerAt(HOUR))));
    expect(new Set(all.map((a) => a.key)).size).toBe(1);
    expect(state.certified).toBe(1);
  });

  test('is valid also for an opening that arrived shortly before the key was made', async () => {
    const { serviceSigner, answer } = makeCounted();
    const [, earlier] = await Promise.all([answer(answerAt(HOUR)), answer(answerAt(HOUR - 1))]);
    const certificate = verifyServiceStatement('proxy-key', earlier.key, await serviceSigner.key());
    const { when } = verifyServiceStatement('recapsulation', earlier.answer, certificate.key);
    expect(when).toBe(HOUR - 1);
    expect(when).toBeGreaterThanOrEqual(certificate.from);
  });

  test('is replaced an hour before its end, once for concurrent answers', async () => {
    const { state, answer } = makeCounted();
    const first = await answer(answerAt(HOUR));
    expect((await answer(answerAt(24 * HOUR))).key).toBe(first.key);
    const next = await Promise.all([1, 2, 3].map(() => answer(answerAt(24 * HOUR + 1))));
    expect(new Set(next.map((a) => a.key)).size).toBe(1);
    expect(next[0]!.key).not.toBe(first.key);
    expect(state.certified).toBe(2);
  });

  test('is certified again after a failure', async () => {
    const { state, answer } = makeCounted();
    state.failing = true;
    await expect(answer(answerAt(HOUR))).rejects.toThrow('no answer');
    state.failing = false;
    await answer(answerAt(HOUR));
    expect(state.certified).toBe(2);
  });
});
