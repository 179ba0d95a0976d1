// Where functions run that need nothing of AWS.
import type { Runtime } from '../http/log.ts';
import { processEnv, readEnv } from './env.ts';
import { makeLog } from './log.ts';
import { once } from './once.ts';

/** @param source the environment, looked at when it is first needed */
export function makeRuntime(source: () => Readonly<Record<string, string | undefined>>, log = makeLog()): Runtime {
  return { log, clock: Date.now, origin: once(() => readEnv(source(), ['PUBLIC_ORIGIN']).PUBLIC_ORIGIN) };
}

export const runtime: Runtime = makeRuntime(processEnv);
