// Turns a port into atomic steps that a scheduler runs, behind the same interface for use cases. A scheduler that delays steps and releases them in any order
// produces every interleaving of the calls.

/** Runs the step once, atomically, at a later time. */
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

/** @param name name of the port; a step is scheduled as `name.method` */
export const scheduled = <P extends object>(name: string, schedule: Schedule, steps: Steps<P>): P =>
  Object.fromEntries(
    Object.entries<Step>(steps as Record<string, Step>).map(([method, step]) => [
      method,
      (...args: unknown[]) => schedule(`${name}.${method}`, () => step(...args)),
    ]),
  ) as P;
