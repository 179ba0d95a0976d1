// Makes wraps for cells, and encodes them for the API.
import type { Body } from '../../api/routes.ts';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import { wrapKey, type Wrap, type WrapContent } from '../../envelope/wrap.ts';
import type { WrapContext } from '../../envelope/wrap-keys.ts';
import type { Payload } from '../../statements/kinds.ts';
import { publicKeyFrom } from '../identities/identities.ts';
import type { Context } from '../session/context.ts';
import { checked } from '../session/errors.ts';

export type WrapBody = Body<'commit-record'>['wrap'];

/**
 * Wraps a file key and seals a label for a cell, whose statement the caller has verified or will sign.
 * @throws {ClientError} `unverified` (`folder-key`) if a key of the cell is invalid
 */
export const wrapFor = (
  ctx: Context,
  { folder, epoch, key, companion }: Pick<Payload<'folder'>, 'folder' | 'epoch' | 'key' | 'companion'>,
  version: Pick<WrapContext, 'patient' | 'record' | 'version'>,
  content: WrapContent,
): Promise<Wrap> =>
  checked('folder-key', () => {
    const cell = { key: publicKeyFrom(key), companion: fromBase64url(companion) };
    return wrapKey(content, cell, { ...version, folder, epoch }, ctx.platform.rng);
  });

export const wrapBody = ({ capsule, companionCiphertext, wrappedKey, label }: Wrap): WrapBody => ({
  capsule: toBase64url(capsule),
  companionCiphertext: toBase64url(companionCiphertext),
  wrappedKey: toBase64url(wrappedKey),
  label: toBase64url(label),
});
