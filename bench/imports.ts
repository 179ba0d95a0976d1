// What it takes to import the bundle of recapsulate, next to that of a handler that has nothing but the DynamoDB client: each bundled as it is
// deployed, in fresh processes by turns.
import { build } from 'esbuild';
import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { pathToFileURL } from 'node:url';
import { median } from './median.ts';

const root = join(import.meta.dirname, '..');
// The same as in serverless.yml.
const BANNER = `import { createRequire as requireMaker } from 'node:module'; const require = requireMaker(import.meta.url);`;
const BASELINE = `
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
const client = new DynamoDBClient({});
export const handler = ({ id }) => client.send(new GetItemCommand({ TableName: 'table', Key: { id: { S: id } } }));
`;

const timed = (file: string): number => {
  const script = `const began = performance.now(); await import('${pathToFileURL(file).href}'); console.log(performance.now() - began);`;
  const options: ExecFileSyncOptionsWithStringEncoding = {
    encoding: 'utf8',
    env: { AWS_REGION: 'eu-central-1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  };
  return Number(execFileSync(execPath, ['--input-type=module', '-e', script], options));
};

/** Medians in milliseconds, and the bundles in KiB. */
export const importCosts = async (passes: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-import-'));
  try {
    const baseline = join(folder, 'baseline.ts');
    writeFileSync(baseline, BASELINE);
    const bundle = async (entry: string, name: string): Promise<string> => {
      const outfile = join(folder, `${name}.mjs`);
      await build({
        entryPoints: [entry],
        outfile,
        bundle: true,
        format: 'esm',
        platform: 'node',
        target: 'node24',
        banner: { js: BANNER },
        nodePaths: [join(root, 'node_modules')],
        logLevel: 'error',
      });
      return outfile;
    };
    const files = [
      await bundle(join(root, 'functions/recapsulate.ts'), 'recapsulate'),
      await bundle(baseline, 'dynamodb'),
    ];
    const times = files.map((): number[] => []);
    for (let pass = 0; pass < passes; pass++) files.forEach((file, i) => times[i]!.push(timed(file)));
    const [recapsulate, dynamodb] = times.map(median) as [number, number];
    const [ours, theirs] = files.map((file) => Math.round(statSync(file).size / 1024)) as [number, number];
    return {
      recapsulate: Number(recapsulate.toFixed(1)),
      dynamodb: Number(dynamodb.toFixed(1)),
      ratio: Number((recapsulate / dynamodb).toFixed(2)),
      kib: { recapsulate: ours, dynamodb: theirs },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
};
