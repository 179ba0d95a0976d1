// Use case get-checkpoint: returns the caller's checkpoint: the heads of the audit trail and of the chain of statements, signed by the service. It stores each
// checkpoint, so that each head is signed only once.
import type { Answer, Input } from '../api/routes.ts';
import type { Heads } from '../domain/statement-chain.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { AuditTrail, Identities, ServiceSigner } from '../ports/index.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly audit: Pick<AuditTrail, 'head' | 'checkpoint' | 'keepCheckpoint'>;
  readonly serviceSigner: Pick<ServiceSigner, 'sign'>;
}

export async function getCheckpoint(
  { identities, audit, serviceSigner }: Deps,
  { caller, now }: Call,
  _: Input<'get-checkpoint'>,
): Promise<Answer<'get-checkpoint'>> {
  const [head] = await Promise.all([audit.head(caller), findRegistered(identities, caller)]);
  const kept = await audit.checkpoint(caller, head.seq);
  if (kept !== undefined) return { checkpoint: kept };
  const checkpoint = await serviceSigner.sign('checkpoint', {
    patient: caller,
    seq: head.seq,
    hash: head.hash,
    ...entryOf(head),
    when: now,
  });
  await audit.keepCheckpoint(caller, head.seq, checkpoint);
  return { checkpoint };
}

const entryOf = ({ entries: { number, hash } }: Heads) => (hash === undefined ? {} : { entry: { number, hash } });
