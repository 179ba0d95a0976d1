// Seals an identity to an age file with a passphrase, and opens it. `age -d identity.age` prints the key file that is in it, so the keys do not depend on
// this program.
import { armor, Decrypter, Encrypter } from 'age-encryption';
import { encodeKeyFile, identityFromKeyFile, type Identity } from '../client/node.ts';
import { CliError } from './errors.ts';

/** Returns an armored age file. @param logN the cost of scrypt is 2 to the power of this number */
export const sealIdentity = async (identity: Identity, passphrase: string, logN: number): Promise<string> => {
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(logN);
  encrypter.setPassphrase(passphrase);
  return armor.encode(await encrypter.encrypt(encodeKeyFile(identity)));
};

/** @throws {CliError} `wrong-passphrase`, `damaged`; {IdentityError} if the content is no key file */
export const openIdentity = async (file: string, passphrase: string): Promise<Identity> => {
  let sealed: Uint8Array;
  try {
    sealed = armor.decode(file);
  } catch {
    throw new CliError(
      'profile',
      'damaged',
      'identity.age is no age file',
      'restore it from a backup, or run: pcehr recover',
    );
  }
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let keyFile: string;
  try {
    keyFile = await decrypter.decrypt(sealed, 'text');
  } catch {
    throw new CliError(
      'profile',
      'wrong-passphrase',
      'the passphrase does not open the identity',
      'the 24 words open it on any device: pcehr --profile NEW recover',
    );
  }
  return identityFromKeyFile(keyFile);
};
