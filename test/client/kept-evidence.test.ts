// Tests that a client refuses a rewritten trail, because it has stored checkpoints, and refuses a trail in which two events have one statement.
import { expect, test } from '@jest/globals';
import { createPatient, createTrail } from '../../lib/client/index.ts';
import { EMPTY_CHAIN, nextEvent, type AuditEvent, type ChainHead } from '../../lib/domain/audit-chain.ts';
import { signedBy } from './hand-made-service-signatures.ts';
import { SERVICE_KEY } from './hand-made-service-signatures.ts';
import { granted } from './main-job-story.ts';
import { refusal } from './clients.ts';

interface Entry {
  event: string;
  hash: string;
  evidence?: string;
}
const relinked = (entries: readonly Entry[]): Entry[] => {
  let head: ChainHead = EMPTY_CHAIN;
  return entries.map(({ event: text, evidence }) => {
    const link = nextEvent(head, JSON.parse(text) as AuditEvent);
    head = { seq: link.event.seq, hash: link.hash };
    return { event: link.text, hash: link.hash, ...(evidence === undefined ? {} : { evidence }) };
  });
};

test('compares the trail with every checkpoint that the client has kept', async () => {
  const { patient, service, optionsOf } = await granted();
  const entries = service.trails.get(patient.id)!;
  service.state.lie = (route) =>
    route === 'get-checkpoint'
      ? {
          checkpoint: signedBy('service', 'checkpoint', {
            patient: patient.id,
            seq: entries.length,
            hash: entries.at(-1)!.hash,
            when: 1,
          }),
        }
      : undefined;
  await patient.checkpoint();
  const { checkpoints } = patient.trail.export();
  expect(checkpoints).toHaveLength(1);
  // Another device has the checkpoint and no entries. The service omits an earlier event.
  service.trails.set(patient.id, relinked([entries[0]!, ...entries.slice(2)]));
  const other = createPatient(
    optionsOf('patient', { trail: createTrail({ entries: [], checkpoints }), serviceKey: SERVICE_KEY }),
  );
  expect(await refusal(() => other.audit())).toBe('rolled-back audit');
});

test('refuses two events of one grant statement', async () => {
  const { patient, service } = await granted();
  const entries = service.trails.get(patient.id)!;
  const made = entries.find((e) => e.event.includes('"access-granted"'))!;
  service.trails.set(patient.id, relinked([...entries, made]));
  expect(await refusal(() => patient.exportFhir())).toMatch(/^unverified/);
});
