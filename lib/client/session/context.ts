// Builds the context that all functions of a client use: keys, memory, transport, clock and platform.
import type { IdentityId } from '../../bytes/ids.ts';
import type { Instant } from '../../domain/time.ts';
import type { DeviceKeys } from '../../identity/key-derivation.ts';
import type { Decapsulator } from '../../envelope/x-wing.ts';
import type { Jws, Statement, StatementHash } from '../../statements/kinds.ts';
import type { CapsuleFragVerifier } from '../../umbral/cfrag.ts';
import type { CapsuleOpener } from '../../umbral/delegatee.ts';
import { serviceOrigin } from './check-arguments.ts';
import { createServiceClock, type ConfirmClock, type ServiceClock } from './clock-correction.ts';
import { platformOf, type PlatformOptions, type Platform } from './platform-functions.ts';
import { retryWait } from './retry-wait.ts';
import { createOwnChain, type OwnChain } from '../chain/statement-chain.ts';
import { createMemory, type Memory, type MemorySnapshot } from './memory.ts';
import { fetchTime, serviceKey } from './service-statements.ts';
import { createSave } from './save-memory.ts';
import { createStorageCheck, type CheckStorageUrl } from './storage-origins.ts';
import { createTrail, type Trail } from './verified-trail.ts';
import { createTransport, type CallRoute } from './transport.ts';

export interface ClientOptions extends PlatformOptions {
  /** Scheme, host and port of the service: `https://api.example.org`. */
  readonly origin: string;
  /**
   * Scheme, host and port of the storage: `https://BUCKET.s3.REGION.amazonaws.com`. The client sends blobs to no other origin, and fetches them from no
   * other. Default: any bucket of S3 over https; if `origin` is an http address, as in the local system, also any port of this machine.
   */
  readonly storageOrigins?: readonly string[];
  readonly keys: DeviceKeys;
  /** SHA-256 of the next generation's identity key, base64url. The key file contains it. */
  readonly next: string;
  /** The newest statements that this client has verified. Default: an empty memory. The caller stores it (`memory.export()`). */
  readonly memory?: Memory;
  /** The verified part of the audit trail. Default: an empty trail. The caller stores it (`trail.export()`). */
  readonly trail?: Trail;
  /** The service key, SEC 1 compressed P-256, base64url. Default: the client pins the first key that the service names. */
  readonly serviceKey?: string;
  /**
   * The client calls this function if this device's clock is off by more than 26 hours. Show both times to the user, and return `true` if the service's time is
   * right. Without this function, or with any other answer, every call ends with a {@link ClockError}.
   */
  readonly confirmClock?: ConfirmClock;
  /** Maximum number of tries for a call that may be repeated. Default: 6. */
  readonly tries?: number;
  /**
   * Stores the memory durably. The client waits for this function before it sends a statement of the owner's chain, after the service confirmed the
   * statement, and after it read the chain. It does not call the function if the memory has not changed since it was created or saved last. If the function throws before the statement is sent, the call ends and the client sends nothing. The function must not call the client, because
   * both would wait for each other.
   */
  readonly save?: (memory: MemorySnapshot) => void | Promise<void>;
}

/** Cached state for the openings of one cell: verified signatures, and values computed from the receiving key. It is secret, like the receiving key. */
export interface CellOpener {
  readonly verifier: CapsuleFragVerifier;
  readonly opener: CapsuleOpener;
}

export interface Context {
  /** Scheme, host and port of the service. */
  readonly origin: string;
  readonly call: CallRoute;
  readonly checkStorageUrl: CheckStorageUrl;
  readonly keys: DeviceKeys;
  readonly next: string;
  readonly memory: Memory;
  /** The chain of statements of this client's identity. */
  readonly chain: OwnChain;
  readonly trail: Trail;
  readonly platform: Platform;
  readonly tries: number;
  /** The corrected clock. */
  readonly now: () => Instant;
  readonly clock: ServiceClock;
  /** Cache of verified identity statements, by id. */
  readonly identities: Map<IdentityId, Promise<Statement<'identity'>>>;
  /** The expanded companion keys of cells, by the hash of the folder statement. They are secret. */
  readonly companions: Map<StatementHash, Decapsulator>;
  /** The opened companion seeds of grants and extensions, by their statements, in the order of the cells. They are secret. */
  readonly seeds: Map<Jws, readonly Uint8Array[]>;
  /** One CellOpener for each cell that was opened under a grant. The key of the map joins the three public keys of the delegation. */
  readonly openers: Map<string, CellOpener>;
}

export const createContext = (options: ClientOptions): Context => {
  const { keys, next, tries = 6, memory = createMemory(keys.id), trail = createTrail() } = options;
  const origin = serviceOrigin(options.origin);
  const platform = platformOf(options);
  if (options.serviceKey !== undefined) memory.noteServiceKey(options.serviceKey);
  const clock = createServiceClock({
    platform,
    confirm: options.confirmClock,
    ask: (nonce) => fetchTime({ call, memory }, nonce),
  });
  const call = createTransport({ ...platform, origin, signer: keys, tries, correction: clock });
  return {
    origin,
    call,
    checkStorageUrl: createStorageCheck(origin, options.storageOrigins),
    keys,
    next,
    memory,
    chain: createOwnChain({
      call,
      signer: keys,
      memory,
      now: clock.now,
      service: (o) => serviceKey({ call, memory }, o),
      save: options.save === undefined ? () => Promise.resolve() : createSave(memory, options.save),
      pause: (attempt, signal) => platform.sleep(retryWait(platform.rng, attempt), signal),
    }),
    trail,
    platform,
    tries,
    now: clock.now,
    clock,
    identities: new Map(),
    companions: new Map(),
    seeds: new Map(),
    openers: new Map(),
  };
};
