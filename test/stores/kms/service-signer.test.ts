// The service's signatures, with a key service that answers by another key than it names.
import { generateKeyPairSync, createSign, type KeyObject } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { expect, test } from '@jest/globals';
import { StoreError } from '../../../lib/stores/errors.ts';
import { makeServiceSigner } from '../../../lib/stores/kms/service-signer.ts';
import { patient } from '../../statements/samples.ts';

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** Tells one key and signs with another. The message of KMS is a digest; here the bytes that it is of are not needed. */
const kms = (told: KeyObject, sign: (digest: Uint8Array) => Uint8Array): KMSClient =>
  ({
    send: async (command: { readonly input: { readonly Message?: Uint8Array } }) =>
      command instanceof GetPublicKeyCommand
        ? { PublicKey: told.export({ type: 'spki', format: 'der' }) }
        : { Signature: sign(command.input.Message!) },
  }) as unknown as KMSClient;

const checkpoint = { patient: patient.id, seq: 1, hash: 'A'.repeat(43), when: 1 };

test('a signature by another key is a fault of the service, not of the statement that the caller sends', async () => {
  const [told, other] = [pair(), pair()];
  const serviceSigner = makeServiceSigner(
    kms(told.publicKey, (digest) => createSign('SHA256').update(digest).sign(other.privateKey)),
    'key',
  );
  await expect(serviceSigner.sign('checkpoint', checkpoint)).rejects.toThrow(
    new StoreError('service-signature', 'the signature does not verify'),
  );
});
