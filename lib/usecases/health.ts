// Use case health: returns a fixed answer, which shows that the service can be reached.
import type { Answer } from '../api/routes.ts';

export function health(): Answer<'health'> {
  return { status: 'ok' };
}
