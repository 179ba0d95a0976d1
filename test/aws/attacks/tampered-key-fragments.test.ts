// Tests tampered key fragments: after a change in the table, the service answers with a wrong capsule fragment and signs it. The recipient detects
// it, and its fragment proof convinces independent tools: jose for the signatures, umbral-pre for the capsule fragment.
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from '@jest/globals';
import umbralPre from '@nucypher/umbral-pre';
import { decodeProtectedHeader, compactVerify, importJWK, type JWK } from 'jose';
import { p256 } from '@noble/curves/nist.js';
import { fromBase64url, fromUtf8, toBase64url } from '../../../lib/bytes/codec.ts';
import { checkFragmentProof, type FragmentProof, type RecordInfo } from '../../../lib/client/index.ts';
import type { Payload } from '../../../lib/statements/kinds.ts';
import { reloadStatement } from '../../../lib/statements/verify.ts';
import { grantCellKey } from '../../../lib/stores/dynamo/table.ts';
import { bytesOf, given, then } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';
import { wrongFragmentIn } from '../../support/wrong-fragment-error.ts';
import { keepIn, type Clients } from '../stored-items.ts';

const TABLE = process.env['MAIN_TABLE']!;
const clients: Clients = {};
const service = makeService({ env: process.env, onClient: keepIn(clients) });
const at = { origin: service.origin, fetch: service.fetch };

/** A standing grant with a record in each of two folders. The grant names the cell of the first folder, and an extension names the cell of the second. */
const setUp = async () => {
  const [patient, recipient] = await Promise.all([given.patient(at), given.recipient(at)]);
  const folders = [await patient.createFolder({ name: 'Before', category: 'letters' })];
  const terms = {
    recipient: recipient.id,
    everything: true,
    standing: true,
    purpose: 'TREAT',
    durationSeconds: 600,
  } as const;
  const [{ id }] = await patient.grant(terms);
  folders.push(await patient.createFolder({ name: 'After', category: 'letters' }));
  const records: RecordInfo[] = [];
  for (const folder of folders) records.push(await patient.file(folder.id, bytesOf(9), {}));
  return { patient, recipient, grant: await recipient.grant(id, patient.id), records };
};

/** Changes the re-encryption scalar (bytes 73 to 104) in the stored key fragment of the record's cell. */
const alterKeyFragment = async (grant: Payload<'grant'>['grant'], cell: RecordInfo): Promise<void> => {
  const { pk, sk } = grantCellKey(grant, cell);
  const { Item } = await clients.dynamo!.send(
    new GetItemCommand({ TableName: TABLE, Key: { pk: { S: pk }, sk: { S: sk } } }),
  );
  const kfrag = fromBase64url(Item!['kfrag']!.S!);
  kfrag[100]! ^= 1;
  await clients.dynamo!.send(
    new PutItemCommand({ TableName: TABLE, Item: { ...Item, kfrag: { S: toBase64url(kfrag) } } }),
  );
};

const es256 = (key: string): JWK => {
  const point = p256.Point.fromBytes(fromBase64url(key)).toBytes(false);
  return { kty: 'EC', crv: 'P-256', x: toBase64url(point.subarray(1, 33)), y: toBase64url(point.subarray(33)) };
};

/** Checks a proof as docs/spec/evidence.md describes, with independent libraries only. Returns whether the capsule fragment is correct. */
const verifyWithPeers = async (proof: FragmentProof): Promise<boolean> => {
  const read = async (jws: string, key: JWK, alg: string): Promise<Record<string, unknown>> =>
    JSON.parse(fromUtf8((await compactVerify(jws, await importJWK(key, alg))).payload)) as Record<string, unknown>;
  const certificate = await read(proof.signed.key, es256(proof.serviceKey), 'ES256');
  const answer = await read(proof.signed.answer, es256(certificate['key'] as string), 'ES256');
  expect(decodeProtectedHeader(proof.signed.key).typ).toBe('pcehr-proxy-key+jws');
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256')
    .update(Buffer.concat([Buffer.from('pcehr/v1/fragment\0'), bytes(proof.capsule), bytes(proof.fragment)]))
    .digest('base64url');
  expect((answer['fragments'] as string[])[proof.place]).toBe(hash);
  const opening = reloadStatement('opening', proof.opening).payload;
  const delegation = answer['delegation'] as Readonly<Record<string, string>>;
  const { receiving } = reloadStatement('grant', proof.grant).payload;
  const { cells } = JSON.parse(fromUtf8(bytes(proof.by.split('.')[1]!))) as Payload<'extension'>;
  const cell = cells.find((c) => c.folder === opening.folder && c.epoch === opening.epoch)!;
  expect(delegation).toEqual({
    verifying: reloadStatement('identity', proof.identity).payload.kfragSigner,
    delegating: cell.key,
    receiving: receiving.key,
    kfrag: cell.kfrags[0]!.id,
  });
  const key = (text = '') => umbralPre.PublicKey.fromCompressedBytes(bytes(text));
  try {
    umbralPre.CapsuleFrag.fromBytes(bytes(proof.fragment)).verify(
      umbralPre.Capsule.fromBytes(bytes(proof.capsule)),
      key(delegation['verifying']),
      key(delegation['delegating']),
      key(delegation['receiving']),
    );
    return true;
  } catch {
    return false;
  }
};

test.each([
  ['the grant', 0],
  ['an extension', 1],
])('the recipient proves a wrong capsule fragment of a cell in %s', async (_, which) => {
  const { recipient, grant, records } = await setUp();
  const record = records[which]!;
  expect(await then.opens(recipient, grant, [record])).toHaveLength(1);
  await alterKeyFragment(grant.id, record);
  const error = await recipient.open(grant, [record]).then(
    () => undefined,
    (e: unknown) => e,
  );
  const { proof } = wrongFragmentIn(error)!;
  expect(proof.by === proof.grant).toBe(which === 0);
  const key = await service.container.serviceSigner.key();
  expect(await checkFragmentProof(proof, key)).toMatchObject({ record: record.record, recipient: recipient.id });
  expect(await verifyWithPeers(proof)).toBe(false);
  // A record in the other cell can still be opened.
  expect(await then.opens(recipient, grant, [records[1 - which]!])).toHaveLength(1);
});
