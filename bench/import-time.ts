// Measures the import time of the bundle of recapsulate, and of a handler with only the DynamoDB client (the baseline). Each is bundled twice: with the
// defaults of esbuild, which take the CommonJS modules of the AWS SDK, and with the options of serverless.yml, which take its ES modules. Each import runs in a
// process of its own.
import { build, type BuildOptions } from 'esbuild';
import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { pathToFileURL } from 'node:url';
import { median } from './statistics.ts';

const root = join(import.meta.dirname, '..');
// These options are those of serverless.yml.
const AS_DEPLOYED: BuildOptions = { mainFields: ['module', 'main'] };
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

interface Cost {
  readonly ms: number;
  readonly kib: number;
}

/** Returns the medians in milliseconds, the bundle sizes in KiB, and the ratio of recapsulate to the baseline. */
export const importCosts = async (passes: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-import-'));
  try {
    const baseline = join(folder, 'baseline.ts');
    writeFileSync(baseline, BASELINE);
    const bundle = async (entry: string, name: string, options: BuildOptions = {}): Promise<string> => {
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
        ...options,
      });
      return outfile;
    };
    const files = [
      await bundle(join(root, 'functions/recapsulate.ts'), 'recapsulate', AS_DEPLOYED),
      await bundle(baseline, 'dynamodb'),
      await bundle(baseline, 'dynamodb-as-deployed', AS_DEPLOYED),
    ] as const;
    const times = files.map((): number[] => []);
    for (let pass = 0; pass < passes; pass++) files.forEach((file, i) => times[i]!.push(timed(file)));
    const costs = files.map((file, i) => ({
      ms: Number(median(times[i]!).toFixed(1)),
      kib: Math.round(statSync(file).size / 1024),
    }));
    const [recapsulate, dynamodb, alike] = costs as [Cost, Cost, Cost];
    return {
      recapsulate,
      dynamodb: { ...dynamodb, ratio: Number((recapsulate.ms / dynamodb.ms).toFixed(2)) },
      dynamodbAsDeployed: { ...alike, ratio: Number((recapsulate.ms / alike.ms).toFixed(2)) },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
};
