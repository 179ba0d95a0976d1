// `npm run bench:umbral [-- --json] [-- --passes 61]`: the scheme on the kernel, on noble, and the npm peer, interleaved in one process. Each
// pass times a batch of every operation in every lane, in turn, so that a busy neighbour slows all lanes alike; the median pass counts.
import { parseArgs } from 'node:util';
import { laneOf, loadScheme, OPERATIONS, peerLane, type Lane } from './lanes.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, passes: { type: 'string', default: '61' } },
});
const passes = Number(values.passes);
const BATCH_MS = 5;
const WARM_UP_MS = 400;

const median = (list: readonly number[]): number => [...list].sort((x, y) => x - y)[list.length >> 1]!;

/** Microseconds a call. */
const time = (run: () => unknown, calls: number): number => {
  const start = performance.now();
  for (let i = 0; i < calls; i++) run();
  return ((performance.now() - start) / calls) * 1000;
};

const warmUp = (run: () => unknown): number => {
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) run();
  return Math.max(1, Math.round((BATCH_MS * 1000) / time(run, 3)));
};

const lanes: Readonly<Record<'ours' | 'noble' | 'peer', Lane>> = {
  ours: laneOf(await loadScheme('wasm')),
  noble: laneOf(await loadScheme('noble')),
  peer: peerLane(),
};
const names = ['ours', 'noble', 'peer'] as const;

// All is warm before anything counts: optimising compilers work in the background, and take long when the cores are busy.
const calls = OPERATIONS.map((operation) => names.map((name) => warmUp(lanes[name][operation])));
const times = OPERATIONS.map(() => names.map((): number[] => []));
for (let pass = 0; pass < passes; pass++)
  OPERATIONS.forEach((operation, o) =>
    names.forEach((name, i) => times[o]![i]!.push(time(lanes[name][operation], calls[o]![i]!))),
  );
const measured = OPERATIONS.map((operation, o) => {
  const [ours, noble, peer] = times[o]!.map(median) as [number, number, number];
  return { operation, ours, noble, peer, ratio: ours / peer };
});

const ratios = measured.map(({ ratio }) => ratio);
const summary = {
  geomean: Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length),
  worst: Math.max(...ratios),
};
const round = (x: number, digits: number): number => Number(x.toFixed(digits));

if (values.json) {
  const rows = measured.map(({ operation, ours, noble, peer, ratio }) => [
    operation,
    { ours: round(ours, 1), noble: round(noble, 1), peer: round(peer, 1), ratio: round(ratio, 3) },
  ]);
  console.log(JSON.stringify({ ...Object.fromEntries(rows), geomean: round(summary.geomean, 3), worst: round(summary.worst, 3) })); // prettier-ignore
} else {
  console.log('| operation | ours us | noble us | peer us | ours/peer |\n|---|---|---|---|---|');
  for (const { operation, ours, noble, peer, ratio } of measured)
    console.log(
      `| ${operation} | ${ours.toFixed(0)} | ${noble.toFixed(0)} | ${peer.toFixed(0)} | ${ratio.toFixed(3)} |`,
    );
  console.log(`\ngeometric mean ${summary.geomean.toFixed(3)}, worst ${summary.worst.toFixed(3)}`);
}
