// A recapsulation has two halves: one decides, the other re-encrypts. Each can run without the other, so that a proxy elsewhere needs the second alone.
import { expect, test } from '@jest/globals';
import { bundle, leftIn } from './bundle.ts';

const inputsOf = async (file: string): Promise<readonly string[]> =>
  [...leftIn(await bundle({ entryPoints: [`lib/usecases/shared/${file}.ts`] })).values()].flat();

test('the half that decides carries nothing of the scheme', async () => {
  const inputs = await inputsOf('authorize-opening');
  expect(inputs).toContain('lib/domain/opening.ts');
  expect(inputs.filter((i) => i.startsWith('lib/umbral/'))).toEqual([]);
});

test('the half that re-encrypts carries no rule about grants and openings', async () => {
  const inputs = await inputsOf('reencrypt');
  expect(inputs).toContain('lib/umbral/proxy.ts');
  expect(inputs.filter((i) => /^lib\/(domain|api|usecases\/checks)\//.test(i))).toEqual([]);
});
