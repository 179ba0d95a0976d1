// Tests the life of a grant with a model: runs random sequences of calls on the model and on the use cases over the stores in memory. Both must return the
// same outcomes and the same visible state. COUNTS sets the number of sequences.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NOW } from '../usecases/people.ts';
import { countOf } from '../support/case-counts.ts';
import { openClinic, sequences, type Hits } from './commands.ts';
import { OUTCOMES } from './outcomes.ts';
import { emptyModel } from './rules.ts';
import { newSystem } from './system.ts';

const MOST_CALLS = 60;
/** Seeds of sequences that are the same in every run. Together these sequences reach every outcome. If commands.ts changes, find new seeds. */
const FIXED = [53, 58, 21, 16, 10];
const OF_EACH = countOf({ small: 6, full: 20, long: 20 });
const SEEDS = FIXED.slice(0, countOf({ small: 1, full: FIXED.length, long: FIXED.length }));
/** Number of new sequences in each run. */
const MORE = countOf({ small: 2, full: 20, long: 2000 - FIXED.length * OF_EACH });

const hits: Hits = new Map();

const agree = async (seed: number, numRuns: number): Promise<void> => {
  const property = fc.asyncProperty(fc.nat(4), sequences(MOST_CALLS, hits), async (start, calls) => {
    const [model, system] = [emptyModel(NOW), newSystem(NOW)];
    if (start > 0) await openClinic(model, system, hits);
    await fc.asyncModelRun(() => ({ model, real: system }), calls);
  });
  await fc.assert(property, { numRuns, seed });
};

test.each(SEEDS)('model and system agree: the sequences of seed %i', (seed) => agree(seed, OF_EACH), 600_000);

test(`model and system agree: ${MORE} new random sequences`, async () => {
  const seed = Date.now() % 2 ** 31;
  process.stdout.write(`life of a grant: seed ${seed}\n`);
  await agree(seed, MORE);
}, 7_200_000);

test('the sequences met no outcome that is not declared, and those of all fixed seeds met every declared one', () => {
  const declared = Object.entries(OUTCOMES).flatMap(([name, ends]) => ends.map((end) => `${name}: ${end}`));
  expect([...hits.keys()].filter((met) => !declared.includes(met))).toEqual([]);
  const missing = declared.filter((outcome) => !hits.has(outcome));
  expect(SEEDS.length < FIXED.length ? [] : missing).toEqual([]);
});
