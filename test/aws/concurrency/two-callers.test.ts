// Tests two concurrent callers. Both read before either writes: a gate holds their transactions and lets them write in each order. Also runs them
// without the gate (RACES of each kind).
import type { AwsClient } from '../../../lib/runtime/container.ts';
import type { DynamoDBClient, TransactWriteItemsCommandInput } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../../lib/api/errors.ts';
import { systemRng } from '../../../lib/bytes/binary.ts';
import type { FolderId } from '../../../lib/bytes/ids.ts';
import {
  ClientError,
  createPatient,
  createRecipient,
  type Patient,
  type Recipient,
} from '../../../lib/client/index.ts';
import { collect } from '../../../lib/envelope/open-blob.ts';
import { bytesOf, given, newPerson, when, type Connection, type Person } from '../flows/people.ts';
import { countOf } from '../../support/case-counts.ts';
import { makeService } from '../../support/in-process.ts';

const RACES = countOf({ small: 2, full: 10, long: 200 });

/** Whether a transaction writes an audit event. The transaction of begin-upload writes none. */
const isEvent = (input: object): boolean =>
  ((input as TransactWriteItemsCommandInput).TransactItems ?? []).some((i) => i.Put?.Item?.['sk']?.S === 'HEAD');

/**
 * Makes a gate for the transactions of the two callers, side 0 and side 1. While armed, the gate makes each transaction wait until both sides have one. Then it
 * runs the transaction of the side `first`, and after it that of the other side.
 */
const gate = () => {
  let order: readonly number[] = [];
  const waiting = new Map<number, () => void>();
  const release = (): void => {
    const [next] = order;
    if (next === undefined || (waiting.size < 2 && order.length === 2)) return;
    waiting.get(next)?.();
  };
  return {
    arm: (first: number) => {
      order = [first, 1 - first];
      waiting.clear();
    },
    /** Adds the gate to the clients of one side. */
    watch: (side: number) => (client: AwsClient) => {
      (client as DynamoDBClient).middlewareStack.add(
        (next, context) => async (args) => {
          if (context.commandName !== 'TransactWriteItemsCommand' || !order.includes(side)) return next(args);
          if (!isEvent(args.input)) return next(args);
          await new Promise<void>((resolve) => {
            waiting.set(side, resolve);
            release();
          });
          try {
            return await next(args);
          } finally {
            order = order.filter((s) => s !== side);
            waiting.delete(side);
            release();
          }
        },
        { step: 'initialize', name: 'gate' },
      );
    },
  };
};

const system = () => {
  const transactions = gate();
  const [one, two] = [0, 1].map((side): Connection => {
    const { origin, fetch } = makeService({ env: process.env, onClient: transactions.watch(side) });
    return { origin, fetch };
  }) as [Connection, Connection];
  return { one, two, arm: transactions.arm };
};

const { one, two, arm } = system();
const connect = (person: Person, { origin = '', fetch: f }: Connection) => ({
  origin,
  ...person,
  ...(f && { fetch: f }),
});

/** Two clients of the same person, one at each side. */
const patientAtBoth = async (): Promise<readonly [Patient, Patient]> => {
  const person = newPerson();
  const sides = [createPatient(connect(person, one)), createPatient(connect(person, two))] as const;
  await sides[0].register();
  return sides;
};
const recipientAtBoth = async (): Promise<readonly [Recipient, Recipient]> => {
  const person = newPerson();
  const sides = [createRecipient(connect(person, one)), createRecipient(connect(person, two))] as const;
  await sides[0].register();
  return sides;
};

const code = async (run: Promise<unknown>): Promise<string> => {
  try {
    await run;
    return 'ok';
  } catch (error) {
    if (error instanceof AppError) return error.details.reason ?? error.code;
    if (error instanceof ClientError) return error.code;
    throw error;
  }
};

type Race = () => Promise<{
  readonly run: readonly [() => Promise<unknown>, () => Promise<unknown>];
  readonly check: (results: readonly string[]) => Promise<void>;
}>;

const twoApprovals: Race = async () => {
  const [a, b] = await patientAtBoth();
  const recipient = await given.recipient(one);
  const folder = await a.createFolder({ name: 'x', category: 'other' });
  await when.asks({ patient: a, recipient, folder: folder.id });
  const [asked] = await a.listRequests('pending');
  return {
    run: [
      () => a.approve(asked!, { unverifiedRecipient: true }),
      () => b.approve(asked!, { unverifiedRecipient: true }),
    ],
    check: async (results) => {
      expect([...results].sort()).toEqual(['ok', 'request-closed']);
      expect(await recipient.listGrants()).toHaveLength(1);
      expect((await a.audit()).filter((e) => e.kind === 'access-granted')).toHaveLength(1);
    },
  };
};

const approvalAndDenial: Race = async () => {
  const [a, b] = await patientAtBoth();
  const recipient = await given.recipient(one);
  const folder = await a.createFolder({ name: 'x', category: 'other' });
  await when.asks({ patient: a, recipient, folder: folder.id });
  const [asked] = await a.listRequests('pending');
  return {
    run: [() => a.approve(asked!, { unverifiedRecipient: true }), () => b.deny(asked!)],
    check: async ([approved, denied]) => {
      // The service refuses the later call. Or the approving client, whose entry came second, reads the denial in the chain and gives up by itself.
      if (denied === 'ok') expect(['request-closed', 'bad-argument']).toContain(approved);
      else expect([approved, denied]).toEqual(['ok', 'request-closed']);
      expect(await recipient.listGrants()).toHaveLength(approved === 'ok' ? 1 : 0);
    },
  };
};

