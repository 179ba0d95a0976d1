// Tests requests that can no longer be approved, because their signed end has passed or the patient has answered them.
import { describe, expect, test } from '@jest/globals';
import { claimOf } from '../../lib/statements/verify.ts';
import { refusal } from './clients.ts';
import { people } from './people.ts';

const YEAR = 365 * 86_400_000;
const anyone = { unverifiedRecipient: true };

const setUp = async () => {
  const p = await people();
  const { saved, state, ask, patient } = p;
  await ask();
  const [request] = await patient.listRequests('pending');
  /** The grants that the first device signed, and that the service has not acknowledged. */
  const unacknowledged = () =>
    saved.flatMap((m) => m.pending.flatMap((e) => e.statements)).filter((jws) => claimOf(jws).kind === 'grant');
  /** A year passes, and the service says that the request is pending. */
  const passYear = (): void => {
    state.now += YEAR;
    state.lie = (route, { status, body }) =>
      route === 'list-requests'
        ? { status, body: { requests: body.requests.map((r: object) => ({ ...r, state: 'pending' })) } }
        : undefined;
  };
  return { ...p, request: request!, unacknowledged, passYear };
};

describe('a request whose end has passed', () => {
  test('is not approved, whatever the service says: no grant is signed', async () => {
    const { patient, request, unacknowledged, passYear } = await setUp();
    passYear();
    expect(await refusal(() => patient.approve(request, anyone))).toBe('request-closed');
    expect(unacknowledged()).toEqual([]);
  });

  test.each(['patient', 'clinician'] as const)(
    'is shown to the %s as expired, whatever the service says',
    async (who) => {
      const all = await setUp();
      all.passYear();
      expect((await all[who].listRequests()).map((r) => r.state)).toEqual(['expired']);
      expect(await all[who].listRequests('pending')).toEqual([]);
    },
  );
});

describe('a request that another device answered', () => {
  test.each(['approve', 'deny'] as const)(
    'with %s is not approved: no grant is signed, and no cell is closed',
    async (answer) => {
      const { patient, device, request, unacknowledged, epoch } = await setUp();
      await (answer === 'approve' ? device().approve(request, anyone) : device().deny(request));
      const before = unacknowledged().length;
      expect(await refusal(() => patient.approve(request, anyone))).toBe('request-closed');
      expect(unacknowledged()).toHaveLength(before);
      await patient.settle();
      expect(await epoch()).toBe(1);
    },
  );
});
