// Jest global teardown: stops everything that the setup started, in reverse order.
export default async function tearDown(): Promise<void> {
  await globalThis.testSystem?.stop();
  globalThis.testSystem = undefined;
  await globalThis.testAws?.stop();
  globalThis.testAws = undefined;
}
