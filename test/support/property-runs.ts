// How often a property runs. FC_SCALE multiplies every count: higher for longer searches on a quiet machine.

/** For `numRuns` of fast-check; at least 1. */
export const runs = (usual: number): number => Math.max(1, Math.round(usual * Number(process.env['FC_SCALE'] ?? 1)));
