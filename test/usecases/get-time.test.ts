// Tests the service's signed time, as a use case and through its route.
import { expect, test } from '@jest/globals';
import { toBase64url } from '../../lib/bytes/codec.ts';
import { DAY } from '../../lib/domain/time.ts';
import { verifyServiceStatement } from '../../lib/statements/service-statements.ts';
import { memoryService, ORIGIN } from '../support/memory-service.ts';
import { NOW, nobody } from './people.ts';
import { clinic, send, unchanged } from './clinic.ts';

const nonce = toBase64url(new Uint8Array(16).fill(5));

test('signs the time and the nonce with a proxy key that the service key certifies, and stores nothing', async () => {
  const w = await clinic();
  const service = (await send(w, 'get-service-key', nobody, {})).key;
  const { key, answer } = await unchanged(w, () => send(w, 'get-time', nobody, { query: { nonce } }));
  const by = verifyServiceStatement('proxy-key', key, service);
  expect(verifyServiceStatement('time', answer, by.key)).toEqual({ nonce, when: NOW });
  expect([by.from <= NOW, by.until > NOW + DAY / 2]).toEqual([true, true]);
});

test('answers anybody without a request signature', async () => {
  const service = memoryService({ clock: () => NOW });
  const response = await service.fetch(`${ORIGIN}/v1/time?nonce=${nonce}`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ key: expect.any(String), answer: expect.any(String) });
});

test.each([
  ['none', ''],
  ['with 15 bytes', `?nonce=${toBase64url(new Uint8Array(15))}`],
  ['with 17 bytes', `?nonce=${toBase64url(new Uint8Array(17))}`],
  ['with spare bits', `?nonce=${'A'.repeat(21)}B`],
  ['twice', `?nonce=${nonce}&nonce=${nonce}`],
])('refuses a nonce that is not 16 bytes: %s', async (_, query) => {
  const service = memoryService({ clock: () => NOW });
  const response = await service.fetch(`${ORIGIN}/v1/time${query}`);
  expect(await response.json()).toMatchObject({ code: 'malformed-request', member: 'nonce' });
});
