// Tests the statements of the service. Invalid signatures are built by the test itself.
import { p256 } from '@noble/curves/nist.js';
import { describe, expect, test } from '@jest/globals';
import { fromBase64url, fromUtf8, toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { newId } from '../../lib/bytes/ids.ts';
import { keyIdOf, signAsService, verifyServiceStatement } from '../../lib/statements/service-statements.ts';
import { clinician, fill, patient } from './samples.ts';

const secretOf = (byte: number) => {
  const secret = fill(byte, 32);
  const key = toBase64url(p256.getPublicKey(secret, true));
  return { key, sign: (input: Uint8Array) => Promise.resolve(p256.sign(input, secret)) };
};
const service = secretOf(21);
const other = secretOf(22);

const checkpoint = { patient: patient.id, seq: 3, hash: toBase64url(fill(1, 32)), when: 1_767_225_600_000 };
const receipt = {
  patient: patient.id,
  author: clinician.id,
  grant: newId<never>(() => fill(2, 16)),
  record: newId<never>(() => fill(3, 16)),
  version: 1,
  statement: toBase64url(fill(4, 32)),
  event: toBase64url(fill(5, 32)),
  when: 1_767_225_600_000,
};

/** A compact JWS over this header and payload. */
const jwsOf = async (header: unknown, payload: unknown, by = service): Promise<string> => {
  const input = [header, payload].map((part) => toBase64url(utf8(JSON.stringify(part)))).join('.');
  return `${input}.${toBase64url(await by.sign(utf8(input)))}`;
};
const header = { alg: 'ES256', kid: keyIdOf(service.key), typ: 'pcehr-checkpoint+jws' };

const codeOf = (jws: string, kind: 'checkpoint' | 'receipt' = 'checkpoint', key = service.key): string => {
  try {
    verifyServiceStatement(kind, jws, key);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('a signed payload verifies and is returned unchanged', async () => {
  expect(verifyServiceStatement('receipt', await signAsService('receipt', receipt, service), service.key)).toEqual(
    receipt,
  );
  const jws = await signAsService('checkpoint', checkpoint, service);
  expect(JSON.parse(fromUtf8(fromBase64url(jws.split('.')[0]!)))).toEqual(header);
  expect(jws).toBe(await jwsOf(header, checkpoint));
});

test('both (r, s) and (r, n - s) are accepted, because KMS makes both', async () => {
  const [head, payload, signature] = (await jwsOf(header, checkpoint)).split('.');
  const { r, s } = p256.Signature.fromBytes(fromBase64url(signature!));
  const twin = new p256.Signature(r, p256.Point.Fn.ORDER - s).toBytes('compact');
  expect(codeOf(`${head}.${payload}.${toBase64url(twin)}`)).toBe('ok');
});

describe('refuses', () => {
  test.each<[string, string, () => Promise<string>]>([
    ['another kind', 'malformed', () => signAsService('receipt', receipt, service)],
    ['a header that is not an object', 'malformed', () => jwsOf(null, checkpoint)],
    ['another algorithm', 'wrong-signer', () => jwsOf({ ...header, alg: 'ES384' }, checkpoint)],
    ['another key', 'wrong-signer', () => signAsService('checkpoint', checkpoint, other)],
    [
      'a signature by another key under the kid of the service key',
      'bad-signature',
      () => jwsOf(header, checkpoint, other),
    ],
    ['a payload with a missing member', 'bad-payload', () => jwsOf(header, { ...checkpoint, seq: undefined })],
    ['a payload with an additional member', 'bad-payload', () => jwsOf(header, { ...checkpoint, more: 1 })],
    ['a text that is not a JWS', 'malformed', () => Promise.resolve('a.b')],
  ])('%s', async (_, code, make) => {
    expect(codeOf(await make())).toBe(code);
  });

  test('an altered payload', async () => {
    const [head, , signature] = (await jwsOf(header, checkpoint)).split('.');
    const altered = toBase64url(utf8(JSON.stringify({ ...checkpoint, seq: 4 })));
    expect(codeOf(`${head}.${altered}.${signature}`)).toBe('bad-signature');
  });

  test('to sign a payload of another kind', async () => {
    await expect(signAsService('checkpoint', { ...checkpoint, seq: -1 }, service)).rejects.toMatchObject({
      code: 'bad-payload',
    });
  });
});
