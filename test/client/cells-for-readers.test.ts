// Tests the cells that a service shows to recipients: those of extensions for readers, and the current cell of a folder for authors.
import { describe, expect, test } from '@jest/globals';
import { newId, type GrantId } from '../../lib/bytes/ids.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import type { Payload } from '../../lib/statements/kinds.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { fill } from '../statements/samples.ts';
import { refusal } from './clients.ts';
import { signNow } from './lying-service.ts';
import { DAY, people } from './people.ts';

const PATIENT = deviceKeys(fill(1, 32));

describe('an extension', () => {
  /** The service shows a grant with another extension, which `by` signed, instead of the true one. Returns the verdict of the recipient. */
  const verdictOn = async (change: Partial<Payload<'extension'>>, by = PATIENT) => {
    const { state, patient, clinician, folder, give } = await people();
    const { id } = await give();
    await patient.startEpoch(folder.id);
    state.lie = (route, { status, body }) => {
      if (route !== 'get-grant') return undefined;
      const cells = body.cells.map((cell: { extension?: string }) => {
        if (cell.extension === undefined) return cell;
        const { payload } = reloadStatement('extension', cell.extension);
        return { ...cell, extension: signNow('extension', { ...payload, ...change }, by).jws };
      });
      return { status, body: { ...body, cells } };
    };
    return refusal(() => clinician.grant(id, patient.id));
  };

  test('is accepted as the patient signed it', async () => {
    expect(await verdictOn({})).toBe('accepted');
  });

  test('is refused if the patient did not sign it', async () => {
    const stranger = deviceKeys(fill(3, 32));
    expect(await verdictOn({ patient: stranger.id }, stranger)).toBe('unverified extension');
  });

  test.each<[string, Partial<Payload<'extension'>>]>([
    ['it extends another grant', { grant: newId<GrantId>() }],
    ['an extension before it is missing', { number: 2 }],
    ['it does not name the grant as the one before', { previous: 'A'.repeat(43) }],
  ])('is refused if %s', async (_, change) => {
    expect(await verdictOn(change)).toBe('unverified extension');
  });
});

describe('the current cell for an author', () => {
  /** The author has seen epoch 2 of the folder. Then the service shows another statement as the current cell. */
  const verdictOn = async (shown: (second: Payload<'folder'>, first: string) => string) => {
    const { state, service, patient, clinician, folder } = await people();
    const terms = { recipient: clinician.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAY } as const;
    const [grant] = await patient.grant({ ...terms, right: 'add' });
    const second = await patient.startEpoch(folder.id);
    await clinician.grant(grant.id);
    const jws = shown(second.statement.payload, folder.statement.jws);
    state.lie = (route, said) =>
      route === 'get-grant' ? { ...said, body: { ...said.body, cells: [{ folder: jws }] } } : undefined;
    const sent = service.calls.length;
    const verdict = await refusal(() => clinician.file(grant, new Uint8Array(1), {}));
    expect(service.calls.slice(sent)).not.toContain('begin-upload');
    return verdict;
  };

  test('is not an older epoch than the known one', async () => {
    expect(await verdictOn((_, first) => first)).toBe('rolled-back folder');
  });

  test('is not another statement of the known epoch', async () => {
    const other = (second: Payload<'folder'>) => signNow('folder', { ...second, issued: 1 }, PATIENT).jws;
    expect(await verdictOn(other)).toBe('rolled-back folder');
  });

  test('is not a next epoch that does not follow the known one', async () => {
    const third = (second: Payload<'folder'>) => signNow('folder', { ...second, epoch: 3 }, PATIENT).jws;
    expect(await verdictOn(third)).toBe('rolled-back folder');
  });

  test('is not one that somebody else signed', async () => {
    const stranger = deviceKeys(fill(3, 32));
    const forged = (second: Payload<'folder'>) =>
      signNow('folder', { ...second, patient: stranger.id, epoch: 3 }, stranger).jws;
    expect(await verdictOn(forged)).toBe('unverified folder');
  });
});
