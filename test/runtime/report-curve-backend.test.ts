// Tests the log line of a cold start on the fallback backend of the curve.
import { expect, test } from '@jest/globals';
import { reportCurve } from '../../lib/runtime/report-curve-backend.ts';

test.each([
  [{ name: 'wasm' }, []],
  [{ name: 'noble', reason: 'not-loaded' }, [['curve-fell-back', { backend: 'noble', reason: 'not-loaded' }]]],
  [
    { name: 'noble', reason: 'self-test-failed' },
    [['curve-fell-back', { backend: 'noble', reason: 'self-test-failed' }]],
  ],
] as const)('reportCurve with %j logs the fallback only', (choice, expected) => {
  const lines: unknown[] = [];
  reportCurve(choice, (...line) => lines.push(line));
  expect(lines).toEqual(expected);
});
