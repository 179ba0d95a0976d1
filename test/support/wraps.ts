// Makes wraps for a cell as a client does, and opens them with the keys of the cell's patient.
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from '../../lib/bytes/binary.ts';
import { fromBase64url, toBase64url } from '../../lib/bytes/codec.ts';
import type { RecordId } from '../../lib/bytes/ids.ts';
import { labelHash } from '../../lib/envelope/label.ts';
import { openWrap as openParts, wrapKey } from '../../lib/envelope/wrap.ts';
import type { WrapContext } from '../../lib/envelope/wrap-keys.ts';
import { decapsulator } from '../../lib/envelope/x-wing.ts';
import type { DeviceKeys } from '../../lib/identity/key-derivation.ts';
import type { StoredLabel, StoredWrap } from '../../lib/ports/index.ts';
import type { Payload, Statement } from '../../lib/statements/kinds.ts';
import { decodeCapsule } from '../../lib/umbral/capsule.ts';
import { decapsulateOriginal } from '../../lib/umbral/delegator.ts';
import { decodePublicKey } from '../../lib/umbral/keys.ts';

export interface VersionName {
  readonly record: RecordId;
  readonly version: number;
}

const contextOf = (
  { payload: { patient, folder, epoch } }: Statement<'folder'>,
  { record, version }: VersionName,
): WrapContext => ({ patient, record, version, folder, epoch });

/** Wraps a file key for a cell. */
export const wrapOf = (fileKey: Uint8Array, cell: Statement<'folder'>, version: VersionName): StoredWrap => {
  const { key, companion } = cell.payload;
  const keys = { key: decodePublicKey(fromBase64url(key)), companion: fromBase64url(companion) };
  const wrap = wrapKey({ fileKey, label: {} }, keys, contextOf(cell, version));
  return {
    capsule: toBase64url(wrap.capsule),
    companionCiphertext: toBase64url(wrap.companionCiphertext),
    wrappedKey: toBase64url(wrap.wrappedKey),
    label: toBase64url(wrap.label),
  };
};

/** Returns the hash of a wrap, which is the member `wrap` of a record statement. */
export const hashOfWrap = ({ capsule, companionCiphertext, wrappedKey, label }: StoredWrap): string =>
  toBase64url(sha256(concat(...[capsule, companionCiphertext, wrappedKey, label].map((part) => fromBase64url(part)))));

/** Returns the label hash, which is the member `label` of a record statement, and of `single` in a folder statement. */
export const hashOfLabel = ({ companionCiphertext, label }: StoredLabel): string =>
  toBase64url(labelHash(fromBase64url(companionCiphertext), fromBase64url(label)));

/** Opens a wrap with the secret of its capsule, and the keys of the patient who owns the cell. */
export const openWrap = (
  wrap: StoredWrap,
  umbral: Uint8Array,
  {
    keys,
    cell,
    version,
  }: { readonly keys: DeviceKeys; readonly cell: Statement<'folder'>; readonly version: VersionName },
): Uint8Array => {
  const { folder, epoch, salt } = cell.payload;
  const parts = {
    capsule: fromBase64url(wrap.capsule),
    companionCiphertext: fromBase64url(wrap.companionCiphertext),
    wrappedKey: fromBase64url(wrap.wrappedKey),
    label: fromBase64url(wrap.label),
  };
  const companion = decapsulator(keys.companionSeed(folder, epoch, fromBase64url(salt)));
  return openParts(parts, { umbral: () => umbral, companion }, contextOf(cell, version)).fileKey;
};

/** Opens a wrap as the patient who owns the cell. */
export const openOwnWrap = (wrap: StoredWrap, of: Parameters<typeof openWrap>[2]): Uint8Array => {
  const { folder, epoch, salt }: Payload<'folder'> = of.cell.payload;
  const key = of.keys.folderKey(folder, epoch, fromBase64url(salt));
  return openWrap(wrap, decapsulateOriginal(key, decodeCapsule(fromBase64url(wrap.capsule))), of);
};
