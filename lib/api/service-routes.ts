// The contract of what anybody may ask the service.
import * as z from 'zod/mini';
import { bytesOf } from '../statements/fields.ts';
import { none, type Route } from './route.ts';

/** SEC 1 compressed P-256 point. */
export const serviceKeyView = z.strictObject({ key: bytesOf(33) });

export const health = z.strictObject({ status: z.literal('ok') });

export const SERVICE_ROUTES = {
  'get-service-key': {
    method: 'GET',
    path: '/v1/service-key',
    access: 'public',
    params: none,
    query: none,
    body: undefined,
    answer: [200, serviceKeyView],
    errors: [],
    summary: 'The public key with which the service signs receipts, checkpoints and its answers to openings',
  },
  health: {
    method: 'GET',
    path: '/v1/health',
    access: 'public',
    params: none,
    query: none,
    body: undefined,
    answer: [200, health],
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
