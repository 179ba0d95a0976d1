// Tests that a client believes that a grant has ended, is paused or is resumed only if the service acknowledges it. If the service refuses a revocation because
// the recipient returned the grant, the client believes it only with the return that the recipient signed.
import { expect, test } from '@jest/globals';
import { refusal } from './clients.ts';
import { people } from './people.ts';

test.each([
  ['pause-grant', 'active'],
  ['resume-grant', 'paused'],
  ['revoke-grant', 'active'],
  ['return-grant', 'active'],
] as const)('%s fails if the service answers that the grant is %s', async (route, said) => {
  const { state, patient, clinician, give } = await people();
  const grant = await give();
  if (route === 'resume-grant') await patient.pause(grant);
  state.lie = (called, { status, body }) => (called === route ? { status, body: { ...body, state: said } } : undefined);
  const act = {
    'pause-grant': () => patient.pause(grant),
    'resume-grant': () => patient.resume(grant),
    'revoke-grant': () => patient.revoke(grant),
    'return-grant': () => clinician.giveBack(grant),
  }[route];
  expect(await refusal(act)).toBe('bad-answer');
});

test('a revocation that the service refuses as ended fails if the recipient did not return the grant', async () => {
  const { state, patient, clinician, give } = await people();
  const [grant, returned] = [await give(), await give()];
  await clinician.giveBack(returned);
  expect((await patient.revoke(returned)).state).toBe('revoked');
  state.refuse = 'revoke-grant';
  state.code = 'grant-ended';
  expect(await refusal(() => patient.revoke(grant))).toBe('unverified grant');
});
