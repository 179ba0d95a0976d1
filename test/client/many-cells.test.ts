// An approval of named folders that have more than 80 cells in all: what does not fit follows by extensions, which the service takes of folders that
// the grant reads.
import { expect, test } from '@jest/globals';
import { fromUtf8 } from '../../lib/bytes/codec.ts';
import { takesIn } from '../../lib/domain/grant.ts';
import type { Jws } from '../../lib/statements/kinds.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { asked, DAY, people } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

interface Sent {
  readonly statement: Jws;
  readonly grants: readonly { readonly statement: Jws }[];
}

test('no extension is signed that the service must refuse', async () => {
  const all = await people();
  const { patient, service, sent } = all;
  const folders = [];
  for (let i = 0; i < 41; i++) {
    const folder = await patient.createFolder({ name: `${i}`, category: 'laboratory' });
    service.nextEpoch(folder.id, KEYS.patient);
    folders.push(folder.id);
  }
  const request = await asked(all, folders);
  sent.length = 0;
  await refusal(() => patient.approve(request, { unverifiedRecipient: true }));
  const bodies = (end: string) =>
    sent.filter(({ url }) => url.pathname.endsWith(end)).map(({ body }) => JSON.parse(fromUtf8(body)) as Sent);
  const [approval] = bodies('/approval');
  const grant = reloadStatement('grant', approval!.grants[0]!.statement).payload;
  const extended = bodies('/extensions').flatMap((b) => reloadStatement('extension', b.statement).payload.cells);
  expect(grant.cells.length + extended.length).toBe(82);
  const facts = extended.map((c) => service.folders.get(c.folder)!.at(-1)!.payload);
  expect(facts.filter((f) => !takesIn(grant, f))).toEqual([]);
});

test('more folders than cells fit are refused before anything is sent, unless the grant stands', async () => {
  const all = await people();
  const { patient, clinician, sent } = all;
  for (let i = 0; i < 81; i++) await patient.createFolder({ name: `${i}`, category: 'laboratory' });
  const gift = { recipient: clinician.id, everything: true, purpose: 'TREAT', durationSeconds: DAY } as const;
  sent.length = 0;
  expect(await refusal(() => patient.grant(gift))).toBe('bad-argument');
  expect(sent.filter(({ method }) => method !== 'GET')).toEqual([]);
});
