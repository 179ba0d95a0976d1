// Tests that a grant expires by the service's clock, whatever the clock of the client says.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { AppError } from '../../../lib/api/errors.ts';
import type { GrantWithCells, Patient, Recipient, RecordInfo } from '../../../lib/client/index.ts';
import { HOUR, SECOND } from '../../../lib/domain/time.ts';
import { bytesOf, newPerson, patientOf, recipientOf, type Person } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';

let now = Date.now();
const service = makeService({ env: process.env, clock: () => now });
const at = (ahead: number) => ({ origin: service.origin, fetch: service.fetch, clock: () => now + ahead });

/** Milliseconds by which a client's clock is ahead. The service accepts up to a minute; the client corrects hours by the signed time. */
const [WITHIN_LIMIT, BEYOND_LIMIT] = [
  [-50 * SECOND, 0, 50 * SECOND],
  [-5 * HOUR, 5 * HOUR],
];

const outcomeOf = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
    return 'ok';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { reason, member } = error.details;
    return [error.code, reason ?? member].filter((part) => part !== undefined).join(' ');
  }
};

let person: Person;
let patient: Patient;
let record: RecordInfo;
beforeAll(async () => {
  person = newPerson();
  patient = patientOf(newPerson(), at(0));
  await Promise.all([patient.register(), recipientOf(person, at(0)).register()]);
  const { id } = await patient.createFolder({ name: 'x', category: 'other' });
  record = await patient.file(id, bytesOf(5), {});
});

interface Setup {
  readonly recipient: Recipient;
  readonly grant: GrantWithCells;
}

/** A recipient whose clock is ahead, with a grant of ten seconds that it has just fetched. */
const setUp = async (ahead: number, right: 'read' | 'add' = 'read'): Promise<Setup> => {
  const recipient = recipientOf(person, at(ahead));
  const terms = { recipient: recipient.id, folders: [record.folder], purpose: 'TREAT', durationSeconds: 10 } as const;
  const [grant] = await patient.grant({ ...terms, right });
  return { recipient, grant: await recipient.grant(grant.id, patient.id) };
};

const EXPIRED = 'grant-ended expired';

describe.each([
  ['a second before the grant expires', -SECOND, 'ok', 'active'],
  ['at the moment when the grant expires', 0, EXPIRED, 'expired'],
  ['a second after the grant expires', SECOND, EXPIRED, 'expired'],
] as const)('%s', (_, after, outcome, state) => {
  const used = outcome === 'ok' ? 1 : 0;

  test.each(WITHIN_LIMIT)('opening by a client whose clock is %i ms ahead', async (ahead) => {
    const { recipient, grant } = await setUp(ahead);
    now = grant.expires + after;
    expect(await outcomeOf(recipient.listRecords(grant, record.folder))).toBe(outcome);
    expect(await outcomeOf(recipient.open(grant, [record]))).toBe(outcome);
    expect(await recipient.grant(grant.id, patient.id)).toMatchObject({ state, used });
  });

  test.each(BEYOND_LIMIT)(
    'opening by a client whose clock is %i ms ahead and that uses the signed time',
    async (ahead) => {
      const { recipient, grant } = await setUp(ahead);
      now = grant.expires + after;
      expect(await outcomeOf(recipient.listRecords(grant, record.folder))).toBe(outcome);
      expect(await outcomeOf(recipient.open(grant, [record]))).toBe(outcome);
      expect(await recipient.grant(grant.id, patient.id)).toMatchObject({ state, used });
    },
  );

  test.each(WITHIN_LIMIT)('filing by a client whose clock is %i ms ahead', async (ahead) => {
    const { recipient, grant } = await setUp(ahead, 'add');
    now = grant.expires + after;
    expect(await outcomeOf(recipient.file(grant, bytesOf(5), {}))).toBe(outcome);
  });
});
