// Scheduled job: makes a Lambda function from a use case. The function runs on a schedule. It logs how many items it processed, or a failure without the text
// of the error.
import type { Context } from 'aws-lambda';
import type { JobName } from '../api/scheduled-jobs.ts';
import { instantOf, type Instant } from '../domain/time.ts';
import { traceOf, type Runtime } from './log-events.ts';

/** A job. It returns how many items it processed. */
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
      // Lambda logs the message and the cause of a thrown error, which may quote stored data. So this throws a new error without them.
      throw new Error(`${name} failed`);
    }
  };
}
