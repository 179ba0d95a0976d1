// The whole system on this machine: local AWS, table and bucket, and the API by serverless-offline.
import { holdData } from '../localstack/data-lock.ts';
import { enterLocalAws } from '../localstack/environment.ts';
import { freePort, givenEndpoint, startLocalAws, STATE } from '../localstack/local-aws.ts';
import { compiledStack, createResources } from '../localstack/resources.ts';
import { startApi } from './local-api.ts';

export interface System {
  /** Where the API answers. */
  readonly url: string;
  /** Where the local AWS answers. */
  readonly endpoint: string;
  /** The process that runs the functions. */
  readonly apiPid: number;
  readonly stop: () => Promise<void>;
}

export interface SystemOptions {
  /** Port of the API; a free one unless named. */
  readonly port?: number;
  /** Use and keep what `.local/data` holds, or delete that first and keep what comes; else all is in memory only. */
  readonly data?: 'kept' | 'fresh';
  readonly say?: (line: string) => void;
  /** Ends a start that is under way, with all that it started. */
  readonly signal?: AbortSignal;
}

const SUFFIX = 'local';

/** @throws {LocalAwsError} with what to do about it; the signal's reason when that ended the start */
export async function startSystem({ port, data, say, signal }: SystemOptions = {}): Promise<System> {
  // Nothing is installed, started or forgotten for a start that cannot be.
  if (port !== undefined) await freePort(port);
  const given = await givenEndpoint();
  enterLocalAws(process.env);
  const held = data === undefined || given !== undefined ? undefined : await holdData(STATE, data === 'fresh');
  const undo = [async () => held?.release()];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const aws = await startLocalAws({
      ...(held && { dataDir: held.dir }),
      ...(say && { say }),
      ...(signal && { signal }),
    });
    undo.push(aws.stop);
    const stack = await compiledStack(SUFFIX);
    await createResources(aws.endpoint, stack);
    signal?.throwIfAborted();
    const api = await startApi({ endpoint: aws.endpoint, stack, port, signal });
    undo.push(api.stop);
    return { url: api.url, endpoint: aws.endpoint, apiPid: api.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
