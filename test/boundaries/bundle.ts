// Bundles functions with esbuild as the deployment does, and lists the source files in each bundle.
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

export const functions = readdirSync(join(root, 'functions')).map((file) => basename(file, '.ts'));

// Bundles with the options of serverless-esbuild. serverless.yml sets format, platform, target and main fields.
export const bundle = async (options: BuildOptions): Promise<Metafile> => {
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'out',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
    ...options,
  });
  return metafile!;
};

export const bundleAll = (): Promise<Metafile> =>
  bundle({ entryPoints: functions.map((name) => `functions/${name}.ts`) });

/** For each function, the source files whose code is in the bundle. */
export const leftIn = ({ outputs }: Metafile): ReadonlyMap<string, readonly string[]> =>
  new Map(
    Object.entries(outputs).map(([output, { inputs }]) => [
      basename(output, '.js'),
      Object.keys(inputs).filter((input) => inputs[input]!.bytesInOutput > 0),
    ]),
  );
