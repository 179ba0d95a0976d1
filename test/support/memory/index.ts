// In-memory implementation of all ports: a small model of lib/stores with the same conditions, errors, pages and trail. Every call of a port is one atomic
// step, and a scheduler decides when the step runs.
import type { PartTarget, Ports } from '../../../lib/ports/index.ts';
import { auditSteps } from './audit.ts';
import { blobSteps, fetchBlob, sendPart } from './blobs.ts';
import { grantSteps, openingSteps } from './grants.ts';
import { folderSteps, identitySteps } from './identities.ts';
import { keyFragmentSteps } from './key-fragments.ts';
import { recordSteps } from './records.ts';
import { makeMemoryServiceSigner } from './service-signer.ts';
import { requestSteps } from './requests.ts';
import { changes, copyOf, emptyState, type State } from './state.ts';
import { inOrder, scheduled, type Schedule } from './steps.ts';
import { forgetClaims } from './transaction.ts';
import { chainSteps } from './statement-chain.ts';
import { staleUploads, uploadSteps } from './uploads.ts';

export interface MemoryInit {
  readonly schedule?: Schedule;
  /** The first state. It is changed in place, not copied. */
  readonly state?: State;
}

export interface Memory {
  readonly ports: Ports;
  readonly state: State;
  /** Returns a copy of the state, which a test can compare with a later state or use as a first state. */
  readonly snapshot: () => State;
  /** Returns the names of the tables in which a row was added, removed or replaced. */
  readonly changedSince: (before: State) => readonly string[];
  /** Sends bytes to a target of `blobs.targets`, and returns the HTTP status. */
  readonly send: (target: PartTarget, body: Uint8Array, now: number) => number;
  /** Returns the bytes at a URL of `blobs.download`; undefined after the URL has expired. */
  readonly fetch: (url: string, now: number) => Uint8Array | undefined;
  /** Removes claims whose time to live has passed. */
  readonly forgetClaims: (now: number) => void;
}

export const makeMemory = ({ schedule = inOrder, state = emptyState() }: MemoryInit = {}): Memory => {
  const uploads: Ports['uploads'] = {
    ...scheduled<Omit<Ports['uploads'], 'stale'>>('uploads', schedule, uploadSteps(state)),
    async *stale(before) {
      yield* await schedule('uploads.stale', () => staleUploads(state, before));
    },
  };
  return {
    ports: {
      identities: scheduled('identities', schedule, identitySteps(state)),
      folders: scheduled('folders', schedule, folderSteps(state)),
      records: scheduled('records', schedule, recordSteps(state)),
      uploads,
      requests: scheduled('requests', schedule, requestSteps(state)),
      grants: scheduled('grants', schedule, grantSteps(state)),
      keyFragments: scheduled('keyFragments', schedule, keyFragmentSteps(state)),
      openings: scheduled('openings', schedule, openingSteps(state)),
      audit: scheduled('audit', schedule, auditSteps(state)),
      chain: scheduled('chain', schedule, chainSteps(state)),
      blobs: scheduled('blobs', schedule, blobSteps(state)),
      serviceSigner: makeMemoryServiceSigner(),
    },
    state,
    snapshot: () => copyOf(state),
    changedSince: (before) => changes(before, state),
    send: (target, body, now) => sendPart(state, target, body, now),
    fetch: (url, now) => fetchBlob(state, url, now),
    forgetClaims: (now) => forgetClaims(state, now),
  };
};

export { inOrder, type Schedule } from './steps.ts';
export { copyOf, type State } from './state.ts';
