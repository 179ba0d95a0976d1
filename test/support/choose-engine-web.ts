// Stands in for lib/envelope/choose-engine.ts where the suites run on the engine of browsers.
import { webEngine } from '../../lib/envelope/engine.ts';

export const engine = webEngine;
