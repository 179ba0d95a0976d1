// Tests attacks on deletions: only the patient deletes a record, and only with its latest statement.
import { beforeAll, expect, test } from '@jest/globals';
import { newId, type RecordId } from '../../../lib/bytes/ids.ts';
import type { Patient } from '../../../lib/client/index.ts';
import type { Payload, Statement } from '../../../lib/statements/kinds.ts';
import { signStatement } from '../../../lib/statements/sign.ts';
import { bytesOf, type Person } from '../flows/people.ts';
import { call, clock, patientAndStranger } from './patient-and-stranger.ts';

let person: Person;
let patient: Patient;
let stranger: Person;
let folder: Statement<'folder'>;
beforeAll(async () => {
  ({ person, patient, stranger, folder } = await patientAndStranger());
});

test('accepts a deletion only from the patient, and only of the latest statement', async () => {
  const { record, statement } = await patient.file(folder.payload.folder, bytesOf(3), {});
  const base = { record, of: statement.hash, code: 'mistake', when: clock.now } as const;
  const remove = async (who: Person, change: Partial<Payload<'deletion'>> = {}, path: string = record) => {
    const { jws } = await signStatement('deletion', { patient: who.keys.id, ...base, ...change }, who.keys);
    return call(who, 'delete-record', { recordId: path }, { statement: jws });
  };
  expect(await remove(stranger)).toMatchObject({ code: 'not-found' });
  expect(await remove(person, { of: folder.hash })).toMatchObject({ code: 'statement-outdated' });
  expect(await remove(person, {}, newId<RecordId>())).toMatchObject({ member: 'record' });
  expect(await remove(person)).toMatchObject({ status: 200 });
});