const twoOpeningsAtTheLimit: Race = async () => {
  const [a, b] = await recipientAtBoth();
  const patient = await given.patient(one);
  const folder = await patient.createFolder({ name: 'x', category: 'other' });
  const record = await patient.file(folder.id, bytesOf(5), {});
  const [granted] = await patient.grant({
    recipient: a.id,
    folders: [folder.id],
    purpose: 'TREAT',
    durationSeconds: 60,
    openings: 1,
  });
  const { id } = granted;
  const grant = await a.grant(id);
  return {
    run: [() => a.open(grant, [record]), () => b.open(grant, [record])],
    check: async (results) => {
      expect([...results].sort()).toEqual(['exhausted', 'ok']);
      expect((await a.grant(id)).used).toBe(1);
      expect((await patient.audit()).filter((e) => e.kind === 'records-opened')).toHaveLength(1);
    },
  };
};

const revocationAndOpening: Race = async () => {
  const patient = createPatient(connect(newPerson(), one));
  await patient.register();
  const recipient = createRecipient(connect(newPerson(), two));
  await recipient.register();
  const folder = await patient.createFolder({ name: 'x', category: 'other' });
  const record = await patient.file(folder.id, bytesOf(5), {});
  const [granted] = await patient.grant({
    recipient: recipient.id,
    folders: [folder.id],
    purpose: 'TREAT',
    durationSeconds: 60,
  });
  const { id } = granted;
  const grant = await recipient.grant(id);
  return {
    run: [() => patient.revoke(grant), () => recipient.open(grant, [record])],
    check: async ([revoked, opened]) => {
      expect(revoked).toBe('ok');
      expect(['ok', 'revoked']).toContain(opened);
      const kinds = (await patient.audit())
        .map((e) => e.kind)
        .filter((k) => k === 'grant-revoked' || k === 'records-opened');
      // No event follows the revocation in the trail.
      expect(kinds).toEqual(opened === 'ok' ? ['records-opened', 'grant-revoked'] : ['grant-revoked']);
      expect(await code(recipient.open(grant, [record]))).toBe('revoked');
    },
  };
};

const twoCommits: Race = async () => {
  const [a, b] = await patientAtBoth();
  const folder = await a.createFolder({ name: 'x', category: 'other' });
  return {
    run: [() => a.file(folder.id, bytesOf(9), {}), () => b.file(folder.id, bytesOf(8), {})],
    check: async (results) => {
      // Two different records of one patient: both are filed, one after the other in the trail.
      expect(results).toEqual(['ok', 'ok']);
      expect((await a.audit()).filter((e) => e.kind === 'record-filed')).toHaveLength(2);
    },
  };
};

/**
 * Makes a client whose `file` files a record with this id: the first random bytes that the client draws after it has read its chain of statements and its
 * list of unsettled grants are `id`. All other random bytes are true ones.
 */
const filingAs = (id: Uint8Array, person: Person, { origin = '', fetch: send }: Connection) => {
  /** The paths whose answers the client must still get before it makes the record id. It asks both at the same time. */
  let open = new Set<string>();
  let isDue = false;
  const watched: typeof fetch = async (input, init) => {
    const answer = await send!(input, init);
    const isLast = open.delete(new URL(input instanceof Request ? input.url : input).pathname) && open.size === 0;
    isDue = isDue || isLast;
    return answer;
  };
  const rng = (length: number): Uint8Array => {
    if (!isDue) return systemRng(length);
    isDue = false;
    return id.slice(0, length);
  };
  const patient = createPatient({ ...connect(person, { origin, fetch: watched }), rng });
  const file = (folder: FolderId, content: Uint8Array) => {
    open = new Set(['/v1/chain', '/v1/grants']);
    return patient.file(folder, content, {});
  };
  return { patient, file };
};

const twoFirstVersions: Race = async () => {
  const person = newPerson();
  const record = systemRng(16);
  const [first, second] = [one, two].map((side) => filingAs(record, person, side));
  const { patient } = first!;
  await patient.register();
  const folder = await patient.createFolder({ name: 'x', category: 'other' });
  const contents = [bytesOf(9), bytesOf(8)] as const;
  return {
    run: [() => first!.file(folder.id, contents[0]), () => second!.file(folder.id, contents[1])],
    check: async (results) => {
      expect([...results].sort()).toEqual(['already-exists', 'ok']);
      const records = await patient.listRecords(folder.id);
      expect(records).toHaveLength(1);
      expect((await patient.audit()).filter((e) => e.kind === 'record-filed')).toHaveLength(1);
      const [opened] = await patient.open(records);
      expect(await collect(opened!.stream())).toEqual(contents[results.indexOf('ok')]);
    },
  };
};

const KINDS: Readonly<Record<string, Race>> = {
  'two approvals': twoApprovals,
  'approval and denial': approvalAndDenial,
  'two first versions of one record': twoFirstVersions,
  'two openings at the limit': twoOpeningsAtTheLimit,
  'revocation and opening': revocationAndOpening,
};

describe.each(Object.entries(KINDS))('%s', (_, race) => {
  test.each([0, 1])('side %i writes first and succeeds; the other gets the expected result', async (first) => {
    const { run, check } = await race();
    arm(first);
    const results = await Promise.all(run.map((r) => code(r())));
    // The side that writes first succeeds. `check` tests the result of the other side.
    expect(results[first]).toBe('ok');
    await check(results);
  });

  test(`gives the expected results without a forced order, ${RACES} times`, async () => {
    for (let i = 0; i < RACES; i++) {
      const { run, check } = await race();
      await check(await Promise.all(run.map((r) => code(r()))));
    }
  }, 600_000);
});

test(`two filings at the same time both succeed, ${RACES} times`, async () => {
  for (let i = 0; i < RACES; i++) {
    const { run, check } = await twoCommits();
    await check(await Promise.all(run.map((r) => code(r()))));
  }
}, 600_000);
