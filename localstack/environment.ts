// Local environment: makes the environment of the local system. It leaves out the user's own AWS settings (profile, files, region, endpoints, credentials,
// retries), because they are meant for other work.
import { devNull } from 'node:os';

/** Credentials that every local AWS accepts. */
const LOCAL_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
/** The region of the local system. */
export const LOCAL_REGION = 'us-east-1';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that programs need to run: paths of programs, libraries, certificates and temporary files; user, shell, language and time zone. */
const NEEDED = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TMP', 'TEMP'],
  ...['LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'],
  ...['NODE_EXTRA_CA_CERTS', 'NODE_TLS_REJECT_UNAUTHORIZED', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

/** Returns the user's credentials if AWS_ENDPOINT_URL is set, because they belong to that endpoint; else those of the local AWS. */
const credentialsIn = (env: Environment): Record<string, string> => {
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env;
  const areGiven = Boolean(AWS_ENDPOINT_URL && AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY);
  return {
    AWS_ACCESS_KEY_ID: areGiven ? AWS_ACCESS_KEY_ID! : LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: areGiven ? AWS_SECRET_ACCESS_KEY! : LOCAL_CREDENTIALS.secretAccessKey,
    ...(areGiven && AWS_SESSION_TOKEN ? { AWS_SESSION_TOKEN } : {}),
  };
};

/**
 * Returns the user's environment with the AWS settings of the local system instead of the user's. It keeps all other variables, because tests and tools read
 * them.
 * @param endpoint URL of the local AWS; by default AWS_ENDPOINT_URL of `env`
 */
export function withLocalAws(env: Environment, endpoint = env['AWS_ENDPOINT_URL'] ?? ''): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !/^AWS_/i.test(name));
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    ...credentialsIn(env),
    AWS_REGION: LOCAL_REGION,
    // These files are empty, so the SDK reads neither ~/.aws/config nor ~/.aws/credentials.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...(endpoint === '' ? {} : { AWS_ENDPOINT_URL: endpoint }),
  };
}

/**
 * Returns the environment for programs of the local system: like {@link withLocalAws}, but of the user's variables it keeps only those that programs need to
 * run.
 */
export const localEnvironment = (env: Environment, endpoint?: string): Record<string, string> =>
  withLocalAws(
    Object.fromEntries(Object.entries(env).filter(([name]) => NEEDED.includes(name) || /^AWS_/i.test(name))),
    endpoint,
  );

/** Applies {@link withLocalAws} to this process and to the processes that it starts. @param env `process.env` */
export function enterLocalAws(env: NodeJS.ProcessEnv, endpoint?: string): void {
  const entered = withLocalAws(env, endpoint);
  for (const name of Object.keys(env)) if (!(name in entered)) Reflect.deleteProperty(env, name);
  Object.assign(env, entered);
}
