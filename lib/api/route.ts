// Route: the type of a route, and the limits and errors that apply to all routes.
import * as z from 'zod/mini';
import type { ErrorCode } from './errors.ts';

/** A `mutation` route claims the nonce of its request; a `read` route has no effect; a `public` route takes no signature. */
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

/** The errors that every signed route may return besides its own errors. */
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

/** Maximum number of bytes of a request's body: 256 KiB. API Gateway accepts 10 MB, but no route needs that much. */
export const MAX_BODY = 262_144;

/** The schema of a path, a query or a body without members. */
export const none = z.strictObject({});

/** The errors of every route that stores something. */
export const STORED = ['replayed', 'already-exists', 'busy'] as const satisfies readonly ErrorCode[];
