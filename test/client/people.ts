// Makes the people for tests of the chain of statements: a patient with one folder, and a clinician, at a service whose answers a test changes.
import { toBase64url } from '../../lib/bytes/codec.ts';
import type { RouteName } from '../../lib/api/routes.ts';
import { createPatient, createRecipient, type MemorySnapshot } from '../../lib/client/index.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import type { ClientOptions } from '../../lib/client/session/context.ts';
import { claimOf, reloadStatement } from '../../lib/statements/verify.ts';
import { fill } from '../statements/samples.ts';
import { lyingFetch, refusing, routeOf, type Lie } from '../support/lying-fetch.ts';
import { memoryService, ORIGIN } from '../support/memory-service.ts';

/** Seconds. */
export const DAY = 86_400;

/** Functions that run before the service gets a request, and after it has answered. */
export interface Hooks {
  before?: ((route: RouteName | undefined) => Promise<unknown>) | undefined;
  after?: ((route: RouteName | undefined) => Promise<unknown>) | undefined;
}

/** Runs a function before the first call of a route. */
export const once = (route: string, run: () => Promise<unknown>): NonNullable<Hooks['before']> => {
  let left = true;
  return async (called) => {
    if (called !== route || !left) return;
    left = false;
    await run();
  };
};

/** Makes a patient with one folder, and a clinician, at an honest service in memory. A test changes answers of the service by `state.lie`. */
export const people = async () => {
  const state: { lie: Lie | undefined; refuse: RouteName | undefined; code: string; now: number } = {
    lie: undefined,
    refuse: undefined,
    code: 'request-closed',
    now: 1_767_225_600_000,
  };
  const refused = () => {
    const { status, body } = refusing(409, state.code);
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json' } });
  };
  const service = memoryService({
    clock: () => state.now,
    instead: (route) => (route === state.refuse ? refused() : undefined),
  });
  const saved: MemorySnapshot[] = [];
  const optionsOf = (seed: number, more: Partial<ClientOptions> = {}): ClientOptions => ({
    origin: ORIGIN,
    storageOrigins: ['https://blobs.test'],
    keys: deviceKeys(fill(seed, 32)),
    next: toBase64url(fill(9, 32)),
    fetch: lyingFetch(service.fetch, ORIGIN, () => state.lie),
    clock: () => state.now,
    sleep: () => Promise.resolve(),
    ...more,
  });
  /** Makes a further device of the patient, with hooks around its calls. */
  const device = (hooks: Hooks = {}, more: Partial<ClientOptions> = {}) => {
    const options = optionsOf(1, more);
    const hooked: typeof fetch = async (input, init) => {
      const request = new Request(input, init);
      const route = routeOf(request.method, new URL(request.url).pathname);
      await hooks.before?.(route);
      const answer = await options.fetch!(request);
      await hooks.after?.(route);
      return answer;
    };
    return createPatient({ ...options, fetch: hooked });
  };
  const patient = createPatient(optionsOf(1, { save: (memory) => void saved.push(memory) }));
  const clinician = createRecipient(optionsOf(2));
  await patient.register();
  await clinician.register({ name: 'Praxis' });
  const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const ask = () =>
    clinician.request({ patient: patient.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAY });
  const give = async () => {
    const [grant] = await patient.grant({
      recipient: clinician.id,
      folders: [folder.id],
      purpose: 'TREAT',
      durationSeconds: DAY,
    });
    return grant;
  };
  const epoch = async () => (await patient.listFolders())[0]!.epoch;
  /** For each extension that the service stores, the id of the grant that it extends. */
  const extended = () =>
    [...service.memory.state.entries.get(patient.id)!]
      .flatMap((e) => e.statements)
      .filter((jws) => claimOf(jws).kind === 'extension')
      .map((jws) => reloadStatement('extension', jws).payload.grant);
  /** The entries of the patient's chain, as the service stores them. */
  const entries = () => service.memory.state.entries.get(patient.id)!;
  return { state, service, saved, optionsOf, device, entries, patient, clinician, folder, ask, give, epoch, extended };
};
