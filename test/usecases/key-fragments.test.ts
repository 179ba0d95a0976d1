// Tests the key fragments of a grant: revoke-grant and return-grant delete all of them, even if the grant has more cells than one transaction deletes; only a stored
// one re-encrypts.
import { describe, expect, test } from '@jest/globals';
import { newId, type GrantId } from '../../lib/bytes/ids.ts';
import type { Statement } from '../../lib/statements/kinds.ts';
import { MOST_CELLS } from '../../lib/statements/fields.ts';
import type { Reencryption } from '../../lib/usecases/shared/reencrypt.ts';
import { copyOf, makeMemory } from '../support/memory/index.ts';
import { clinic, interrupted, putFolder, send, trailOf, unchanged, type Clinic } from './clinic.ts';
import { b64, epochAfter, extensionOf, patient, recipient, returnOf, revocationOf } from './people.ts';

const idOf = (w: Clinic): GrantId => w.grant.statement.payload.grant;
const left = (w: Clinic): number => w.state.grants.get(idOf(w))!.kfrags.size;

const build = async (): Promise<Clinic> => {
  const w = await clinic();
  const cells: Statement<'folder'>[] = [];
  for (let last = w.folder; cells.length < MOST_CELLS; cells.push(last)) {
    last = await epochAfter(patient, last);
    await putFolder(w, patient, last);
  }
  const { body } = await extensionOf(w.grant, cells);
  await send(w, 'extend-grant', patient, { params: { grantId: idOf(w) }, body });
  expect(left(w)).toBe(MOST_CELLS + 1);
  return w;
};
let built: Promise<Clinic> | undefined;

/** Copies the clinic with a grant of MOST_CELLS + 1 cells: one more than the transaction of a revocation deletes. */
const largeGrant = async (): Promise<Clinic> => {
  const w = await (built ??= build());
  return { ...w, ...makeMemory({ state: copyOf(w.state) }) };
};

const ENDINGS = [
  ['revoke-grant', patient, revocationOf, 'grant-revoked'],
  ['return-grant', recipient, returnOf, 'grant-returned'],
] as const;

describe.each(ENDINGS)('%s', (route, by, statementOf, event) => {
  const ending = async (w: Clinic) => {
    const { jws } = await statementOf(w.grant.statement);
    return (to: Pick<Clinic, 'ports' | 'state'>) =>
      send(to, route, by, { params: { grantId: idOf(w) }, body: { statement: jws } });
  };

  test('deletes all key fragments of a grant with more cells than one transaction deletes', async () => {
    const w = await largeGrant();
    const end = await ending(w);
    expect(await end(w)).toMatchObject({ state: 'revoked' });
    expect(left(w)).toBe(0);
  });

  test('repeated, deletes the key fragments that an interrupted call left', async () => {
    const w = await largeGrant();
    const end = await ending(w);
    const broken = interrupted(w, 'keyFragments.forget', () => Promise.reject(new Error('the process ended')));
    await expect(end(broken)).rejects.toThrow('the process ended');
    expect(left(w)).toBe(1);
    expect(await end(w)).toMatchObject({ state: 'revoked' });
    expect(left(w)).toBe(0);
    expect(trailOf(w, patient).filter((e) => e.kind === event)).toHaveLength(1);
    expect(await unchanged(w, () => end(w))).toMatchObject({ state: 'revoked' });
  });
});

test('reencrypt accepts only a key fragment that a store returned', () => {
  // @ts-expect-error -- a text from a request is refused by the compiler, because reencrypt does not verify the fragment again
  const sent: Reencryption['keyFragment'] = b64(310);
  expect(sent).toHaveLength(414);
});

test('finds a key fragment by its grant and cell, until the grant is revoked', async () => {
  const w = await clinic();
  const { keyFragments } = w.ports;
  const [cell] = w.grant.statement.payload.cells;
  expect(await keyFragments.find(idOf(w), cell!)).toBe(w.grant.body.kfrags[0]);
  expect(await keyFragments.find(idOf(w), { ...cell!, epoch: 2 })).toBeUndefined();
  expect(await keyFragments.find(newId<GrantId>(), cell!)).toBeUndefined();
  const { jws } = await revocationOf(w.grant.statement);
  await send(w, 'revoke-grant', patient, { params: { grantId: idOf(w) }, body: { statement: jws } });
  expect(await keyFragments.find(idOf(w), cell!)).toBeUndefined();
});
