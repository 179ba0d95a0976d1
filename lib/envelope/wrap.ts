// Wrap: encrypts the file key to both keys of a cell: to the cell key with Umbral, and to the companion key with X-Wing. A reader needs both secrets. The
// author signs only the first wrap of a version, so that wraps can be replaced. Nothing in a wrap proves that its file key is right: a client compares the file
// key with the key commitment before it wraps the file key again. docs/spec/wrap.md specifies wraps.
import { concat, ofLength, wipe, type Rng } from '../bytes/binary.ts';
import { encodeCapsule } from '../umbral/capsule.ts';
import type { PublicKey } from '../umbral/keys.ts';
import { encapsulate as encapsulateUmbral } from '../umbral/sender.ts';
import { EnvelopeError } from './errors.ts';
import { sha256 } from './header.ts';
import { openLabel, sealLabel, type Label } from './label.ts';
import { encodeWrapContext, fileKeyCipher, type WrapContext } from './wrap-keys.ts';
import { encapsulate, type Decapsulator } from './x-wing.ts';

export interface Wrap {
  /** 105 bytes. */
  readonly capsule: Uint8Array;
  /** 1120 bytes. */
  readonly companionCiphertext: Uint8Array;
  /** 48 bytes: 32 bytes of ciphertext, tag[16]. */
  readonly wrappedKey: Uint8Array;
  /** 272 or 528 bytes. */
  readonly label: Uint8Array;
}

/** The public keys of a cell, as in its folder statement. */
export interface CellPublicKeys {
  readonly key: PublicKey;
  /** 1216 bytes. */
  readonly companion: Uint8Array;
}

/** The two things that a wrap seals. */
export interface WrapContent {
  /** 32 bytes, secret. */
  readonly fileKey: Uint8Array;
  readonly label: Label;
}

/** @throws {EnvelopeError} `key-invalid` if the companion key is no X-Wing key; `label-invalid` if a text of the label is too long */
export const wrapKey = (
  { fileKey, label }: WrapContent,
  { key, companion }: CellPublicKeys,
  context: WrapContext,
  rng?: Rng,
): Wrap => {
  const umbral = encapsulateUmbral(key, rng);
  const { ciphertext, secret } = encapsulate(companion, rng);
  const capsule = encodeCapsule(umbral.capsule);
  const cipher = fileKeyCipher({ umbral: umbral.key, companion: secret }, concat(capsule, ciphertext), context);
  const wrappedKey = cipher.encrypt(ofLength(fileKey, 32, 'file key'));
  const sealedLabel = sealLabel({ secret, ciphertext, context: encodeWrapContext(context) }, label);
  wipe(umbral.key, secret);
  return { capsule, companionCiphertext: ciphertext, wrappedKey, label: sealedLabel };
};

/** SHA-256 of capsule, companion ciphertext, wrapped key and label. The record statement contains it. */
export const wrapHash = ({ capsule, companionCiphertext, wrappedKey, label }: Wrap): Promise<Uint8Array> =>
  sha256(concat(capsule, companionCiphertext, wrappedKey, label));

/** The two halves that open a wrap. */
export interface Unwrapping {
  /** Returns the secret of the capsule, 32 bytes: with the cell key, or with capsule fragments and the receiving key. */
  readonly umbral: () => Uint8Array;
  readonly companion: Decapsulator;
}

/** The content of a wrap that was opened. */
export interface OpenedWrap {
  readonly fileKey: Uint8Array;
  /** Undefined if the label does not open. */
  readonly label: Label | undefined;
}

type LabelParts = Pick<Wrap, 'companionCiphertext' | 'label'>;

const labelWith = (secret: Uint8Array, { companionCiphertext, label }: LabelParts, context: WrapContext) => {
  try {
    return openLabel({ secret, ciphertext: companionCiphertext, context: encodeWrapContext(context) }, label);
  } catch {
    return undefined;
  }
};

/**
 * Opens the label without the file key, for lists. It throws nothing, because an author who seals a wrong label must not hide the records of others in a list.
 * @returns undefined if the label does not open
 */
export const readLabel = (parts: LabelParts, companion: Decapsulator, context: WrapContext): Label | undefined => {
  try {
    return labelWith(companion.decapsulate(parts.companionCiphertext), parts, context);
  } catch {
    return undefined;
  }
};

/** Decrypts the file key, and the label. @throws {EnvelopeError} `wrap-invalid` if the file key does not open */
export const openWrap = (wrap: Wrap, { umbral, companion }: Unwrapping, context: WrapContext): OpenedWrap => {
  const { capsule, companionCiphertext, wrappedKey } = wrap;
  try {
    const secrets = { umbral: umbral(), companion: companion.decapsulate(companionCiphertext) };
    const cipher = fileKeyCipher(secrets, concat(capsule, companionCiphertext), context);
    const fileKey = ofLength(cipher.decrypt(wrappedKey), 32, 'file key');
    return { fileKey, label: labelWith(secrets.companion, wrap, context) };
  } catch {
    // The wrap was altered, or was made for another key, record or cell, or contains a key of another length. All these cases get the same error.
    throw new EnvelopeError('wrap-invalid', 'the wrap does not open with this key');
  }
};
