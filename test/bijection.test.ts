// Tests that each feature has one name: route (or job), function file, use case and its export, key in serverless.yml.
import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { JOBS } from '../lib/api/scheduled-jobs.ts';
import { ROUTES, type RouteName } from '../lib/api/routes.ts';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const camel = (name: string): string => name.replace(/-(.)/g, (_, c: string) => c.toUpperCase());

interface HttpApi {
  readonly method: string;
  readonly path: string;
}
interface FunctionOfStack {
  readonly handler: string;
  readonly events: readonly ({ readonly httpApi: HttpApi } | { readonly schedule: unknown })[];
}

/** Reads serverless.yml with the parser that the Serverless Framework itself uses. Tags of CloudFormation become null. */
const stackFunctions = (): Readonly<Record<string, FunctionOfStack>> => {
  const require = createRequire(createRequire(import.meta.url).resolve('serverless/package.json'));
  const yaml = require('js-yaml') as {
    load: (text: string, options: object) => unknown;
    DEFAULT_SCHEMA: { extend: (types: readonly object[]) => object };
    Type: new (tag: string, options: object) => object;
  };
  const tags = ['scalar', 'sequence', 'mapping'].map(
    (kind) => new yaml.Type('!', { kind, multi: true, construct: () => null }),
  );
  const stack = yaml.load(read('serverless.yml'), { schema: yaml.DEFAULT_SCHEMA.extend(tags) });
  return (stack as { functions: Record<string, FunctionOfStack> }).functions;
};

const stack = stackFunctions();
const routes = Object.keys(ROUTES) as RouteName[];
const jobs = Object.keys(JOBS);
const names = [...routes, ...jobs].sort();

test('functions/ holds one file for each route and job', () => {
  expect(readdirSync(new URL('functions', root)).sort()).toEqual(names.map((n) => `${n}.ts`));
});

test('serverless.yml holds one function for each route and job', () => {
  expect(Object.keys(stack).sort()).toEqual(names);
});

describe.each(names)('%s', (name) => {
  test('has a use case of its name', async () => {
    const module = (await import(`../lib/usecases/${name}.ts`)) as Record<string, unknown>;
    expect(module[camel(name)]).toBeInstanceOf(Function);
  });

  test('has a function that wires this use case to this route or job, and no more', () => {
    const source = read(`functions/${name}.ts`);
    expect(source).toContain(`import { ${camel(name)} } from '../lib/usecases/${name}.ts';`);
    const wired = jobs.includes(name) ? 'job\\(' : 'endpoint\\([A-Z]+_ROUTES, ';
    expect(source).toMatch(new RegExp(`^export const handler = ${wired}'${name}', ${camel(name)}, `, 'm'));
    expect(source.match(/usecases/g)).toHaveLength(1);
  });

  test('is the handler that is deployed', () => {
    expect(stack[name]?.handler).toBe(`functions/${name}.handler`);
  });
});

test.each(routes)('%s is deployed under its method and path, and only there', (name) => {
  const { method, path } = ROUTES[name];
  expect(stack[name]?.events).toEqual([{ httpApi: { method: method.toLowerCase(), path } }]);
});

test.each(jobs)('%s is deployed on a schedule and has no route', (name) => {
  expect(stack[name]?.events.map((e) => Object.keys(e))).toEqual([['schedule']]);
});
