// Chooses how often a property test runs, by the variable COUNTS.
import { countOf } from './case-counts.ts';

/** Returns the number of runs of a property (`numRuns` of fast-check). */
export const runs = (full: number): number => countOf({ small: Math.ceil(full / 5), full, long: full * 20 });
