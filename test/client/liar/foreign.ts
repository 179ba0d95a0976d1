// Another deployment, where the same patient gave a standing grant to a stranger. A lying service may show everything that the patient signed there.
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { createPatient, createRecipient } from '../../../lib/client/index.ts';
import { fill } from '../../statements/samples.ts';
import { makeMemoryServiceSigner } from '../../support/memory/service-signer.ts';
import { memoryService, ORIGIN } from '../../support/memory-service.ts';
import { DAY } from '../people.ts';
import { KEYS } from './judge-sent-calls.ts';

export interface Foreign {
  readonly entries: readonly unknown[];
  readonly grants: readonly string[];
}

const NOW = 1_767_225_600_000;

const make = async (): Promise<Foreign> => {
  const service = memoryService({ clock: () => NOW, signer: makeMemoryServiceSigner(new Uint8Array(32).fill(8)) });
  const options = { origin: ORIGIN, next: toBase64url(fill(9, 32)), fetch: service.fetch, clock: () => NOW };
  const patient = createPatient({ ...options, keys: KEYS.patient });
  const stranger = createRecipient({ ...options, keys: KEYS.stranger });
  await patient.register();
  await stranger.register({ name: 'Elsewhere' });
  await patient.createFolder({ name: 'Elsewhere', category: 'laboratory' });
  const terms = { purpose: 'TREAT', durationSeconds: 300 * DAY } as const;
  await patient.grant({ recipient: stranger.id, everything: true, standing: true, ...terms });
  const entries = service.memory.state.entries.get(patient.id)!;
  return {
    entries: entries.map(({ statement, statements }) => ({ entry: statement.jws, statements })),
    grants: [...service.memory.state.grants.values()].map((g) => g.statement.jws),
  };
};

let made: Promise<Foreign> | undefined;
export const foreign = (): Promise<Foreign> => (made ??= make());
