// Tests that a client refuses a rewritten trail, because it has stored checkpoints, and refuses a trail in which two events have one statement.
import { expect, test } from '@jest/globals';
import { createPatient, createTrail } from '../../lib/client/index.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { SERVICE_KEY, signedBy } from './hand-made-service-signatures.ts';
import { relinked } from './hand-made-trails.ts';
import { granted } from './main-job-story.ts';
import { refusal } from './clients.ts';

test('compares the trail with every checkpoint that the client has kept', async () => {
  const { patient, service, optionsOf } = await granted();
  const entries = service.trails.get(patient.id)!;
  const chain = service.entries.get(patient.id)!;
  service.state.lie = (route) =>
    route === 'get-checkpoint'
      ? {
          checkpoint: signedBy('service', 'checkpoint', {
            patient: patient.id,
            seq: entries.length,
            hash: entries.at(-1)!.hash,
            entry: { number: chain.length, hash: reloadStatement('entry', chain.at(-1)!.entry).hash },
            when: 1,
          }),
        }
      : undefined;
  await patient.checkpoint();
  const { checkpoints } = patient.trail.export();
  expect(checkpoints).toHaveLength(1);
  // Another device has the checkpoint and no entries. The service omits an event that has no statement in the patient's chain.
  service.trails.set(patient.id, relinked(entries.filter((e) => !e.event.includes('"access-requested"'))));
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
