// Before the suites that need AWS: the local one is started (or what AWS_ENDPOINT_URL names is taken) and gets its tables and bucket.
import { enterLocalAws } from '../../localstack/environment.ts';
import { startLocalAws, type LocalAws } from '../../localstack/local-aws.ts';
import { compiledStack, createResources } from '../../localstack/resources.ts';
import { startSystem, type System } from '../../scripts/local-system.ts';

declare global {
  var testAws: LocalAws | undefined;
  var testSystem: System | undefined;
}

/** Workers inherit the environment. */
export default async function setUp(): Promise<void> {
  if (globalThis.testAws !== undefined) return;
  const aws = await startLocalAws({ say: (line) => process.stderr.write(`${line}\n`) });
  globalThis.testAws = aws;
  enterLocalAws(process.env, aws.endpoint);
  Object.assign(process.env, await createResources(aws.endpoint, await compiledStack('local')));
}

/** The API as well, by serverless-offline. */
export async function setUpApi(): Promise<void> {
  await setUp();
  if (globalThis.testSystem !== undefined) return;
  globalThis.testSystem = await startSystem();
  process.env['API_URL'] = globalThis.testSystem.url;
  process.env['API_PID'] = String(globalThis.testSystem.apiPid);
}
