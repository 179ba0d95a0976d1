// Test setup for the main job over the lying service: two clients, folders, records and a grant. A test then changes the service's answers.
import { utf8 } from '../../lib/bytes/codec.ts';
import type { FolderId } from '../../lib/bytes/ids.ts';
import { createPatient, createRecipient, type RecordInfo } from '../../lib/client/index.ts';
import { concat } from '../../lib/bytes/binary.ts';
import { newClients } from './clients.ts';

export const TEXT = utf8('Hb 13.4 g/dL');
export const DAY = 86_400;

export const readAll = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return concat(...pieces);
};

export const people = async () => {
  const clients = newClients();
  const patient = createPatient(clients.optionsOf('patient'));
  const clinician = createRecipient(clients.optionsOf('clinician'));
  await patient.register();
  await clinician.register();
  return { ...clients, patient, clinician };
};
type People = Awaited<ReturnType<typeof people>>;

export const pendingRequest = async (
  { patient, clinician }: People,
  folders: readonly FolderId[],
  durationSeconds = 30 * DAY,
) => {
  const { id } = await clinician.request({ patient: patient.id, folders, purpose: 'TREAT', durationSeconds });
  return (await patient.listRequests('pending')).find((r) => r.id === id)!;
};

/** Creates two folders with records, and a grant to read both. */
export const granted = async () => {
  const all = await people();
  const { patient, clinician } = all;
  const first = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const second = await patient.createFolder({ name: 'Chest', category: 'imaging' });
  const records: RecordInfo[] = [
    await patient.file(first.id, TEXT, { fileName: 'blood.txt' }),
    await patient.file(first.id, utf8('another'), { fileName: 'other.txt' }),
    await patient.file(second.id, utf8('film'), {}),
  ];
  const [approved] = await patient.approve(await pendingRequest(all, [first.id, second.id]), {
    unverifiedRecipient: true,
  });
  const grant = await clinician.grant(approved.id, patient.id);
  return { ...all, first, second, records, record: records[0]!, grant };
};
