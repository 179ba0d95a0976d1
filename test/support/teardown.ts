/** Ends what the setup started, in reverse. */
export default async function tearDown(): Promise<void> {
  await globalThis.testSystem?.stop();
  globalThis.testSystem = undefined;
  await globalThis.testAws?.stop();
  globalThis.testAws = undefined;
}
