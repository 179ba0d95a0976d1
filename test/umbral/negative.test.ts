// Tests recorded inputs that must be refused, even if the peer accepts them. The error must be an UmbralError with a code that the operation may give.
import { describe, expect, test } from '@jest/globals';
import { fromHex, toHex, utf8 } from '../../lib/bytes/codec.ts';
import { decodeCapsule, type Capsule } from '../../lib/umbral/capsule.ts';
import { decodeCFrag, verifyCFrag } from '../../lib/umbral/cfrag.ts';
import { decryptReencrypted } from '../../lib/umbral/delegatee.ts';
import { decryptOriginal, generateKFrags } from '../../lib/umbral/delegator.ts';
import { UmbralError, type UmbralErrorCode } from '../../lib/umbral/errors.ts';
import { VerifiedCapsuleFrag } from '../../lib/umbral/objects.ts';
import { decodePublicKey, publicKeyOf, SecretKey } from '../../lib/umbral/keys.ts';
import { decodeKFrag, verifyKFrag } from '../../lib/umbral/kfrag.ts';
import { encrypt } from '../../lib/umbral/sender.ts';
import { vectors } from './vectors.ts';

interface Case {
  readonly id: string;
  readonly op: string;
  readonly reason: string;
  readonly [input: string]: unknown;
}
interface File {
  readonly context: Readonly<Record<'delegatingSk' | 'receivingSk' | 'signingSk', string>>;
  readonly cases: readonly Case[];
}
const { context, cases } = vectors<File>('umbral-pre-negative.json');

const bytes = (c: Case, name: string): Uint8Array => fromHex(c[name] as string);
const optionalKey = (c: Case, name: string) => (c[name] === null ? undefined : decodePublicKey(bytes(c, name)));
const secret = (hex: string): SecretKey => SecretKey.fromBytes(fromHex(hex));

/** Marks a recorded capsule fragment as verified without a check, so that the test reaches the check that comes later. */
const unchecked = (hex: string): VerifiedCapsuleFrag => new VerifiedCapsuleFrag(decodeCFrag(fromHex(hex)).fields);

const operations: Record<string, (c: Case) => unknown> = {
  decodeCapsule: (c) => decodeCapsule(bytes(c, 'bytes')),
  decodePublicKey: (c) => decodePublicKey(bytes(c, 'bytes')),
  decodeSecretKey: (c) => SecretKey.fromBytes(bytes(c, 'bytes')),
  verifyKFrag: (c) => {
    const verifying = decodePublicKey(bytes(c, 'verifyingPk'));
    const keys = { delegating: optionalKey(c, 'delegatingPk'), receiving: optionalKey(c, 'receivingPk') };
    return verifyKFrag(decodeKFrag(bytes(c, 'kfrag')), { verifying, ...keys });
  },
  verifyCFrag: (c) => {
    const capsule = decodeCapsule(bytes(c, 'capsule'));
    const [verifying, delegating, receiving] = ['verifyingPk', 'delegatingPk', 'receivingPk'].map((k) =>
      decodePublicKey(bytes(c, k)),
    ) as [ReturnType<typeof decodePublicKey>, ReturnType<typeof decodePublicKey>, ReturnType<typeof decodePublicKey>];
    return verifyCFrag(decodeCFrag(bytes(c, 'cfrag')), { capsule, verifying, delegating, receiving });
  },
  decryptOriginal: (c) =>
    decryptOriginal(secret(c['sk'] as string), decodeCapsule(bytes(c, 'capsule')), bytes(c, 'ciphertext')),
  decryptReencrypted: (c) =>
    decryptReencrypted(
      secret(c['receivingSk'] as string),
      decodePublicKey(bytes(c, 'delegatingPk')),
      decodeCapsule(bytes(c, 'capsule')),
      (c['cfrags'] as readonly string[]).map(unchecked),
      bytes(c, 'ciphertext'),
    ),
  generateKFrags: (c) =>
    generateKFrags({
      delegating: secret(context.delegatingSk),
      receiving: publicKeyOf(secret(context.receivingSk)),
      signer: secret(context.signingSk),
      threshold: c['threshold'] as number,
      shares: c['shares'] as number,
    }),
};

/** The error codes that each operation may give. `form` has the codes for a wrong encoding, which is checked before the content. */
const form = ['bad-encoding', 'bad-point', 'bad-scalar'] as const;
const codes: Record<string, readonly UmbralErrorCode[]> = {
  decodeCapsule: [...form, 'bad-capsule'],
  decodePublicKey: ['bad-point'],
  decodeSecretKey: ['bad-scalar'],
  verifyKFrag: [...form, 'bad-signature', 'bad-parameters', 'kfrag-invalid'],
  verifyCFrag: [...form, 'bad-signature', 'cfrag-invalid'],
  decryptOriginal: ['decryption-failed'],
  decryptReencrypted: ['bad-cfrags', 'decryption-failed'],
  generateKFrags: ['bad-threshold'],
};

const refusal = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('refuses', () => {
  test.each(cases)('$id $op: $reason', (c) => {
    const error = refusal(() => operations[c.op]!(c));
    expect(error).toBeInstanceOf(UmbralError);
    expect(codes[c.op]).toContain((error as UmbralError).code);
    // The message must not contain the input, so it has no eight hexadecimal digits in a row. It may contain the length of the input, which has fewer digits.
    expect((error as UmbralError).message).not.toMatch(/[0-9a-f]{8}/);
  });

  test('every operation has cases', () => {
    expect(new Set(cases.map(({ op }) => op))).toEqual(new Set(Object.keys(operations)));
  });
});

test('the keys of the recorded cases open valid ciphertexts', () => {
  const [a, b] = [secret(context.delegatingSk), secret(context.receivingSk)];
  const { capsule, ciphertext }: { capsule: Capsule; ciphertext: Uint8Array } = encrypt(
    publicKeyOf(a),
    utf8('control'),
  );
  expect(toHex(decryptOriginal(a, capsule, ciphertext))).toBe(toHex(utf8('control')));
  expect(() => decryptOriginal(b, capsule, ciphertext)).toThrow(expect.objectContaining({ code: 'decryption-failed' }));
});
