// Measures the processor time of a recipient's client for its first opening of a cell, and the part that companion keys take. The service runs in this
// process; its time is not counted.
import { cpuUsage } from 'node:process';
import { utf8 } from '../lib/bytes/codec.ts';
import { grantedKeys } from '../lib/client/records/cell-keys.ts';
import { grantedCompanion } from '../lib/client/records/companion-keys.ts';
import { openRecords } from '../lib/client/records/open-records.ts';
import { createContext } from '../lib/client/session/context.ts';
import { deviceKeys } from '../lib/identity/key-derivation.ts';
import { people } from '../test/client/people.ts';
import { fill } from '../test/statements/samples.ts';
import { median } from './statistics.ts';

export interface ClientTimes {
  /** The first opening of a client that has opened nothing before: signing, verifying, the proof of the capsule fragment, the wrap, the metadata. */
  readonly firstOpening: number;
  /** The same by a client that has the companion key of the cell, from a list for example. */
  readonly withCompanionKey: number;
  /** A further opening of the same record by the first client. */
  readonly furtherOpening: number;
}

/** Processor time of this process, milliseconds. */
export const processorTime = (): number => {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
};

/** The seed of the clinician's keys in people.ts. */
const CLINICIAN = 2;

/** Makes `passes` fresh clients to warm up, then measures as many, and returns medians in milliseconds. */
export const clientTimes = async (passes: number): Promise<ClientTimes> => {
  const { state, patient, clinician, folder, give, optionsOf } = await people();
  await patient.file(folder.id, utf8('one'), { title: 'Chest X-ray' });
  const grant = await clinician.grant((await give()).id, patient.id);
  const records = await clinician.listRecords(grant, folder.id);
  const options = optionsOf(CLINICIAN);
  let inService = 0;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const start = processorTime();
    const answer = await options.fetch!(input, init);
    inService += processorTime() - start;
    return answer;
  };
  const costOf = async (run: () => Promise<unknown>): Promise<number> => {
    const [start, before] = [processorTime(), inService];
    await run();
    return processorTime() - start - (inService - before);
  };

  const fresh = () => createContext({ ...options, fetch, keys: deviceKeys(fill(CLINICIAN, 32)) });
  const open = (ctx: ReturnType<typeof fresh>) => () =>
    openRecords(
      ctx,
      { patient: patient.id, grant: grant.id, keysFor: () => grantedKeys(ctx, grant, grant.cells[0]!) },
      records,
    );
  const times: ClientTimes[] = [];
  for (let pass = 0; pass < 2 * passes; pass++) {
    // The service allows a number of openings in each second.
    state.now += 1000;
    const [first, prepared] = [fresh(), fresh()];
    await grantedCompanion(prepared, grant, grant.cells[0]!);
    times.push({
      firstOpening: await costOf(open(first)),
      withCompanionKey: await costOf(open(prepared)),
      furtherOpening: await costOf(open(first)),
    });
  }
  const medianOf = (name: keyof ClientTimes): number => median(times.slice(passes).map((t) => t[name]));
  return {
    firstOpening: medianOf('firstOpening'),
    withCompanionKey: medianOf('withCompanionKey'),
    furtherOpening: medianOf('furtherOpening'),
  };
};
