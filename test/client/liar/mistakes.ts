// Lists mistakes that a client could make. Each item has an edit of one file of lib/client that plants the mistake, and the kinds of acts that a random life
// (life.ts) must contain to find it.
import type { Kinds } from './life.ts';
import type { Edit } from './plant.ts';

export interface Mistake {
  readonly edit: Edit;
  readonly kinds: Kinds;
}

const CLOSING = 'access/close-cells-of-ended-grants.ts';
const kindsOf = (
  patient: readonly string[],
  turns: Kinds['turns'] = [],
  recipient: readonly string[] = [],
  about: Kinds['about'] = ['list-grants'],
): Kinds => ({
  patient,
  recipient,
  turns,
  about,
});
const mistake = (file: string, from: string, to: string, kinds: Kinds): Mistake => ({
  edit: { file, from, to },
  kinds,
});

export const MISTAKES: Readonly<Record<string, Mistake>> = {
  'files into a cell whose key fragments left with a refused grant': mistake(
    CLOSING,
    '...(await pendingCells(ctx, given)),',
    '',
    kindsOf(['grant', 'approve', 'file'], ['crash', 'restart']),
  ),
  'does not close the cells that extensions added to an ended grant': mistake(
    CLOSING,
    '...over.flatMap(([, g]) => cellsOf(g)),',
    '...over.flatMap(([, g]) => g.statement.payload.cells),',
    kindsOf(['start-epoch', 'revoke', 'file'], ['wait-a-day']),
  ),
  'learns only from the service that a grant has expired': mistake(
    'access/goes-on.ts',
    'p.expires > now &&',
    '',
    kindsOf(['grant', 'start-epoch', 'file'], ['wait-a-day']),
  ),
  'accepts the chain of another deployment': mistake(
    'chain/verify-entries.ts',
    'payload.service === owner.service && ',
    '',
    kindsOf(['create-folder', 'see folders', 'see grants'], ['lose-memory'], [], ['list-chain']),
  ),
  'signs number 1 again because the service says that the patient is not registered': mistake(
    'chain/statement-chain.ts',
    ' || memory.chainHead().number > 0) throw error;',
    ') throw error;',
    kindsOf(['rename', 'create-folder', 'see folders'], ['crash', 'restart'], [], ['list-chain']),
  ),
  'wraps to an old cell because the service says that the grant has ended': mistake(
    'recipient.ts',
    "if (hasEnded(now.state)) throw new AppError('grant-ended', { reason: now.state });",
    '',
    kindsOf(['start-epoch'], ['wait'], ['add', 'add', 'see grant'], ['get-grant']),
  ),
  'does not notice that a known record is missing from a list': mistake(
    'records/known-records.ts',
    'if (missing.length === 0) return infos;',
    'return infos;',
    kindsOf(['file', 'see records'], ['restart'], ['see records']),
  ),
  'takes any time of the service for its own': mistake(
    'session/clock-correction.ts',
    'if ((await confirm?.(fresh)) !== true) throw new ClockError(fresh);',
    '',
    kindsOf(['revoke', 'pause', 'deny'], ['crash', 'restart'], ['give-back'], ['get-time']),
  ),
  'does not compare the evidence of an event with the event': mistake(
    'audit/event-evidence.ts',
    'evidence !== undefined && statementHash(evidence) === event.statement',
    'evidence !== undefined',
    kindsOf(['see audit', 'see audit', 'see openings', 'file'], ['crash'], ['request'], ['list-audit']),
  ),
  'forgets which statements the chain names as void': mistake(
    'chain/given-access.ts',
    'if (isDelegating(s)) voided.set(s.hash, s);',
    '',
    kindsOf(['grant', 'approve', 'rename', 'pause', 'file'], ['crash']),
  ),
};
