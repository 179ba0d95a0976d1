// Timing loop for Node and for a page: runs batches of every operation of every implementation in turn, so that other load slows all of them alike.
import { OPERATIONS, type Lane, type Operation } from './implementations.ts';
import { median } from './statistics.ts';

/** Runs this many calls and returns the microseconds of one call. If the implementation runs in another process, the result is a promise. */
export type Batch = (calls: number) => number | Promise<number>;
export type Batches = Readonly<Record<Operation, Batch>>;

/** How long a batch takes. It must be much longer than 5 us, which is at best the resolution of the clock of a page. */
const BATCH_MS = 5;
const WARM_UP_MS = 400;

const batchOf =
  (run: () => unknown): Batch =>
  (calls) => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) run();
    return ((performance.now() - start) / calls) * 1000;
  };

export const forOperations = <T>(of: (operation: Operation, index: number) => T): Readonly<Record<Operation, T>> =>
  Object.fromEntries(OPERATIONS.map((operation, i) => [operation, of(operation, i)])) as Record<Operation, T>;

export const batchesOf = (lane: Lane): Batches => forOperations((operation) => batchOf(lane[operation]));

/** Warms up one operation, and returns how many of its calls make a batch. */
const warmUp = async (batch: Batch): Promise<number> => {
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) await batch(10);
  return Math.max(1, Math.round((BATCH_MS * 1000) / (await batch(3))));
};

/** Measures each operation of each implementation. @returns the microseconds of one call: the median of the passes */
export const race = async <N extends string>(
  lanes: Readonly<Record<N, Batches>>,
  passes: number,
): Promise<Readonly<Record<Operation, Readonly<Record<N, number>>>>> => {
  const timed = OPERATIONS.flatMap((operation) =>
    (Object.keys(lanes) as N[]).map((name) => ({
      operation,
      name,
      batch: lanes[name][operation],
      times: [] as number[],
    })),
  );
  // All operations are warmed up first, because optimising compilers work in the background and take long if the cores are busy.
  const calls: number[] = [];
  for (const { batch } of timed) calls.push(await warmUp(batch));
  for (let pass = 0; pass < passes; pass++)
    for (const [i, { batch, times }] of timed.entries()) times.push(await batch(calls[i]!));
  return forOperations(
    (operation) =>
      Object.fromEntries(
        timed.filter((t) => t.operation === operation).map(({ name, times }) => [name, median(times)]),
      ) as Record<N, number>,
  );
};
