// Builds docs/spec/routes.md: a table of all routes with path, body and specification page.
import type * as z from 'zod/mini';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import type { Route } from '../../lib/api/route.ts';

/** For each route: the statement in the body, if there is one, and the page of the route under docs/spec. */
const ABOUT: Readonly<Record<RouteName, readonly [statement: string, page: string]>> = {
  register: ['identity', 'statements/identity.md'],
  'get-identity': ['', 'statements/identity.md'],
  'create-folder': ['folder', 'statements/folders-and-records.md'],
  'list-cell-grants': ['', 'statements/grants-and-extensions.md'],
  'begin-upload': ['', 'blob.md'],
  'upload-parts': ['', 'blob.md'],
  'commit-record': ['record', 'statements/folders-and-records.md'],
  'list-records': ['', 'reader-checks.md'],
  'get-record': ['', 'reader-checks.md'],
  'delete-record': ['deletion', 'statements/folders-and-records.md'],
  'request-access': ['request', 'statements/requests.md'],
  'list-requests': ['', 'statements/requests.md'],
  'withdraw-request': ['withdrawal', 'statements/requests.md'],
  'approve-request': ['grant', 'statements/grants-and-extensions.md'],
  'deny-request': ['denial', 'statements/requests.md'],
  'grant-access': ['grant', 'statements/grants-and-extensions.md'],
  'get-grant': ['', 'statements/grants-and-extensions.md'],
  'list-grants': ['', 'statements/grants-and-extensions.md'],
  'extend-grant': ['extension', 'statements/grants-and-extensions.md'],
  'pause-grant': ['pause', 'statements/grant-pauses-and-ends.md'],
  'resume-grant': ['resumption', 'statements/grant-pauses-and-ends.md'],
  'settle-grant': ['', 'statements/grant-pauses-and-ends.md'],
  'revoke-grant': ['revocation', 'statements/grant-pauses-and-ends.md'],
  'return-grant': ['return', 'statements/grant-pauses-and-ends.md'],
  recapsulate: ['opening', 'statements/openings.md'],
  'list-audit': ['', 'audit.md'],
  'list-chain': ['', 'statements/entry.md'],
  'get-checkpoint': ['', 'service-statements.md'],
  'get-service-key': ['', 'service-statements.md'],
  'get-time': ['', 'clock.md'],
  health: ['', 'http.md'],
  openapi: ['', 'http.md'],
};

const HEAD = `# Routes

This page lists every route of the API. [http.md](http.md) has the rules of all routes, [../openapi.json](../openapi.json) describes every member, and
[../main-job-as-http.md](../main-job-as-http.md) shows a run with bodies. A build step makes this page from the contract in
[lib/api](../../lib/api). Terms: [glossary.md](../glossary.md).

- *signed*: \`once\` means that the same request, sent again byte for byte, has no second effect; \`yes\` that the request has no effect; \`no\` that anybody may send it.
- *body*: the members of the JSON, \`?\` for optional ones, and the kind of the statement.
- *pages*: the answer is a list with \`limit\`, \`cursor\` and \`next\`.
`;

const NOTES = `## Two views of a folder

\`list-records\` returns to the patient the latest version of each record of the folder. A recipient names its grant, and gets every version whose key is wrapped for a cell that
the grant reads. So a recipient may get several versions of one record, or an older one if the latest is in another cell. \`get-record\` returns the versions from the oldest on;
a recipient gets those that its grant reads. Of a deleted record, a recipient with a live grant of the same patient gets the deletion, and no version.

Both return with each committed version its label, in the wrap for a cell of the reader, and the companion ciphertext that opens it ([record-label.md](record-label.md)). They return no other part of the wrap.
`;

const SIGNED = { public: 'no', read: 'yes', mutation: 'once' } as const;

const bodyOf = ({ body }: Route, statement: string): string => {
  if (body === undefined) return '-';
  const members = Object.entries(body.shape as Record<string, z.ZodMiniType>);
  const names = members.map(([name, schema]) => `\`${name}${schema.safeParse(undefined).success ? '?' : ''}\``);
  return `${names.join(', ')}${statement === '' ? '' : ` (${statement})`}`;
};

export function routesPage(): string {
  const rows = (Object.entries(ROUTES) as [RouteName, Route][]).map(([name, route]) => {
    const [statement, page] = ABOUT[name];
    const paged = Object.hasOwn(route.query.shape, 'cursor') ? 'yes' : '-';
    return `| ${name} | ${route.method} | \`${route.path}\` | ${SIGNED[route.access]} | ${bodyOf(route, statement)} | ${paged} | [${page}](${page}) |`;
  });
  return [
    HEAD,
    '| route | method | path | signed | body | pages | page |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    NOTES,
  ].join('\n');
}
