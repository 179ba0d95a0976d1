// Corrects this device's clock by the service's signed time, within a limit, for requests and statements.
// docs/spec/clock.md specifies the correction.
import { AppError } from '../../api/errors.ts';
import { toBase64url } from '../../bytes/codec.ts';
import { DAY, HOUR, instantOf, MINUTE, type Instant } from '../../domain/time.ts';
import type { Platform } from './platform.ts';
import { ClientError } from './errors.ts';

/** The service's signed time, next to this device's. Everything in milliseconds; times since 1970. */
export interface ClockReading {
  readonly deviceTime: number;
  readonly serviceTime: number;
  /** `serviceTime - deviceTime`, which is added to this device's clock: positive when the device is behind. */
  readonly offset: number;
  /** 16 random bytes, base64url, that the service signed with its time. */
  readonly nonce: string;
  /** The signed texts, for evidence: the statement of the proxy key, and the time. */
  readonly signed: SignedTime;
}
export interface SignedTime {
  readonly key: string;
  readonly answer: string;
}

/** Called if the clock is off by more than {@link MOST_CORRECTION}. Only `true` confirms that the service's time is right. */
export type ConfirmClock = (reading: ClockReading) => boolean | Promise<boolean>;

/**
 * The largest correction without a confirmation, either way. Two time zones are up to 26 hours apart. A device with the wrong zone shows the right local
 * time, so its user could confirm nothing.
 */
export const MOST_CORRECTION = 26 * HOUR;
/** An answer that took longer is too old to correct a clock by. A larger correction is measured again before it dates a statement. */
const LONGEST_READING = MINUTE;

const counted = (n: number | undefined, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`;
const distanceOf = (offset: number): string => {
  const [ms, side] = [Math.abs(offset), offset < 0 ? 'ahead of' : 'behind'];
  const [days, hours, minutes] = [ms / DAY, (ms % DAY) / HOUR, (ms % HOUR) / MINUTE].map(Math.floor);
  const [d, h, m] = [counted(days, 'day'), counted(hours, 'hour'), counted(minutes, 'minute')];
  return `${d}, ${h} and ${m} ${side} the service's`;
};

/** This device's clock is off by more than {@link MOST_CORRECTION}, and nobody confirmed the service's time. */
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
  /** This device's clock, corrected. */
  readonly now: () => Instant;
  /** The later of the corrected clock and the device's own, so that the service alone cannot let a grant last longer. A confirmed correction counts as own. */
  readonly latest: () => Instant;
  /** The correction in use; undefined if there is none. */
  readonly reading: () => ClockReading | undefined;
  /** Asks for the signed time and corrects the clock by it. @throws {ClockError}; {ClientError} `unverified` (`time`), `network` */
  readonly correct: (options?: Interruptible) => Promise<void>;
  /** The service accepted a signed request of this client, and so its clock. */
  readonly noteAccepted: () => void;
  /**
   * The time for a statement. Asks for the signed time first if `fresh` is true, if the service has not accepted this clock yet, or if the correction
   * in use is more than a minute: the device's clock may have been set right since. If the service does not answer, the clock stays as it is.
   * @throws {ClockError}; {ClientError} `unverified` (`time`)
   */
  readonly date: (options?: Interruptible & { readonly fresh?: boolean }) => Promise<Instant>;
}

interface ClockOptions {
  readonly platform: Pick<Platform, 'clock' | 'rng'>;
  readonly confirm: ConfirmClock | undefined;
  /** Returns the verified time that the service signed with this nonce. */
  readonly ask: (nonce: string) => Promise<{ readonly when: number; readonly signed: SignedTime }>;
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof AppError || (error instanceof ClientError && ['network', 'bad-answer'].includes(error.code));

/** Waits for work that several callers share. The signal ends the wait, not the work. */
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
  /** The offset that the user confirmed; later corrections are measured from it. */
  let confirmed = 0;
  let accepted = false;
  let reading: Promise<void> | undefined;

  const read = async (): Promise<ClockReading> => {
    const nonce = toBase64url(rng(16));
    const asked = clock();
    const { when, signed } = await ask(nonce);
    const deviceTime = clock();
    // The time that the answer took is not added: the service tolerates a clock that is behind more than one that is ahead.
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

/** The service refused the time in a statement. */
const isMistimed = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'statement-invalid' && error.details.serverTime !== undefined;

/**
 * Runs a function that signs and sends a statement. If the service refuses the statement's time, corrects the clock and runs it once more.
 * @throws what the function throws; {ClockError}
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
