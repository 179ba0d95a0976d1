// Chooses the crypto engine at the first import: Node's crypto in Node, otherwise WebCrypto.
import { webEngine } from './engine-web.ts';
import type { Engine } from './engine.ts';
import { nodeEngine } from './engine-node.ts';

export const engine: Engine = nodeEngine(globalThis.process) ?? webEngine;
