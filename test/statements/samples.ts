// Makes sample payloads of each kind, and signers from fixed seeds, for the tests of statements and of requests.
import { ed25519 } from '@noble/curves/ed25519.js';
import { toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { identityId, newId, type GrantId, type RandomId } from '../../lib/bytes/ids.ts';
import type { Kind, Payload } from '../../lib/statements/kinds.ts';
import type { Signer } from '../../lib/statements/sign.ts';

export const fill = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);
const b64 = (byte: number, length: number): string => toBase64url(fill(byte, length));
const id = <T extends RandomId>(byte: number): T => newId<T>(() => fill(byte, 16));

export interface TestSigner extends Signer {
  readonly publicKey: Uint8Array;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** The Ed25519 key whose seed is 32 times the same byte. */
export const signerFrom = (byte: number): TestSigner => {
  const publicKey = ed25519.getPublicKey(fill(byte, 32));
  return { id: identityId(publicKey), publicKey, sign: (bytes) => ed25519.sign(bytes, fill(byte, 32)) };
};

export const patient = signerFrom(1);
export const clinician = signerFrom(2);
export const stranger = signerFrom(3);

const NOW = 1_767_225_600_000;
const receiving = { number: 1, key: b64(2, 33) };

/** Signer and payload by kind, with every optional member present. */
export const SAMPLES: { readonly [K in Kind]: { readonly signer: TestSigner; readonly payload: Payload<K> } } = {
  identity: {
    signer: clinician,
    payload: {
      id: clinician.id,
      number: 2,
      previous: b64(9, 32),
      receiving: { ...receiving, proof: b64(8, 64) },
      inbox: b64(3, 1216),
      kfragSigner: b64(2, 33),
      name: 'Praxis am Markt, Dr. Šimić',
      next: b64(7, 32),
      issued: NOW,
    },
  },
  folder: {
    signer: patient,
    payload: {
      patient: patient.id,
      folder: id(0x11),
      epoch: 2,
      salt: b64(5, 16),
      key: b64(2, 33),
      companion: b64(4, 1216),
      category: 'imaging',
      name: b64(6, 80),
      previous: b64(9, 32),
      issued: NOW,
    },
  },
  record: {
    signer: clinician,
    payload: {
      record: id(0x22),
      version: 2,
      previous: b64(9, 32),
      patient: patient.id,
      folder: id(0x11),
      epoch: 2,
      author: clinician.id,
      grant: { id: id<GrantId>(0x44), hash: b64(10, 32) },
      created: NOW,
      algorithm: 1,
      chunk: 18,
      flags: 1,
      salt: b64(5, 16),
      commit: b64(11, 32),
      digest: b64(12, 32),
      length: 1040,
      metadata: b64(13, 32),
      wrap: b64(14, 32),
      label: b64(15, 32),
    },
  },
  request: {
    signer: clinician,
    payload: {
      request: id(0x33),
      patient: patient.id,
      recipient: clinician.id,
      service: b64(2, 33),
      receiving,
      scope: { folders: [id(0x11)] },
      rights: ['read'],
      purpose: 'TREAT',
      duration: 2_592_000,
      until: NOW + 604_800_000,
      message: b64(15, 100),
      created: NOW,
    },
  },
  grant: {
    signer: patient,
    payload: {
      grant: id(0x44),
      patient: patient.id,
      recipient: clinician.id,
      receiving,
      request: { id: id(0x33), hash: b64(16, 32) },
      right: 'read',
      cells: [
        {
          folder: id(0x11),
          epoch: 2,
          key: b64(2, 33),
          statement: b64(17, 32),
          kfrags: [{ proxy: 'service', id: b64(18, 32), hash: b64(19, 32) }],
        },
      ],
      inbox: b64(3, 1216),
      companions: b64(22, 1168),
      notBefore: NOW,
      expires: NOW + 2_592_000_000,
      openings: 100,
      purpose: 'TREAT',
      threshold: 1,
      proxies: [{ id: 'service' }],
      issued: NOW,
    },
  },
  opening: {
    signer: clinician,
    payload: {
      opening: id(0x55),
      patient: patient.id,
      opener: clinician.id,
      grant: id<GrantId>(0x44),
      folder: id(0x11),
      epoch: 2,
      records: [{ record: id(0x22), version: 2 }],
      when: NOW,
    },
  },
  extension: {
    signer: patient,
    payload: {
      patient: patient.id,
      grant: id(0x44),
      number: 1,
      previous: b64(20, 32),
      cells: [
        {
          folder: id(0x11),
          epoch: 3,
          key: b64(2, 33),
          statement: b64(17, 32),
          kfrags: [{ proxy: 'service', id: b64(18, 32), hash: b64(19, 32) }],
        },
      ],
      companions: b64(22, 1168),
      issued: NOW,
    },
  },
  withdrawal: {
    signer: clinician,
    payload: {
      recipient: clinician.id,
      patient: patient.id,
      request: id(0x33),
      of: b64(16, 32),
      code: 'not-needed',
      when: NOW,
    },
  },
  pause: {
    signer: patient,
    payload: { patient: patient.id, grant: id(0x44), of: b64(20, 32), number: 1, when: NOW },
  },
  resumption: {
    signer: patient,
    payload: { patient: patient.id, grant: id(0x44), of: b64(20, 32), number: 2, when: NOW },
  },
  denial: {
    signer: patient,
    payload: { patient: patient.id, request: id(0x33), of: b64(16, 32), code: 'declined', when: NOW },
  },
  revocation: {
    signer: patient,
    payload: { patient: patient.id, grant: id(0x44), of: b64(20, 32), code: 'no-longer-needed', when: NOW },
  },
  return: {
    signer: clinician,
    payload: {
      recipient: clinician.id,
      patient: patient.id,
      grant: id(0x44),
      of: b64(20, 32),
      code: 'not-needed',
      when: NOW,
    },
  },
  entry: {
    signer: patient,
    payload: {
      id: patient.id,
      service: b64(2, 33),
      number: 2,
      previous: b64(9, 32),
      statements: [b64(10, 32)],
      voids: [{ entry: b64(11, 32), statements: [b64(12, 32)] }],
      issued: NOW,
    },
  },
  deletion: {
    signer: patient,
    payload: { patient: patient.id, record: id(0x22), of: b64(21, 32), code: 'mistake', when: NOW },
  },
};

/** Makes a compact JWS from any two texts, with a valid signature. */
export const rawJws = (header: string, payload: string, signer: Pick<TestSigner, 'sign'>): string => {
  const input = `${toBase64url(utf8(header))}.${toBase64url(utf8(payload))}`;
  return `${input}.${toBase64url(signer.sign(utf8(input)))}`;
};
