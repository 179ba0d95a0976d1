// Test clients over the lying service in memory, with keys from fixed seeds and a clock that only sleeping moves.
import { toBase64url } from '../../lib/bytes/codec.ts';
import { createContext, type ClientOptions } from '../../lib/client/session/context.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import { fill } from '../statements/samples.ts';
import { fakeFetch, manualClock } from './prepared-answers.ts';
import { memoryService, ORIGIN, STORAGE } from './lying-service.ts';

export const KEYS = {
  patient: deviceKeys(fill(1, 32)),
  clinician: deviceKeys(fill(2, 32)),
  stranger: deviceKeys(fill(3, 32)),
};
export type Party = keyof typeof KEYS;

export const newClients = () => {
  const time = manualClock();
  const service = memoryService(time.clock);
  const { fetch, sent } = fakeFetch(service.answering);
  const optionsOf = (party: Party, more: Partial<ClientOptions> = {}): ClientOptions => ({
    origin: ORIGIN,
    storageOrigins: [STORAGE],
    keys: KEYS[party],
    next: toBase64url(fill(9, 32)),
    fetch,
    clock: time.clock,
    sleep: time.sleep,
    ...more,
  });
  return {
    ...time,
    service,
    sent,
    optionsOf,
    contextOf: (party: Party, more: Partial<ClientOptions> = {}) => createContext(optionsOf(party, more)),
  };
};

/** Returns the code of the refusal and the name of the failed check, or 'accepted' if there was no refusal. */
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
