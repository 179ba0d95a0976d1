// `npm start` runs the system on this machine until Ctrl-C. Data is kept in .local/data; --fresh deletes it first.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { listenForEnding } from '../localstack/shutdown.ts';

const USAGE = `usage: npm start -- [--fresh] [--port N]

Starts a local AWS and the API, until Ctrl-C. What is stored is kept in .local/data for the next start.
  --fresh   forget what is kept, and start with nothing
  --port N  where the API answers on 127.0.0.1; 3000 unless named`;

class UsageError extends Error {}

const parse = () => {
  try {
    return parseArgs({
      options: {
        fresh: { type: 'boolean', default: false },
        port: { type: 'string', default: '3000' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
};

const readOptions = () => {
  const { fresh, port: text, help } = parse();
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError('the port must be a number from 1 to 65535');
  return { fresh, port, help };
};

const ending = listenForEnding();

const main = async (): Promise<void> => {
  const { fresh, port, help } = readOptions();
  if (help) {
    console.log(USAGE);
    return;
  }
  const { signal } = ending;
  console.log('loading the local system');
  // This import is not at the top, because the AWS SDK takes seconds to load, and much longer on a busy machine.
  const { startSystem } = await import('./local-system.ts');
  const system = await startSystem({ port, data: fresh ? 'fresh' : 'kept', say: console.log, signal });
  console.log(`
The API answers at ${system.url}
The local AWS answers at ${system.endpoint}
Try:  curl -i ${system.url}/v1/health
      curl -s ${system.url}/v1/openapi.json
      curl -s ${system.url}/v1/service-key
Every other call is signed: use the SDK (docs/client.md) or docs/spec/request-signatures.md.
Ctrl-C, or kill ${process.pid}, ends both.`);
  if (!signal.aborted) await once(signal, 'abort');
  await system.stop();
};

try {
  await main();
} catch (error) {
  if (ending.signal.aborted) process.exitCode = ending.exitCode();
  else {
    console.error(error instanceof Error ? error.message : String(error));
    if (error instanceof UsageError) console.error(USAGE);
    process.exitCode = 1;
  }
}
