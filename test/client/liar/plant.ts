// Plants a mistake into the client of a test: replaces a text in a copy of one file of the client, and imports the module of generated lives (life.ts) with the
// copy. The product has no option for this.
import { jest } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type * as Life from './life.ts';

const CLIENT = resolve(import.meta.dirname, '../../../lib/client');

/** A mistake: it replaces a text that occurs once in a file of lib/client. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const edited = (text: string, { file, from, to }: Edit): string => {
  if (text.split(from).length !== 2) throw new Error(`${file} does not have this text once: ${from}`);
  return text.replace(from, () => to);
};

/** Makes the relative imports of a file absolute, because the changed file is in another folder. */
const withAbsoluteImports = (text: string, file: string): string =>
  text.replaceAll(
    /(from|import\()\s*'(\.[^']+)'/g,
    (_, word: string, path: string) => `${word} '${resolve(dirname(file), path)}'`,
  );

let planted: string | undefined;

/** Imports life.ts with a client that has this mistake. Each call makes new instances of all modules. */
export const plant = async (edit: Edit): Promise<typeof Life> => {
  jest.resetModules();
  const folder = mkdtempSync(join(tmpdir(), 'planted-'));
  const source = join(CLIENT, edit.file);
  const copy = join(folder, 'copy.ts');
  writeFileSync(copy, withAbsoluteImports(edited(readFileSync(source, 'utf8'), edit), source));
  planted = source;
  try {
    // The copy is imported first, because jest cannot import modules while it links others.
    const module = (await import(copy)) as object;
    jest.unstable_mockModule(source, () => module);
    return await import('./life.ts');
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** Removes the mistake from the next import. */
export const unplant = (): void => {
  if (planted !== undefined) jest.unstable_unmockModule(planted);
  planted = undefined;
};
