// Tests that only extractable CryptoKeys become KeyObjects: from version 27 on, Node refuses others in KeyObject.from (DEP0204).
import { KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { engine } from '../../lib/envelope/choose-engine.ts';
import { deriveKeys } from '../../lib/envelope/keys.ts';
import { openFile } from '../../lib/files/open-file.ts';
import { sealFile } from '../../lib/files/seal-file.ts';
import { fileKey, heading, openAll, patterned, seal } from './sample-blobs.ts';

const LENGTH = 200_000;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keys-'));
});
afterAll(() => rm(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

const from = jest.spyOn(KeyObject, 'from');
beforeEach(() => {
  from.mockClear();
});
/** Tells, for each key that became a KeyObject, whether the key was extractable. */
const extractable = () => from.mock.calls.map(([key]) => key.extractable);

test('streams', async () => {
  const sealed = await seal(patterned(LENGTH));
  await openAll(sealed);
  expect(new Set(extractable())).toEqual(new Set(engine.name === 'node' ? [true] : []));
});

test('files', async () => {
  await writeFile(at('body'), patterned(LENGTH));
  const { plainLength, ...blob } = await sealFile(at('body'), at('blob'), fileKey, heading);
  await openFile(at('blob'), at('opened'), fileKey, blob, { plainLength });
  expect(extractable()).toEqual([true, true]);
});

test('only the payload key is extractable, and only for the engine of Node', async () => {
  const { header } = await seal(patterned(1));
  const extractableOf = async (payload: boolean) => {
    const keys = await deriveKeys(fileKey, header, { extractable: payload });
    return [keys.payload.extractable, keys.metadata.extractable];
  };
  expect(await extractableOf(true)).toEqual([true, false]);
  expect(await extractableOf(false)).toEqual([false, false]);
  const { payload, metadata } = await deriveKeys(fileKey, header);
  expect([payload.extractable, metadata.extractable]).toEqual([false, false]);
  expect(engine.extractableKeys).toBe(engine.name === 'node');
});
