// Route: the type of a route, and the limits and errors that all routes share.
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

/** Errors that every signed route may return besides its own. */
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

/** Largest body of a request, 256 KiB. API Gateway accepts 10 MB, but no route needs that much. */
export const MAX_BODY = 262_144;

/** Schema of a path, a query or a body without members. */
export const none = z.strictObject({});

/** Errors of every route that stores something. */
export const STORED = ['replayed', 'already-exists', 'busy'] as const satisfies readonly ErrorCode[];
