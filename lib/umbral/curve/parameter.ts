// Defines U, the second fixed point of Umbral beside the generator G.
import { fromHex, utf8 } from '../../bytes/codec.ts';

/** The result of hash-to-curve (RFC 9380, secp256k1_XMD:SHA-256_SSWU_RO_) with the tag "PARAMETERS" and the message "POINT_U". Its logarithm is unknown. */
export const PARAMETER_U: Uint8Array = fromHex('03079390d0fbe220fc34aab8ecbf49098098036820fadb98c03143e55db8ec73cd');
export const PARAMETER_U_SOURCE = { dst: utf8('PARAMETERS'), message: utf8('POINT_U') } as const;
