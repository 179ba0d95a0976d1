// A scheduled use case as a Lambda function. Says how much it did; when it fails, says where, and fails without the text of the error.
import type { Context } from 'aws-lambda';
import type { JobName } from '../api/jobs.ts';
import { instantOf, type Instant } from '../domain/time.ts';
import { traceOf, type Runtime } from './log.ts';

/** Answers how many things it did. */
export type Job<D> = (deps: D, call: { readonly now: Instant }) => Promise<number>;

export function job<D>(
  name: JobName,
  run: Job<D>,
  runtime: NoInfer<D> & Runtime,
): (event: unknown, context: Context) => Promise<void> {
  return async (_event, { awsRequestId: requestId }) => {
    const began = runtime.clock();
    const fields = () => ({ requestId, function: name, ms: runtime.clock() - began });
    try {
      const count = await run(runtime, { now: instantOf(began) });
      runtime.log('job-done', { ...fields(), count });
    } catch (thrown) {
      runtime.log('job-faulted', { ...fields(), ...traceOf(thrown) });
      // Lambda logs what is thrown, message and all; the cause is left out for the same reason.
      throw new Error(`${name} failed`);
    }
  };
}
