// Builds the message for the proof of possession of a receiving key. lib/umbral does the ECDSA: this folder does not use secp256k1.
import { concat, ofLength, u32 } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { identityKey, type IdentityId } from '../bytes/ids.ts';

const TAG = 'pcehr/v1/receiving\0';

/**
 * The 88 bytes that the receiving key signs: tag[19], identity key[32], number u32, receiving key[33].
 *
 * @param number of the receiving key, 1 or more
 * @param receivingKey SEC 1 compressed point, 33 bytes
 */
export const possessionMessage = (id: IdentityId, number: number, receivingKey: Uint8Array): Uint8Array =>
  concat(utf8(TAG), identityKey(id), u32(number), ofLength(receivingKey, 33, 'receiving key'));
