// Local environment: makes the environment of the local system. The user's own AWS settings (profile, files, region, endpoints, credentials, retries) are
// meant for other work and are left out.
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

/** The user's credentials if AWS_ENDPOINT_URL names an endpoint, because they belong to it; else those of the local AWS. */
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
 * Replaces the user's AWS settings with those of the local system. Tests and tools use it; they also read other variables of the user.
 * @param env the user's environment
 * @param endpoint URL of the local AWS; AWS_ENDPOINT_URL of `env` if undefined
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

/** The environment of the programs of the local system: as {@link withLocalAws}, with only those of the user's variables that programs need to run. */
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
