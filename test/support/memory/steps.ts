// A port as steps that run at once, and the same as the use cases see it. When a step runs is up to whoever schedules it: a scheduler that
// holds steps back and lets them go in any order makes every interleaving of the calls.

/** Runs the step once, as a whole, at some later time. */
export type Schedule = <T>(name: string, step: () => T) => Promise<T>;

/** In the order of the calls. */
export const inOrder: Schedule = async (_name, step) => {
  await Promise.resolve();
  return step();
};

/** The methods of a port, each without the wait. */
export type Steps<P> = {
  readonly [M in keyof P]: P[M] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};

type Step = (...args: unknown[]) => unknown;

/** @param name of the port: a step is scheduled as `name.method` */
export const scheduled = <P extends object>(name: string, schedule: Schedule, steps: Steps<P>): P =>
  Object.fromEntries(
    Object.entries<Step>(steps as Record<string, Step>).map(([method, step]) => [
      method,
      (...args: unknown[]) => schedule(`${name}.${method}`, () => step(...args)),
    ]),
  ) as P;
