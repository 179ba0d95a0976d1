// Which engine: Node's where there is Node, else WebCrypto. Decided once, when this is first imported.
import { webEngine, type Engine } from './engine.ts';
import { nodeEngine } from './engine-node.ts';

export const engine: Engine = nodeEngine(globalThis.process) ?? webEngine;
