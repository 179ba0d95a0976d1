// docs/spec/errors.md, out of the closed list and the routes.
import { ERRORS, type ErrorCode } from '../../lib/api/errors.ts';
import { ROUTES } from '../../lib/api/routes.ts';
import { problemType } from '../../lib/http/problem.ts';
import { errorsOf } from './document.ts';

const HEAD = `# Errors

Every refusal is \`application/problem+json\` (RFC 9457) with the members \`type\`, \`title\`, \`status\`, \`code\`, \`detail\` and \`requestId\`.
Decide by \`code\`: the list is closed, and a code keeps its meaning. \`type\` is \`${problemType('not-found').replace('not-found', '<code>')}\`, a name and not an address.
\`requestId\` names the answer in the logs of the service. To a stranger, what does not exist and what is not theirs are the same
\`not-found\`. Terms: [glossary.md](../glossary.md).

Further members, where they apply:

| member | type | with | says |
| --- | --- | --- | --- |
| \`member\` | string | \`malformed-request\`, \`statement-invalid\`, \`grant-exceeds-request\` | the path of the member that is wrong, such as \`parts.0.length\`: see below |
| \`reason\` | string | \`grant-ended\` | \`revoked\`, \`expired\`, \`exhausted\` or \`paused\` |
| | | \`statement-invalid\` | \`malformed\`, \`wrong-signer\`, \`bad-signature\` or \`bad-payload\`: [statements.md](statements.md). Absent when the statement is sound by itself and differs from the request around it |
| \`clock\` | string | if a clock can be the cause: \`clock-skew\`, \`created-too-old\`, some \`statement-invalid\` | whether the refused time is \`ahead\` of the service's clock or \`behind\` it |
| \`serverTime\` | integer, ms since 1970 | the same, and \`grant-not-begun\` | the clock of the service, not signed: [clock.md](clock.md) says how a client corrects its own |
| \`retryAfter\` | number, s | \`busy\`, \`too-many\` | as the header \`Retry-After\` |
| \`ids\` | array of strings | \`not-found\`, \`kfrag-invalid\`, \`cells-open\` | which of several were not found; which folders |

\`member\` never shows a value. With \`malformed-request\` it is a path from the body, the query or the path of the request; with
\`statement-invalid\` a path from the payload of the statement, or the part of it that is wrong: \`statement\`, \`header\`, \`typ\` (another kind),
\`kid\` (another signer), \`signature\`, \`payload\`. A missing member is named as a wrong one is. A member that is not in the schema is named if its
name is 1 to 32 ASCII letters and digits and begins with a letter; if not, \`unknown member\` stands in its place.

A code with fault *server* may be sent again unchanged; one with fault *client* says what to change. No problem repeats what was sent or
stored, and \`internal\` says nothing of its cause.
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
