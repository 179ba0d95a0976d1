// Deletion of a record: one transaction marks its head item as deleted, and removes metadata and wraps. Those that do not fit into the transaction are removed
// after it. If a crash interrupts the deletion, a repeated call removes the rest. Until then nobody can read the rest: lists skip a record whose head is
// deleted, and openings need a wrap.
import { AppError } from '../../api/errors.ts';
import type { EventDraft } from '../../domain/audit-chain.ts';
import { recordLife } from '../../domain/life-cycles.ts';
import type { Statement } from '../../statements/kinds.ts';
import type { Call } from '../../ports/call.ts';
import type { StoredRecord, Written } from '../../ports/index.ts';
import { queryAll, type StoreContext } from './database.ts';
import { primaryKeyOf } from './item.ts';
import { is, type Step } from './conditional-writes.ts';
import { recordKey, recordPk, startingWith } from './table.ts';
import { effectOf, type Writer } from './transactional-writer.ts';

/** How many wraps and versions one transaction changes. With head, chain and claim the transaction stays below DynamoDB's limit of 100 items. */
const IN_ONE = 90;

interface Deletion {
  readonly record: StoredRecord;
  readonly deletion: Statement<'deletion'>;
  readonly event: EventDraft;
  readonly call: Call;
}

const headStep = ({ record, deletion }: Deletion): Step => ({
  update: recordKey(record.record),
  set: { state: recordLife.delete.to, deletion: deletion.jws },
  remove: ['gsi1pk', 'gsi1sk'],
  when: [
    is('state', recordLife.delete.from, (old) => (old === undefined ? new AppError('not-found') : 'repeated')),
    is('hash', deletion.payload.of, () => new AppError('statement-outdated')),
  ],
});

/** Makes the steps that remove wraps and metadata. Wraps come first, because without a wrap nobody can open a version. */
const emptying = async (context: StoreContext, { record }: Deletion): Promise<readonly Step[]> => {
  const pk = recordPk(record.record);
  const [wraps, versions] = await Promise.all(
    ['W#', 'V#'].map((prefix) => queryAll(context, { pk, span: startingWith(prefix) })),
  );
  const left = (versions ?? []).filter((v) => v['state'] !== recordLife.delete.to);
  return [
    ...(wraps ?? []).map((w): Step => ({ delete: primaryKeyOf(w), when: [] })),
    ...left.map((v): Step => ({
      update: primaryKeyOf(v),
      set: { state: recordLife.delete.to },
      remove: ['metadata'],
      when: [],
    })),
  ];
};

export const deleteRecord = async (context: StoreContext, write: Writer, deletion: Deletion): Promise<Written> => {
  const steps = await emptying(context, deletion);
  const written = await write({
    steps: [headStep(deletion), ...steps.slice(0, IN_ONE)],
    events: [{ draft: deletion.event, evidence: deletion.deletion.jws }],
    ...effectOf(deletion.call),
  });
  const left = await emptying(context, deletion);
  for (let i = 0; i < left.length; i += IN_ONE) await write({ steps: left.slice(i, i + IN_ONE) });
  return written;
};
