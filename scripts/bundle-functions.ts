// Bundles all functions for the local API in one run of esbuild, with the options of serverless.yml. Code that several functions use is in shared files, which
// one process loads only once. A deployment has a separate bundle for each function (serverless-esbuild); npm run test:deployed runs those bundles.
import { build, stop, type BuildOptions } from 'esbuild';
import type { Stack } from '../localstack/compiled-stack.ts';
import { PROJECT } from '../localstack/local-aws.ts';

/** Reads the options that serverless-esbuild passes to esbuild, without the options of the plugin itself. */
export function bundleOptions({ custom }: Pick<Stack, 'custom'>): BuildOptions {
  const { outputFileExtension, exclude, keepOutputDirectory: _, ...options } = custom.esbuild;
  return { ...options, external: [...exclude], outExtension: { '.js': outputFileExtension } };
}

/**
 * Bundles every function of the stack, and other entry points if given, and ends the process of esbuild.
 * @param outdir the folder for the bundles, which have the same paths there as in the project
 */
export async function bundleFunctions(
  stack: Pick<Stack, 'custom' | 'functions'>,
  outdir: string,
  more: readonly string[] = [],
): Promise<void> {
  const entryPoints = Object.values(stack.functions).map(({ handler }) => handler.replace(/\.\w+$/, '.ts'));
  try {
    await build({
      ...bundleOptions(stack),
      absWorkingDir: PROJECT,
      entryPoints: [...entryPoints, ...more],
      outbase: PROJECT,
      outdir,
      splitting: true,
      logLevel: 'silent',
    });
  } finally {
    await stop();
  }
}
