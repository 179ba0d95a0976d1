// Tests filing while the folder begins a new epoch: the client repeats the call in the new cell, three times at most.
import { describe, expect, test } from '@jest/globals';
import { createPatient } from '../../lib/client/index.ts';
import { routeOf } from '../support/lying-fetch.ts';
import { people as chainPeople } from './people.ts';
import { problem } from './prepared-answers.ts';
import { people, TEXT } from './main-job-story.ts';
import { refusal } from './clients.ts';

const setUp = async () => {
  const all = await people();
  const folder = await all.patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const { service } = all;
  /** Answers the next `times` calls of a route as if the cell were closed. */
  const closeFor = (route: string, times: number): void => {
    let left = times;
    service.state.before = (called) => (called === route && left-- > 0 ? problem(409, 'cell-closed') : undefined);
  };
  const count = (route: string) => service.calls.filter((called) => called === route).length;
  return { ...all, closeFor, count, file: (metadata = {}) => all.patient.file(folder.id, TEXT, metadata) };
};

describe.each(['begin-upload', 'commit-record'] as const)('%s in a cell that has been closed', (route) => {
  test.each([1, 2])('repeats the call in the new cell: %i times', async (times) => {
    const { closeFor, count, file } = await setUp();
    closeFor(route, times);
    await file();
    expect(count(route)).toBe(times + 1);
    // The client uploads the blob only once, although it repeats the call.
    expect(count('upload-parts')).toBe(1);
  });

  test('gives up after three calls', async () => {
    const { closeFor, count, file } = await setUp();
    closeFor(route, Infinity);
    expect(await refusal(() => file())).toBe(route === 'begin-upload' ? 'cell-closed' : 'upload-failed');
    expect(count(route)).toBe(3);
  });
});

test('refuses metadata that is too long before it sends anything', async () => {
  const { count, file } = await setUp();
  expect(await refusal(() => file({ title: 'x'.repeat(5_000) }))).toBe('bad-argument');
  expect(count('begin-upload')).toBe(0);
});

test('begins the upload in the new cell, if the answer to the first call was lost and the folder began a new epoch then', async () => {
  const { optionsOf, device, folder } = await chainPeople();
  const options = optionsOf(1);
  let begun = 0;
  const losing: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const answer = await options.fetch!(request);
    if (routeOf(request.method, new URL(request.url).pathname) !== 'begin-upload') return answer;
    begun += 1;
    if (begun > 1) return answer;
    await device().startEpoch(folder.id);
    throw new TypeError('connection reset');
  };
  const patient = createPatient({ ...options, fetch: losing });
  const { epoch } = await patient.file(folder.id, TEXT, {});
  expect([epoch, begun]).toEqual([2, 3]);
});
