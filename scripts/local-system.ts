// Starts the whole system on this machine: the local AWS, table and bucket, and the API on serverless-offline.
import { holdData } from '../localstack/data-lock.ts';
import { enterLocalAws } from '../localstack/environment.ts';
import { freePort, givenEndpoint, startLocalAws, STATE } from '../localstack/local-aws.ts';
import { compiledStack } from '../localstack/compiled-stack.ts';
import { createResources } from '../localstack/resources.ts';
import { startApi } from './local-api.ts';

export interface System {
  /** Base URL of the API. */
  readonly url: string;
  /** URL of the local AWS. */
  readonly endpoint: string;
  /** Id of the process that runs the functions. */
  readonly apiPid: number;
  readonly stop: () => Promise<void>;
}

export interface SystemOptions {
  /** Port of the API. The default is a free port. */
  readonly port?: number;
  /** `kept` uses and keeps the data in `.local/data`. `fresh` deletes that data first, and then keeps new data there. By default data is in memory only. */
  readonly data?: 'kept' | 'fresh';
  /** Receives a line before each step, because a step can take a minute on a busy machine. */
  readonly say?: (line: string) => void;
  /** Aborts a start that is in progress, and stops everything that it started. */
  readonly signal?: AbortSignal;
}

const SUFFIX = 'local';

/** Starts the system. @throws {LocalAwsError} with advice what to do; the signal's reason if the signal aborted the start */
export async function startSystem({ port, data, say = () => undefined, signal }: SystemOptions = {}): Promise<System> {
  // The port is checked first, so that a port in use is reported before anything is installed, started or deleted.
  if (port !== undefined) await freePort(port);
  const userEndpoint = await givenEndpoint();
  enterLocalAws(process.env);
  const lock = data === undefined || userEndpoint !== undefined ? undefined : await holdData(STATE, data === 'fresh');
  const undo = [async () => lock?.release()];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    say(userEndpoint === undefined ? 'starting the local AWS' : `using the AWS at ${userEndpoint}`);
    signal?.throwIfAborted();
    const aws = await startLocalAws({
      say,
      ...(lock && { dataDir: lock.dir }),
      ...(signal && { signal }),
    });
    undo.push(aws.stop);
    say('creating tables, bucket and key');
    const stack = await compiledStack(SUFFIX);
    await createResources(aws.endpoint, stack);
    say('starting the API');
    signal?.throwIfAborted();
    const api = await startApi({ endpoint: aws.endpoint, stack, port, signal });
    undo.push(api.stop);
    return { url: api.url, endpoint: aws.endpoint, apiPid: api.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
