// `npm run bench:umbral [-- --json] [-- --passes 61] [-- --native]` compares the scheme on the kernel, the scheme on noble, and the npm peer, in turn in
// one process. With --native it also compares the crate and pyUmbral, each in a process of its own that gets one batch at a time.
import { parseArgs } from 'node:util';
import { laneOf, OPERATIONS, peerLane } from './implementations.ts';
import { loadScheme } from './load-backend.ts';
import { countOf } from './arguments.ts';
import { geometricMean, round } from './statistics.ts';
import { nativeLanes } from './native-peers.ts';
import { batchesOf, race } from './timing-loop.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    passes: { type: 'string', default: '61' },
    native: { type: 'boolean', default: false },
  },
});

const native = values.native ? await nativeLanes() : [];
const lanes = {
  ours: batchesOf(laneOf(await loadScheme('wasm'))),
  // With --native, noble is not measured, because the garbage collection after noble would slow down our code but not the native code in other processes.
  ...(!values.native && { noble: batchesOf(laneOf(await loadScheme('noble'))) }),
  peer: batchesOf(peerLane()),
  ...Object.fromEntries(native.map(({ name, batches }) => [name, batches])),
};
const times = await race<string>(lanes, countOf(values, 'passes'));
for (const { end } of native) end();

const names = Object.keys(lanes);
/** The implementations that ours is compared with. */
const peers = names.filter((name) => name !== 'ours' && name !== 'noble');
const ratios = (peer: string): number[] => OPERATIONS.map((o) => times[o]['ours']! / times[o][peer]!);
const summary = (peer: string) => {
  const all = ratios(peer);
  return { geomean: round(geometricMean(all), 3), worst: round(Math.max(...all), 3), ahead: all.filter((r) => r < 1).length }; // prettier-ignore
};

if (values.json) {
  const rows = OPERATIONS.map((operation, i) => [
    operation,
    {
      ...Object.fromEntries(names.map((name) => [name, round(times[operation][name]!, 1)])),
      ratio: round(ratios('peer')[i]!, 3),
    },
  ]);
  const { geomean, worst } = summary('peer');
  const others = native.map(({ name }) => [name, summary(name)]);
  console.log(JSON.stringify({ ...Object.fromEntries(rows), geomean, worst, ...(values.native && { native: Object.fromEntries(others) }) })); // prettier-ignore
} else {
  const line = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
  const heads = ['operation', ...names.map((name) => `${name} us`), ...peers.map((peer) => `ours/${peer}`)];
  line(heads);
  console.log(`|${'---|'.repeat(heads.length)}`);
  for (const [i, operation] of OPERATIONS.entries())
    line([
      operation,
      ...names.map((name) => times[operation][name]!.toFixed(0)),
      ...peers.map((peer) => ratios(peer)[i]!.toFixed(3)),
    ]);
  console.log();
  for (const peer of peers) {
    const { geomean, worst, ahead } = summary(peer);
    console.log(`ours/${peer}: geometric mean ${geomean}, worst ${worst}, ahead in ${ahead} of ${OPERATIONS.length}`);
  }
}
