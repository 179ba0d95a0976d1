// Computes Welch's t of two samples several times, and returns the largest |t|. Each time it leaves out more of the slowest values (a "cut").

const mean = (x: readonly number[]): number => x.reduce((s, v) => s + v, 0) / x.length;
const squaredError = (x: readonly number[], m: number): number =>
  x.reduce((s, v) => s + (v - m) ** 2, 0) / (x.length - 1) / x.length;

const welch = (a: readonly number[], b: readonly number[]): number => {
  const [ma, mb] = [mean(a), mean(b)];
  return Math.abs(ma - mb) / Math.sqrt(squaredError(a, ma) + squaredError(b, mb));
};

const CUTS = [1, 0.95, 0.9, 0.75, 0.5];

/** Returns the largest |t| over all cuts. If a cut leaves fewer than two values of one kind, the two kinds do not overlap, and the result is infinite. */
export const largestT = (kinds: readonly [readonly number[], readonly number[]]): number => {
  const sorted = kinds.flat().sort((x, y) => x - y);
  return Math.max(
    ...CUTS.map((cut) => {
      const limit = sorted[Math.ceil(sorted.length * cut) - 1]!;
      const [a, b] = kinds.map((list) => list.filter((t) => t <= limit)) as [number[], number[]];
      if (a.length < 2 || b.length < 2) return Infinity;
      const t = welch(a, b);
      // If all times of each kind are equal, the variances are 0. Then t is infinite; if the two means are equal too, t is 0 / 0 and counts as 0.
      return Number.isNaN(t) ? 0 : t;
    }),
  );
};
