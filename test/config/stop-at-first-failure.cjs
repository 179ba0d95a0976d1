// Defines the jest environment for mutation testing: after the first failed test it skips the others, because one failure is enough.
const { TestEnvironment } = require('jest-environment-node');

module.exports = class UntilOneFails extends TestEnvironment {
  failed = false;

  async handleTestEvent(event) {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.failed = true;
    if (event.name === 'test_start' && this.failed) event.test.mode = 'skip';
  }
};
