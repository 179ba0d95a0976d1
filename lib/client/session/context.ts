// What every role of the client works with.
import type { IdentityId } from '../../bytes/ids.ts';
import type { Instant } from '../../domain/time.ts';
import type { DeviceKeys } from '../../identity/key-derivation.ts';
import type { Statement } from '../../statements/kinds.ts';
import type { CapsuleFragVerifier } from '../../umbral/cfrag.ts';
import type { CapsuleOpener } from '../../umbral/delegatee.ts';
import { createServiceClock, type ConfirmClock, type ServiceClock } from './clock-correction.ts';
import { platformOf, type PlatformOptions, type Platform } from './platform.ts';
import { createMemory, type Memory } from './memory.ts';
import { fetchTime } from './service-key.ts';
import { createTrail, type Trail } from './trail.ts';
import { createTransport, type CallRoute } from './transport.ts';

export interface ClientOptions extends PlatformOptions {
  /** Scheme, host and port of the service: `https://api.example.org`. */
  readonly origin: string;
  readonly keys: DeviceKeys;
  /** SHA-256 of the next generation's identity key, base64url, as the key file has it. */
  readonly next: string;
  /** What this client saw before; nothing unless given. The caller keeps it (`memory.export()`). */
  readonly memory?: Memory;
  /** The audit trail as far as it was verified; nothing unless given. The caller keeps it (`trail.export()`). */
  readonly trail?: Trail;
  /** The key with which the service signs, SEC 1 compressed P-256, base64url; pinned at first sight unless given. */
  readonly serviceKey?: string;
  /**
   * Called if this device's clock is off by more than 26 hours. Show both times to the user, and return `true` if the service's time is right. Without
   * it, or with any other answer, every call ends with a {@link ClockError}.
   */
  readonly confirmClock?: ConfirmClock;
  /** Tries in all for a call that may be repeated; 6 unless given. */
  readonly tries?: number;
}

/** What a recipient remembers of a cell between openings: signatures that it checked, and how fragments are weighed. Secret, as its receiving key. */
export interface CellOpener {
  readonly verifier: CapsuleFragVerifier;
  readonly opener: CapsuleOpener;
}

export interface Context {
  readonly call: CallRoute;
  readonly keys: DeviceKeys;
  readonly next: string;
  readonly memory: Memory;
  readonly trail: Trail;
  readonly platform: Platform;
  readonly tries: number;
  /** The corrected clock. */
  readonly now: () => Instant;
  readonly clock: ServiceClock;
  /** Verified statements of others, by id: fetched once for the life of the client. */
  readonly identities: Map<IdentityId, Promise<Statement<'identity'>>>;
  /** By the keys of the delegation; one for each cell that was opened under a grant. */
  readonly openers: Map<string, CellOpener>;
}

export const createContext = (options: ClientOptions): Context => {
  const { origin, keys, next, tries = 6, memory = createMemory(keys.id), trail = createTrail() } = options;
  const platform = platformOf(options);
  if (options.serviceKey !== undefined) memory.noteServiceKey(options.serviceKey);
  const clock = createServiceClock({
    platform,
    confirm: options.confirmClock,
    ask: (nonce) => fetchTime({ call, memory }, nonce),
  });
  const call = createTransport({ ...platform, origin, signer: keys, tries, correction: clock });
  return {
    call,
    keys,
    next,
    memory,
    trail,
    platform,
    tries,
    now: clock.now,
    clock,
    identities: new Map(),
    openers: new Map(),
  };
};
