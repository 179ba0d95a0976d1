// Bundles the functions once, with the options of serverless.yml and with what they have in common in files of its own: a process that runs them all
// then loads it once. What is deployed has one whole bundle per function (serverless-esbuild); npm run test:deployed runs those.
import { build, stop, type BuildOptions } from 'esbuild';
import type { Stack } from '../localstack/resources.ts';
import { PROJECT } from '../localstack/local-aws.ts';

/** @returns what serverless-esbuild hands to esbuild; the members that are taken out here are its own */
export function bundleOptions({ custom }: Pick<Stack, 'custom'>): BuildOptions {
  const { outputFileExtension, exclude, keepOutputDirectory: _, ...options } = custom.esbuild;
  return { ...options, external: [...exclude], outExtension: { '.js': outputFileExtension } };
}

/**
 * Bundles every function of the stack, and more entry points where named. No process of esbuild is left.
 * @param outdir gets the bundles; paths in it are those in the project
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
