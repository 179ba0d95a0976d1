// trails that lie and verify.
import { describe, expect, test } from '@jest/globals';
import { createRecipient } from '../../lib/client/index.ts';
import { readTrail } from '../../lib/client/audit/read-trail.ts';
import { EMPTY_CHAIN, nextEvent, type ChainHead } from '../../lib/domain/audit-chain.ts';
import { asked, granted, people } from './main-job-story.ts';
import { KEYS, newWorld, refusal } from './clients.ts';

const chain = (n: number) => {
  let head: ChainHead = EMPTY_CHAIN;
  return Array.from({ length: n }, (_, i) => {
    const ME = KEYS.patient.id;
    const link = nextEvent(head, {
      kind: 'registered',
      patient: ME,
      actor: ME,
      subject: {},
      at: i,
      statement: 'A'.repeat(43),
    });
    head = { seq: link.event.seq, hash: link.hash };
    return { event: link.text, hash: link.hash };
  });
};

test('two readings at once never lower what was seen: a later roll back is noticed', async () => {
  const { service, optionsOf, contextOf } = newWorld();
  const options = optionsOf('patient');
  const entries = chain(3);
  service.trails.set(KEYS.patient.id, entries.slice(0, 2));
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let come = (): void => undefined;
  const came = new Promise<void>((resolve) => (come = resolve));
  let slow = true;
  const ctx = contextOf('patient', {
    fetch: async (input, init) => {
      const response = await options.fetch!(input, init);
      if (slow) {
        slow = false;
        come();
        await released;
      }
      return response;
    },
  });
  const first = readTrail(ctx);
  await came;
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

describe('openings', () => {
  test('by somebody whom the grant is not for are not told as for its purpose', async () => {
    const { patient, grant, record, optionsOf } = await granted();
    const stranger = createRecipient(optionsOf('stranger'));
    await stranger.open(grant, [record]).catch(() => undefined);
    expect((await patient.audit()).at(-1)).toMatchObject({ kind: 'records-opened', actor: stranger.id });
    const told = await patient.openings({ purpose: 'TREAT' }).catch(() => []);
    expect(told.filter((o) => o.opener === stranger.id)).toEqual([]);
  });
  test('nor exported as a disclosure for its purpose', async () => {
    const { patient, grant, record, optionsOf } = await granted();
    const stranger = createRecipient(optionsOf('stranger'));
    await stranger.open(grant, [record]).catch(() => undefined);
    expect(await refusal(() => patient.exportFhir())).toMatch(/^unverified/);
  });
});

describe('the state of an exported grant', () => {
  const usedUp = async () => {
    const all = await people();
    const { patient, clinician } = all;
    const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
    const record = await patient.file(folder.id, new Uint8Array(1), {});
    const [given] = await patient.approve(await asked(all, [folder.id]), { unverifiedRecipient: true, openings: 1 });
    await clinician.open(await clinician.grant(given.id, patient.id), [record]);
    return all;
  };
  const say = ({ service }: Awaited<ReturnType<typeof usedUp>>, more: object): void => {
    service.state.lie = (route, answer) =>
      route === 'list-grants' ? { grants: answer.grants.map((g: object) => ({ ...g, ...more })) } : undefined;
  };

  test('is not active where the trail has all its openings', async () => {
    const all = await usedUp();
    say(all, { state: 'active', used: 0 });
    expect(await refusal(() => all.patient.exportFhir())).toMatch(/^unverified/);
  });
  test('is not exhausted without a limit', async () => {
    const all = await granted();
    say(all, { state: 'exhausted', used: 5 });
    expect(await refusal(() => all.patient.exportFhir())).toMatch(/^unverified/);
  });
});
