// npm start: the system stays up until Ctrl-C. Data is kept in .local/data unless --fresh is said.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort, STATE } from '../localstack/local-aws.ts';
import { startSystem } from './dev.ts';

const USAGE = 'usage: npm start -- [--fresh] [--port N]';

class UsageError extends Error {}

const parse = () => {
  try {
    return parseArgs({
      options: { fresh: { type: 'boolean', default: false }, port: { type: 'string', default: '3000' } },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
};

const readOptions = () => {
  const { fresh, port: text } = parse();
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError('the port must be a number from 1 to 65535');
  return { fresh, port };
};

const main = async (): Promise<void> => {
  const { fresh, port } = readOptions();
  // Nothing is forgotten for a start that cannot be, as when the system runs already.
  await freePort(port);
  if (fresh) await rm(join(STATE, 'data'), { recursive: true, force: true });
  const system = await startSystem({ port, say: console.log });
  console.log(`
The API answers at ${system.url}
The local AWS answers at ${system.endpoint}
Try:  curl -i ${system.url}/v1/health
      curl -s ${system.url}/v1/openapi.json
Every other call is signed: use the SDK (docs/client.md) or docs/spec/request-signatures.md.
Ctrl-C ends both.`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await system.stop();
};

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof UsageError) console.error(USAGE);
  process.exitCode = 1;
}
