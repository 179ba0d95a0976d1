// Identity routes: defines paths, inputs, answers and error codes of identities.
import * as z from 'zod/mini';
import { none, STORED, type Route } from './route.ts';
import { actBody, ids, jws } from './shapes.ts';

export const identityView = z.strictObject({ statement: jws, state: z.enum(['active']) });

const { id } = ids;

export const IDENTITY_ROUTES = {
  register: {
    method: 'PUT',
    path: '/v1/identities/{id}',
    access: 'mutation',
    params: z.strictObject({ id }),
    query: none,
    body: actBody,
    answer: [201, identityView],
    errors: ['statement-invalid', 'statement-outdated', 'chain-moved', ...STORED],
    summary: 'Register an identity, or replace its identity statement by a newer one',
  },
  'get-identity': {
    method: 'GET',
    path: '/v1/identities/{id}',
    access: 'read',
    params: z.strictObject({ id }),
    query: none,
    body: undefined,
    answer: [200, identityView],
    errors: ['not-found'],
    summary: 'The identity statement of anybody whose id is known',
  },
} as const satisfies Record<string, Route>;
