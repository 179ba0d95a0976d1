// Stateless container: log, clock and origin, for functions that need no AWS client.
import type { Runtime } from '../http/log-events.ts';
import { processEnv, readEnv } from './env.ts';
import { makeLog } from './log.ts';
import { once } from './once.ts';

/** Makes log, clock and origin. @param source returns the environment; it is read at the first use of the origin */
export function makeRuntime(source: () => Readonly<Record<string, string | undefined>>, log = makeLog()): Runtime {
  return { log, clock: Date.now, origin: once(() => readEnv(source(), ['PUBLIC_ORIGIN']).PUBLIC_ORIGIN) };
}

export const runtime: Runtime = makeRuntime(processEnv);
