// Set-up for attacks with raw calls: a service whose clock a test can set, a patient with a folder, and a stranger who is registered too.
import type { RouteName } from '../../../lib/api/routes.ts';
import { createPatient, type Patient } from '../../../lib/client/index.ts';
import type { Statement } from '../../../lib/statements/kinds.ts';
import { makeService } from '../../support/in-process.ts';
import { newPerson, type Person } from '../flows/people.ts';
import { signedRequest } from '../raw-calls.ts';

/** The time of the service and of its clients, milliseconds. */
export const clock = { now: Date.now() };
export const service = makeService({ env: process.env, clock: () => clock.now });
/** The connection of clients to the service. */
export const at = { origin: service.origin, fetch: service.fetch, clock: () => clock.now };

/** Sends a signed request, and returns the status and the members of the answer. */
export const call = async (person: Person, route: RouteName, params: Record<string, string>, body?: unknown) => {
  const answer = await service.fetch(await signedRequest(at, person.keys, { route, params, body }, clock.now));
  return {
    status: answer.status,
    ...((await answer.json()) as {
      code?: string;
      member?: string;
      parts?: { url: string; headers: Record<string, string> }[];
    }),
  };
};

interface PatientAndStranger {
  readonly person: Person;
  /** The client of `person`. */
  readonly patient: Patient;
  readonly stranger: Person;
  /** A folder of the patient. */
  readonly folder: Statement<'folder'>;
}

export const patientAndStranger = async (): Promise<PatientAndStranger> => {
  const [person, stranger] = [newPerson(), newPerson()];
  const patient = createPatient({ ...person, ...at });
  await patient.register();
  await createPatient({ ...stranger, ...at }).register();
  const { statement: folder } = await patient.createFolder({ name: 'f', category: 'other' });
  return { person, patient, stranger, folder };
};
