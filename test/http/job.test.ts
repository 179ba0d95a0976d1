// Tests the wrapper of scheduled functions: it logs how much was done, and no text of an error.
import { describe, expect, test } from '@jest/globals';
import { job } from '../../lib/http/job.ts';
import { NOW, REQUEST_ID, runtimeFor } from './gateway.ts';

describe('a scheduled function', () => {
  const context = { awsRequestId: REQUEST_ID } as never;

  test('logs how much it did', async () => {
    const runtime = runtimeFor();
    await job(
      'sweep-uploads',
      (deps, { now }) => Promise.resolve(deps === runtime && now === NOW ? 3 : -1),
      runtime,
    )({}, context);
    expect(runtime.lines).toEqual([
      ['job-done', { requestId: REQUEST_ID, function: 'sweep-uploads', ms: 0, count: 3 }],
    ]);
  });

  test('fails without the text of the error', async () => {
    const runtime = runtimeFor();
    const failing = job('sweep-uploads', () => Promise.reject(new TypeError('SECRET')), runtime);
    const error = await failing({}, context).then(
      () => undefined,
      (e: unknown) => e as Error,
    );
    expect(error?.message).toBe('sweep-uploads failed');
    expect(error?.cause).toBeUndefined();
    expect(runtime.lines).toEqual([['job-faulted', expect.objectContaining({ thrown: 'TypeError' })]]);
    expect(JSON.stringify(runtime.lines)).not.toContain('SECRET');
  });
});
