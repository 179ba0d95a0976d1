// What may be logged, as types: the catalogue of events and the closed set of fields. No field can hold an id of a person, a path, a query, a
// body, a key or the text of an error, so nothing that names a patient gets into a log by way of this type. lib/runtime/log.ts writes it.
import type { ErrorCode } from '../api/errors.ts';

export const LOG_EVENTS = {
  'request-answered': 'A request was answered.',
  'request-faulted': 'A request failed for a reason that is not its sender.',
  'job-done': 'A scheduled job ended.',
  'job-faulted': 'A scheduled job failed.',
} as const;
export type LogEvent = keyof typeof LOG_EVENTS;

export interface LogFields {
  /** Of the invocation; also in the answer, so that a caller can name it. */
  readonly requestId: string;
  /** Name of the function, which is the name of its route or job. */
  readonly function: string;
  readonly status?: number;
  readonly code?: ErrorCode;
  readonly ms?: number;
  /** Class of an error and where it was thrown, never what it says. */
  readonly thrown?: string;
  readonly frames?: readonly string[];
  /** Names of environment variables that are missing or malformed. */
  readonly missing?: readonly string[];
  /** How many things a job did. */
  readonly count?: number;
}

/** Writes one line. */
export type Log = (event: LogEvent, fields: LogFields) => void;

/** What the pipeline needs from where it runs. */
export interface Runtime {
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The origin that clients sign for, such as `https://api.example.org`. @throws when it is not configured */
  readonly origin: () => URL;
}

const NAME = /^[$A-Za-z]\w{0,63}$/;
const MOST_FRAMES = 12;

/** The class of what was thrown and its stack without its message: messages may quote what a caller sent or what is stored. */
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
