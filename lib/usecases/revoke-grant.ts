// Use case revoke-grant: the patient ends a grant at once.
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { revoke, type RevokeDeps } from './shared/end-grant.ts';

export const revokeGrant = (
  deps: RevokeDeps,
  call: Call,
  input: Input<'revoke-grant'>,
): Promise<Answer<'revoke-grant'>> => revoke(deps, call, input);
