// Jest global setup for suites that need AWS: starts the local AWS, or uses the one at AWS_ENDPOINT_URL, and creates tables and bucket.
import { enterLocalAws } from '../../localstack/environment.ts';
import { startLocalAws, type LocalAws } from '../../localstack/local-aws.ts';
import { compiledStack } from '../../localstack/compiled-stack.ts';
import { createResources } from '../../localstack/resources.ts';
import { startSystem, type System } from '../../scripts/local-system.ts';

declare global {
  var testAws: LocalAws | undefined;
  var testSystem: System | undefined;
}

/** Sets the environment of this process, because the workers of jest inherit it. */
export default async function setUp(): Promise<void> {
  if (globalThis.testAws !== undefined) return;
  const aws = await startLocalAws({ say: (line) => process.stderr.write(`${line}\n`) });
  globalThis.testAws = aws;
  enterLocalAws(process.env, aws.endpoint);
  Object.assign(process.env, await createResources(aws.endpoint, await compiledStack('local')));
}

/** Does the same, and also starts the API on serverless-offline. */
export async function setUpApi(): Promise<void> {
  await setUp();
  if (globalThis.testSystem !== undefined) return;
  globalThis.testSystem = await startSystem();
  process.env['API_URL'] = globalThis.testSystem.url;
  process.env['API_PID'] = String(globalThis.testSystem.apiPid);
}
