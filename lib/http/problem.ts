// Problem details: turns every thrown value into an error of the closed list, and that error into problem+json (RFC 9457). An unknown error becomes `internal`,
// without its text.
import type * as z from 'zod/mini';
import { AppError, ERRORS, refusedStatement, type ErrorCode, type ProblemDetails } from '../api/errors.ts';
import { isTransient } from '../ports/transient-errors.ts';
import { StatementError } from '../statements/errors.ts';
import { refusedMember } from '../statements/refused-member.ts';
import { HttpSignatureError } from './verify-request.ts';

/** The errors thrown when input of a caller cannot be decoded. They are recognised by name, because this folder must not import umbral and envelope. */
const DECODING = new Set(['BytesError', 'UmbralError', 'EnvelopeError']);

const RETRY_AFTER_S = 1;

/** Turns a thrown value into an error of the closed list. @param now ms since 1970; the error contains it if the caller's clock is wrong */
export function toAppError(thrown: unknown, now: number): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof HttpSignatureError) return new AppError(thrown.code, detailsOf(thrown, now));
  if (thrown instanceof StatementError) return refusedStatement(thrown);
  if (!(thrown instanceof Error)) return new AppError('internal');
  if (DECODING.has(thrown.name)) return new AppError('malformed-request');
  if (isTransient(thrown)) return new AppError('busy', { retryAfter: RETRY_AFTER_S });
  return new AppError('internal');
}

const detailsOf = ({ clock, authority }: HttpSignatureError, now: number): ProblemDetails => ({
  ...(clock === undefined ? {} : { clock, serverTime: now }),
  ...(authority === undefined ? {} : { authority }),
});

/**
 * Makes `malformed-request` with the path of the first wrong member, never its value.
 * @param where the name of the part of the request, used if the error has no path to a member
 */
export function malformed(error: z.core.$ZodError, where: string): AppError {
  return new AppError('malformed-request', { member: refusedMember(error) || where });
}

export interface Problem extends ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly requestId: string;
}

/** Makes the body of a refusal. It copies only known members of the error, so that nothing else is sent. */
export function problemOf({ code, details }: AppError, requestId: string): Problem {
  const { member, statement, reason, clock, serverTime, authority, retryAfter, ids } = details;
  return {
    type: problemType(code),
    title: titleOf(code),
    status: ERRORS[code].status,
    code,
    detail: ERRORS[code].advice,
    requestId,
    ...(member === undefined ? {} : { member }),
    ...(statement === undefined ? {} : { statement }),
    ...(reason === undefined ? {} : { reason }),
    ...(clock === undefined ? {} : { clock }),
    ...(serverTime === undefined ? {} : { serverTime }),
    ...(authority === undefined ? {} : { authority }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(ids === undefined ? {} : { ids }),
  };
}

/** A URN that names the problem; it is not an address. docs/spec/errors.md lists all of them. */
export const problemType = (code: ErrorCode): string => `urn:pcehr:problem:${code}`;

export const titleOf = (code: ErrorCode): string => code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' ');
