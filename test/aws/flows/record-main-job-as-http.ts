// Makes docs/main-job-as-http.md: records the requests and answers of a real run, writes the page, and returns the shape of a run. The shape is the part that
// is the same in each run, so a test compares the shapes of two runs.
import { collect } from '../../../lib/envelope/open-blob.ts';
import { DAY_SECONDS, newPerson, patientOf, recipientOf } from './people.ts';

/** One request and its answer. A request to S3, by a presigned URL, has no path here. */
interface Exchange {
  readonly method: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly status: number;
  readonly answer?: unknown;
}
export interface Step {
  readonly title: string;
  readonly explanation: string;
  readonly calls: readonly Exchange[];
}

const parsed = (text: string): unknown => (text === '' ? undefined : (JSON.parse(text) as unknown));

/** Runs the main job step by step, and records the calls. If a call is repeated after `busy`, only its last try is recorded. */
export const playMainJob = async (origin: string): Promise<readonly Step[]> => {
  let calls: Exchange[] = [];
  const steps: Step[] = [];
  const recording: typeof fetch = async (input, init) => {
    const { pathname, search, origin: to } = new URL(input instanceof Request ? input.url : input);
    const response = await fetch(input, init);
    const method = init?.method ?? 'GET';
    const { status } = response;
    if (to !== origin) calls.push({ method, status });
    else {
      const answer = parsed(await response.clone().text());
      const body = init?.body instanceof Uint8Array ? parsed(new TextDecoder().decode(init.body)) : undefined;
      const sent = { method, path: `${pathname}${search}`, ...(body === undefined ? {} : { body }) };
      if (status < 500 && status !== 429) calls.push({ ...sent, status, answer });
    }
    return response;
  };
  const step = async <T>(title: string, explanation: string, act: () => Promise<T>): Promise<T> => {
    calls = [];
    const result = await act();
    steps.push({ title, explanation, calls });
    return result;
  };

  const at = { origin, fetch: recording };
  const patient = patientOf(newPerson(), at);
  const clinic = recipientOf(newPerson(), at);
  await step(
    'The patient registers',
    'Get the service key, and read the chain of statements: this identity has none yet. Then send the identity statement (the public keys, signed), and the first entry of the chain, which names it.',
    () => patient.register(),
  );
  await step('The clinic registers', 'The recipient does the same, with a public name.', () =>
    clinic.register({ name: 'Praxis am Markt' }),
  );
  const folder = await step(
    'The patient makes a folder',
    'The name is sealed; the category is not. The entry names the folder statement.',
    () => patient.createFolder({ name: 'Blood counts', category: 'laboratory' }),
  );
  const record = await step(
    'The patient files a record',
    'Begin the upload, get a URL for its one part, send the sealed bytes to S3, and commit.',
    () =>
      patient.file(folder.id, new TextEncoder().encode('Hb 14.2 g/dl'), {
        fileName: 'blood-count.txt',
        mediaType: 'text/plain',
      }),
  );
  const request = await step(
    'The clinic asks for the folder',
    'The purpose is treatment, the duration thirty days.',
    () =>
      clinic.request({
        patient: patient.id,
        folders: [folder.id],
        purpose: 'TREAT',
        durationSeconds: 30 * DAY_SECONDS,
      }),
  );
  const [asked] = await step('The patient sees the request', 'The statement is as the clinic signed it.', () =>
    patient.listRequests('pending'),
  );
  const [approved] = await step(
    'The patient approves',
    'One grant to read, with one key fragment for its one cell. The patient looks up the recipient first, for its receiving key, and asks for the signed time, so that the grant is live at once.',
    () => patient.approve(asked!, { unverifiedRecipient: true }),
  );
  const grant = await step(
    'The clinic fetches the grant',
    'The answer includes the folder statement of each cell.',
    () => clinic.grant(approved.id, patient.id),
  );
  const listed = await step(
    'The clinic lists the records',
    'The answer has statements and sealed metadata, and no key that opens them.',
    () => clinic.listRecords(grant, folder.id),
  );
  await step(
    'The clinic opens the record',
    'The body is the signed opening. The answer has the re-encrypted capsule and a URL. The blob comes from S3.',
    async () => {
      const [opened] = await clinic.open(grant, listed);
      return collect(opened!.stream());
    },
  );
  await step(
    'The patient reads the trail',
    'The answer has every event, from the first on. The statements of the patient are in the chain, those of others beside the events.',
    () => patient.audit(),
  );
  await step(
    'The patient revokes the grant',
    'The grant ends at once. Before the client files in the folder again, it starts a new epoch, so that later records have another key.',
    () => patient.revoke(approved),
  );
  await step('The clinic is refused', 'The grant has ended.', () => clinic.open(grant, listed).catch(() => undefined));
  if (request.id !== asked?.id || record.record !== listed[0]?.record) throw new Error('the run is not the main job');
  return steps;
};

