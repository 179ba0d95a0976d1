// Folder routes: defines paths, inputs, answers and error codes of folders and their cells.
import * as z from 'zod/mini';
import { MOST_CARRIED, ordinal } from '../statements/fields.ts';
import { extensionBody, grantPage } from './grant-routes.ts';
import { none, STORED, type Route } from './route.ts';
import { entryMembers, ids, jws, number, page, wrap } from './shapes.ts';

/** A folder statement. `wrap` is present for a single-record folder. Each of `extensions` adds the new cell to a grant. */
export const folderBody = z.strictObject({
  statement: jws,
  wrap: z.optional(wrap),
  extensions: z.optional(z.array(extensionBody).check(z.maxLength(MOST_CARRIED))),
  ...entryMembers,
});

export const folderView = z.strictObject({ statement: jws, state: z.enum(['current', 'closed']) });

const { folderId } = ids;

export const FOLDER_ROUTES = {
  'create-folder': {
    method: 'PUT',
    path: '/v1/folders/{folderId}',
    access: 'mutation',
    params: z.strictObject({ folderId }),
    query: none,
    body: folderBody,
    answer: [201, folderView],
    errors: [
      'statement-invalid',
      'statement-outdated',
      'not-found',
      'capsule-invalid',
      'kfrag-invalid',
      'grant-ended',
      'grant-exceeds-request',
      'chain-moved',
      ...STORED,
    ],
    summary: `Make a folder, or start its next epoch, and carry up to ${MOST_CARRIED} grants into its cell`,
  },
  'list-cell-grants': {
    method: 'GET',
    path: '/v1/folders/{folderId}/cells/{epoch}/grants',
    access: 'read',
    params: z.strictObject({ folderId, epoch: number(ordinal) }),
    query: z.strictObject(page),
    body: undefined,
    answer: [200, grantPage],
    errors: ['not-found'],
    summary: 'The grants that read a cell, ended ones included',
  },
} as const satisfies Record<string, Route>;
