// Tests docs/main-job-as-http.md: repeats the run and compares its calls with those of the page.
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { callsOn, pageOf, playMainJob, shapesOf } from './record-main-job-as-http.ts';
import { API_URL } from './people.ts';

const PAGE = new URL('../../../docs/main-job-as-http.md', import.meta.url);

test('docs/main-job-as-http.md shows the calls of the main job', async () => {
  const steps = await playMainJob(API_URL);
  if (process.env['WRITE_PAGES'] !== undefined) await writeFile(PAGE, pageOf(steps));
  const page = callsOn(await readFile(PAGE, 'utf8'));
  expect(shapesOf(page)).toEqual(shapesOf(steps.map((s) => s.calls)));
  expect(page.flat().length).toBeGreaterThan(15);
  // Parsing the generated page gives the same calls, so the parser omits none.
  expect(shapesOf(callsOn(pageOf(steps)))).toEqual(shapesOf(steps.map((s) => s.calls)));
});
