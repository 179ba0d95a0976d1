// Measures with openssl how fast the processor cores run AES-256-GCM and SHA-256, the two algorithms that sealing and opening need.
import { spawnSync } from 'node:child_process';

/** Block size, bytes. */
const BLOCK = 2 ** 20;

const opensslSpeed = (algorithm: string, processes: number): number | undefined => {
  const { stdout: output, status } = spawnSync(
    'openssl',
    ['speed', '-mr', '-multi', String(processes), '-seconds', '1', '-bytes', String(BLOCK), '-evp', algorithm],
    { encoding: 'utf8' },
  );
  const rate = /^\+F:\d+:[^:]+:([\d.]+)/m.exec(output)?.[1];
  return status === 0 && rate !== undefined ? Number(rate) / 1e9 : undefined;
};

/** Rates in GB/s. */
export interface Native {
  readonly aes: number;
  readonly sha: number;
  /** The rate of both algorithms together, one after the other on the same cores. */
  readonly both: number;
}
/** Measures openssl with this many processes at once. @returns undefined if openssl is not installed */
export const openssl = (processes: number): Native | undefined => {
  const [aes, sha] = [opensslSpeed('aes-256-gcm', processes), opensslSpeed('sha256', processes)];
  return aes && sha ? { aes, sha, both: 1 / (1 / aes + 1 / sha) } : undefined;
};
