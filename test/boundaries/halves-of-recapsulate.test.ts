// Tests that the two halves of recapsulate are separate: one authorizes the opening, the other re-encrypts. So each half can change, and can be tested, alone.
import { expect, test } from '@jest/globals';
import { bundle, leftIn } from './bundle.ts';

const inputsOf = async (file: string): Promise<readonly string[]> =>
  [...leftIn(await bundle({ entryPoints: [`lib/usecases/shared/${file}.ts`] })).values()].flat();

test('the half that authorizes contains no code of the scheme', async () => {
  const inputs = await inputsOf('authorize-opening');
  expect(inputs).toContain('lib/domain/opening.ts');
  expect(inputs.filter((i) => i.startsWith('lib/umbral/'))).toEqual([]);
});

test('the half that re-encrypts contains no rule about grants and openings', async () => {
  const inputs = await inputsOf('reencrypt');
  expect(inputs).toContain('lib/umbral/proxy.ts');
  expect(inputs.filter((i) => /^lib\/(domain|api|usecases\/checks)\//.test(i))).toEqual([]);
});
