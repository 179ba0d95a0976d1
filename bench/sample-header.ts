// Makes the header fields of a body that a bench seals. The ids of record and folder are random; patient and author are one fixed identity.
import { identityId, newId, type FolderId, type RecordId } from '../lib/bytes/ids.ts';
import type { HeaderInput } from '../lib/envelope/seal-blob.ts';

export const someHeading = (): HeaderInput => {
  const someone = identityId(new Uint8Array(32).fill(9));
  return {
    record: newId<RecordId>(),
    version: 1,
    patient: someone,
    folder: newId<FolderId>(),
    author: someone,
    created: Date.now(),
  };
};
