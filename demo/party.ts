// Runs one person of the demo: a client with its own key file and memory in its own folder. It reads commands from standard input, one line of JSON
// each, and answers with ids, file names and counts. Record bodies and keys stay in this process.
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  AppError,
  ClientError,
  createIdentity,
  createMemory,
  createPatient,
  createRecipient,
  fileBody,
  importMemory,
  intoFile,
  readKeyFile,
  uniqueNames,
  writeKeyFile,
  type FolderId,
  type GrantId,
  type GrantWithCells,
  type Identity,
  type IdentityId,
  type Memory,
  type RecordInfo,
} from '../lib/client/node.ts';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.dcm': 'application/dicom',
  '.hl7': 'x-application/hl7-v2+er7',
  '.json': 'application/fhir+json',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.txt': 'text/plain',
  '.xml': 'application/xml',
};
const mediaTypeOf = (path: string): string => MEDIA_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';

const unlessMissing = async <T>(read: () => Promise<T>, otherwise: () => T | Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise();
    throw error;
  }
};

/** Creates an identity and its key file. A real user writes the 24 words on paper; the demo does not need them again. */
const newIdentity = async (keyFile: string): Promise<Identity> => {
  const { identity } = createIdentity();
  await writeKeyFile(keyFile, identity);
  return identity;
};

/** Reads the key file and the memory of a person; creates them at the first start. */
const openHome = async (home: string) => {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const keyFile = join(home, 'keys.json');
  const identity = await unlessMissing(
    () => readKeyFile(keyFile),
    () => newIdentity(keyFile),
  );
  const memoryFile = join(home, 'memory.json');
  const memory = await unlessMissing(
    async () => importMemory(identity.id, JSON.parse(await readFile(memoryFile, 'utf8'))),
    () => createMemory(identity.id),
  );
  const remember = async (): Promise<void> => {
    await writeFile(`${memoryFile}.new`, JSON.stringify(memory.export()), { mode: 0o600 });
    await rename(`${memoryFile}.new`, memoryFile);
  };
  return { identity, memory, remember };
};

interface Addresses {
  readonly origin: string;
  readonly storage: string;
}

const partyOf = (identity: Identity, memory: Memory, home: string, { origin, storage }: Addresses) => {
  const options = { origin, storageOrigins: [storage], ...identity, memory };
  const patient = createPatient(options);
  const recipient = createRecipient(options);
  let last: { readonly grant: GrantWithCells; readonly records: readonly RecordInfo[] } | undefined;

  return {
    register: async ({ name }: { name?: string }) => {
      await recipient.register({ name });
      return { id: identity.id };
    },
    createFolder: async ({ name }: { name: string }) => {
      const folder = await patient.createFolder({ name, category: 'laboratory' });
      return { folder: folder.id };
    },
    file: async ({ folder, path }: { folder: FolderId; path: string }) => {
      const { size } = await stat(path);
      const record = await patient.file(folder, fileBody(path), {
        fileName: basename(path).slice(0, 200),
        mediaType: mediaTypeOf(path),
      });
      return { record: record.record, bytes: size };
    },
    ask: async (input: { patient: IdentityId; folder: FolderId; days: number }) => {
      const durationSeconds = input.days * 86_400;
      const request = await recipient.request({
        patient: input.patient,
        folders: [input.folder],
        purpose: 'TREAT',
        durationSeconds,
      });
      return { request: request.id };
    },
    requests: async (_: object) => {
      const requests = await patient.listRequests('pending');
      return requests.map(({ id, recipient: from, purpose, durationSeconds, scope }) => ({
        id,
        from,
        purpose,
        days: durationSeconds / 86_400,
        folders: 'folders' in scope ? scope.folders : [],
      }));
    },
    /** Approves a request of this recipient, after verifying the recipient's id: the demo assumes that patient and recipient have met. */
    approve: async ({ request, days, from }: { request: string; days: number; from: IdentityId }) => {
      patient.verify(from);
      const asked = (await patient.listRequests('pending')).find((r) => r.id === request);
      if (asked === undefined) throw new AppError('not-found');
      const [grant] = await patient.approve(asked, { durationSeconds: days * 86_400 });
      return { grant: grant.id, expires: grant.expires };
    },
    /** Opens every record of the folder, and writes each to a file of its own. */
    open: async ({ grant: id, patient: from, folder }: { grant: GrantId; patient: IdentityId; folder: FolderId }) => {
      const grant = await recipient.grant(id, from);
      const records = await recipient.listRecords(grant, folder);
      const out = join(home, 'opened');
      await mkdir(out, { recursive: true });
      last = { grant, records };
      const opened = await recipient.open(grant, records);
      const files: { record: string; path: string; mediaType: string | undefined }[] = [];
      // The author chose the file name, so it is made safe and unique: it could lead into another folder, or replace another file.
      const nameOf = uniqueNames(await readdir(out));
      for (const { record, safeName, metadata, save } of opened) {
        const path = join(out, nameOf(safeName));
        await save(intoFile(path));
        files.push({ record, path, mediaType: metadata.mediaType });
      }
      return files;
    },
    /** Opens the same records again with the grant that was fetched before. */
    reopen: async (_: object) => {
      if (last === undefined) throw new AppError('not-found');
      const opened = await recipient.open(last.grant, last.records);
      return { records: opened.length };
    },
    revoke: async ({ grant }: { grant: GrantId }) => {
      const { state } = await patient.revoke(await patient.getGrant(grant));
      return { state };
    },
    audit: async (_: object) => {
      const events = await patient.audit();
      return events.map(({ seq, kind, actor, at, subject }) => ({ seq, kind, actor, at, subject }));
    },
  };
};
export type Commands = ReturnType<typeof partyOf>;

const refusalOf = (error: unknown) => {
  if (error instanceof AppError) return { code: error.code, reason: error.details.reason, message: error.message };
  if (error instanceof ClientError) return { code: error.code, reason: error.what, message: error.message };
  const { message } = error instanceof Error ? error : new Error(String(error));
  return { code: 'failed', message };
};

const [home, origin, storage] = process.argv.slice(2);
if (home === undefined || origin === undefined || storage === undefined)
  throw new Error('usage: party HOME ORIGIN STORAGE');
const { identity, memory, remember } = await openHome(home);
const party = partyOf(identity, memory, home, { origin, storage });

for await (const line of createInterface({ input: process.stdin })) {
  const { command, input } = JSON.parse(line) as { command: keyof Commands; input: never };
  try {
    const ok = await party[command](input);
    await remember();
    process.stdout.write(`${JSON.stringify({ ok })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ refused: refusalOf(error) })}\n`);
  }
}
