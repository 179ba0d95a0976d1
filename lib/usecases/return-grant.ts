// Use case return-grant: the recipient returns a grant, which ends it at once.
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { endGrant, type EndDeps } from './shared/end-grant.ts';

export const returnGrant = (deps: EndDeps, call: Call, input: Input<'return-grant'>): Promise<Answer<'return-grant'>> =>
  endGrant('return', deps, call, input);
