// Tests that a refused statement names the wrong member or part, for every kind of error, and never a value.
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { StatementError } from '../../lib/statements/errors.ts';
import { KINDS, type Kind } from '../../lib/statements/kinds.ts';
import { refusedMember } from '../../lib/statements/refused-member.ts';
import { verifyStatement } from '../../lib/statements/verify.ts';
import { patient, rawJws, SAMPLES, stranger } from './samples.ts';

const headerOf = (kind: string, kid: string): string => JSON.stringify({ alg: 'EdDSA', kid, typ: `pcehr-${kind}+jws` });

/** Returns the code of the refusal, and the member that the error names. */
const refused = async (kind: Kind, jws: string, by = SAMPLES[kind].signer): Promise<string> => {
  const error: unknown = await verifyStatement(kind, jws, by.id).catch((thrown: unknown) => thrown);
  if (!(error instanceof StatementError)) throw new Error('this was to be refused');
  return `${error.code} ${error.member}`;
};

const { payload, signer } = SAMPLES.folder;
const signed = (text: string, header = headerOf('folder', signer.id)): string => rawJws(header, text, signer);
const saying = (value: unknown): Promise<string> => refused('folder', signed(JSON.stringify(value)));

describe('a payload', () => {
  test.each(Object.keys(KINDS) as Kind[])('without a member of %s names it', async (kind) => {
    const { payload, signer } = SAMPLES[kind];
    for (const member of Object.keys(payload)) {
      const { [member as never]: _, ...rest } = payload as Record<string, unknown>;
      if (KINDS[kind].payload.safeParse(rest).success) continue;
      const jws = rawJws(headerOf(kind, signer.id), JSON.stringify(rest), signer);
      expect(await refused(kind, jws)).toBe(`bad-payload ${member}`);
    }
  });

  test.each<[string, unknown]>([
    ['category', { ...payload, category: 'private' }],
    ['category', { ...payload, category: null }],
    ['epoch', { ...payload, epoch: 0 }],
    ['name', { ...payload, name: 'AA==' }],
    ['single.record', { ...payload, single: { record: 'private', version: 1 } }],
    ['single.version', { ...payload, single: { record: payload.folder } }],
    ['note', { ...payload, note: 'private' }],
    [
      'single.note',
      { ...payload, single: { record: payload.folder, version: 1, label: payload.previous, note: 'private' } },
    ],
    ['payload', []],
    ['payload', null],
    ['payload', 'private'],
  ])('with a wrong %s', async (member, value) => expect(await saying(value)).toBe(`bad-payload ${member}`));

  test.each(['__proto__', 'with space', 'Müller', '', 'a'.repeat(33), '1a', '<b>', 'a_b', 'a\n'])(
    'with an unknown member whose name is %j does not repeat it',
    async (name) => {
      const text = JSON.stringify(payload).replace('{', `{${JSON.stringify(name)}:1,`);
      expect(await refused('folder', signed(text))).toBe('bad-payload unknown member');
    },
  );

  test('names an element by its index', async () => {
    const { payload, signer } = SAMPLES.grant;
    const cells = [...payload.cells, { ...payload.cells[0]!, epoch: 'private' }];
    const text = JSON.stringify({ ...payload, cells });
    expect(await refused('grant', rawJws(headerOf('grant', signer.id), text, signer))).toBe(
      `bad-payload cells.${payload.cells.length}.epoch`,
    );
  });

  test.each([
    ['white space', `${JSON.stringify(payload)} `],
    ['white space inside', JSON.stringify(payload, null, 1)],
    ['a member twice', JSON.stringify(payload).replace('{', '{"epoch":1,')],
    ['no JSON', 'private'],
    ['too many brackets', '['.repeat(20_000) + ']'.repeat(20_000)],
  ])('with %s is named as a whole', async (_, text) =>
    expect(await refused('folder', signed(text))).toBe('malformed payload'),
  );
});

describe('a header', () => {
  const text = JSON.stringify(payload);
  test('of another kind names `typ`', async () =>
    expect(await refused('folder', signed(text, headerOf('record', signer.id)))).toBe('malformed typ'));
  test('of another signer names `kid`', async () =>
    expect(await refused('folder', signed(text, headerOf('folder', stranger.id)))).toBe('wrong-signer kid'));
  test.each([
    ['white space', `${headerOf('folder', signer.id)} `],
    ['an unknown kind', headerOf('private', signer.id)],
    ['an additional member', headerOf('folder', signer.id).replace('}', ',"jku":"private"}')],
    ['no JSON', 'private'],
  ])('with %s is named as a whole', async (_, header) =>
    expect(await refused('folder', signed(text, header))).toBe('malformed header'),
  );
});

test('a payload of another signer names the member that signs', async () => {
  const forged = { ...payload, patient: stranger.id };
  expect(await refused('folder', signed(JSON.stringify(forged)))).toBe('wrong-signer patient');
});

test('a wrong signature is named', async () => {
  const jws = rawJws(headerOf('folder', signer.id), JSON.stringify(payload), stranger);
  expect(await refused('folder', jws)).toBe('bad-signature signature');
});

test.each([
  ['two parts', 'aa.bb'],
  ['four parts', 'aa.bb.cc.dd'],
  ['white space around', ` ${signed(JSON.stringify(payload))}`],
  ['a part that is no base64url', `${toBase64url(utf8('{}'))}.=.AA`],
  ['65,537 characters', 'a'.repeat(65_537)],
])('a text of %s is named as a whole', async (_, jws) =>
  expect(await refused('folder', jws, patient)).toBe('malformed statement'),
);

test('a value that is not an object names no member', () => {
  expect(refusedMember(z.string().safeParse(1).error!)).toBe('');
});
