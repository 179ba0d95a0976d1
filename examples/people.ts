// Creates the people and texts of the examples, and runs an example from the command line.
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
  /** Address of the API, as `npm start` prints it. */
  readonly origin: string;
  readonly fetch?: typeof fetch;
  /** Receives the output line by line. By default the lines are printed. */
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

/** Awaits a call that the service must refuse, and returns the code of the refusal. @throws if the call succeeds */
export const refusal = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as { readonly code: string; readonly details?: { readonly reason?: string } };
    return details?.reason === undefined ? code : `${code}: ${details.reason}`;
  }
  throw new Error('this should have been refused');
};

/** Runs the example that the command line names: `npx tsx examples/NAME.ts ORIGIN`. */
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
