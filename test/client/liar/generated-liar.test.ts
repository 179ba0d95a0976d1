// Tests all clients against generated lies: two devices of a patient and two recipients live random lives with a service that may lie in every answer. A client
// may refuse to go on. It may not let a key reach somebody whom the chain does not name, contradict itself, or show what is false.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countOf, fixedSeed } from '../../support/case-counts.ts';
import { ALL_KINDS, live, livesOf, newTally } from './life.ts';

const LIVES = countOf({ small: 3, full: 100, long: 2000 });
const options = { seed: fixedSeed, unbiased: true, endOnFailure: false };

test(`no lie makes a client do or show what it must not, in ${LIVES} lives, FC_SEED=${fixedSeed}`, async () => {
  const tally = newTally();
  const property = fc.asyncProperty(livesOf(ALL_KINDS), async (life) => {
    expect(await live(life, tally)).toEqual([]);
  });
  await fc.assert(property, { ...options, numRuns: LIVES });
  // The lives have tested something: at least one key fragment opened a record for a recipient whom the chain names.
  expect(tally.reached).toBeGreaterThan(0);
}, 3_600_000);

test(`an honest service is never distrusted, FC_SEED=${fixedSeed}`, async () => {
  // No recipient renews its key in these lives, because a request that names an older key cannot be approved, also with an honest service.
  const recipient = ALL_KINDS.recipient.filter((kind) => kind !== 'renew-key');
  const kinds = { ...ALL_KINDS, recipient, turns: ['wait', 'restart', 'crash'] as const };
  const property = fc.asyncProperty(livesOf(kinds, true), async (life) => {
    expect(await live(life, newTally(), true)).toEqual([]);
  });
  await fc.assert(property, { ...options, numRuns: Math.ceil(LIVES / 5) });
}, 3_600_000);
