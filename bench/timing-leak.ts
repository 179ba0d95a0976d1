// `npm run bench:timing-leak [-- --samples 20000]` tests whether the time of the kernel's secret operations depends on the secret. The method is dudect
// (Reparaz, Balasch and Verbauwhede, 2017): it calls an operation with a fixed secret and with random secrets, in random order, and compares the times by
// Welch's t-test. It repeats the t-test without the slowest calls, and leaves out more of them each time. If |t| is above 4.5, there is a leak. One operation
// is known to leak: the sum with public scalars. If the test does not find that leak, the measurement is useless and the run fails.
import { parseArgs } from 'node:util';
import { systemRng } from '../lib/bytes/binary.ts';
import { kernelBytes, load } from '../lib/umbral/curve/wasm-memory.ts';
import { encodeScalar, ORDER, randomScalar, type Scalar } from '../lib/umbral/curve/scalar.ts';
import { makeWasm } from '../lib/umbral/curve/wasm.ts';
import { countOf } from './arguments.ts';
import { largestT } from './welch.ts';

const { values } = parseArgs({ options: { samples: { type: 'string', default: '20000' } } });
const samples = countOf(values, 'samples');
const LEAK = 4.5;

const kernel = load(kernelBytes());
const backend = makeWasm(kernel, systemRng);
const [point] = backend.muls([['G', randomScalar(systemRng)]]);
const { block } = point as unknown as { readonly block: Uint8Array };

interface Subject {
  readonly name: string;
  readonly leaks: boolean;
  /** Runs once before the measurement. */
  readonly prepare?: () => void;
  /** Writes the secret into the kernel's memory. This is not timed. */
  readonly put: (k: Scalar) => void;
  readonly run: () => void;
}
const intoFirst = (k: Scalar): void => kernel.setScalar(0, k);
const subjects: readonly Subject[] = [
  { name: 'multiple of a fixed base', leaks: false, put: intoFirst, run: () => kernel.sumFixed(0, 0, 0) },
  { name: 'multiple of a point', leaks: false, put: intoFirst, run: () => kernel.sum(0, 1, 0) },
  {
    name: 'multiple of a point that shares a table',
    leaks: false,
    prepare: () => kernel.preparePair(),
    put: intoFirst,
    run: () => kernel.sumPair(0, 0),
  },
  { name: 'inverse', leaks: false, put: intoFirst, run: () => kernel.invert() },
  {
    name: 'signature, by its key',
    leaks: false,
    put: (k) => {
      kernel.setBytes(0, new Uint8Array(32).fill(1));
      kernel.setBytes(32, encodeScalar(k));
      kernel.setBytes(64, new Uint8Array(32).fill(2));
    },
    run: () => kernel.sign(),
  },
  { name: 'public sum (control)', leaks: true, put: intoFirst, run: () => kernel.sumPublic(0, 1, 0, -1, -1) },
];

/**
 * The fixed secrets: 3, and n - 1, which is -1 modulo n. Most of their digits are zero. So a loop that skips zero digits is faster for them, and the test finds
 * that loop.
 */
const secrets: Readonly<Record<string, Scalar>> = { 'k = 3': 3n as Scalar, 'k = n - 1': (ORDER - 1n) as Scalar };

const measure = ({ prepare = () => kernel.prepare(1), put, run }: Subject, fixed: Scalar): number => {
  kernel.setPoint(0, block);
  prepare();
  for (let i = 0; i < 2000; i++) {
    put(randomScalar(systemRng));
    run();
  }
  const times: readonly [number[], number[]] = [[], []];
  const order = systemRng(samples);
  for (const byte of order) {
    const which = (byte & 1) as 0 | 1;
    // A random secret is drawn even if the fixed one is used, so that the caches are in the same state in both cases.
    const drawn = randomScalar(systemRng);
    put(which === 0 ? fixed : drawn);
    kernel.setPoint(0, block);
    const start = process.hrtime.bigint();
    run();
    times[which].push(Number(process.hrtime.bigint() - start));
  }
  return largestT(times);
};

let failed = false;
for (const subject of subjects)
  for (const [label, fixed] of Object.entries(secrets)) {
    // If no leak is expected, measures up to three times and counts the smallest |t|.
    // On a busy machine a false alarm happens now and then, but not three times in a row.
    let t = measure(subject, fixed);
    for (let again = 0; again < 2 && !subject.leaks && t > LEAK; again++) t = Math.min(t, measure(subject, fixed));
    const isLeak = t > LEAK;
    failed ||= isLeak !== subject.leaks;
    console.log(`${subject.name}, ${label} against random: |t| ${t.toFixed(2)}${isLeak ? ', depends on it' : ''}`);
  }
if (failed) {
  console.log('not as it should be: repeat on a quiet machine with more samples before believing it');
  process.exitCode = 1;
}
