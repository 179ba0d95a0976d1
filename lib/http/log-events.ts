// Log schema: defines all events and fields that may be logged. No field can contain an id of a person, a path, a query, a body, a key or the text of an error,
// so the names and ids of patients cannot get into the logs. lib/runtime/log.ts writes the lines.
import type { ErrorCode } from '../api/errors.ts';

export const LOG_EVENTS = {
  'request-answered': 'A request was answered.',
  'request-faulted': 'A request failed for a reason that is not its sender.',
  'job-done': 'A scheduled job ended.',
  'job-faulted': 'A scheduled job failed.',
} as const;
export type LogEvent = keyof typeof LOG_EVENTS;

export interface LogFields {
  /** Id of the invocation. The answer contains it too, so that a caller can quote it. */
  readonly requestId: string;
  /** Name of the function, which is the name of its route or job. */
  readonly function: string;
  readonly status?: number;
  readonly code?: ErrorCode;
  readonly ms?: number;
  /** The class of an error. Its stack, without its message, is in `frames`. */
  readonly thrown?: string;
  readonly frames?: readonly string[];
  /** Names of environment variables that are missing or malformed. */
  readonly missing?: readonly string[];
  /** How many items a job processed. */
  readonly count?: number;
}

/** Writes one log line. */
export type Log = (event: LogEvent, fields: LogFields) => void;

/** The functions that the pipeline gets from outside: log, clock and origin. */
export interface Runtime {
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The origin that clients sign for, such as `https://api.example.org`. @throws when it is not configured */
  readonly origin: () => URL;
}

const NAME = /^[$A-Za-z]\w{0,63}$/;
const MOST_FRAMES = 12;

/** Returns the class of a thrown value, and its stack without the message, because a message may quote a request or stored data. */
export function traceOf(thrown: unknown): Pick<LogFields, 'thrown' | 'frames' | 'missing'> {
  if (!(thrown instanceof Error)) return { thrown: thrown === null ? 'null' : typeof thrown };
  const stack = typeof thrown.stack === 'string' ? thrown.stack : '';
  const head = stack.indexOf(thrown.message);
  const frames = stack
    .slice(head < 0 ? 0 : head + thrown.message.length)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, MOST_FRAMES);
  return {
    thrown: NAME.test(thrown.name) ? thrown.name : 'Error',
    frames,
    ...('missing' in thrown && isNames(thrown.missing) ? { missing: thrown.missing } : {}),
  };
}

const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((v) => typeof v === 'string' && /^[A-Z][A-Z0-9_]*$/.test(v));
