// Curve backend report: warns, at the cold start of a function that re-encrypts, if the kernel cannot be used. The fallback gives the same results, but takes
// 15 to 40 times as long.
import { curveChoice } from '../umbral/proxy.ts';
import { warnAtStart } from './log.ts';

/** Warns if the kernel is not used. @param warn tests replace it */
export function reportCurve({ name, reason }: typeof curveChoice = curveChoice, warn = warnAtStart): void {
  if (name !== 'wasm') warn('curve-fell-back', { backend: name, reason });
}

reportCurve();
