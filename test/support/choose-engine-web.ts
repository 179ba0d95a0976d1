// Replaces lib/envelope/choose-engine.ts, so that the suites run on the WebCrypto engine.
import { webEngine } from '../../lib/envelope/engine-web.ts';

export const engine = webEngine;
