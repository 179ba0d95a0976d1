// Makes the key fragments and the sealed companion seeds of cells, for grants and extensions.
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import { sealSeeds, type SeedsContext } from '../../envelope/companion-seeds.ts';
import type { GrantCell, Statement } from '../../statements/kinds.ts';
import { SERVICE_PROXY, SHARES, THRESHOLD } from '../../statements/proxy-threshold.ts';
import { generateKFrags } from '../../umbral/delegator.ts';
import { encodeKFrag, kfragId } from '../../umbral/kfrag.ts';
import type { Context } from '../session/context.ts';
import { checked, ClientError } from '../session/errors.ts';
import { publicKeyFrom } from '../identities/identities.ts';

/** Returns a cell in the form in which a grant or an extension names it. The caller adds the key fragments. */
export const cellOf = ({ payload, hash }: Statement<'folder'>): GrantCell => ({
  folder: payload.folder,
  epoch: payload.epoch,
  key: payload.key,
  statement: hash,
  kfrags: [],
});

/**
 * Makes the key fragment of one cell for one receiving key, and returns it with the cell as a grant names it. The signatures in the key fragment cover the cell
 * key and the receiving key.
 */
export const delegate = (ctx: Context, folder: Statement<'folder'>, receiving: string) => {
  const { folder: id, epoch, salt } = folder.payload;
  const [kfrag] = generateKFrags({
    delegating: ctx.keys.folderKey(id, epoch, fromBase64url(salt)),
    receiving: publicKeyFrom(receiving),
    signer: ctx.keys.kfragSigner,
    threshold: THRESHOLD,
    shares: SHARES,
    rng: ctx.platform.rng,
  });
  if (kfrag === undefined) throw new ClientError('bad-argument', 'no key fragment was made');
  const bytes = encodeKFrag(kfrag);
  const named = { proxy: SERVICE_PROXY, id: toBase64url(kfragId(kfrag)), hash: toBase64url(sha256(bytes)) } as const;
  return { cell: { ...cellOf(folder), kfrags: [named] }, kfrag: toBase64url(bytes) };
};

/** Seals the companion seeds of cells to a recipient. @param inbox the recipient's inbox key, base64url @throws {ClientError} `unverified` (`identity`) */
export const seedsFor = (
  ctx: Context,
  cells: readonly Statement<'folder'>[],
  inbox: string,
  context: Omit<SeedsContext, 'patient'>,
): Promise<string> =>
  checked('identity', () => {
    const seeds = cells.map(({ payload: { folder, epoch, salt } }) =>
      ctx.keys.companionSeed(folder, epoch, fromBase64url(salt)),
    );
    return toBase64url(sealSeeds(seeds, fromBase64url(inbox), { patient: ctx.keys.id, ...context }, ctx.platform.rng));
  });
