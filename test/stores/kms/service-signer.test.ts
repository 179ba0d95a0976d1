// Tests the service's signer with a KMS whose signing key differs from its public key.
import { generateKeyPairSync, createSign, type KeyObject } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { expect, test } from '@jest/globals';
import { StoreError } from '../../../lib/stores/errors.ts';
import { makeServiceSigner } from '../../../lib/stores/kms/service-signer.ts';
import { patient } from '../../statements/samples.ts';

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** A KMS that returns one public key and signs with another. `Message` is the digest. This fake does not check which text was hashed. */
const kms = (published: KeyObject, sign: (digest: Uint8Array) => Uint8Array): KMSClient =>
  ({
    send: async (command: { readonly input: { readonly Message?: Uint8Array } }) =>
      command instanceof GetPublicKeyCommand
        ? { PublicKey: published.export({ type: 'spki', format: 'der' }) }
        : { Signature: sign(command.input.Message!) },
  }) as unknown as KMSClient;

const checkpoint = { patient: patient.id, seq: 1, hash: 'A'.repeat(43), when: 1 };

test('throws StoreError for a signature by another key, so that the caller is not blamed', async () => {
  const [published, other] = [pair(), pair()];
  const serviceSigner = makeServiceSigner(
    kms(published.publicKey, (digest) => createSign('SHA256').update(digest).sign(other.privateKey)),
    'key',
  );
  await expect(serviceSigner.sign('checkpoint', checkpoint)).rejects.toThrow(
    new StoreError('service-signature', 'the signature does not verify'),
  );
});
