// Tests the identity file: an age file that the program age reads and writes too, with a key file in it.
import { expect, test } from '@jest/globals';
import { armor, Decrypter } from 'age-encryption';
import { openIdentity, sealIdentity } from '../../lib/cli/identity-file.ts';
import { createIdentity, encodeKeyFile, identityFromKeyFile } from '../../lib/client/node.ts';
import { fill } from '../statements/samples.ts';
import { PASSPHRASE } from './shell.ts';

const { identity } = createIdentity(() => fill(7, 32));
const codeOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => 'accepted',
    (error: unknown) => (error as { readonly code: string }).code,
  );

/** Made by age 1.2.1: `age -p -a` of the key file of `identity`. */
const BY_AGE = `-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCA3dkxIcFc1MlNtRHVOZ2FJ
M0FieTVRIDE4CkZtemZLbk9VY00zRXNQMlkzK2V2MitPYVpacGpIeFhEc1Z1dDZa
WkZuazgKLS0tIEN3VjRNOURxdHRkYWlaNVJ4ekRNT01sS0JZMjlSejJsdkgxUnFz
VlQzRFUKrFe///1FmM4WktTP0yNohH5ZGkbvkRfHhIZjWu+IuPCwrP1hsk36fOox
MsOiZa0kSSaCR/YNLEU+SFN46dFv4+3eS/hEmT9ersnJQBIAQzJnwQf/VKYmgX08
F7YRZY1UcTh4RBQa/osGRI5TVbaEzmYJttRuSiuo4mpbqm2jxgHBREpIAYag5jR5
4X3CDQxexBXvprosuZupHUjvlM4IYfVHl1iqbOGNkbECGdo/VscfTJHouB9xMGJ9
/WsNGzmfJaOkjRimO9mDJoj7gprUJK+ryKuyU7xQLevafuAThHqcFTNr5SCAXZno
nn5tb4dq/uWQofs9YwCng14r+KV2pqkIQAbbDYeG3IVFdBkF2Vo4JX4khHm7YYln
oQRHP0RtKdN7zR+YT8tzj1vdMDD4ob87n7RbTdZvDIxbtfvVMrZE09LBWMMnMMgW
u1wqRw==
-----END AGE ENCRYPTED FILE-----
`;

test('a file that the program age made opens', async () => {
  expect((await openIdentity(BY_AGE, PASSPHRASE)).id).toBe(identity.id);
});

test('the file is an age file with the key file in it', async () => {
  const sealed = await sealIdentity(identity, PASSPHRASE, 4);
  expect(sealed).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(PASSPHRASE);
  const keyFile = await decrypter.decrypt(armor.decode(sealed), 'text');
  expect(keyFile).toBe(encodeKeyFile(identity));
  expect((await identityFromKeyFile(keyFile)).id).toBe(identity.id);
  expect((await openIdentity(sealed, PASSPHRASE)).seed).toEqual(identity.seed);
});

test('a wrong passphrase and a damaged file have errors of their own', async () => {
  const sealed = await sealIdentity(identity, PASSPHRASE, 4);
  expect(await codeOf(openIdentity(sealed, 'another passphrase'))).toBe('wrong-passphrase');
  expect(await codeOf(openIdentity(sealed.slice(0, 200), PASSPHRASE))).toBe('damaged');
  expect(await codeOf(openIdentity('{}', PASSPHRASE))).toBe('damaged');
});
