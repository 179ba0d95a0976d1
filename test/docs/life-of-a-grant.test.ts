// Tests docs/life-of-a-grant.md: its diagrams show the transitions of lib/domain/life-cycles.ts, and its tables name the rights, routes and events of the code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { STORED } from '../../lib/api/route.ts';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import { EVENT_KINDS } from '../../lib/domain/audit-chain.ts';
import { livenessAt, type GrantStatus } from '../../lib/domain/grant.ts';
import { cellLife, grantLife, requestLife, type GrantState, type Transition } from '../../lib/domain/life-cycles.ts';
import { requestStateAt } from '../../lib/domain/request.ts';
import { instantOf } from '../../lib/domain/time.ts';
import { KINDS } from '../../lib/statements/kinds.ts';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'life-of-a-grant.md'), 'utf8');
const NOW = instantOf(1_764_000_000_000);

/** The transitions of each diagram, one text `from to label` for each label. */
const drawn = [...PAGE.matchAll(/```mermaid\nstateDiagram-v2\n(.*?)```/gs)].map(([, lines = '']) =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const [, from, to, labels = ''] = /^ {2}(\S+) --> (\S+): (.+)$/.exec(line) ?? [];
      return labels.split(', ').map((label) => `${from} ${to} ${label}`);
    })
    .sort(),
);
const arrows = (life: Readonly<Record<string, Transition<string>>>): readonly string[] =>
  Object.entries(life).flatMap(([label, { from, to }]) => [from].flat().map((f) => `${f} ${to} ${label}`));

const grantStates = [...new Set(Object.values(grantLife).flatMap(({ from, to }) => [from, to].flat()))];
const statusOf = (state: GrantState): GrantStatus => ({ state, notBefore: 0, expires: NOW + 1, limit: 2, used: 1 });
/** Returns the transition from `before` to `after` if the grant is not live in `after`, for a reason that it does not have in `before`. */
const became = (before: GrantStatus, after: GrantStatus, label: string): readonly string[] => {
  const [was, is] = [livenessAt(before, NOW), livenessAt(after, NOW)];
  return is.live || (!was.live && was.reason === is.reason) ? [] : [`${before.state} ${is.reason} ${label}`];
};
const byClock = grantStates.flatMap((s) => became(statusOf(s), { ...statusOf(s), expires: NOW }, 'by the clock'));
/** The transitions of grants whose openings are used up. Only live grants have one, because the service counts no openings of other grants. */
const byCount = grantStates
  .map(statusOf)
  .filter((s) => livenessAt(s, NOW).live)
  .flatMap((s) => became(s, { ...s, used: 2 }, 'by the count'));

describe('the diagrams', () => {
  test('there are three', () => {
    expect(drawn).toHaveLength(3);
  });

  test('shows the life of a request', () => {
    const states = [...new Set(Object.values(requestLife).flatMap(({ from, to }) => [from, to]))];
    const lapsed = states.flatMap((state) => {
      const now = requestStateAt({ state, until: NOW }, NOW);
      return now === state ? [] : [`${state} ${now} by the clock`];
    });
    expect(drawn[0]).toEqual(['[*] pending request-access', ...arrows(requestLife), ...lapsed].sort());
  });

  test('shows the life of a grant: a return ends it as a revocation does, and every state that can be revoked can be extended', () => {
    const { revoke } = grantLife;
    const expected = [
      '[*] active approve-request',
      '[*] active grant-access',
      ...arrows({ ...grantLife, return: revoke }),
      ...revoke.from.map((s) => `${s} ${s} extend`),
      ...byClock,
      ...byCount,
    ];
    expect(drawn[1]).toEqual(expected.sort());
  });

  test('shows the life of a cell', () => {
    expect(drawn[2]).toEqual(['[*] current create-folder', ...arrows(cellLife)].sort());
  });
});

const rows = [...PAGE.matchAll(/^\| (\w+) \| `([\w-]+)` \| `(\w+)` \| `(\w+)` \| `([\w-]+)` \|(.*)\|$/gm)];

/** Errors that the page explains once for all routes. */
const SHARED: readonly string[] = ['not-found', 'statement-invalid', ...STORED];

describe('the tables', () => {
  test('have a row for every transition that a person causes', () => {
    const labels = rows.map(([, label]) => label);
    expect(labels).toEqual(expect.arrayContaining([...Object.keys(requestLife), ...Object.keys(grantLife)]));
    expect(labels).toHaveLength(11);
  });

  test.each(rows.map(([, ...cells]) => cells))(
    'the row of %s names its statement, signer, event and errors',
    (_, route, statement, signer, event, refusals = '') => {
      expect(Object.keys(ROUTES)).toContain(route);
      expect(KINDS[statement as keyof typeof KINDS].signer).toBe(signer);
      expect(EVENT_KINDS).toContain(event);
      const own = ROUTES[route as RouteName].errors.filter((code) => !SHARED.includes(code));
      expect([...refusals.matchAll(/`([\w-]+)`/g)].map(([, code]) => code).sort()).toEqual([...own].sort());
    },
  );
});
