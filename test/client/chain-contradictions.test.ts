// Tests answers that contradict the patient's chain of statements: events, checkpoints and cells that the service invents, reorders or withholds, and lists
// without end.
import { describe, expect, test } from '@jest/globals';
import { createPatient } from '../../lib/client/index.ts';
import { EMPTY_CHAIN, nextEvent } from '../../lib/domain/audit-chain.ts';
import { refusal } from './clients.ts';
import { DAY, people } from './people.ts';

const TEXT = new Uint8Array([1, 2, 3]);

describe('invented or withheld answers', () => {
  test('an event of an extension that belongs to the event of its cell', async () => {
    const { state, service, patient, folder, give } = await people();
    const grant = await give();
    await patient.startEpoch(folder.id);
    const { statement } = service.memory.state.entries.get(patient.id)!.at(-1)!;
    const last = service.memory.state.chains.get(patient.id)!.at(-1)!;
    const invented = nextEvent(
      { seq: last.event.seq, hash: last.entry.hash },
      {
        kind: 'grant-extended',
        patient: patient.id,
        actor: patient.id,
        subject: { grant: grant.id, folders: [folder.id] },
        at: state.now,
        statement: statement.payload.statements[1]!,
      },
    );
    state.lie = (route, said) =>
      route === 'list-audit'
        ? { ...said, body: { events: [...said.body.events, { event: invented.text, hash: invented.hash }] } }
        : undefined;
    expect(await refusal(() => patient.audit())).toBe('unverified evidence');
  });

  test.each([false, true])(
    'the acts of the patient in another order, for a client that has read a part: %s',
    async (part) => {
      const { state, service, patient, device } = await people();
      const reader = device();
      if (part) await reader.audit();
      await patient.createFolder({ name: 'First', category: 'other' });
      await patient.createFolder({ name: 'Second', category: 'other' });
      let last = EMPTY_CHAIN;
      const [identity, blood, first, second] = service.memory.state.chains.get(patient.id)!.map((row) => row.event);
      const events = [identity!, blood!, second!, first!].map(({ seq: _, previous: __, ...draft }) => {
        const made = nextEvent(last, draft);
        last = { seq: made.event.seq, hash: made.hash };
        return { event: made.text, hash: made.hash };
      });
      state.lie = (route, said) =>
        route === 'list-audit' ? { ...said, body: { events: events.slice(part ? 1 : 0) } } : undefined;
      expect(await refusal(() => reader.audit())).toBe('unverified evidence');
    },
  );

  test('a checkpoint that names another entry than the chain', async () => {
    const { service, patient } = await people();
    const { event, entry } = service.memory.state.chains.get(patient.id)!.at(-1)!;
    const sign = (named: object) =>
      service.memory.ports.serviceSigner.sign('checkpoint', {
        patient: patient.id,
        seq: event.seq,
        hash: entry.hash,
        ...named,
        when: event.at,
      });
    await patient.checkpoint();
    const [name] = service.memory.state.checkpoints.keys();
    service.memory.state.checkpoints.set(name!, await sign({ entry: { number: 2, hash: entry.hash } }));
    expect(await refusal(() => patient.checkpoint())).toBe('rolled-back chain');
    service.memory.state.checkpoints.set(name!, await sign({}));
    expect(await refusal(() => patient.checkpoint())).toBe('rolled-back chain');
  });

  test('an old cell for an author, with the word that the grant has expired', async () => {
    const { state, service, patient, clinician, folder } = await people();
    const [grant] = await patient.grant({
      recipient: clinician.id,
      right: 'add',
      folders: [folder.id],
      purpose: 'TREAT',
      durationSeconds: DAY,
    });
    await patient.startEpoch(folder.id);
    await clinician.grant(grant.id);
    const old = folder.statement.jws;
    state.lie = (route, said) =>
      route === 'get-grant'
        ? { ...said, body: { ...said.body, state: 'expired', cells: [{ folder: old }] } }
        : undefined;
    const sent = service.calls.length;
    expect(await refusal(() => clinician.file(grant, TEXT, { title: 'x' }))).not.toBe('accepted');
    expect(service.calls.slice(sent)).not.toContain('begin-upload');
  });
});

test.each([
  ['list-chain', 'entries'],
  ['list-audit', 'events'],
] as const)('a list of %s without end is refused at the first empty page', async (list, items) => {
  const { state, service, optionsOf } = await people();
  let page = 0;
  state.lie = (route, said) => (route === list ? { ...said, body: { [items]: [], next: `${++page}` } } : undefined);
  expect(await refusal(() => createPatient(optionsOf(1)).audit())).toBe('bad-answer');
  expect(service.calls.filter((route) => route === list)).toHaveLength(list === 'list-chain' ? 4 : 1);
});
