// The contract. Client, server, OpenAPI and the bijection test all read this table; the key is the name of the function and of its use case.
import * as z from 'zod/mini';
import { ACCESS_ROUTES } from './access-routes.ts';
import { RECORD_ROUTES } from './record-routes.ts';
import { none, type Route } from './route.ts';
import * as s from './shapes.ts';

export const ROUTES = {
  ...RECORD_ROUTES,
  ...ACCESS_ROUTES,
  health: {
    method: 'GET',
    path: '/v1/health',
    access: 'public',
    params: none,
    query: none,
    body: undefined,
    answer: [200, s.health],
    errors: [],
    summary: 'Whether the service answers',
  },
  openapi: {
    method: 'GET',
    path: '/v1/openapi.json',
    access: 'public',
    params: none,
    query: none,
    body: undefined,
    answer: [200, z.record(z.string(), z.unknown())],
    errors: [],
    summary: 'This contract as OpenAPI 3.1',
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
export type Params<N extends RouteName> = z.output<(typeof ROUTES)[N]['params']>;
export type Query<N extends RouteName> = z.output<(typeof ROUTES)[N]['query']>;
export type Body<N extends RouteName> = (typeof ROUTES)[N]['body'] extends z.ZodMiniObject
  ? z.output<(typeof ROUTES)[N]['body']>
  : undefined;
export type Answer<N extends RouteName> = z.input<(typeof ROUTES)[N]['answer'][1]>;
/** What a use case gets: path, query and body, parsed. */
export interface Input<N extends RouteName> {
  readonly params: Params<N>;
  readonly query: Query<N>;
  readonly body: Body<N>;
}
