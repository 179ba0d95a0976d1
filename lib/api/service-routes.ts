// Service routes: defines paths, inputs, answers and error codes of the routes that everybody may call without a signature.
import * as z from 'zod/mini';
import { bytesOf } from '../statements/fields.ts';
import { none, type Route } from './route.ts';
import { jws } from './shapes.ts';

/** The public service key, a SEC 1 compressed P-256 point of 33 bytes. */
export const serviceKeyView = z.strictObject({ key: bytesOf(33) });

/** The signed time of the service, and the certificate of the proxy key that signed it. */
export const timeView = z.strictObject({ key: jws, answer: jws });

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
    errors: ['busy'],
    summary: 'The public key that verifies receipts, checkpoints and proxy keys of the service',
  },
  'get-time': {
    method: 'GET',
    path: '/v1/time',
    access: 'public',
    params: none,
    query: z.strictObject({ nonce: bytesOf(16) }),
    body: undefined,
    answer: [200, timeView],
    errors: ['busy'],
    summary: 'The signed time of the service, by which a client corrects its clock',
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
    summary: 'Check that the service answers',
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
