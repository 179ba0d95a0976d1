// Tests that approve-request gives nothing beyond the scope of the request.
import { describe, expect, test } from '@jest/globals';
import type { Statement } from '../../lib/statements/kinds.ts';
import { grantOf, patient, recipient, requestOf, type SignedGrant } from './people.ts';
import { clinic, lastEvent, refused, send, trailOf, type Clinic } from './clinic.ts';
import { authorship } from './grant-calls.ts';

describe('approve-request stays within the scope of the request', () => {
  const approve = async (w: Clinic, request: Statement<'request'>, grants: readonly SignedGrant[]) => {
    const params = { requestId: request.payload.request };
    await send(w, 'request-access', recipient, { params, body: { statement: request.jws } });
    return send(w, 'approve-request', patient, { params, body: { grants: grants.map((g) => g.body) } });
  };
  const beyond = (member: string) => ({ code: 'grant-exceeds-request', member });

  test('a category: grants folders of that category, and nothing wider as standing', async () => {
    const w = await clinic();
    const request = await requestOf(recipient, [], { scope: { categories: ['letters'] } });
    expect(lastEvent(w, patient).subject).not.toHaveProperty('scope');
    const wide = await grantOf([w.folder], { answers: request, standing: { everything: true } });
    await expect(approve(w, request, [wide])).rejects.toMatchObject({ details: { member: 'standing' } });
    const image = await grantOf([w.other], { answers: request });
    const params = { requestId: request.payload.request };
    const refusedBy = (g: SignedGrant) =>
      refused(w, () => send(w, 'approve-request', patient, { params, body: { grants: [g.body] } }));
    expect(await refusedBy(image)).toEqual({ ...beyond('cells'), statement: 'grants.0.statement' });
    const good = await grantOf([w.folder], { answers: request, standing: { categories: ['letters'] } });
    await send(w, 'approve-request', patient, { params, body: { grants: [good.body] } });
    expect(trailOf(w, patient).at(-1)?.subject).toMatchObject({ right: 'read' });
  });

  test('everything: grants every right that was requested', async () => {
    const w = await clinic();
    const rights = ['read', 'add', 'write'] as const;
    const request = await requestOf(recipient, [], { scope: { everything: true }, rights: [...rights] });
    const named = { request: { id: request.payload.request, hash: request.hash } };
    const grants = [
      await grantOf([w.folder, w.other], { answers: request, standing: { everything: true } }),
      await authorship(w.folder, 'add', named),
      await authorship(w.folder, 'write', named),
    ];
    const { grants: views } = await approve(w, request, grants);
    expect(views).toHaveLength(3);
    expect(
      trailOf(w, patient)
        .slice(-3)
        .map((e) => e.subject.right),
    ).toEqual(rights);
  });
});
