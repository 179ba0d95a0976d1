// The test environment for mutants: once a test has failed the others are skipped, since what they say changes nothing.
const { TestEnvironment } = require('jest-environment-node');

module.exports = class UntilOneFails extends TestEnvironment {
  failed = false;

  async handleTestEvent(event) {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.failed = true;
    if (event.name === 'test_start' && this.failed) event.test.mode = 'skip';
  }
};
