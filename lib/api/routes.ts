// Routes: the table of all routes. Client, server and OpenAPI document use it, and a test checks that each route has one function and one use case.
// The key of a route is the name of this function and of this use case. Each function imports only the routes of its own topic, so that its bundle contains no
// other schemas.
import type * as z from 'zod/mini';
import { AUDIT_ROUTES } from './audit-routes.ts';
import { FOLDER_ROUTES } from './folder-routes.ts';
import { GRANT_ROUTES } from './grant-routes.ts';
import { IDENTITY_ROUTES } from './identity-routes.ts';
import { OPENING_ROUTES } from './opening-routes.ts';
import { RECORD_ROUTES } from './record-routes.ts';
import { REQUEST_ROUTES } from './request-routes.ts';
import type { Route } from './route.ts';
import { SERVICE_ROUTES } from './service-routes.ts';

export const ROUTES = {
  ...IDENTITY_ROUTES,
  ...FOLDER_ROUTES,
  ...RECORD_ROUTES,
  ...REQUEST_ROUTES,
  ...GRANT_ROUTES,
  ...OPENING_ROUTES,
  ...AUDIT_ROUTES,
  ...SERVICE_ROUTES,
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
export type Params<N extends RouteName> = z.output<(typeof ROUTES)[N]['params']>;
export type Query<N extends RouteName> = z.output<(typeof ROUTES)[N]['query']>;
export type Body<N extends RouteName> = (typeof ROUTES)[N]['body'] extends z.ZodMiniObject
  ? z.output<(typeof ROUTES)[N]['body']>
  : undefined;
export type Answer<N extends RouteName> = z.input<(typeof ROUTES)[N]['answer'][1]>;
/** The input of a use case: path, query and body, parsed. */
export interface Input<N extends RouteName> {
  readonly params: Params<N>;
  readonly query: Query<N>;
  readonly body: Body<N>;
}
