// Corrects this device's clock by the service's signed time, within a limit. Requests and statements use the corrected clock. docs/spec/clock.md specifies
// the correction.
import { AppError } from '../../api/errors.ts';
import { toBase64url } from '../../bytes/codec.ts';
import { DAY, HOUR, instantOf, MINUTE, type Instant } from '../../domain/time.ts';
import type { Platform } from './platform-functions.ts';
import { ClientError } from './errors.ts';

/** The service's signed time and the time of this device, read together. Everything in milliseconds; times since 1970. */
export interface ClockReading {
  readonly deviceTime: number;
  readonly serviceTime: number;
  /** `serviceTime - deviceTime`: the client adds it to this device's clock. It is positive if the device is behind. */
  readonly offset: number;
  /** The 16 random bytes, base64url, that this client chose and the service signed with its time. */
  readonly nonce: string;
  /** The signed texts, for evidence: the statement of the proxy key, and the time. */
  readonly signed: SignedTime;
}
export interface SignedTime {
  readonly key: string;
  readonly answer: string;
}

/**
 * The client calls this function if the clock is off by more than {@link MOST_CORRECTION}. Only the answer `true` confirms that the service's time is right.
 */
export type ConfirmClock = (reading: ClockReading) => boolean | Promise<boolean>;

/**
 * The largest correction without a confirmation, in either direction. Two time zones are up to 26 hours apart. A device that is set to a wrong zone still
 * shows the right local time, so its user would see no fault to confirm.
 */
export const MOST_CORRECTION = 26 * HOUR;
/**
 * One minute, with two uses. An answer with the service's time that took longer is not used, because the time in it is too old. And if the client corrects its
 * clock by more than a minute, it asks for the service's time again before it dates a statement.
 */
const LONGEST_READING = MINUTE;

const counted = (n: number | undefined, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`;
const distanceOf = (offset: number): string => {
  const [ms, side] = [Math.abs(offset), offset < 0 ? 'ahead of' : 'behind'];
  const [days, hours, minutes] = [ms / DAY, (ms % DAY) / HOUR, (ms % HOUR) / MINUTE].map(Math.floor);
  const [d, h, m] = [counted(days, 'day'), counted(hours, 'hour'), counted(minutes, 'minute')];
  return `${d}, ${h} and ${m} ${side} the service's`;
};

/** The error for a device's clock that is off by more than {@link MOST_CORRECTION} while nobody confirmed the service's time. */
export class ClockError extends ClientError {
  readonly reading: ClockReading;
  constructor(reading: ClockReading) {
    super('wrong-clock', `this device's clock is ${distanceOf(reading.offset)}: set it, or confirm the service's time`);
    this.reading = reading;
  }
}

interface Interruptible {
  readonly signal?: AbortSignal | undefined;
}

export interface ServiceClock {
  /** Returns the time of this device's clock, corrected. */
  readonly now: () => Instant;
  /**
   * Returns the later of two times: the corrected clock, and the device's clock with only the correction that the user confirmed. So the service alone
   * cannot set the clock back and let a grant last longer.
   */
  readonly latest: () => Instant;
  /** Returns the correction in use; undefined if there is none. */
  readonly reading: () => ClockReading | undefined;
  /** Asks for the signed time and corrects the clock by it. @throws {ClockError}; {ClientError} `unverified` (`time`), `network` */
  readonly correct: (options?: Interruptible) => Promise<void>;
  /** Notes that the service accepted a signed request of this client, and so accepts this client's clock. Call this function after such a request. */
  readonly noteAccepted: () => void;
  /**
   * Returns the time for a statement. It first asks for the signed time in three cases: `fresh` is true, the service has not accepted this clock yet, or
   * the correction in use is more than a minute, because the user may have set the device's clock right since then. If the service does not answer, the
   * clock stays as it is.
   * @throws {ClockError}; {ClientError} `unverified` (`time`)
   */
  readonly date: (options?: Interruptible & { readonly fresh?: boolean }) => Promise<Instant>;
}

interface ClockOptions {
  readonly platform: Pick<Platform, 'clock' | 'rng'>;
  readonly confirm: ConfirmClock | undefined;
  /** Asks the service for its time, signed with this nonce, and returns it verified. */
  readonly ask: (nonce: string) => Promise<{ readonly when: number; readonly signed: SignedTime }>;
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof AppError || (error instanceof ClientError && ['network', 'bad-answer'].includes(error.code));

/** Waits for work that other callers wait for too. So the signal ends only the wait, not the work. */
const waitFor = async (work: Promise<void>, signal: AbortSignal | undefined): Promise<void> => {
  if (signal === undefined) return work;
  const settled = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true, signal: settled.signal });
  });
  try {
    await Promise.race([aborted, work]);
  } finally {
    settled.abort();
  }
};

export const createServiceClock = ({ platform: { clock, rng }, confirm, ask }: ClockOptions): ServiceClock => {
  let current: ClockReading | undefined;
  /** The offset that the user confirmed; 0 if none. The user must confirm again if a later offset is too far from the confirmed one. */
  let confirmed = 0;
  let accepted = false;
  let reading: Promise<void> | undefined;

  const read = async (): Promise<ClockReading> => {
    const nonce = toBase64url(rng(16));
    const asked = clock();
    const { when, signed } = await ask(nonce);
    const deviceTime = clock();
    // The time that the answer took is not added, so the corrected clock may be a little behind. This is safe, because the service accepts a larger difference
    // from a clock that is behind than from a clock that is ahead.
    if (deviceTime < asked || deviceTime - asked > LONGEST_READING)
      throw new ClientError('network', 'the service took more than a minute to tell its time, or the clock was set');
    return { deviceTime, serviceTime: when, offset: when - deviceTime, nonce, signed };
  };

  const goBy = async (fresh: ClockReading): Promise<void> => {
    const { offset } = fresh;
    if (Math.abs(offset) <= MOST_CORRECTION) confirmed = 0;
    else if (confirmed === 0 || Math.abs(offset - confirmed) > MOST_CORRECTION) {
      if ((await confirm?.(fresh)) !== true) throw new ClockError(fresh);
      confirmed = offset;
    }
    current = fresh;
  };

  const correct: ServiceClock['correct'] = async ({ signal } = {}) => {
    reading ??= read()
      .then(goBy)
      .finally(() => {
        reading = undefined;
      });
    await waitFor(reading, signal);
  };

  const now = (): Instant => instantOf(clock() + (current?.offset ?? 0));
  return {
    now,
    latest: () => instantOf(Math.max(now(), clock() + confirmed)),
    reading: () => current,
    correct,
    noteAccepted: () => {
      accepted = true;
    },
    date: async ({ fresh = false, signal } = {}) => {
      const isCorrected = Math.abs(current?.offset ?? 0) > LONGEST_READING;
      if (fresh || isCorrected || !(accepted || current !== undefined))
        await correct({ signal }).catch((error: unknown) => {
          if (!isUnavailable(error)) throw error;
        });
      return now();
    },
  };
};

/** Whether the service refused the time in a statement. */
const isMistimed = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'statement-invalid' && error.details.serverTime !== undefined;

/**
 * Runs a function that signs and sends a statement. If the service refuses the time in the statement, corrects the clock and runs the function once more.
 * @throws the errors of the function; {ClockError}
 */
export const dated = async <T>(clock: ServiceClock, run: () => Promise<T>, options: Interruptible): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (!isMistimed(error)) throw error;
    await clock.correct(options);
    return run();
  }
};
