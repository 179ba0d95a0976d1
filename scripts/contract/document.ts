// Builds the OpenAPI 3.1 document from the routes and schemas in lib/api. Only one thing is described here: how a client signs requests.
import * as z from 'zod/mini';
import * as audit from '../../lib/api/audit-routes.ts';
import { ERRORS, REASONS, type ErrorCode } from '../../lib/api/errors.ts';
import * as folders from '../../lib/api/folder-routes.ts';
import * as grants from '../../lib/api/grant-routes.ts';
import * as identities from '../../lib/api/identity-routes.ts';
import * as openings from '../../lib/api/opening-routes.ts';
import * as records from '../../lib/api/record-routes.ts';
import * as requests from '../../lib/api/request-routes.ts';
import { COMMON_ERRORS, type Route } from '../../lib/api/route.ts';
import { ROUTES } from '../../lib/api/routes.ts';
import * as service from '../../lib/api/service-routes.ts';
import * as shapes from '../../lib/api/shapes.ts';
import { problemType } from '../../lib/http/problem.ts';
import { category, purpose, right } from '../../lib/statements/fields.ts';
import { assertAllUsed, describeParameter, describeSchemas } from './descriptions.ts';

type Json = Record<string, unknown>;
type Schema = z.core.JSONSchema.BaseSchema;

const PUBLIC_ERRORS = ['malformed-request', 'body-too-large', 'internal'] as const satisfies readonly ErrorCode[];
const ref = (id: string): Json => ({ $ref: `#/components/schemas/${id}` });

/** The components: named schemas of lib/api, and the three enumerations of WORDS. Each has in the document the name that it has here. */
const registry = z.registry<{ id: string }>();
const WORDS = { category, purpose, right };
const TOPICS = [shapes, WORDS, identities, folders, records, requests, grants, openings, audit, service];
for (const [name, shape] of TOPICS.flatMap((topic) => Object.entries(topic)))
  if (shape instanceof z.ZodMiniType) registry.add(shape, { id: name.charAt(0).toUpperCase() + name.slice(1) });

const OPTIONS = {
  target: 'draft-2020-12',
  io: 'input',
  // A JSON schema cannot express all rules for ids and base64url, so their descriptions state them.
  unrepresentable: 'any',
  override: ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Schema }): void => {
    const { def } = zodSchema._zod;
    // A number in a path or query is sent as text and then converted. The document shows the schema of the number.
    if (def.type === 'pipe' && def.in._zod.def.type === 'number') Object.assign(jsonSchema, bare(def.out));
    if (jsonSchema.type === 'string' && jsonSchema.minLength === 26 && jsonSchema.maxLength === 26)
      Object.assign(jsonSchema, { pattern: '^[a-z2-7]{25}[aeimquy4]$', description: '16 random bytes, base32' });
    if (jsonSchema.type === 'string' && jsonSchema.minLength === 62 && jsonSchema.maxLength === 62)
      Object.assign(jsonSchema, { pattern: '^ehr1[02-9ac-hj-np-z]{58}$', description: 'identity id, bech32m' });
  },
} as const;

const bare = (schema: z.core.$ZodType): Json => withoutMeta(z.toJSONSchema(schema, OPTIONS));

const withoutMeta = ({ $schema: _s, $id: _i, id: _n, ...schema }: Json): Json => schema;

const describe = (schema: z.core.$ZodType): Json => {
  const id = registry.get(schema)?.id;
  return id === undefined ? bare(schema) : ref(id);
};

/** Builds the document. Its members are in the order of the contract, so equal contracts give equal documents. */
export function openapiDocument(version: string): Json {
  const document = documentOf(version);
  assertAllUsed();
  return document;
}

function documentOf(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries(ROUTES))
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(name, route);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Patient-controlled health records',
      version,
      description:
        'Encrypted records, granted by their patient, recapsulated for recipients. Statements travel as compact JWS, bytes as base64url without padding.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ signature: [], signatureInput: [] }],
    tags: [...new Set(Object.values(ROUTES).map((r) => tagOf(r)))].map((name) => ({ name })),
    paths,
    components: {
      schemas: describeSchemas({
        ...components(),
        ErrorCode: { type: 'string', enum: Object.keys(ERRORS) },
        Problem: problem(),
      }),
      responses: responses(),
      headers: {
        'X-Request-Id': { description: 'Names this answer in the logs.', schema: { type: 'string' } },
        'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 0 } },
      },
      parameters: {
        'Content-Digest': {
          name: 'Content-Digest',
          in: 'header',
          required: true,
          description: 'SHA-256 of the body, RFC 9530; covered by the signature.',
          schema: { type: 'string', pattern: '^sha-256=:[A-Za-z0-9+/]{43}=:$' },
        },
      },
      securitySchemes: {
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'Signature',
          description:
            'HTTP Message Signature (RFC 9421), exactly one, ed25519, by the identity that keyid names. See docs/spec/request-signatures.md.',
        },
        signatureInput: {
          type: 'apiKey',
          in: 'header',
          name: 'Signature-Input',
          description:
            'Covers @method, @authority, @path, @query, and content-digest where there is a body; parameters created, expires (at most 60 s later), nonce (16 random bytes, base64url), keyid (identity id), tag="pcehr".',
        },
      },
    },
  };
}

