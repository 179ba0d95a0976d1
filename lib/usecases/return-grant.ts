// Use case return-grant: the recipient ends a grant at once.
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { giveBack, type ReturnDeps } from './shared/end-grant.ts';

export const returnGrant = (
  deps: ReturnDeps,
  call: Call,
  input: Input<'return-grant'>,
): Promise<Answer<'return-grant'>> => giveBack(deps, call, input);
