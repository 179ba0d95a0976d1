// Use case recapsulate: opens 1 to 100 records of one cell. It re-encrypts their capsules for the recipient, counts the opening, writes its event, and
// then answers, for all records or none. The service never has a key that opens a capsule. A patient who opens its own records gets the wraps unchanged.
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import type { Blobs, Openings, ServiceSigner } from '../ports/index.ts';
import { allowOpening, countOpening, type AllowedOpening, type ReadableVersion } from './shared/authorize-opening.ts';
import { reencrypt, type Reencrypted } from './shared/reencrypt.ts';

interface Deps {
  readonly openings: Openings;
  readonly blobs: Pick<Blobs, 'download'>;
  readonly serviceSigner: Pick<ServiceSigner, 'answer'>;
}

export async function recapsulate(
  { openings, blobs, serviceSigner }: Deps,
  call: Call,
  input: Input<'recapsulate'>,
): Promise<Answer<'recapsulate'>> {
  const allowed = await allowOpening(openings, call, input);
  const reencrypted = await reencryptedFor(serviceSigner, allowed, call);
  const records = await Promise.all(
    allowed.records.map((r, i) => openedRecord(blobs, r, reencrypted?.cfrags[i], call)),
  );
  await countOpening(openings, allowed, call);
  return { records, ...(reencrypted === undefined ? {} : { signed: reencrypted.signed }) };
}

/** Re-encrypts the capsules for the recipient. @returns undefined for the patient, who opens its own wraps */
async function reencryptedFor(
  serviceSigner: Deps['serviceSigner'],
  { opening, view: { grant, cell, keyFragment }, records }: AllowedOpening,
  { now }: Call,
): Promise<Reencrypted | undefined> {
  if (grant === undefined) return undefined;
  const { verifying, receiving } = grant;
  // allowOpening has checked that an opening under a grant has both a cell and a key fragment.
  const { key: delegating } = cell!.statement.payload;
  const capsules = records.map(({ wrap }) => wrap.capsule);
  return reencrypt(serviceSigner, {
    opening: opening.hash,
    keyFragment: keyFragment!,
    keys: { verifying, delegating, receiving },
    capsules,
    now,
  });
}

async function openedRecord(
  blobs: Deps['blobs'],
  { version, metadata, wrap }: ReadableVersion,
  cfrag: string | undefined,
  { now }: Call,
) {
  const { record, version: number } = version.statement.payload;
  return {
    record,
    version: number,
    statement: version.statement.jws,
    metadata,
    ...(version.grant === undefined ? {} : { grant: version.grant }),
    wrap: {
      ...wrap,
      ...(cfrag === undefined ? {} : { cfrags: [cfrag] }),
    },
    download: await blobs.download(version.blob, now),
  };
}
