// Clients over the service in memory, with keys from fixed seeds and a clock that stands still.
import { toBase64url } from '../../lib/bytes/codec.ts';
import { createContext, type ClientOptions } from '../../lib/client/session/context.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import { fill } from '../statements/samples.ts';
import { fakeFetch, stillWorld } from './prepared-answers.ts';
import { memoryService, ORIGIN } from './lying-service.ts';

export const KEYS = {
  patient: deviceKeys(fill(1, 32)),
  clinician: deviceKeys(fill(2, 32)),
  stranger: deviceKeys(fill(3, 32)),
};
export type Who = keyof typeof KEYS;

export const newWorld = () => {
  const still = stillWorld();
  const service = memoryService(still.clock);
  const { fetch, sent } = fakeFetch(service.answering);
  const optionsOf = (who: Who, more: Partial<ClientOptions> = {}): ClientOptions => ({
    origin: ORIGIN,
    keys: KEYS[who],
    next: toBase64url(fill(9, 32)),
    fetch,
    clock: still.clock,
    sleep: still.sleep,
    ...more,
  });
  return {
    ...still,
    service,
    sent,
    optionsOf,
    contextOf: (who: Who, more: Partial<ClientOptions> = {}) => createContext(optionsOf(who, more)),
  };
};

/** The code, and what was checked, of a refusal; 'accepted' when there was none. */
export const refusal = async (attempt: () => unknown): Promise<string> => {
  try {
    await attempt();
    return 'accepted';
  } catch (error) {
    const { code, what } = error as { code?: string; what?: string };
    if (code === undefined) throw error;
    return what === undefined ? code : `${code} ${what}`;
  }
};
