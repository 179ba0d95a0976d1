// Wrap checks: refuse a wrap before it is stored, if its capsule cannot be re-encrypted, or if its label is not the one that the statement names.
import { sha256 } from '@noble/hashes/sha2.js';
import { AppError } from '../../api/errors.ts';
import { concat } from '../../bytes/binary.ts';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import { decodeCapsule } from '../../umbral/capsule.ts';
import type { StoredLabel, StoredWrap } from '../../ports/index.ts';
import { orRefuse } from './curve-points.ts';
import { mustBe } from './statement-members.ts';

/** Refuses a wrap whose capsule cannot be re-encrypted. @throws {AppError} `capsule-invalid` */
export function assertCapsule({ capsule }: Pick<StoredWrap, 'capsule'>): void {
  orRefuse(new AppError('capsule-invalid'), () => decodeCapsule(fromBase64url(capsule)));
}

/** Refuses a statement without the hash of this label. @param member the member with the hash. @throws {AppError} `statement-invalid` */
export function mustNameLabel(member: string, hash: string, { companionCiphertext, label }: StoredLabel): void {
  mustBe(member, hash === toBase64url(sha256(concat(fromBase64url(companionCiphertext), fromBase64url(label)))));
}
