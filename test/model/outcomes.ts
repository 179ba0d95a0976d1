// Lists every outcome that the model allows for each call.
import type { Name, Outcome } from './plans.ts';

const ENDED = ['grant-ended revoked', 'grant-ended expired', 'grant-ended exhausted'] as const;
const HELD = ['grant-ended revoked', 'grant-ended expired', 'grant-ended paused'] as const;
const STRANGE = ['not-registered', 'not-found'] as const;

const notFoundBy = (...rules: readonly string[]): readonly Outcome[] => [
  'not-registered',
  ...rules.map((rule) => `not-found: ${rule}`),
];
const FILING = notFoundBy('by another', 'by another right', 'of another patient', 'in another folder');
const GIVING = notFoundBy('request of another', 'folder of another', 'recipient');
const OPENING = notFoundBy('by another', 'by another right', 'of another patient', 'cell', 'record');

const BEYOND = ['recipient', 'receiving', 'right', 'purpose', 'expires', 'standing', 'cells'].map(
  (member) => `grant-exceeds-request ${member}`,
);
const MALFORMED = ['recipient', 'expires', 'cells', 'openings', 'standing', 'receiving'].map(
  (member) => `statement-invalid ${member}`,
);

export const OUTCOMES: Readonly<Record<Name, readonly Outcome[]>> = {
  'sign up': ['ok', 'statement-outdated'],
  folder: ['ok', 'not-registered', ...ENDED],
  share: ['ok', ...STRANGE],
  epoch: ['ok', ...STRANGE, 'statement-outdated', ...ENDED],
  begin: ['ok', ...FILING, ...HELD, 'grant-not-begun', 'cell-closed', 'version-conflict'],
  commit: ['ok', ...HELD, 'cell-closed', 'created-too-old', 'version-conflict'],
  ask: ['ok', ...STRANGE, 'too-many', ...['until', 'recipient', 'receiving'].map((m) => `statement-invalid ${m}`)],
  approve: [
    ...['ok', ...GIVING, 'request-closed', 'statement-invalid right', 'grant-exceeds-request request'],
    ...[...MALFORMED, ...BEYOND],
  ],
  deny: ['ok', ...STRANGE, 'request-closed'],
  withdraw: ['ok', ...STRANGE, 'request-closed'],
  give: ['ok', ...GIVING, 'request-closed', ...MALFORMED, ...BEYOND],
  extend: [
    'ok',
    ...notFoundBy('grant of another', 'folder of another'),
    ...ENDED,
    'grant-exceeds-request cells',
    'statement-outdated',
    'already-exists',
  ],
  pause: ['ok', ...STRANGE, ...ENDED, 'statement-outdated'],
  resume: ['ok', ...STRANGE, ...ENDED, 'statement-outdated'],
  revoke: ['ok', ...STRANGE, 'grant-ended revoked'],
  return: ['ok', ...STRANGE],
  settle: ['ok', 'ok: single folders need no new epoch', ...STRANGE, 'cells-open'],
  open: ['ok', ...OPENING, ...HELD, 'grant-ended exhausted', 'grant-not-begun', 'too-many', 'statement-invalid when'],
  again: [
    ...['ok', ...HELD, 'grant-ended exhausted', 'statement-outdated', 'already-exists'],
    'statement-invalid when',
  ],
  advance: ['ok'],
};
