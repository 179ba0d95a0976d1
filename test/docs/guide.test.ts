// The guide to the SDK: no example and no stated output is left out of the program that test/aws/flows/guide-examples.test.ts runs.
import { expect, test } from '@jest/globals';
import { guideExamples } from './guide.ts';
import { allPages } from './page-faults.ts';

const guide = allPages()
  .filter(({ path }) => /^docs\/client[^/]*\.md$/.test(path))
  .map(({ text }) => text)
  .join('\n');
const fences = (language: string): number => guide.split(`\`\`\`${language}\n`).length - 1;

test('every example of the guide is part of the program', () => {
  expect(guideExamples()).toHaveLength(fences('ts'));
  expect(fences('ts')).toBeGreaterThan(15);
});

test('every output that the guide states is compared', () => {
  expect(guideExamples().filter(({ prints }) => prints !== '')).toHaveLength(fences('text'));
});
