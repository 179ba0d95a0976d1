// Saves a client's memory: passes the snapshot to the caller's function if the memory has changed since the last save.
import type { Memory, MemorySnapshot } from './memory.ts';

/**
 * Returns a function that saves the memory. It does nothing if the memory is as it was when it was saved last, or as it was when this function was made.
 * @param save stores the snapshot. If it throws, the memory counts as not saved.
 */
export const createSave = (memory: Memory, save: (snapshot: MemorySnapshot) => void | Promise<void>) => {
  let saved = JSON.stringify(memory.export());
  return async (): Promise<void> => {
    const snapshot = memory.export();
    const text = JSON.stringify(snapshot);
    if (text === saved) return;
    await save(snapshot);
    saved = text;
  };
};
