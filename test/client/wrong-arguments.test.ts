// Tests the errors for wrong arguments: each says what is right, and comes before anything is sent.
import { describe, expect, test } from '@jest/globals';
import { utf8 } from '../../lib/bytes/codec.ts';
import {
  AppError,
  BytesError,
  CATEGORIES,
  ClientError,
  createPatient,
  createRecipient,
  EnvelopeError,
  IdentityError,
  PcehrError,
  PURPOSES,
  RIGHTS,
  StatementError,
} from '../../lib/client/index.ts';
import { UmbralError } from '../../lib/umbral/errors.ts';
import { newClients } from './clients.ts';
import { DAY, people } from './people.ts';

describe('origin', () => {
  test.each<[unknown, string]>([
    ['api.example.org', 'does not begin with https:// or http://'],
    ['localhost:3000', 'does not begin with https:// or http://'],
    ['ftp://api.example.org', 'does not begin with https:// or http://'],
    [undefined, 'does not begin with https:// or http://'],
    ['https://', 'is no URL'],
    ['https://api.example.org/v1', 'has a path'],
    ['https://api.example.org/?x', 'has a query or a fragment'],
    ['https://api.example.org/#x', 'has a query or a fragment'],
    ['https://user:secret@api.example.org', 'has a user name or a password'],
    ['https://user@api.example.org', 'has a user name or a password'],
  ])('%j is refused, because it %s', (origin, fault) => {
    const options = { ...newClients().optionsOf('patient'), origin: origin as string };
    for (const create of [createPatient, createRecipient]) {
      let thrown: unknown;
      try {
        create(options);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({
        name: 'ClientError',
        code: 'bad-argument',
        message: `origin ${fault}: write scheme, host and port only, such as https://api.example.org`,
      });
    }
  });

  test.each(['https://api.example.org/', 'HTTPS://API.example.org:443'])('%s is accepted', async (origin) => {
    const { optionsOf, sent } = newClients();
    await createPatient({ ...optionsOf('patient'), origin }).register();
    expect(new Set(sent.map((s) => s.url.origin))).toEqual(new Set(['https://api.example.org']));
  });
});

/** The error of a call, and whether the call sent anything. */
const errorOf = async (service: { readonly calls: unknown[] }, call: () => Promise<unknown>) => {
  service.calls.length = 0;
  const error: unknown = await call().catch((e: unknown) => e);
  return { error, sent: service.calls.length };
};

describe('a patient or recipient', () => {
  test.each<unknown>(['', '   ', '\n', '\u200b\u2060', 7, undefined])(
    'gets no folder with the name %j',
    async (name) => {
      const { patient, service } = await people();
      const { error, sent } = await errorOf(service, () =>
        patient.createFolder({ name: name as string, category: 'letters' }),
      );
      expect(error).toMatchObject({ code: 'bad-argument', message: expect.stringContaining('visible character') });
      expect(sent).toBe(0);
    },
  );

  test('is told the valid categories, purposes and rights', async () => {
    const { patient, clinician, folder, service } = await people();
    const terms = { folders: [folder.id], purpose: 'TREAT', durationSeconds: DAY } as const;
    const [to, from] = [{ recipient: clinician.id }, { patient: patient.id }];
    const [category, purpose, right] = ['blood', 'treatment', 'delete'] as never[];
    const ofCategories = { folders: undefined as never, categories: [category!] };
    const wrong: [string, readonly string[], () => Promise<unknown>][] = [
      ['category', CATEGORIES, () => patient.createFolder({ name: 'x', category: category! })],
      ['category', CATEGORIES, () => patient.grant({ ...terms, ...to, ...ofCategories })],
      ['category', CATEGORIES, () => clinician.request({ ...terms, ...from, ...ofCategories })],
      ['purpose', PURPOSES, () => patient.grant({ ...terms, ...to, purpose: purpose! })],
      ['purpose', PURPOSES, () => clinician.request({ ...terms, ...from, purpose: purpose! })],
      ['right', RIGHTS, () => patient.grant({ ...terms, ...to, right: right! })],
      ['right', RIGHTS, () => clinician.request({ ...terms, ...from, rights: [right!] })],
    ];
    for (const [what, valid, call] of wrong) {
      const { error, sent } = await errorOf(service, call);
      const message = `this is no ${what}; the valid ones are ${valid.join(', ')}`;
      expect(error).toMatchObject({ name: 'ClientError', code: 'bad-argument', message });
      expect(sent).toBe(0);
    }
    const request = await clinician.request({ ...terms, ...from });
    const { error } = await errorOf(service, () => patient.approve(request, { rights: [right!] }));
    expect(error).toMatchObject({ code: 'bad-argument', message: expect.stringContaining('read, add, write') });
    const denial = await errorOf(service, () => patient.deny(request, 'because' as never));
    expect(denial.error).toMatchObject({
      code: 'bad-payload',
      message: expect.stringMatching(/bad code: not one of \w/u),
    });
  });

  test('is told that a stream has no bytes', async () => {
    const { patient, folder } = await people();
    async function* lines() {
      yield utf8('bytes');
      await Promise.resolve();
      yield 'a text' as never;
    }
    await expect(patient.file(folder.id, lines(), {})).rejects.toMatchObject({
      name: 'EnvelopeError',
      code: 'source-invalid',
      message: expect.stringContaining('no Uint8Array'),
    });
    await expect(patient.file(folder.id, new Blob(['a']).stream(), {})).resolves.toBeDefined();
  });
});

test('all errors of the SDK are of one family', () => {
  const all = [
    new AppError('internal'),
    new ClientError('network', ''),
    new BytesError('bad-value', ''),
    new EnvelopeError('too-long', ''),
    new IdentityError('bad-cost', ''),
    new StatementError('malformed', '', ''),
    new UmbralError('bad-point', ''),
  ];
  for (const error of all) expect(error).toBeInstanceOf(PcehrError);
  expect(new TypeError('')).not.toBeInstanceOf(PcehrError);
});
