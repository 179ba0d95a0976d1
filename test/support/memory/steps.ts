// Puts a scheduler between use cases and a port: each call of the port becomes an atomic step, and the scheduler decides when the step runs. A scheduler can
// run the steps in any order, so a test can try every interleaving of the calls.

/** Runs a step once and without interruption, at a time that the scheduler chooses. */
export type Schedule = <T>(name: string, step: () => T) => Promise<T>;

/** Runs the steps in the order of the calls. */
export const inOrder: Schedule = async (_name, step) => {
  await Promise.resolve();
  return step();
};

/** The methods of a port as synchronous steps. */
export type Steps<P> = {
  readonly [M in keyof P]: P[M] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};

type Step = (...args: unknown[]) => unknown;

/** Makes a port from its steps. @param name name of the port; the scheduler gets `name.method` as the name of a step */
export const scheduled = <P extends object>(name: string, schedule: Schedule, steps: Steps<P>): P =>
  Object.fromEntries(
    Object.entries<Step>(steps as Record<string, Step>).map(([method, step]) => [
      method,
      (...args: unknown[]) => schedule(`${name}.${method}`, () => step(...args)),
    ]),
  ) as P;