const LONGEST = 64;
const KIND = /^pcehr-[a-z-]+\+jws$/;

const kindOf = (jws: string): string | undefined => {
  try {
    const { typ } = JSON.parse(Buffer.from(jws.split('.')[0]!, 'base64url').toString()) as { readonly typ?: string };
    return typ !== undefined && KIND.test(typ) ? typ : undefined;
  } catch {
    return undefined;
  }
};

/** Shortens a text for the page. It keeps the beginning and the kind of a statement. It drops presigned URLs, which are useless after five minutes. */
const shown = (text: string): string => {
  if (/^https?:/.test(text)) return 'https://...';
  if (text.length <= LONGEST) return text;
  const kind = text.startsWith('eyJ') ? kindOf(text) : undefined;
  return `${text.slice(0, 16)}...${kind === undefined ? '' : ` (${kind})`}`;
};

const json = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'string' ? shown(v) : v), 2);

const exchangeText = ({ method, path, body, status, answer }: Exchange): string =>
  [
    '```http',
    `${method} ${path ?? 'https://...'}`,
    ...(body === undefined ? [] : [json(body)]),
    '',
    String(status),
    ...(answer === undefined ? [] : [json(answer)]),
    '```',
  ].join('\n');

const HEAD = `# The main job as HTTP calls

This page shows every call of a run with two people, one folder and one record. The SDK made the calls; the bodies are those of a real run. A test repeats the run and compares
this page with it (test/aws/flows/main-job-as-http.test.ts; with \`WRITE_PAGES=1\` it writes the page).
[openapi.json](openapi.json) describes every member, [spec/routes.md](spec/routes.md) lists all routes, [spec/](spec/README.md) has the formats.

Every request is signed ([spec/request-signatures.md](spec/request-signatures.md)); this page omits the three headers. Long texts are cut; the kind of a statement follows in
brackets. \`https://...\` is a URL of S3 that the call before returned.
`;

export const pageOf = (steps: readonly Step[]): string =>
  [
    HEAD,
    ...steps.map(
      ({ title, explanation, calls }, i) =>
        `## ${i + 1}. ${title}\n\n${explanation}\n\n${calls.map(exchangeText).join('\n\n')}\n`,
    ),
  ].join('\n');

/** Parses the calls of each step from the page. */
export const callsOn = (page: string): readonly (readonly Exchange[])[] =>
  page
    .split(/^## /m)
    .slice(1)
    .map((section) =>
      [...section.matchAll(/```http\n(\S+) (\S+)\n(?:([[{][\s\S]*?)\n)?\n(\d{3})(?:\n([[{][\s\S]*?))?\n```/g)].map(
        ([, method, path, body, status, answer]): Exchange => ({
          method: method!,
          ...(path === 'https://...' ? {} : { path: path! }),
          ...(body === undefined ? {} : { body: parsed(body) }),
          status: Number(status),
          ...(answer === undefined ? {} : { answer: parsed(answer) }),
        }),
      ),
    );

/** Replaces values that differ from run to run, such as ids, keys and times, by the name of their type. Words such as states and kinds stay. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
  if (typeof value === 'number') return 'a number';
  if (typeof value !== 'string') return value;
  const kind = /\((pcehr-[a-z-]+\+jws)\)$/.exec(shown(value))?.[1] ?? /\((pcehr-[a-z-]+\+jws)\)$/.exec(value)?.[1];
  return kind ?? (/^[a-z][a-z-]{0,20}$/.test(value) ? value : 'a text');
};

const template = (path: string): string =>
  path.replace(/ehr1[a-z0-9]{58}|\b[a-z2-7]{26}\b/g, '{id}').replace(/nonce=[\w-]{22}$/, 'nonce={nonce}');

/** The shape of each step. Parallel calls may have any order, so the calls of a step are sorted. */
export const shapesOf = (steps: readonly (readonly Exchange[])[]): readonly (readonly string[])[] =>
  steps.map((calls) =>
    calls
      .map(({ method, path, body, status, answer }) =>
        JSON.stringify([
          method,
          path === undefined ? 'storage' : template(path),
          shapeOf(body),
          status,
          shapeOf(answer),
        ]),
      )
      .toSorted(),
  );
