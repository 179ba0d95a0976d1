// Tests the limit of grants in one approval: one for each right.
import { expect, test } from '@jest/globals';
import { approvalBody } from '../../lib/api/request-routes.ts';
import { RIGHTS } from '../../lib/statements/fields.ts';

/** Returns the faults in the number of grants. Each grant is empty and has faults of its own, which are left out. */
const faultsOf = (count: number): readonly string[] =>
  (approvalBody.safeParse({ grants: Array.from({ length: count }, () => ({})) }).error?.issues ?? [])
    .filter(({ path }) => path.join('.') === 'grants')
    .map(({ code }) => code);

test('an approval contains one grant for each right, and no more', () => {
  expect(faultsOf(RIGHTS.length)).toEqual([]);
  expect(faultsOf(RIGHTS.length + 1)).toEqual(['too_big']);
});
