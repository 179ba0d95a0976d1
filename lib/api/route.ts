// What a route says of itself, and what holds for all of them.
import * as z from 'zod/mini';
import type { ErrorCode } from './errors.ts';

/** `mutation` routes claim their nonce; `read` routes have no effect; `public` routes take no signature. */
export type Access = 'public' | 'read' | 'mutation';

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly access: Access;
  /** Members of the path, all strings. */
  readonly params: z.ZodMiniObject;
  readonly query: z.ZodMiniObject;
  readonly body: z.ZodMiniObject | undefined;
  readonly answer: readonly [status: number, schema: z.ZodMiniType];
  readonly errors: readonly ErrorCode[];
  readonly summary: string;
}

/** Errors that any signed route may answer with, besides its own. */
export const COMMON_ERRORS = [
  'malformed-request',
  'body-too-large',
  'unsigned',
  'signature-invalid',
  'clock-skew',
  'not-registered',
  'too-many',
  'internal',
] as const satisfies readonly ErrorCode[];

/** Bytes. API Gateway takes 10 MB; nothing of ours needs more than a quarter of a MiB. */
export const MAX_BODY = 262_144;

/** For paths, queries and bodies without members. */
export const none = z.strictObject({});

/** Errors of whatever is stored. */
export const STORED = ['replayed', 'already-exists', 'busy'] as const satisfies readonly ErrorCode[];
