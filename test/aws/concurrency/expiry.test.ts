// A grant ends when the service's clock says so, whatever the clocks of those who use it say.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { AppError } from '../../../lib/api/errors.ts';
import type { GrantWithCells, Patient, Recipient, RecordInfo } from '../../../lib/client/index.ts';
import { HOUR, SECOND } from '../../../lib/domain/time.ts';
import { bytesOf, newPerson, patientOf, recipientOf, type Person } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';

let now = Date.now();
const service = makeService({ env: process.env, clock: () => now });
const at = (ahead: number) => ({ origin: service.origin, fetch: service.fetch, clock: () => now + ahead });

/** A minute off is taken; the hours are corrected by the time that the service signs. */
const [LITTLE, MUCH] = [
  [-50 * SECOND, 0, 50 * SECOND],
  [-5 * HOUR, 5 * HOUR],
];

const ended = async (attempt: Promise<unknown>): Promise<string> => {
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

interface Given {
  readonly recipient: Recipient;
  readonly grant: GrantWithCells;
}

/** A recipient whose clock is ahead, with a grant of ten seconds that it has just seen. */
const given = async (ahead: number, right: 'read' | 'add' = 'read'): Promise<Given> => {
  const recipient = recipientOf(person, at(ahead));
  const terms = { recipient: recipient.id, folders: [record.folder], purpose: 'TREAT', durationSeconds: 10 } as const;
  const [grant] = await patient.grant({ ...terms, right });
  return { recipient, grant: await recipient.grant(grant.id, patient.id) };
};

const EXPIRED = 'grant-ended expired';

describe.each([
  ['a second before its end', -SECOND, 'ok', 'active'],
  ['at its end', 0, EXPIRED, 'expired'],
  ['a second after its end', SECOND, EXPIRED, 'expired'],
] as const)('%s', (_, after, outcome, state) => {
  const used = outcome === 'ok' ? 1 : 0;

  test.each(LITTLE)('a grant and a client that is %i ms ahead', async (ahead) => {
    const { recipient, grant } = await given(ahead);
    now = grant.expires + after;
    expect(await ended(recipient.listRecords(grant, record.folder))).toBe(outcome);
    expect(await ended(recipient.open(grant, [record]))).toBe(outcome);
    expect(await recipient.grant(grant.id, patient.id)).toMatchObject({ state, used });
  });

  test.each(MUCH)('a grant and a client that is %i ms ahead, which goes by the signed time', async (ahead) => {
    const { recipient, grant } = await given(ahead);
    now = grant.expires + after;
    expect(await ended(recipient.listRecords(grant, record.folder))).toBe(outcome);
    expect(await ended(recipient.open(grant, [record]))).toBe(outcome);
    expect(await recipient.grant(grant.id, patient.id)).toMatchObject({ state, used });
  });

  test.each(LITTLE)('to file, and a client that is %i ms ahead', async (ahead) => {
    const { recipient, grant } = await given(ahead, 'add');
    now = grant.expires + after;
    expect(await ended(recipient.file(grant, bytesOf(5), {}))).toBe(outcome);
  });
});