function components(): Record<string, Json> {
  const { schemas } = z.toJSONSchema(registry, { ...OPTIONS, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutMeta(schema)]));
}

const camel = (name: string): string => name.replace(/-(.)/g, (_, c: string) => c.toUpperCase());
const tagOf = ({ path }: Route): string => path.split('/')[2]!.replace('.json', '');

function operation(name: string, route: Route): Json {
  const open = route.access === 'public';
  const [status, schema] = route.answer;
  return {
    operationId: camel(name),
    summary: route.summary,
    tags: [tagOf(route)],
    ...(open ? { security: [] } : {}),
    parameters: [
      ...members(route.params, 'path'),
      ...members(route.query, 'query'),
      ...(route.body === undefined ? [] : [{ $ref: '#/components/parameters/Content-Digest' }]),
    ],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: describe(route.body) } } } }),
    responses: {
      [status]: {
        description: 'Done.',
        headers: { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } },
        content: { 'application/json': { schema: describe(schema) } },
      },
      ...refusals(errorsOf(route)),
    },
  };
}

const members = ({ shape }: z.ZodMiniObject, where: 'path' | 'query'): readonly Json[] =>
  Object.entries(shape as Record<string, z.ZodMiniType>).map(([name, schema]) => ({
    name,
    in: where,
    required: !schema.safeParse(undefined).success,
    description: describeParameter(name),
    schema: describe(schema instanceof z.ZodMiniOptional ? schema.def.innerType : schema),
  }));

/** Lists every error code that a route may answer with. Signed routes that only read can answer with `busy` too. */
export function errorsOf({ access, errors }: Route): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>(
    access === 'public' ? [...PUBLIC_ERRORS, ...errors] : [...COMMON_ERRORS, 'busy', ...errors],
  );
  return (Object.keys(ERRORS) as ErrorCode[]).filter((code) => codes.has(code));
}

const statusesOf = (codes: readonly ErrorCode[]): readonly number[] =>
  [...new Set(codes.map((code) => ERRORS[code].status))].sort((a, b) => a - b);
const withStatus = (codes: readonly ErrorCode[], status: number): readonly ErrorCode[] =>
  codes.filter((code) => ERRORS[code].status === status);

/** Makes the error responses of a route. Routes with the same codes for a status use the same response, whose name contains the codes. */
const refusals = (codes: readonly ErrorCode[]): Record<string, Json> =>
  Object.fromEntries(
    statusesOf(codes).map((status) => [
      status,
      { $ref: `#/components/responses/${withStatus(codes, status).join('.')}` },
    ]),
  );

function responses(): Record<string, Json> {
  const all: Record<string, Json> = {};
  for (const codes of Object.values(ROUTES).map(errorsOf))
    for (const status of statusesOf(codes)) {
      const group = withStatus(codes, status);
      all[group.join('.')] ??= refusal(group, status);
    }
  return all;
}

function refusal(codes: readonly ErrorCode[], status: number): Json {
  const waits = codes.some((code) => code === 'busy' || code === 'too-many');
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].advice}`).join('\n\n'),
    headers: {
      'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' },
      ...(waits ? { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } : {}),
    },
    content: {
      'application/problem+json': {
        schema: { allOf: [ref('Problem'), { properties: { code: { enum: codes }, status: { const: status } } }] },
      },
    },
  };
}

/** The schema of application/problem+json (RFC 9457). */
function problem(): Json {
  const text = { type: 'string' };
  return {
    type: 'object',
    required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
    properties: {
      type: { type: 'string', format: 'uri', examples: [problemType('not-found')] },
      title: text,
      status: { type: 'integer', minimum: 400, maximum: 599 },
      code: ref('ErrorCode'),
      detail: text,
      requestId: text,
      member: text,
      statement: text,
      reason: { enum: REASONS },
      clock: { enum: ['ahead', 'behind'] },
      serverTime: { type: 'integer' },
      authority: text,
      retryAfter: { type: 'number' },
      ids: { type: 'array', items: text },
    },
  };
}
