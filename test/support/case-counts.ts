// Chooses how many cases each test tries, by the variable COUNTS: `small` for npm test, `long` for npm run test:long, which takes hours. If
// it is not set, the counts are `full`, as in CI.
const COUNTS = ['small', 'full', 'long'] as const;
type Counts = (typeof COUNTS)[number];

const chosen = process.env['COUNTS'] ?? 'full';
const counts = COUNTS.find((name) => name === chosen);
if (counts === undefined) throw new TypeError(`COUNTS is ${chosen}, and may be ${COUNTS.join(', ')}`);

/** Returns the number of cases for this run. */
export const countOf = (numbers: Readonly<Record<Counts, number>>): number => numbers[counts];

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);

/**
 * Makes the options of fast-check for a differential test. All differential tests together try over 20,000 cases with `full`, and over a million with `long`.
 */
export const cases = (full: number): { readonly numRuns: number; readonly seed: number } => ({
  numRuns: countOf({ small: Math.ceil(full / 20), full, long: full * 50 }),
  seed,
});

/** The seed of a property that tries the same cases in every run, so that CI is deterministic. With `long` or FC_SEED it is the seed of the other tests. */
export const fixedSeed = process.env['FC_SEED'] === undefined && counts !== 'long' ? 2026 : seed;

/** The text with the seed, for the names of tests. */
export const seeded = `FC_SEED=${seed}`;
