// The timing loop, for Node and for a page: batches of every operation in every lane, in turn, so that a busy neighbour slows all lanes alike.
import { OPERATIONS, type Lane, type Operation } from './implementations.ts';
import { median } from './median.ts';

/** Microseconds of one call, over so many; a lane in another process needs to be asked. */
export type Batch = (calls: number) => number | Promise<number>;
export type Batches = Readonly<Record<Operation, Batch>>;

/** A page is given 5 us of resolution at best, which a batch must dwarf. */
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

/** How many calls make a batch, once they are warm. */
const warmUp = async (batch: Batch): Promise<number> => {
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) await batch(10);
  return Math.max(1, Math.round((BATCH_MS * 1000) / (await batch(3))));
};

/** Microseconds of one call of each operation in each lane, the median of the passes. */
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
  // All is warm before anything counts: optimising compilers work in the background, and take long when the cores are busy.
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
