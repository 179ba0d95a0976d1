// Tests the client against false trails whose hash chain is valid.
import { describe, expect, test } from '@jest/globals';
import { createRecipient } from '../../lib/client/index.ts';
import { readTrail } from '../../lib/client/audit/read-trail.ts';
import { pendingRequest, granted, people } from './main-job-story.ts';
import { KEYS, newClients, refusal } from './clients.ts';
import { trailOf } from './hand-made-trails.ts';

test('two parallel readings never lower the last event seen, so a later rollback is refused', async () => {
  const { service, optionsOf, contextOf } = newClients();
  const options = optionsOf('patient');
  const entries = trailOf({}, {}, {});
  service.trails.set(KEYS.patient.id, entries.slice(0, 2));
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let signalArrival = (): void => undefined;
  const arrived = new Promise<void>((resolve) => (signalArrival = resolve));
  let slow = true;
  const ctx = contextOf('patient', {
    fetch: async (input, init) => {
      const response = await options.fetch!(input, init);
      // Holds the first reading of the trail. It holds no reading of the chain of statements, because the client makes those one after the other.
      if (slow && (input as URL).pathname === '/v1/audit') {
        slow = false;
        signalArrival();
        await released;
      }
      return response;
    },
  });
  const first = readTrail(ctx);
  await arrived;
  service.trails.set(KEYS.patient.id, entries);
  await readTrail(ctx);
  expect(ctx.memory.auditHead().seq).toBe(3);
  release();
  await first.catch(() => undefined);
  expect(ctx.memory.auditHead().seq).toBe(3);
  expect(ctx.trail.entries()).toHaveLength(3);
  service.trails.set(KEYS.patient.id, entries.slice(0, 2));
  expect(await refusal(() => readTrail(ctx))).toBe('rolled-back audit');
});

test('an opening by an identity that the grant is not for is refused', async () => {
  const { patient, grant, record, optionsOf, service } = await granted();
  const stranger = createRecipient(optionsOf('stranger'));
  await stranger.open(grant, [record]).catch(() => undefined);
  expect(service.trails.get(patient.id)!.at(-1)!.event).toContain(`"actor":"${stranger.id}"`);
  expect(await refusal(() => patient.audit())).toBe('unverified evidence');
  expect(await refusal(() => patient.openings())).toBe('unverified evidence');
  expect(await refusal(() => patient.exportFhir())).toBe('unverified evidence');
});

describe('the state of an exported grant', () => {
  const usedUp = async () => {
    const all = await people();
    const { patient, clinician } = all;
    const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
    const record = await patient.file(folder.id, new Uint8Array(1), {});
    const [grant] = await patient.approve(await pendingRequest(all, [folder.id]), {
      unverifiedRecipient: true,
      openings: 1,
    });
    await clinician.open(await clinician.grant(grant.id, patient.id), [record]);
    return all;
  };
  const changeGrants = ({ service }: Awaited<ReturnType<typeof usedUp>>, more: object): void => {
    service.state.lie = (route, answer) =>
      route === 'list-grants' ? { grants: answer.grants.map((g: object) => ({ ...g, ...more })) } : undefined;
  };

  test('is refused as active if the trail has all its openings', async () => {
    const all = await usedUp();
    changeGrants(all, { state: 'active', used: 0 });
    expect(await refusal(() => all.patient.exportFhir())).toMatch(/^unverified/);
  });
  test('is refused as exhausted if the grant has no limit', async () => {
    const all = await granted();
    changeGrants(all, { state: 'exhausted', used: 5 });
    expect(await refusal(() => all.patient.exportFhir())).toMatch(/^unverified/);
  });
});
