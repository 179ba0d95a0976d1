// Store of identities in DynamoDB: an identity has one item, with its newest statement. Older statements remain in the audit trail as evidence.
import { AppError } from '../../api/errors.ts';
import type { Identities, StoredIdentity } from '../../ports/index.ts';
import { getItem, type StoreContext } from './database.ts';
import { statementOf, type Item } from './item.ts';
import { is, isAbsent } from './conditional-writes.ts';
import { identityKey } from './table.ts';
import { effectOf, type Writer } from './transactional-writer.ts';

export const toIdentity = (item: Item): StoredIdentity => ({
  statement: statementOf('identity', item),
  state: 'active',
});

export const makeIdentities = (context: StoreContext, write: Writer): Identities => ({
  find: async (id) => {
    const item = await getItem(context, identityKey(id));
    return item === undefined ? undefined : toIdentity(item);
  },

  put: (statement, previous, event, call) => {
    const { payload, jws, hash } = statement;
    const outdated = () => new AppError('statement-outdated');
    return write({
      steps: [
        {
          put: { ...identityKey(payload.id), jws, hash, number: payload.number },
          when: [previous === undefined ? isAbsent(outdated) : is('hash', previous, outdated)],
          makes: hash,
        },
      ],
      events: [{ draft: event, evidence: jws }],
      ...effectOf(call),
    });
  },
});
