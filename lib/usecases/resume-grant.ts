// Use case resume-grant: the patient resumes a paused grant.
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { holdGrant, type HoldDeps } from './shared/hold-grant.ts';

export const resumeGrant = (
  deps: HoldDeps,
  call: Call,
  input: Input<'resume-grant'>,
): Promise<Answer<'resume-grant'>> => holdGrant('resumption', deps, call, input);
