// Tests the events that a recipient reads of its own acts: the client refuses each answer that is no event, and events of others.
import { expect, test } from '@jest/globals';
import { refusal } from './clients.ts';
import { people } from './people.ts';

test('the events of a recipient are its own acts, without their places in the trail', async () => {
  const { patient, clinician, ask } = await people();
  await ask();
  const [event, ...more] = await clinician.events();
  expect(more).toEqual([]);
  expect(event).toMatchObject({ kind: 'access-requested', actor: clinician.id, patient: patient.id });
  expect(Object.keys(event!)).not.toEqual(expect.arrayContaining(['seq']));
});

test.each<[string, (event: object) => unknown]>([
  ['null', () => null],
  ['a number', () => 1],
  ['a text', () => 'a'],
  ['a list', () => []],
  ['an event of others', (e) => ({ ...e, actor: 'A'.repeat(43) })],
  ['an event with its number', (e) => ({ ...e, seq: 1 })],
  ['an event without its statement', (e) => ({ ...e, statement: undefined })],
  ['an event of an unknown kind', (e) => ({ ...e, kind: 'other' })],
])('as an own event, %s is refused', async (_, change) => {
  const { state, clinician, ask } = await people();
  await ask();
  state.lie = (route, { status, body }) => {
    if (route !== 'list-audit') return undefined;
    const [{ event, hash }] = body.events;
    return { status, body: { events: [{ event: JSON.stringify(change(JSON.parse(event))), hash }] } };
  };
  expect(await refusal(() => clinician.events())).toBe('unverified audit');
});
