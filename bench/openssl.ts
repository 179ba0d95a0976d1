// What openssl says of the cores: the rate of the two things that sealing and opening cannot do without.
import { spawnSync } from 'node:child_process';

/** Bytes at a time. */
const BLOCK = 2 ** 20;

const opensslSpeed = (algorithm: string, processes: number): number | undefined => {
  const { stdout: told, status } = spawnSync(
    'openssl',
    ['speed', '-mr', '-multi', String(processes), '-seconds', '1', '-bytes', String(BLOCK), '-evp', algorithm],
    { encoding: 'utf8' },
  );
  const rate = /^\+F:\d+:[^:]+:([\d.]+)/m.exec(told)?.[1];
  return status === 0 && rate !== undefined ? Number(rate) / 1e9 : undefined;
};

/** GB/s. */
export interface Native {
  readonly aes: number;
  readonly sha: number;
  /** Cores that do both, one after the other. */
  readonly both: number;
}
/** Undefined without openssl. */
export const openssl = (processes: number): Native | undefined => {
  const [aes, sha] = [opensslSpeed('aes-256-gcm', processes), opensslSpeed('sha256', processes)];
  return aes && sha ? { aes, sha, both: 1 / (1 / aes + 1 / sha) } : undefined;
};
