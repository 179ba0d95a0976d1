// How many cases a differential test tries: together over 20,000 by default, over a million with LONG=1. The seed stands in the test's name.
const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);

/** For fast-check. */
export const cases = (usual: number): { readonly numRuns: number; readonly seed: number } => ({
  numRuns: process.env['LONG'] === '1' ? usual * 50 : usual,
  seed,
});
export const seeded = `FC_SEED=${seed}`;
