// Crypto engine on WebCrypto, for browsers and other hosts without Node's crypto.
import type { Engine } from './engine.ts';
import { decrypt, encrypt } from './keys.ts';
import { TAG_BYTES } from './header.ts';

export const webEngine: Engine = {
  name: 'webcrypto',
  parallelChunks: true,
  extractableKeys: false,
  encrypt: (key, nonce, buffer) => encrypt(key, nonce, buffer.subarray(0, buffer.length - TAG_BYTES)),
  decrypt: async (key, nonce, sealed) => {
    const plain = await decrypt(key, nonce, sealed);
    return plain && [plain];
  },
};
