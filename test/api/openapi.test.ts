// Tests that the committed OpenAPI document matches the contract and is valid.
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { ERRORS, type ErrorCode } from '../../lib/api/errors.ts';
import type { Route } from '../../lib/api/route.ts';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import { handler } from '../../functions/openapi.ts';
import { contractFiles } from '../../scripts/contract/files.ts';
import { CONTEXT, eventOf, ID, JWS, read, send } from '../http/gateway.ts';

const root = new URL('../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const { version } = JSON.parse(text('package.json')) as { version: string };

interface Operation {
  readonly security?: unknown;
  readonly parameters: readonly {
    readonly name?: string;
    readonly in?: string;
    readonly description?: string;
    readonly $ref?: string;
  }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly $ref?: string }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}
const document = JSON.parse(text('docs/openapi.json')) as Document;
const routes = Object.entries(ROUTES) as [RouteName, Route][];

test.each(['docs/openapi.json', 'docs/spec/errors.md', 'docs/spec/routes.md'])(
  '%s matches the contract',
  async (path) => {
    expect(text(path)).toBe((await contractFiles(version))[path]);
  },
);

test('lists exactly the routes', () => {
  const listed = Object.entries(document.paths).flatMap(([path, o]) => Object.keys(o).map((m) => `${m} ${path}`));
  expect(listed.sort()).toEqual(routes.map(([, r]) => `${r.method.toLowerCase()} ${r.path}`).sort());
});

test('has no reference to a missing component', () => {
  const refs = [...text('docs/openapi.json').matchAll(/"\$ref": "([^"]+)"/g)].map((m) => m[1]!);
  expect(refs.length).toBeGreaterThan(100);
  for (const ref of new Set(refs)) {
    const [, components, kind, name] = ref.split('/');
    expect([components, Object.keys(document.components[kind!] ?? {})]).toEqual([
      'components',
      expect.arrayContaining([name]),
    ]);
  }
});

describe('describes', () => {
  interface Schema {
    readonly description?: string;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly items?: Schema;
    readonly anyOf?: readonly Schema[];
    readonly allOf?: readonly Schema[];
  }
  const silent = (schema: Schema, path: string): readonly string[] => [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
      ...((member.description ?? '').length > 2 ? [] : [`${path}.${name}`]),
      ...silent(member, `${path}.${name}`),
    ]),
    ...(schema.items === undefined ? [] : silent(schema.items, `${path}[]`)),
    ...[...(schema.anyOf ?? []), ...(schema.allOf ?? [])].flatMap((s) => silent(s, path)),
  ];

  test('every schema and every member of each', () => {
    const schemas = Object.entries(document.components['schemas'] as Record<string, Schema>);
    expect(schemas.filter(([, s]) => (s.description ?? '').length < 3).map(([name]) => name)).toEqual([]);
    expect(schemas.flatMap(([name, s]) => silent(s, name))).toEqual([]);
  });

  test('every parameter', () => {
    const parameters = Object.values(document.paths).flatMap((o) => Object.values(o).flatMap((op) => op.parameters));
    const named = parameters.filter((p) => p.name !== undefined);
    expect(named.filter((p) => (p.description ?? '').length < 3)).toEqual([]);
    expect(named.length).toBeGreaterThan(40);
  });
});

describe.each(routes)('%s', (_, route) => {
  const operation = document.paths[route.path]![route.method.toLowerCase()]!;

  test('is signed unless it is public', () => {
    expect(operation.security).toEqual(route.access === 'public' ? [] : undefined);
  });

  test('has the members of its path and query, and its body', () => {
    const named = operation.parameters.filter((p) => p.name !== undefined).map((p) => `${p.in} ${p.name}`);
    const names = (where: string, shape: object): string[] => Object.keys(shape).map((n) => `${where} ${n}`);
    expect(named).toEqual([...names('path', route.params.shape), ...names('query', route.query.shape)]);
    expect(operation.requestBody !== undefined).toBe(route.body !== undefined);
  });

  test('has its answer and its errors', () => {
    const codes = Object.values(operation.responses).flatMap((r) => r.$ref?.split('/').at(-1)?.split('.') ?? []);
    expect(operation.responses).toHaveProperty(String(route.answer[0]));
    expect(codes).toEqual(expect.arrayContaining([...route.errors]));
    for (const code of codes) expect(operation.responses).toHaveProperty(String(ERRORS[code as ErrorCode].status));
  });
});

describe('its schemas', () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true, validateFormats: false });
  const $defs = JSON.parse(
    JSON.stringify(document.components['schemas']).replaceAll('#/components/schemas/', '#/$defs/'),
  ) as object;
  ajv.addSchema({ $id: 'contract', $defs });
  const compiled = (name: string) => ajv.compile({ $ref: `contract#/$defs/${name}` });
  const valid = (name: string, value: unknown): boolean => compiled(name)(value);

  test.each(Object.keys(document.components['schemas']!))('%s compiles', (name) => {
    expect(compiled(name)).toBeInstanceOf(Function);
  });

  test('accept what the service accepts and sends, and nothing else', async () => {
    expect(valid('StatementBody', { statement: JWS })).toBe(true);
    expect(valid('StatementBody', { statement: JWS, more: 1 })).toBe(false);
    expect(valid('UploadView', { upload: ID, multipart: true, state: 'open' })).toBe(true);
    expect(valid('UploadView', { upload: 'b'.repeat(26), multipart: true, state: 'open' })).toBe(false);
    expect(valid('Problem', (await send({ signed: false })).body)).toBe(true);
    expect(valid('Problem', {})).toBe(false);
  });
});

test('the function returns the document', async () => {
  const event = await eventOf({ method: 'GET', target: '/v1/openapi.json', signed: false });
  const { status, body } = read(await handler(event, CONTEXT));
  expect(status).toBe(200);
  expect(body).toEqual(document);
});
