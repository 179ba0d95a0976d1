// What all examples start with: identities, files, and how an example is run by hand.
import process, { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import {
  ClientError,
  createIdentity,
  createPatient,
  createRecipient,
  type Patient,
  type Recipient,
} from '../lib/client/index.ts';

export interface At {
  /** Where the API is: what `npm start` prints. */
  readonly origin: string;
  readonly fetch?: typeof fetch;
  /** Takes what is told, line by line; prints it unless given. */
  readonly say?: (line: string) => void;
}

export const newPatient = async (at: At): Promise<Patient> => {
  const patient = createPatient({ ...at, ...createIdentity().identity });
  await patient.register();
  return patient;
};

export const newRecipient = async (at: At, name: string): Promise<Recipient> => {
  const recipient = createRecipient({ ...at, ...createIdentity().identity });
  await recipient.register({ name });
  return recipient;
};

export const DAYS = 86_400;

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const textOf = (opened: { readonly stream: () => ReadableStream<Uint8Array> }): Promise<string> =>
  new Response(opened.stream() as ReadableStream<Uint8Array<ArrayBuffer>>).text();

/** The code that a call is refused with; nothing is not a refusal. */
export const refusal = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as { readonly code: string; readonly details?: { readonly reason?: string } };
    return details?.reason === undefined ? code : `${code}: ${details.reason}`;
  }
  throw new Error('this should have been refused');
};

/** Runs an example that was named on the command line: `npx tsx examples/NAME.ts ORIGIN`. */
export const byHand = async (url: string, run: (at: At) => Promise<unknown>): Promise<void> => {
  const [, program = '', origin] = argv;
  if (url !== pathToFileURL(program).href) return;
  if (origin === undefined) throw new Error('name the origin that npm start prints, http://127.0.0.1:PORT');
  try {
    await run({ origin });
  } catch (error) {
    if (!(error instanceof ClientError && error.code === 'network')) throw error;
    console.error(`Nothing answers at ${origin}. npm start prints where the API is.`);
    process.exitCode = 1;
  }
};
