// Chooses the curve backend at the first import: the WebAssembly kernel if it loads and passes its self-test, otherwise noble.
import { systemRng } from '../../bytes/binary.ts';
import type { Backend } from './backend.ts';
import { kernelBytes, load } from './wasm-memory.ts';
import { noble } from './noble.ts';
import { passesSelfTest } from './self-test.ts';
import { makeWasm } from './wasm.ts';

export interface Choice {
  readonly backend: Backend;
  readonly name: 'wasm' | 'noble';
  /** The reason why the kernel is not used; absent when it is used. */
  readonly reason?: 'not-loaded' | 'self-test-failed';
}

/** @param make loads the kernel; tests pass another function */
export const choose = (make: () => Backend = () => makeWasm(load(kernelBytes()), systemRng)): Choice => {
  let wasm: Backend;
  try {
    wasm = make();
  } catch {
    return { backend: noble, name: 'noble', reason: 'not-loaded' };
  }
  return passesSelfTest(wasm)
    ? { backend: wasm, name: 'wasm' }
    : { backend: noble, name: 'noble', reason: 'self-test-failed' };
};

export const chosen: Choice = choose();
