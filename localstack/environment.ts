// The environment of the local system. The user's own AWS settings (profile, files, region, endpoints, credentials, retries) are for other work and stay out.
import { devNull } from 'node:os';

/** Credentials and region that every local AWS takes. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
export const LOCAL_REGION = 'us-east-1';

type Environment = Readonly<Record<string, string | undefined>>;

/** Programs need these to run at all: where programs, libraries, certificates and temporary files are, and the language. */
const NEEDED = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TMP', 'TEMP'],
  ...['LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'],
  ...['NODE_EXTRA_CA_CERTS', 'NODE_TLS_REJECT_UNAUTHORIZED', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

/** The settings of an endpoint that the user named: its credentials come with it. */
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
 * An environment with the AWS settings of the local system in place of the user's. For tests and tools, which read other variables as well.
 * @param env the user's environment
 * @param endpoint where the local AWS answers; unless it is named, what AWS_ENDPOINT_URL of `env` says
 */
export function withLocalAws(env: Environment, endpoint = env['AWS_ENDPOINT_URL'] ?? ''): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !/^AWS_/i.test(name));
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    ...credentialsIn(env),
    AWS_REGION: LOCAL_REGION,
    // Neither ~/.aws/config nor ~/.aws/credentials is read: these files are empty.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...(endpoint === '' ? {} : { AWS_ENDPOINT_URL: endpoint }),
  };
}

/** The environment of the programs that are the local system: {@link withLocalAws}, and of the user's variables only what programs need to run. */
export const localEnvironment = (env: Environment, endpoint?: string): Record<string, string> =>
  withLocalAws(
    Object.fromEntries(Object.entries(env).filter(([name]) => NEEDED.includes(name) || /^AWS_/i.test(name))),
    endpoint,
  );

/** Makes {@link withLocalAws} the environment of this process and of what it starts. @param env `process.env` */
export function enterLocalAws(env: NodeJS.ProcessEnv, endpoint?: string): void {
  const entered = withLocalAws(env, endpoint);
  for (const name of Object.keys(env)) if (!(name in entered)) Reflect.deleteProperty(env, name);
  Object.assign(env, entered);
}
