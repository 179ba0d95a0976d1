// Store of grants in DynamoDB: creates, lists, extends, pauses, resumes and ends them.
import type { FolderId, GrantId } from '../../bytes/ids.ts';
import { requestLife } from '../../domain/life-cycles.ts';
import type { GrantedCell, GrantFilter, Grants, Page, PageRequest, StoredGrant } from '../../ports/index.ts';
import { getItems, queryAll, type StoreContext } from './database.ts';
import { endStep, extensionSteps, grantSteps, holdSteps, revokeSteps, toGrant } from './grant-items.ts';
import { optionalText, text, type Item } from './item.ts';
import { forgetFirstSteps } from './key-fragments.ts';
import { limitOf, mapPage, page, pageOfAll } from './page.ts';
import { answerSteps } from './requests.ts';
import { URGENT } from '../retry.ts';
import {
  afterwards,
  before,
  cellGrantsPk,
  endedBy,
  endingAfter,
  endKey,
  endsPk,
  EVERYTHING,
  grantCellKey,
  grantKey,
  grantPk,
  grantsOf,
  ordinalText,
  SHAPES,
  standingPk,
  startingWith,
  stateKey,
  type Span,
} from './table.ts';
import { effectOf, type Writer } from './transactional-writer.ts';

/**
 * Page size of the lists of grants by cell, of ended grants, and of standing grants. A grant of 80 cells has 42 KB, so a page stays below the megabyte at which
 * DynamoDB ends a query.
 */
const MOST_NAMED = 20;
const fewer = (request: PageRequest): PageRequest => ({ ...request, limit: Math.min(limitOf(request), MOST_NAMED) });

/** The parts of the index that list the grants in a state, in the order of their keys. `expired` has two parts, because a paused grant also expires. */
const spansOf = (state: GrantFilter | undefined, now: number): readonly Span[] => {
  if (state === undefined) return [EVERYTHING];
  if (state === 'active' || state === 'paused') return [endingAfter(state, now)];
  return state === 'expired' ? [endedBy('active', now), endedBy('paused', now)] : [startingWith('revoked#')];
};

const toCell = (item: Item): GrantedCell => {
  const [, folder, epoch] = text(item, 'sk').split('#');
  const extension = optionalText(item, 'extension');
  return { folder: folder as FolderId, epoch: Number(epoch), ...(extension === undefined ? {} : { extension }) };
};

export const makeGrants = (context: StoreContext, write: Writer): Grants => {
  const at = async (ids: readonly string[]): Promise<readonly (StoredGrant | undefined)[]> => {
    const items = await getItems(
      context,
      ids.flatMap((id) => [grantKey(id as GrantId), stateKey(id as GrantId)]),
    );
    return ids.map((_, i) => toGrant(items[2 * i], items[2 * i + 1]));
  };

  /** Reads the grants that an index listed, with consistent reads. */
  const listed = async (found: Page<Item>): Promise<Page<StoredGrant>> => {
    const grants = await at(found.items.map((i) => text(i, 'pk').slice(2)));
    return { ...found, items: grants.filter((g) => g !== undefined) };
  };

  return {
    find: async (id) => (await at([id]))[0],

    list: async (as, id, state, now, request) =>
      listed(await pageOfAll(context, { ...grantsOf(as, id), spans: spansOf(state, now) }, SHAPES.byState, request)),

    cells: async (id, request) =>
      mapPage(await page(context, { pk: grantPk(id), span: startingWith('C#') }, SHAPES.grantCell, request), toCell),

    cellsOf: async (id, folder) =>
      (await queryAll(context, { pk: grantPk(id), span: startingWith(`C#${folder}#`) })).map(toCell),

    holds: async (id, cells) =>
      (
        await getItems(
          context,
          cells.map((c) => grantCellKey(id, c)),
        )
      ).map((item) => item !== undefined),

    ofCell: async ({ folder, epoch }, request) => {
      const span = startingWith(`${ordinalText(epoch)}#`);
      return listed(
        await page(context, { index: 'gsi1', pk: cellGrantsPk(folder), span }, SHAPES.cellGrant, fewer(request)),
      );
    },

    unsettled: async (patient, now, request) =>
      listed(
        await page(context, { index: 'gsi1', pk: endsPk(patient), span: before(now) }, SHAPES.end, fewer(request)),
      ),

    standing: async (patient, now, request) =>
      listed(
        await page(
          context,
          { index: 'gsi1', pk: standingPk(patient), span: afterwards(now) },
          SHAPES.end,
          fewer(request),
        ),
      ),

    settle: ({ statement: { payload } }, call) =>
      write({
        steps: [{ update: endKey(payload.grant), remove: ['gsi1pk', 'gsi1sk'], when: [] }],
        ...effectOf(call),
      }),

    settleLater: ({ statement: { payload } }, until, call) =>
      write({ steps: [endStep(payload.patient, payload.grant, until)], ...effectOf(call) }),

    create: async (grants, answers, events, call) => {
      const steps = grants.flatMap(grantSteps);
      const answering =
        answers === undefined
          ? []
          : await answerSteps(context, {
              request: answers,
              to: requestLife.approve.to,
              now: call.now,
              set: { grants: grants.map((g) => g.statement.payload.grant) },
            });
      return write({
        steps: [...steps, ...answering],
        events: events.map((draft) => ({ draft })),
        ...effectOf(call),
      });
    },

    extend: (extension, event, call) =>
      write({
        steps: extensionSteps(extension, call.now),
        events: [{ draft: event }],
        ...effectOf(call),
      }),

    hold: (grant, statement, event, call) =>
      write({
        steps: holdSteps(grant, statement),
        events: [{ draft: event, evidence: statement.jws }],
        ...effectOf(call),
        patience: URGENT,
      }),

    revoke: async (grant, ending, event, call) => {
      const fragments = await forgetFirstSteps(context, grant.statement.payload.grant);
      return write({
        // The transaction deletes only the first fragments. The others open nothing, because the state of the grant is `revoked`.
        steps: [...revokeSteps(grant, call.now), ...fragments],
        events: [{ draft: event, evidence: ending.jws }],
        ...effectOf(call),
        patience: URGENT,
      });
    },
  };
};
