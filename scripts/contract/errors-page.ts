// Builds docs/spec/errors.md from the closed list of errors and the routes.
import { ERRORS, type ErrorCode } from '../../lib/api/errors.ts';
import { ROUTES } from '../../lib/api/routes.ts';
import { problemType } from '../../lib/http/problem.ts';
import { errorsOf } from './document.ts';

const HEAD = `# Errors

Every refusal has the type \`application/problem+json\` (RFC 9457) and the members \`type\`, \`title\`, \`status\`, \`code\`, \`detail\` and \`requestId\`.
Decide by \`code\`: the list is closed, and a code keeps its meaning. \`type\` is \`${problemType('not-found').replace('not-found', '<code>')}\`, a name and not an address.
\`requestId\` is the id of the answer in the logs of the service. A stranger gets the same \`not-found\` for a thing that does not exist and for a thing of somebody else. Terms: [glossary.md](../glossary.md).

Some refusals have further members:

| member | type | with | meaning |
| --- | --- | --- | --- |
| \`member\` | string | \`malformed-request\`, \`statement-invalid\`, \`grant-exceeds-request\` | the path of the wrong member, such as \`parts.0.length\`: see below |
| \`statement\` | string | a refusal of one of several statements: of \`approve-request\`, and of the extensions of \`create-folder\` | the path of the statement in the body, such as \`grants.1.statement\`. Absent if the fault is found when the service stores them together |
| \`reason\` | string | \`grant-ended\` | \`revoked\`, \`expired\`, \`exhausted\` or \`paused\` |
| | | \`statement-invalid\` | \`malformed\`, \`wrong-signer\`, \`bad-signature\` or \`bad-payload\`: [statements.md](statements.md). Absent if the statement is valid alone, but does not agree with the request |
| \`clock\` | string | if a clock can be the cause: \`clock-skew\`, \`created-too-old\`, some \`statement-invalid\` | whether the refused time is \`ahead\` of the service's clock or \`behind\` it |
| \`serverTime\` | integer, ms since 1970 | the same, and \`grant-not-begun\` | the clock of the service, not signed. [clock.md](clock.md) shows how a client corrects its own |
| \`authority\` | string | \`signature-invalid\` | the host, and the port unless it is the default, for which the service checks signatures. Only if a well-formed signature does not verify. Not signed, so a client only shows it |
| \`retryAfter\` | number, s | \`busy\`, \`too-many\` | as the header \`Retry-After\` |
| \`ids\` | array of strings | \`not-found\`, \`kfrag-invalid\`, \`cells-open\` | the ids of several that were not found; the folders |

\`member\` never contains a value. With \`malformed-request\` it is a path in the body, the query or the path of the request. With
\`statement-invalid\` it is a path in the payload of the statement, or the wrong part of the statement: \`statement\`, \`header\`, \`typ\` (another kind),
\`kid\` (another signer), \`signature\`, \`payload\`. A missing member is named like a wrong one. A member that is not in the schema is named if its
name is 1 to 32 ASCII letters and digits and begins with a letter. If not, \`member\` is \`unknown member\`.

After a code with fault *server*, the request may be sent again unchanged. A code with fault *client* has advice on the change that is needed. No problem contains sent or stored data, and
\`internal\` does not reveal its cause.
`;

export function errorsPage(): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const table = codes.map((code) => {
    const { status, fault, advice } = ERRORS[code];
    return `| \`${code}\` | ${status} | ${fault} | ${advice} |`;
  });
  const byRoute = Object.entries(ROUTES).map(
    ([name, route]) =>
      `| ${name} | ${errorsOf(route)
        .map((code) => `\`${code}\``)
        .join(', ')} |`,
  );
  return [
    HEAD,
    '## Codes\n',
    '| code | status | fault | what the caller can do |',
    '| --- | --- | --- | --- |',
    ...table,
    '',
    '## By function\n',
    '| function | codes |',
    '| --- | --- |',
    ...byRoute,
    '',
  ].join('\n');
}
