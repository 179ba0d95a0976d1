// Lambda function openapi: returns the contract as an OpenAPI document.
import document from '../docs/openapi.json' with { type: 'json' };
import { SERVICE_ROUTES } from '../lib/api/service-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { runtime } from '../lib/runtime/stateless-container.ts';
import { openapi } from '../lib/usecases/openapi.ts';

export const handler = endpoint(SERVICE_ROUTES, 'openapi', openapi, { ...runtime, document: () => document });
