// Chooses how many cases each test tries, by the variable COUNTS: small for npm test, long for npm run test:long, which takes hours. Without it the
// counts are the full ones, which CI uses.
const COUNTS = ['small', 'full', 'long'] as const;
type Counts = (typeof COUNTS)[number];

const given = process.env['COUNTS'] ?? 'full';
const counts = COUNTS.find((name) => name === given);
if (counts === undefined) throw new TypeError(`COUNTS is ${given}, and may be ${COUNTS.join(', ')}`);

/** The number for the counts of this run. */
export const countOf = (numbers: Readonly<Record<Counts, number>>): number => numbers[counts];

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);

/** Of a differential test, for fast-check: together over 20,000 by full counts, over a million by long ones. */
export const cases = (full: number): { readonly numRuns: number; readonly seed: number } => ({
  numRuns: countOf({ small: Math.ceil(full / 20), full, long: full * 50 }),
  seed,
});
/** For the test's name. */
export const seeded = `FC_SEED=${seed}`;
