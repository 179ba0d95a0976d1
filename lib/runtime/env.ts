// The only reader of the environment (with the command line). Read once; what is missing is named all at once.
// AWS_ENDPOINT_URL and credentials are read by the SDK itself.
import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));
const origin = z.pipe(
  z
    .url({ protocol: /^https?$/ })
    .check(z.refine((s) => URL.canParse(s) && new URL(s).href === `${new URL(s).origin}/`, 'not an origin')),
  z.transform((s: string) => new URL(s)),
);

const VARIABLES = {
  /** Host and port under which clients call; part of what they sign. */
  PUBLIC_ORIGIN: origin,
  MAIN_TABLE: text,
  NONCE_TABLE: text,
  BUCKET: text,
  /** KMS key that signs receipts, checkpoints and answers to openings. */
  SERVICE_KEY: text,
  AWS_REGION: text,
  AWS_ENDPOINT_URL: z.optional(z.url()),
} as const;
type Variable = keyof typeof VARIABLES;
export type Env = { readonly [V in Variable]: z.output<(typeof VARIABLES)[V]> };

/** Variables that are missing or malformed. Their values are not repeated. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
  readonly missing: readonly string[];
  constructor(missing: readonly string[]) {
    super(`missing or malformed in the environment: ${missing.join(', ')}`);
    this.missing = missing;
  }
}

/**
 * The named variables of an environment.
 * @throws {EnvError} naming all that do not fit
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

/** What this process was started with. */
export const processEnv = (): Readonly<Record<string, string | undefined>> => process.env;
