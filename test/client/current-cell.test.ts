// A folder that begins a new epoch while a record is filed: the call is made again in the new cell, and no more than three times.
import { describe, expect, test } from '@jest/globals';
import { problem } from './prepared-answers.ts';
import { people, TEXT } from './main-job-story.ts';
import { refusal } from './clients.ts';

const setUp = async () => {
  const all = await people();
  const folder = await all.patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const { service } = all;
  /** Answers so many calls of a route as if the cell were closed. */
  const closeFor = (route: string, times: number): void => {
    let left = times;
    service.state.before = (called) => (called === route && left-- > 0 ? problem(409, 'cell-closed') : undefined);
  };
  const count = (route: string) => service.calls.filter((called) => called === route).length;
  return { ...all, closeFor, count, file: (metadata = {}) => all.patient.file(folder.id, TEXT, metadata) };
};

describe.each(['begin-upload', 'commit-record'] as const)('%s in a cell that was closed meanwhile', (route) => {
  test.each([1, 2])('is called again in the new one: %i times', async (times) => {
    const { closeFor, count, file } = await setUp();
    closeFor(route, times);
    await file();
    expect(count(route)).toBe(times + 1);
    // The blob is stored once.
    expect(count('upload-parts')).toBe(1);
  });

  test('is given up after three', async () => {
    const { closeFor, count, file } = await setUp();
    closeFor(route, Infinity);
    expect(await refusal(() => file())).toBe(route === 'begin-upload' ? 'cell-closed' : 'upload-failed');
    expect(count(route)).toBe(3);
  });
});

test('metadata that cannot be sealed is refused before anything is sent', async () => {
  const { count, file } = await setUp();
  expect(await refusal(() => file({ title: 'x'.repeat(5_000) }))).toBe('bad-argument');
  expect(count('begin-upload')).toBe(0);
});
