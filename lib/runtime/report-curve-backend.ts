// Says at the cold start of what re-encrypts that the curve's kernel could not be used: all is right then, but 15 to 40 times slower.
import { curveChoice } from '../umbral/proxy.ts';
import { warnAtStart } from './log.ts';

/** @param warn another one in tests */
export function reportCurve({ name, reason }: typeof curveChoice = curveChoice, warn = warnAtStart): void {
  if (name !== 'wasm') warn('curve-fell-back', { backend: name, reason });
}

reportCurve();
