// Tests that a list call refuses a malformed cursor.
import { expect, test } from '@jest/globals';
import { signedRequest } from '../raw-calls.ts';
import { at, clock, patientAndStranger, service } from './patient-and-stranger.ts';

test('refuses a malformed cursor', async () => {
  const { person } = await patientAndStranger();
  const list = { route: 'list-chain', query: '?cursor=AAAA' } as const;
  const answer = await service.fetch(await signedRequest(at, person.keys, list, clock.now));
  expect(await answer.json()).toMatchObject({ code: 'malformed-request', member: 'cursor' });
});
