// Use case pause-grant: the patient pauses a grant at once, until the patient resumes it.
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { holdGrant, type HoldDeps } from './shared/hold-grant.ts';

export const pauseGrant = (deps: HoldDeps, call: Call, input: Input<'pause-grant'>): Promise<Answer<'pause-grant'>> =>
  holdGrant('pause', deps, call, input);
