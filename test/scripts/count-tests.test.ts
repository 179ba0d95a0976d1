// Tests the counts of npm run test:all: a test or suite that failed, or did not run, is never counted as passed.
import { expect, test } from '@jest/globals';
import { countCommand, countTests, sum, type JestReport } from '../../scripts/count-tests.ts';

const passing: JestReport = { numPassedTests: 3, numFailedTests: 0, numFailedTestSuites: 0, testResults: [] };
const suite = (assertionResults: JestReport['testResults'][number]['assertionResults']) => ({
  name: '/a.test.ts',
  status: 'failed',
  message: 'Cannot find module',
  assertionResults,
});

test('counts passed tests', () => {
  expect(countTests('x', 0, passing)).toEqual({ passed: 3, failed: 0, failures: [] });
});

test('counts a failed test, with its name and message', () => {
  const assertionResults = [
    { status: 'passed', fullName: 'good', failureMessages: [] },
    { status: 'failed', fullName: 'bad', failureMessages: ['expected 1'] },
  ];
  const report = { ...passing, numFailedTests: 1, numFailedTestSuites: 1, testResults: [suite(assertionResults)] };
  expect(countTests('x', 1, report)).toEqual({ passed: 3, failed: 1, failures: ['/a.test.ts\nbad\nexpected 1'] });
});

test('counts a suite that did not run as failed, with its message', () => {
  const report = { ...passing, numFailedTestSuites: 1, testResults: [suite([])] };
  expect(countTests('x', 1, report)).toEqual({ passed: 3, failed: 1, failures: ['/a.test.ts\nCannot find module'] });
});

test.each([
  ['no report', 1, undefined],
  ['no report, and exit code 0', 0, undefined],
  ['an exit code that no failed test explains', 1, passing],
  ['no tests', 0, { ...passing, numPassedTests: 0 }],
])('%s counts as one failure', (_, code, report) => {
  const { failed, failures } = countTests('test:x', code, report);
  expect([failed, failures.length]).toEqual([1, 1]);
  expect(failures[0]).toContain('test:x');
});

test('counts a command as one check', () => {
  expect(countCommand('demo', 0)).toEqual({ passed: 1, failed: 0, failures: [] });
  expect(countCommand('demo', 2)).toEqual({ passed: 0, failed: 1, failures: ['demo ended with 2'] });
});

test('adds up counts and failures', () => {
  expect(sum([countCommand('a', 0), countCommand('b', 1), countTests('c', 0, passing)])).toEqual({
    passed: 4,
    failed: 1,
    failures: ['b ended with 1'],
  });
});
