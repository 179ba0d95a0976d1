// Answers: converts stored identities, cells, versions, requests and grants to the answers of routes.
import type * as z from 'zod/mini';
import type { folderView } from '../../api/folder-routes.ts';
import type { grantView } from '../../api/grant-routes.ts';
import type { identityView } from '../../api/identity-routes.ts';
import type { versionView } from '../../api/record-routes.ts';
import type { requestView } from '../../api/request-routes.ts';
import { livenessAt } from '../../domain/grant.ts';
import { requestStateAt } from '../../domain/request.ts';
import type { Instant } from '../../domain/time.ts';
import type {
  Page,
  StoredCell,
  StoredGrant,
  StoredIdentity,
  StoredLabel,
  StoredRequest,
  StoredVersion,
} from '../../ports/index.ts';

export const identityAnswer = (i: StoredIdentity): z.input<typeof identityView> => ({
  statement: i.statement.jws,
  state: i.state,
});

export const folderAnswer = (c: StoredCell): z.input<typeof folderView> => ({
  statement: c.statement.jws,
  state: c.state,
});

/** @param label absent for a deleted version, and for one that was just filed */
export const versionAnswer = (
  v: Omit<StoredVersion, 'blob' | 'event' | 'filed'>,
  label?: StoredLabel,
): z.input<typeof versionView> => ({
  statement: v.statement.jws,
  state: v.state,
  ...(v.metadata === undefined ? {} : { metadata: v.metadata }),
  ...(v.grant === undefined ? {} : { grant: v.grant }),
  ...(label === undefined ? {} : { companionCiphertext: label.companionCiphertext, label: label.label }),
});

export const requestAnswer = (r: StoredRequest, now: Instant): z.input<typeof requestView> => ({
  statement: r.statement.jws,
  state: requestStateAt(r, now),
  ...(r.grants.length === 0 ? {} : { grants: [...r.grants] }),
});

export const grantAnswer = (g: StoredGrant, now: Instant): z.input<typeof grantView> => {
  const live = livenessAt(g.status, now);
  return {
    statement: g.statement.jws,
    state: live.live ? 'active' : live.reason,
    used: g.status.used,
    extensions: g.extended.number,
    tip: g.extended.hash,
    holds: g.held.number,
  };
};

export const next = (page: Page<unknown>): { next?: string } => (page.next === undefined ? {} : { next: page.next });
