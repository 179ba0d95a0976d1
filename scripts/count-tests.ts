// Reads the report of `jest --json`: counts the tests, and collects the names and messages of those that failed.
const LONGEST_MESSAGE = 2_000;

/** The members of a report that are read here. */
export interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** The failures, each with its name and message. */
  readonly failures: readonly string[];
}

const failuresOf = ({ testResults }: JestReport): readonly string[] =>
  testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      if (failed.length === 0) return [`${name}\n${message.slice(0, LONGEST_MESSAGE)}`];
      return failed.map((t) => `${name}\n${t.fullName}\n${t.failureMessages.join('').slice(0, LONGEST_MESSAGE)}`);
    });

/** Counts a command as one test, which passed if the exit code is 0. */
export const countCommand = (command: string, code: number): Counts =>
  code === 0
    ? { passed: 1, failed: 0, failures: [] }
    : { passed: 0, failed: 1, failures: [`${command} ended with ${code}`] };

/**
 * Counts the tests of a command that ran jest. A suite that did not run counts as a failed test. It is also a failure if the report is missing, if no test ran,
 * or if the exit code reports a failure but no test failed.
 */
export const countTests = (command: string, code: number, report: JestReport | undefined): Counts => {
  if (report === undefined)
    return { passed: 0, failed: 1, failures: [`${command} ended with ${code} and wrote no report`] };
  const { numPassedTests: passed, numFailedTests, numFailedTestSuites } = report;
  const failed = Math.max(numFailedTests, numFailedTestSuites);
  if (failed > 0) return { passed, failed, failures: failuresOf(report) };
  if (code === 0 && passed > 0) return { passed, failed, failures: [] };
  return { passed, failed: 1, failures: [`${command} ended with ${code} and ${passed} tests`] };
};

export const sum = (parts: readonly Counts[]): Counts => ({
  passed: parts.reduce((n, part) => n + part.passed, 0),
  failed: parts.reduce((n, part) => n + part.failed, 0),
  failures: parts.flatMap((part) => part.failures),
});
