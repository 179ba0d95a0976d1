// Tests grants of more than 80 cells: for a cell that does not fit into the grant, the patient's client makes an extension, if the grant covers the folder.
import { expect, test } from '@jest/globals';
import { fromUtf8 } from '../../lib/bytes/codec.ts';
import { takesIn } from '../../lib/domain/grant.ts';
import type { Jws } from '../../lib/statements/kinds.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { pendingRequest, DAY, people } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

interface ApprovalBody {
  readonly statement: Jws;
  readonly grants: readonly { readonly statement: Jws }[];
}

test('signs no extension that the service must refuse', async () => {
  const all = await people();
  const { patient, service, sent } = all;
  const folders = [];
  for (let i = 0; i < 41; i++) {
    const folder = await patient.createFolder({ name: `${i}`, category: 'laboratory' });
    service.nextEpoch(folder.id, KEYS.patient);
    folders.push(folder.id);
  }
  const request = await pendingRequest(all, folders);
  sent.length = 0;
  await refusal(() => patient.approve(request, { unverifiedRecipient: true }));
  const bodies = (end: string) =>
    sent.filter(({ url }) => url.pathname.endsWith(end)).map(({ body }) => JSON.parse(fromUtf8(body)) as ApprovalBody);
  const [approval] = bodies('/approval');
  const grant = reloadStatement('grant', approval!.grants[0]!.statement).payload;
  const extended = bodies('/extensions').flatMap((b) => reloadStatement('extension', b.statement).payload.cells);
  expect(grant.cells.length + extended.length).toBe(82);
  const facts = extended.map((c) => service.folders.get(c.folder)!.at(-1)!.payload);
  expect(facts.filter((f) => !takesIn(grant, f))).toEqual([]);
});

test('refuses more folders than cells fit before anything is sent, unless the grant is standing', async () => {
  const all = await people();
  const { patient, clinician, sent } = all;
  for (let i = 0; i < 81; i++) await patient.createFolder({ name: `${i}`, category: 'laboratory' });
  const grantInput = { recipient: clinician.id, everything: true, purpose: 'TREAT', durationSeconds: DAY } as const;
  sent.length = 0;
  expect(await refusal(() => patient.grant(grantInput))).toBe('bad-argument');
  expect(sent.filter(({ method }) => method !== 'GET')).toEqual([]);
});
