// Tests that generated lives (see life.ts) find mistakes of the client. Each mistake is planted into a copy of one file of the client, and one of LIVES lives
// must find it.
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countOf, fixedSeed } from '../../support/case-counts.ts';
import { MISTAKES } from './mistakes.ts';
import { plant, unplant } from './plant.ts';

const LIVES = countOf({ small: 100, full: 100, long: 2000 });

afterEach(unplant);

test.each(Object.entries(MISTAKES).slice(0, countOf({ small: 3, full: 10, long: 10 })))(
  `lives find a client that %s, FC_SEED=${fixedSeed}`,
  async (_, { edit, kinds }) => {
    const { live, livesOf, newTally } = await plant(edit);
    const property = fc.asyncProperty(livesOf(kinds), async (life) => {
      expect(await live(life, newTally())).toEqual([]);
    });
    const options = { seed: fixedSeed, unbiased: true, numRuns: LIVES, endOnFailure: true };
    const { failed, errorInstance } = await fc.check(property, options);
    expect(failed).toBe(true);
    // The judge or a view found the mistake, and no error of the test itself.
    expect((errorInstance as Error).message).toContain('toEqual');
  },
  3_600_000,
);
