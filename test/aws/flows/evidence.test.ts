// Tests that evidence can be checked offline without this project, as docs/spec/evidence.md says: with jose, and with a Python script on PyJWT.
import { execFile } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { compactVerify, importJWK } from 'jose';
import { ensurePython } from '../../../localstack/python.ts';
import { PROJECT, STATE } from '../../../localstack/local-aws.ts';
import { fromBase64url, toBase64url } from '../../../lib/bytes/codec.ts';
import { identityKey } from '../../../lib/bytes/ids.ts';
import type { TrailEntry } from '../../../lib/client/index.ts';
import { bytesOf, DAY_SECONDS, given, when } from './people.ts';

interface Evidence {
  readonly serviceKey: string;
  readonly patient: string;
  readonly statements: readonly { readonly kind: string; readonly jws: string; readonly signer: string }[];
  readonly service: readonly { readonly kind: string; readonly jws: string }[];
  readonly trail: readonly { readonly event: string; readonly hash: string }[];
}

/** The text that the event's hash covers: the entry without the members that the client added. */
const textOf = ({ hash: _hash, evidence: _evidence, ...event }: TrailEntry): string => JSON.stringify(event);

const makeEvidence = async (): Promise<Evidence> => {
  const { patient, recipient, folder, records, grant } = await given.grant([bytesOf(10)]);
  await recipient.open(grant, records);
  const [add] = await patient.grant({
    recipient: recipient.id,
    right: 'add',
    folders: [folder],
    purpose: 'TREAT',
    durationSeconds: DAY_SECONDS,
  });
  const filed = await recipient.file(add, bytesOf(20), {});
  await when.asks({ patient, recipient, folder });
  const [asked] = await patient.listRequests('pending');
  await patient.deny(asked!);
  await patient.resume(await patient.pause(grant));
  await patient.revoke(grant);
  const { jws: checkpoint } = await patient.checkpoint();
  const trail = await patient.audit();
  const kinds = {
    'records-opened': 'opening',
    'request-denied': 'denial',
    'grant-paused': 'pause',
    'grant-resumed': 'resumption',
    'grant-revoked': 'revocation',
  } as const;
  const inTrail = trail.flatMap(({ kind, actor, evidence }) =>
    kind in kinds && evidence !== undefined
      ? [{ kind: kinds[kind as keyof typeof kinds], jws: evidence, signer: actor }]
      : [],
  );
  return {
    serviceKey: patient.memory.serviceKey()!,
    patient: patient.id,
    statements: [
      ...inTrail,
      { kind: 'grant', jws: grant.statement.jws, signer: patient.id },
      { kind: 'grant', jws: add.statement.jws, signer: patient.id },
      { kind: 'request', jws: asked!.statement.jws, signer: recipient.id },
      { kind: 'record', jws: filed.statement.jws, signer: recipient.id },
    ],
    service: [
      { kind: 'receipt', jws: filed.receipt!.jws },
      { kind: 'checkpoint', jws: checkpoint },
    ],
    trail: trail.map((e) => ({ event: textOf(e), hash: e.hash })),
  };
};

let evidence: Evidence;
let python: string;
beforeAll(async () => {
  python = await ensurePython(STATE, 'peers', join(PROJECT, 'test', 'peers', 'requirements.txt'), {
    env: process.env,
  });
  evidence = await makeEvidence();
}, 300_000);

const check = (input: Evidence): Promise<{ readonly code: number; readonly out: string }> =>
  new Promise((resolve, reject) => {
    const script = join(PROJECT, 'test', 'peers', 'check_evidence.py');
    const child = execFile(python, [script], (error, out, err) => {
      if (err !== '') reject(new Error(err));
      else resolve({ code: error === null ? 0 : 1, out });
    });
    child.stdin?.end(JSON.stringify(input));
  });

/** Changes one character in the middle of the payload. */
const altered = (jws: string): string => {
  const [header = '', payload = '', signature = ''] = jws.split('.');
  const at = payload.length >> 1;
  return [header, payload.slice(0, at) + (payload[at] === 'A' ? 'B' : 'A') + payload.slice(at + 1), signature].join(
    '.',
  );
};

describe('a Python script with PyJWT', () => {
  test('accepts all evidence of a run', async () => {
    const { statements, service } = evidence;
    expect(new Set(statements.map((s) => s.kind)).size).toBe(8);
    expect(await check(evidence)).toEqual({ code: 0, out: `checked ${statements.length + service.length + 1}\n` });
  });

  test('refuses an altered statement and a wrong signer', async () => {
    for (const [i, s] of evidence.statements.entries()) {
      const with_ = (changed: typeof s) => ({ ...evidence, statements: evidence.statements.with(i, changed) });
      expect(await check(with_({ ...s, jws: altered(s.jws) }))).toMatchObject({ code: 1 });
      const signer = s.signer === evidence.patient ? evidence.statements.at(-1)!.signer : evidence.patient;
      expect((await check(with_({ ...s, signer }))).out).toContain(`${s.kind}: another header`);
    }
    for (const [i, s] of evidence.service.entries())
      expect(
        await check({ ...evidence, service: evidence.service.with(i, { ...s, jws: altered(s.jws) }) }),
      ).toMatchObject({ code: 1 });
  });

  test('detects a missing event by the chain, by its receipt and by the checkpoint', async () => {
    const at = evidence.trail.findIndex((e) => e.event.includes('"record-filed"') && e.event.includes('"grant"'));
    const { out } = await check({ ...evidence, trail: evidence.trail.toSpliced(at, 1) });
    expect(out).toContain(`trail: entry ${at + 1} does not follow`);
    const shorter = await check({ ...evidence, trail: evidence.trail.slice(0, at) });
    expect(shorter.out).toContain('receipt: its event is not in the trail');
    expect(shorter.out).toContain('checkpoint: another past');
  });
});

describe('jose', () => {
  test('verifies each statement with the public key in its signer’s id, and refuses an altered one', async () => {
    for (const { kind, jws, signer } of evidence.statements) {
      const x = toBase64url(identityKey(signer));
      const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA');
      const { protectedHeader } = await compactVerify(jws, key);
      expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: signer, typ: `pcehr-${kind}+jws` });
      await expect(compactVerify(altered(jws), key)).rejects.toThrow();
    }
  });

  test('verifies the service’s statements with the service key, whose thumbprint is the kid', async () => {
    const point = fromBase64url(evidence.serviceKey);
    // The bytes before a compressed P-256 point in a SubjectPublicKeyInfo (RFC 5480).
    const prefix = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
    const jwk = createPublicKey({ key: Buffer.concat([prefix, point]), format: 'der', type: 'spki' }).export({
      format: 'jwk',
    });
    const { crv, kty, x, y } = jwk;
    const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
    for (const { kind, jws } of evidence.service) {
      const { protectedHeader } = await compactVerify(
        jws,
        await importJWK({ crv: crv!, kty: kty!, x: x!, y: y! }, 'ES256'),
      );
      expect(protectedHeader).toEqual({ alg: 'ES256', kid, typ: `pcehr-${kind}+jws` });
    }
  });
});
