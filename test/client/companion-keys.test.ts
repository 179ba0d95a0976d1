// Tests that a client opens the sealed companion seeds of a grant once for all cells that the grant names, and those of each extension once.
import { expect, test } from '@jest/globals';
import { utf8 } from '../../lib/bytes/codec.ts';
import { createRecipient } from '../../lib/client/index.ts';
import { deviceKeys, type DeviceKeys } from '../../lib/identity/key-derivation.ts';
import { fill } from '../statements/samples.ts';
import { DAY, people } from './people.ts';

/** Keys whose inbox counts the ciphertexts that it decapsulates. */
const countingKeys = () => {
  const keys = deviceKeys(fill(3, 32));
  const count = { decapsulations: 0 };
  const inbox: DeviceKeys['inbox'] = () => ({
    ...keys.inbox(),
    decapsulate: (ciphertext) => {
      count.decapsulations++;
      return keys.inbox().decapsulate(ciphertext);
    },
  });
  return { keys: { ...keys, inbox }, count };
};

test('the sealed seeds of a grant are opened once for both its cells, and those of each extension once', async () => {
  const { patient, clinician, folder, optionsOf } = await people();
  const { keys, count } = countingKeys();
  const person = createRecipient(optionsOf(3, { keys }));
  await person.register();
  const other = await patient.createFolder({ name: 'Imaging', category: 'imaging' });
  for (const { id } of [folder, other]) await patient.file(id, utf8('old'), { title: 'Old' });
  const folders = [folder.id, other.id] as const;
  const [{ id }] = await patient.grant({ recipient: person.id, purpose: 'TREAT', durationSeconds: DAY, folders });

  // The client closes the cells of a revoked grant, and extends the other grant to the cells that follow.
  for (const scope of folders) {
    const [shared] = await patient.grant({
      recipient: clinician.id,
      purpose: 'TREAT',
      durationSeconds: DAY,
      folders: [scope],
    });
    await patient.revoke(shared);
  }
  for (const scope of folders) await patient.file(scope, utf8('new'), { title: 'New' });

  const grant = await person.grant(id, patient.id);
  expect(grant.cells.map(({ seeds }) => seeds?.extension).toSorted()).toEqual([0, 0, 1, 2]);
  for (const scope of folders) {
    const records = await person.listRecords(grant, scope);
    expect(records.map(({ label }) => label?.title)).toEqual(['Old', 'New']);
    expect(await person.open(grant, records)).toHaveLength(2);
  }
  expect(count.decapsulations).toBe(3);
});
