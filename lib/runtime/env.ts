// Environment: reads and checks environment variables. Only this file reads process.env. An error names all missing variables at once. The AWS SDK itself
// reads AWS_ENDPOINT_URL and the credentials.
import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));
const origin = z.pipe(
  z
    .url({ protocol: /^https?$/ })
    .check(z.refine((s) => URL.canParse(s) && new URL(s).href === `${new URL(s).origin}/`, 'not an origin')),
  z.transform((s: string) => new URL(s)),
);

const VARIABLES = {
  /** The origin that clients call. The signatures of their requests cover its host and port. */
  PUBLIC_ORIGIN: origin,
  MAIN_TABLE: text,
  NONCE_TABLE: text,
  BUCKET: text,
  /** The service key in KMS. It signs receipts, checkpoints and proxy keys. */
  SERVICE_KEY: text,
  AWS_REGION: text,
  AWS_ENDPOINT_URL: z.optional(z.url()),
} as const;
type Variable = keyof typeof VARIABLES;
export type Env = { readonly [V in Variable]: z.output<(typeof VARIABLES)[V]> };

/** An error with the names of variables that are missing or malformed. It never contains their values. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
  readonly missing: readonly string[];
  constructor(missing: readonly string[]) {
    super(`missing or malformed in the environment: ${missing.join(', ')}`);
    this.missing = missing;
  }
}

/**
 * Reads the named variables of an environment.
 * @throws {EnvError} with the names of all variables that are missing or malformed
 */
export function readEnv<V extends Variable>(
  source: Readonly<Record<string, string | undefined>>,
  names: readonly V[],
): Pick<Env, V> {
  const read = names.map((name) => [name, VARIABLES[name].safeParse(source[name])] as const);
  const missing = read.filter(([, { success }]) => !success).map(([name]) => name);
  if (missing.length > 0) throw new EnvError(missing);
  return Object.fromEntries(read.map(([name, { data }]) => [name, data])) as Pick<Env, V>;
}

/** The environment of this process. */
export const processEnv = (): Readonly<Record<string, string | undefined>> => process.env;
