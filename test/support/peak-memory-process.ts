// Program of the memory test: files a record from a file as a patient, or opens it as a recipient, and prints the peak memory of this process.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { systemRng } from '../../lib/bytes/binary.ts';
import { fromHex, toHex } from '../../lib/bytes/codec.ts';
import type { FolderId, GrantId } from '../../lib/bytes/ids.ts';
import { createPatient, createRecipient } from '../../lib/client/index.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import { nextKeyHash } from '../../lib/identity/identity-statement.ts';

const [what, origin = '', home = '', file = ''] = process.argv.slice(2);
const next = nextKeyHash(new Uint8Array(32));
const clientOf = (seed: Uint8Array) => ({ origin, keys: deviceKeys(seed), next });
const say = (answer: object): void => {
  // maxRSS is in KiB.
  process.stdout.write(JSON.stringify({ ...answer, rss: process.resourceUsage().maxRSS * 1024 }));
};

const fileIt = async (): Promise<void> => {
  const seed = systemRng(32);
  const patient = createPatient(clientOf(systemRng(32)));
  const recipient = createRecipient(clientOf(seed));
  await Promise.all([patient.register(), recipient.register()]);
  const folder = await patient.createFolder({ name: 'Large', category: 'imaging' });
  const body = Readable.toWeb(createReadStream(file, { highWaterMark: 1 << 20 })) as ReadableStream<Uint8Array>;
  await patient.file(folder.id, body, {});
  const [grant] = await patient.grant({
    recipient: recipient.id,
    folders: [folder.id],
    purpose: 'TREAT',
    durationSeconds: 600,
  });
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'share.json'), JSON.stringify({ seed: toHex(seed), grant: grant.id, folder: folder.id }));
  say({});
};

const openIt = async (): Promise<void> => {
  const share = JSON.parse(await readFile(join(home, 'share.json'), 'utf8')) as {
    seed: string;
    grant: GrantId;
    folder: FolderId;
  };
  const recipient = createRecipient(clientOf(fromHex(share.seed)));
  const grant = await recipient.grant(share.grant);
  const [opened] = await recipient.open(grant, await recipient.listRecords(grant, share.folder));
  const hash = createHash('sha256');
  for await (const chunk of opened!.stream()) hash.update(chunk);
  say({ sha256: hash.digest('hex') });
};

await (what === 'file' ? fileIt() : openIt());
