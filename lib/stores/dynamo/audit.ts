// Store of audit trails in DynamoDB: lists events and stores checkpoints. It reads a trail from the table, in the order of seq. It reads a time range from an
// index: several servers write one trail, so `at` need not rise with seq, and a search over seq would miss events.
import type { AuditEntry, AuditTrail } from '../../ports/index.ts';
import { getItem, type StoreContext } from './database.ts';
import { optionalText, text, type Item } from './item.ts';
import { mapPage, page } from './page.ts';
import {
  between,
  chainPk,
  checkpointKey,
  eventKey,
  EVERYTHING,
  headKey,
  ownEventsPk,
  SHAPES,
  startingWith,
} from './table.ts';
import { headOf, type Writer } from './transactional-writer.ts';

const LATEST = 9_999_999_999_999;

const toEntry = (item: Item): AuditEntry => {
  const evidence = optionalText(item, 'evidence');
  return {
    event: text(item, 'text'),
    hash: text(item, 'hash'),
    ...(evidence === undefined ? {} : { evidence }),
  };
};

export const makeAuditTrail = (context: StoreContext, write: Writer): AuditTrail => ({
  list: async (patient, { from, to, after = 0 }, request) => {
    const pk = chainPk(patient);
    if (from === undefined && to === undefined) {
      const span = { ...startingWith('E#'), from: eventKey(patient, after + 1).sk };
      return mapPage(await page(context, { pk, span }, SHAPES.event, request), toEntry);
    }
    const asked = { index: 'gsi2', pk, span: between(from ?? 0, to ?? LATEST) } as const;
    return mapPage(await page(context, asked, SHAPES.eventByTime, request), toEntry);
  },

  listOwn: async (actor, request) => {
    const asked = { index: 'gsi1', pk: ownEventsPk(actor), span: EVERYTHING } as const;
    return mapPage(await page(context, asked, SHAPES.ownEvent, request), toEntry);
  },

  head: async (patient) => headOf(await getItem(context, headKey(patient))),

  checkpoint: async (patient, seq) => {
    const item = await getItem(context, checkpointKey(patient, seq));
    return item === undefined ? undefined : text(item, 'jws');
  },

  keepCheckpoint: async (patient, seq, checkpoint) => {
    await write({ steps: [{ put: { ...checkpointKey(patient, seq), jws: checkpoint }, when: [] }] });
  },
});
