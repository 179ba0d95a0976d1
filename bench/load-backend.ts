// Bundles and loads the scheme with a given curve backend.
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Scheme } from './implementations.ts';

const root = join(import.meta.dirname, '..');

/** Bundles the scheme as deployed, and loads it. For `noble` it replaces the module that chooses the backend. */
export const loadScheme = async (backend: 'wasm' | 'noble'): Promise<Scheme> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const outfile = join(folder, 'scheme.mjs');
  await build({
    entryPoints: [join(root, 'bench/scheme-entry.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    plugins: [
      {
        name: 'backend',
        setup: (builder) => {
          if (backend === 'noble')
            builder.onResolve({ filter: /\/choose-backend\.ts$/ }, () => ({
              path: join(root, 'test/support/choose-noble-backend.ts'),
            }));
        },
      },
    ],
  });
  try {
    const scheme = (await import(pathToFileURL(outfile).href)) as Scheme;
    if (scheme.chosen.name !== backend) throw new Error(`the backend is ${scheme.chosen.name}, not ${backend}`);
    return scheme;
  } finally {
    rmSync(folder, { recursive: true });
  }
};
