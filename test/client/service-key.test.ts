// Tests the service key: a client is configured with it or pins the first one, and refuses receipts and checkpoints that another key signed.
import { describe, expect, test } from '@jest/globals';
import { toBase64url } from '../../lib/bytes/codec.ts';
import { newId, type GrantId, type RecordId } from '../../lib/bytes/ids.ts';
import { createPatient, createRecipient, importMemory } from '../../lib/client/index.ts';
import type { AuditEvent } from '../../lib/domain/audit-chain.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { fill } from '../statements/samples.ts';
import { KEYS, refusal } from './clients.ts';
import { PROXY_KEY, SERVICE_KEY, signedBy } from './hand-made-service-signatures.ts';
import { relinked } from './hand-made-trails.ts';
import { DAY, people, TEXT } from './main-job-story.ts';

type Signer = Parameters<typeof signedBy>[0];

/** Sets up a clinician who may add records to a folder, and functions that choose how the service signs. */
const filing = async () => {
  const all = await people();
  const { patient, clinician, service } = all;
  const { id } = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const terms = { recipient: clinician.id, folders: [id], purpose: 'TREAT', durationSeconds: DAY } as const;
  const [grant] = await patient.grant({ ...terms, right: 'add' });
  /** Makes the service sign with the key `signer`, and give `named` as its service key. @param change replaces members of receipt and checkpoint */
  const sign = (signer: Signer, named: string, change: object = {}): void => {
    service.state.lie = (route, answer) => {
      if (route === 'get-service-key') return { key: named };
      const trail = service.trails.get(patient.id)!;
      const event = trail.at(-1)!.hash;
      if (route === 'get-checkpoint') {
        const chain = service.entries.get(patient.id)!;
        const entry = { number: chain.length, hash: reloadStatement('entry', chain.at(-1)!.entry).hash };
        const heads = { patient: patient.id, seq: trail.length, hash: event, entry, when: 1 };
        return { checkpoint: signedBy(signer, 'checkpoint', { ...heads, ...change }) };
      }
      if (route !== 'commit-record') return undefined;
      const { hash: statement, payload } = reloadStatement('record', answer.statement as string);
      const { author, record, version, grant: under } = payload;
      const receipt = { patient: patient.id, author, grant: under!.id, record, version, statement, event, when: 1 };
      return { ...answer, receipt: signedBy(signer, 'receipt', { ...receipt, ...change }) };
    };
  };
  const clinicianWith = (more: Parameters<typeof all.optionsOf>[1]) =>
    createRecipient(all.optionsOf('clinician', more));
  const file = (by = clinician) => by.file(grant, TEXT, {});
  return { ...all, sign, clinicianWith, file };
};

describe('a receipt', () => {
  test('is accepted if the service signed it', async () => {
    const { sign, file } = await filing();
    sign('service', SERVICE_KEY);
    expect((await file()).receipt).toMatchObject({ author: KEYS.clinician.id, version: 1 });
  });

  test('is refused if it is missing', async () => {
    const { file } = await filing();
    expect(await refusal(file)).toBe('unverified receipt');
  });

  test('is refused if a proxy key signed it', async () => {
    const { sign, file } = await filing();
    sign('proxy', SERVICE_KEY);
    expect(await refusal(file)).toBe('unverified receipt');
  });

  test.each([
    ['another patient', { patient: KEYS.stranger.id }],
    ['another author', { author: KEYS.stranger.id }],
    ['another grant', { grant: newId<GrantId>() }],
    ['another record', { record: newId<RecordId>() }],
    ['another version', { version: 2 }],
    ['another statement', { statement: toBase64url(fill(1, 32)) }],
  ])('is refused if it is for %s', async (_, change) => {
    const { sign, file } = await filing();
    sign('service', SERVICE_KEY, change);
    expect(await refusal(file)).toBe('unverified receipt');
  });

  test('shows that the service left its event out of the trail', async () => {
    const { sign, file, patient, service, optionsOf } = await filing();
    sign('service', SERVICE_KEY);
    const { receipt } = await file();
    expect(await patient.eventOf(receipt!)).toMatchObject({ kind: 'record-filed', hash: receipt!.event });
    const rest = service.trails
      .get(patient.id)!
      .filter(({ event }) => (JSON.parse(event) as AuditEvent).kind !== 'record-filed');
    service.trails.set(patient.id, relinked(rest));
    // Another device, without memory, accepts this trail, because the patient did not cause the event. Only the receipt shows that it is missing.
    const other = createPatient(optionsOf('patient'));
    expect(await refusal(() => other.audit())).toBe('accepted');
    expect(await refusal(() => other.eventOf(receipt!))).toBe('unverified receipt');
  });
});

describe('a checkpoint', () => {
  test('is accepted if the service signed it', async () => {
    const { sign, patient } = await filing();
    sign('service', SERVICE_KEY);
    expect(await refusal(() => patient.checkpoint())).toBe('accepted');
  });

  test.each<[string, Signer, object]>([
    ['if a proxy key signed it', 'proxy', {}],
    ['if it is of another patient', 'service', { patient: KEYS.stranger.id }],
  ])('is refused %s', async (_, signer, change) => {
    const { sign, patient } = await filing();
    sign(signer, SERVICE_KEY, change);
    expect(await refusal(() => patient.checkpoint())).toBe('unverified checkpoint');
  });
});

describe('a service that signs with another key', () => {
  test('is accepted by a client that meets it first', async () => {
    const { sign, file, clinicianWith } = await filing();
    sign('proxy', PROXY_KEY);
    expect(await refusal(() => file(clinicianWith({})))).toBe('accepted');
  });

  test('is refused by a client that has pinned the key, also after its memory was stored and imported', async () => {
    const { sign, file, clinician, clinicianWith, patient } = await filing();
    sign('service', SERVICE_KEY);
    await file();
    sign('proxy', PROXY_KEY);
    expect(await refusal(file)).toBe('unverified receipt');
    expect(await refusal(() => patient.checkpoint())).toBe('unverified checkpoint');
    const memory = importMemory(clinician.id, JSON.parse(JSON.stringify(clinician.memory.export())));
    expect(await refusal(() => file(clinicianWith({ memory })))).toBe('unverified receipt');
  });

  test('is refused by a client that is configured with the key, which never asks for one', async () => {
    const { sign, file, clinicianWith, service } = await filing();
    sign('proxy', PROXY_KEY);
    const asked = service.calls.length;
    expect(await refusal(() => file(clinicianWith({ serviceKey: SERVICE_KEY })))).toBe('unverified receipt');
    expect(service.calls.slice(asked)).not.toContain('get-service-key');
  });

  test('cannot be configured for a memory that has pinned the key', async () => {
    const { sign, file, clinician, clinicianWith } = await filing();
    sign('service', SERVICE_KEY);
    await file();
    const { memory } = clinician;
    expect(await refusal(() => clinicianWith({ memory, serviceKey: PROXY_KEY }))).toBe('rolled-back service-key');
  });
});
