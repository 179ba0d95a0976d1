// Web page of bench/browser.ts: measures the implementations in turn, then the envelope, and sends the results to the server.
import { envelope, type Sealing } from './envelope-time-in-memory.ts';
import { laneOf, peerLane, type Operation } from './implementations.ts';
import * as scheme from './scheme-entry.ts';
import { batchesOf, race } from './timing-loop.ts';

export type Measured =
  | {
      readonly browser: string;
      readonly times: Readonly<Record<Operation, Readonly<Record<'ours' | 'peer', number>>>>;
      readonly sealings: readonly Sealing[];
    }
  | { readonly broken: string };

const parameters = new URL(location.href).searchParams;
const numberOf = (name: string): number => Number(parameters.get(name));

const measure = async (): Promise<Measured> => {
  // Without this check, the page could measure noble instead of the kernel.
  if (scheme.chosen.name !== 'wasm') throw new Error(`the backend is ${scheme.chosen.name}`);
  if (!crossOriginIsolated) throw new Error('the page is not isolated: its clock is coarse');
  const lanes = { ours: batchesOf(laneOf(scheme)), peer: batchesOf(peerLane()) };
  return {
    browser: navigator.userAgent,
    times: await race(lanes, numberOf('passes')),
    sealings: await envelope(numberOf('bytes'), numberOf('sealings')),
  };
};

const measured = await measure().catch((error: unknown): Measured => ({
  broken: error instanceof Error ? (error.stack ?? error.message) : String(error),
}));
await fetch('/report', { method: 'POST', body: JSON.stringify(measured) });
