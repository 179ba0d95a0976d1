// Tests resumeFiling: an upload whose right has ended can be resumed only in the same folder and as the same kind of filing, whichever grant the caller gives.
import { describe, expect, test } from '@jest/globals';
import type { Grant } from '../../lib/client/index.ts';
import { RightEnded } from '../../lib/client/index.ts';
import { problem } from './prepared-answers.ts';
import { DAY, people, TEXT } from './main-job-story.ts';
import { refusal } from './clients.ts';

const setUp = async () => {
  const all = await people();
  const { service, patient, clinician } = all;
  const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const other = await patient.createFolder({ name: 'Chest', category: 'imaging' });
  const grantInput = { recipient: clinician.id, purpose: 'TREAT', durationSeconds: DAY } as const;
  const [add] = await patient.grant({ ...grantInput, right: 'add', folders: [folder.id] });
  const [elsewhere] = await patient.grant({ ...grantInput, right: 'add', folders: [other.id] });
  const [write] = await patient.grant({ ...grantInput, right: 'write', folders: [folder.id] });
  const before = await patient.file(folder.id, TEXT, {});
  const failing = async (file: () => Promise<unknown>): Promise<RightEnded> => {
    service.state.before = (route) =>
      route === 'commit-record' ? problem(403, 'grant-ended', { reason: 'revoked' }) : undefined;
    const error = await file().catch((e: unknown) => e);
    service.state.before = () => undefined;
    if (!(error instanceof RightEnded)) throw error;
    return error;
  };
  const commits = () => service.calls.filter((c) => c === 'commit-record').length;
  return { ...all, add, elsewhere, write, before, failing, commits };
};

describe('resumeFiling refuses an upload whose right ended', () => {
  const expectRefused = async (
    error: RightEnded,
    grant: Grant,
    { clinician, commits }: Awaited<ReturnType<typeof setUp>>,
  ) => {
    const before = commits();
    expect(await refusal(() => clinician.resumeFiling(error, grant))).toBe('bad-argument');
    expect(commits()).toBe(before);
  };

  test('under a grant for another folder, because the readers of that folder could then open it', async () => {
    const all = await setUp();
    const { add, elsewhere, clinician, failing } = all;
    await expectRefused(await failing(() => clinician.file(add, TEXT, {})), elsewhere, all);
  });

  test('as a new record if it began as a new version', async () => {
    const all = await setUp();
    const { add, write, before, clinician, failing } = all;
    await expectRefused(await failing(() => clinician.fileVersion(write, before, TEXT, {})), add, all);
  });
});
