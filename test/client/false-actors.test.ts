// Tests a trail whose hash chain is valid, but which names an innocent identity as the actor: the client compares the actor with the signed statements.
import { expect, test } from '@jest/globals';
import { toBase64url } from '../../lib/bytes/codec.ts';
import { createRecipient } from '../../lib/client/index.ts';
import { nextEvent, type AuditEvent, type EventDraft } from '../../lib/domain/audit-chain.ts';
import { relinked } from './hand-made-trails.ts';
import { pendingRequest, granted } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

const STRANGER = KEYS.stranger.id;

test('refuses a request event whose actor did not sign the request', async () => {
  const all = await granted();
  const { patient, service, first } = all;
  const request = await pendingRequest(all, [first.id]);
  const entries = service.trails.get(patient.id)!;
  const last = JSON.parse(entries.at(-1)!.event) as AuditEvent;
  const draft = {
    kind: 'access-requested',
    patient: patient.id,
    actor: STRANGER,
    at: last.at,
    statement: request.statement.hash,
    subject: { request: request.id, folders: [first.id], purpose: request.purpose },
  } satisfies Omit<EventDraft, 'at'> & { at: number };
  const link = nextEvent({ seq: last.seq, hash: entries.at(-1)!.hash }, draft);
  service.trails.set(patient.id, [...entries, { event: link.text, hash: link.hash }]);
  expect(await refusal(() => patient.exportFhir())).toMatch(/^unverified/);
});

test.each(['folder-created', 'access-granted'] as const)(
  'refuses a %s event whose actor is not the patient',
  async (kind) => {
    const { patient, service } = await granted();
    const entries = relinked(service.trails.get(patient.id)!, (e) => (e.kind === kind ? { actor: STRANGER } : {}));
    service.trails.set(patient.id, entries);
    expect(await refusal(() => patient.exportFhir())).toMatch(/^unverified/);
  },
);

test('refuses an opening without a grant whose opener is not the patient', async () => {
  const { patient, grant, record, optionsOf, service } = await granted();
  const stranger = createRecipient(optionsOf('stranger'));
  const { id: _, ...rest } = grant;
  await stranger.open({ ...rest, id: undefined as never }, [record]).catch(() => undefined);
  expect(service.trails.get(patient.id)!.at(-1)!.event).toContain(`"actor":"${STRANGER}"`);
  expect(await refusal(() => patient.audit())).toBe('unverified evidence');
});

test('(control) accepts the same trail with its true actors', async () => {
  const { patient, clinician, grant, record, service } = await granted();
  await clinician.open(grant, [record]);
  service.trails.set(patient.id, relinked(service.trails.get(patient.id)!));
  expect(await refusal(() => patient.exportFhir())).toBe('accepted');
  expect(toBase64url(new Uint8Array(1))).toBe('AA');
});
