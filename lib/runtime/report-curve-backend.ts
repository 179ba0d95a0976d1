// Curve backend report: warns at the cold start of a re-encrypting function that the kernel cannot be used. The results are the same, 15 to 40 times slower.
import { curveChoice } from '../umbral/proxy.ts';
import { warnAtStart } from './log.ts';

/** @param warn replaced in tests */
export function reportCurve({ name, reason }: typeof curveChoice = curveChoice, warn = warnAtStart): void {
  if (name !== 'wasm') warn('curve-fell-back', { backend: name, reason });
}

reportCurve();
