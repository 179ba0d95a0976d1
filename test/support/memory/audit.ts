// In-memory port of the trail: lists events by sequence number, by time, or by actor.
import type { AuditEntry, AuditTrail } from '../../../lib/ports/index.ts';
import { pageOf, type Placed } from './page.ts';
import { ms, pad, type State } from './state.ts';
import type { Steps } from './steps.ts';
import { headOf } from './transaction.ts';

const EVENT = /^E#\d{12}$/;
const BY_TIME = /^\d{13}#\d{12}$/;
const OWN = /^ehr1[a-z0-9]{58}#\d{12}$/;

const seqText = (seq: number): string => pad(seq, 12);

export const auditSteps = (state: State): Steps<AuditTrail> => ({
  list: (patient, { from, to, after = 0 }, request) => {
    const chain = state.chains.get(patient) ?? [];
    if (from === undefined && to === undefined)
      return pageOf(
        chain.slice(after).map(({ event, entry }): Placed<AuditEntry> => [`E#${seqText(event.seq)}`, entry]),
        EVENT,
        request,
      );
    const asked = chain.filter(({ event: { at } }) => at >= (from ?? 0) && at <= (to ?? Infinity));
    return pageOf(
      asked.map(({ event, entry }): Placed<AuditEntry> => [`${ms(event.at)}#${seqText(event.seq)}`, entry]),
      BY_TIME,
      request,
    );
  },

  head: (patient) => headOf(state, patient),

  checkpoint: (patient, seq) => state.checkpoints.get(`${patient}#${seq}`),

  keepCheckpoint: (patient, seq, checkpoint) => void state.checkpoints.set(`${patient}#${seq}`, checkpoint),

  listOwn: (actor, request) => {
    const all = [...state.chains.values()].flat();
    const own = all.filter(({ event }) => event.actor === actor && event.patient !== actor);
    return pageOf(
      own.map(({ event, entry }): Placed<AuditEntry> => [`${event.patient}#${seqText(event.seq)}`, entry]),
      OWN,
      request,
    );
  },
});
