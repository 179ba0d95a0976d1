// Whether the service answers.
import type { Answer } from '../api/routes.ts';

export function health(): Answer<'health'> {
  return { status: 'ok' };
}
