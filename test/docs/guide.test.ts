// Tests that test/aws/flows/guide-examples.test.ts runs every example of the guide to the SDK, and compares every output that the guide shows.
import { expect, test } from '@jest/globals';
import { guideExamples } from './guide.ts';
import { allPages } from './page-faults.ts';

const guide = allPages()
  .filter(({ path }) => /^docs\/client[^/]*\.md$/.test(path))
  .map(({ text }) => text)
  .join('\n');
const fences = (language: string): number => guide.split(`\`\`\`${language}\n`).length - 1;

test('the program contains every example of the guide', () => {
  expect(guideExamples()).toHaveLength(fences('ts'));
  expect(fences('ts')).toBeGreaterThan(15);
});

test('the program compares every output that the guide states', () => {
  expect(guideExamples().filter(({ prints }) => prints !== '')).toHaveLength(fences('text'));
});
