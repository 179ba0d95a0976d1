// Signs grants, and makes their key fragments.
import type { Body } from '../../api/routes.ts';
import { newId, type GrantId } from '../../bytes/ids.ts';
import { excess, grantFault, RIGHT_FACTS } from '../../domain/grant.ts';
import { SECOND } from '../../domain/time.ts';
import type { Purpose, Right } from '../../statements/fields.ts';
import type { Payload, Standing, Statement } from '../../statements/kinds.ts';
import { SERVICE_PROXY, THRESHOLD } from '../../statements/proxy-threshold.ts';
import { signStatement } from '../../statements/sign.ts';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';
import { cellOf, delegate, seedsFor } from './delegation.ts';

export interface GrantToSign {
  /** The identity statement of the recipient. The key fragments are for its receiving key. */
  readonly recipient: Statement<'identity'>;
  readonly right: Right;
  /** At most 80 cells for `read`; one cell for `add` or `write`. */
  readonly cells: readonly Statement<'folder'>[];
  readonly purpose: Purpose;
  readonly durationSeconds: number;
  /** How many records may be opened in total. If it is absent, there is no limit. */
  readonly openings?: number | undefined;
  readonly standing?: Standing | undefined;
  readonly request?: Statement<'request'> | undefined;
}

type GrantBody = Pick<Body<'grant-access'>, 'statement' | 'kfrags'>;

export interface SignedGrant {
  readonly statement: Statement<'grant'>;
  readonly body: GrantBody;
}

/** The members with which a recipient gets the companion keys of the cells. */
const readingKeys = async (
  ctx: Context,
  { recipient, cells }: GrantToSign,
  grant: GrantId,
): Promise<Pick<Payload<'grant'>, 'inbox' | 'companions'>> => {
  const { id, inbox } = recipient.payload;
  return { inbox, companions: await seedsFor(ctx, cells, inbox, { recipient: id, grant, extension: 0 }) };
};

/**
 * Signs a grant and makes its key fragments.
 * @throws {ClientError} `exceeds-request` if the grant would give more than the request asks for; `bad-argument` for invalid terms
 */
export const makeGrant = async (ctx: Context, terms: GrantToSign): Promise<SignedGrant> => {
  const { recipient, right, cells, purpose, durationSeconds, openings, standing, request } = terms;
  const { number, key } = recipient.payload.receiving;
  const now = ctx.now();
  const grant = newId<GrantId>(ctx.platform.rng);
  const { needsKeyFragments } = RIGHT_FACTS[right];
  const delegated = needsKeyFragments ? cells.map((f) => delegate(ctx, f, key)) : [];
  const payload: Payload<'grant'> = {
    grant,
    patient: ctx.keys.id,
    recipient: recipient.payload.id,
    receiving: { number, key },
    ...(request === undefined ? {} : { request: { id: request.payload.request, hash: request.hash } }),
    right,
    cells: needsKeyFragments ? delegated.map((d) => d.cell) : cells.map(cellOf),
    ...(needsKeyFragments ? await readingKeys(ctx, terms, grant) : {}),
    notBefore: now,
    expires: now + durationSeconds * SECOND,
    ...(openings === undefined ? {} : { openings }),
    ...(standing === undefined ? {} : { standing }),
    purpose,
    threshold: THRESHOLD,
    proxies: [{ id: SERVICE_PROXY }],
    issued: now,
  };
  const fault = grantFault(payload, now);
  if (fault !== undefined) throw new ClientError('bad-argument', `a grant cannot be made with this: ${fault}`);
  const facts = cells.map((c) => c.payload);
  const beyond = request === undefined ? undefined : excess(payload, request, facts);
  if (beyond !== undefined) throw new ClientError('exceeds-request', `more than was asked: ${beyond}`);
  const statement = await signStatement('grant', payload, ctx.keys);
  return { statement, body: { statement: statement.jws, kfrags: delegated.map((d) => d.kfrag) } };
};
