// Descriptions of the schemas, members and parameters in docs/openapi.json. They are not in lib/api, because the bundles of the functions contain lib/api and
// do not need these texts. The build fails if a schema, member or parameter has no text here, or if a text here is not used.

type Json = Record<string, unknown>;

/** Texts of schemas, keyed by the name of the component. */
const SCHEMAS: Readonly<Record<string, string>> = {
  Jws: 'A signed statement as compact JWS, kept and handed on byte for byte: docs/spec/statements.md',
  Metadata: "The record's metadata, sealed with its file key; base64url: docs/spec/metadata.md",
  Role: 'The side of the caller: patient or recipient of the requests, grants or events',
  StatementBody: 'A body that is one signed statement',
  ActBody:
    "A signed statement, with the entry of the signer's chain of statements that names it: docs/spec/statements/entry.md",
  Wrap: 'The file key of a record version, encrypted to a cell: docs/spec/wrap.md',
  Category: 'The kind of a folder',
  Purpose: 'HL7 v3 ActReason code of PurposeOfUse',
  Right: 'The right that a grant gives: read records, add new ones, write later versions',
  IdentityView: 'An identity as it is stored',
  FolderBody: 'A new folder, or the next epoch of one',
  FolderView: 'One epoch of a folder',
  CommitBody: 'The commit that makes an uploaded version visible',
  FiledView: 'A version that was filed, with a receipt if its author is not the patient',
  PartNumber: 'Number of a part in the blob, from 1',
  PartTarget: 'The URL and headers for the PUT of one part',
  PartTargets: 'The URLs for the requested parts',
  PartsBody: 'Parts that are about to be sent',
  RecordPage: 'A page of record versions',
  RecordView: 'The versions of one record, oldest first',
  UploadOpening: 'A blob that is about to be stored',
  UploadView: 'An upload that may be sent and committed',
  VersionView: 'A record version, as a reader gets it',
  ApprovalBody: 'One grant for each right that the patient gives',
  ApprovalView: 'The grants that answer the request',
  RequestPage: 'A page of requests',
  RequestState: '`expired`: nobody answered before `until`',
  RequestView: 'A request and its state',
  ExtensionBody: 'Further cells of a grant to read',
  ExtendGrantBody: 'Further cells of a grant to read, with the entry that names the extension',
  GrantBody: 'A grant and its key fragments',
  GrantAccessBody: 'A grant and its key fragments, with the entry that names the grant',
  GrantDetail:
    'A grant with its cells: those that it reads, extensions included, by folder and epoch; of a grant to add or write the folder as it is now',
  GrantFilter:
    '`unsettled`: grants to read that ended and were not settled; `standing`: grants that last and take in folders made later',
  GrantPage: 'A page of grants',
  GrantState: '`not-begun`: before `notBefore`; `expired`: from `expires` on; `exhausted`: every opening is used',
  GrantView: 'A grant and its state',
  OpenedRecord: 'The values with which the opener opens one record version',
  OpeningView: 'The answer to an opening',
  AuditEvent: 'One event of an audit trail: docs/spec/audit.md',
  AuditPage: 'A page of events',
  ChainEntry: 'One entry of a chain of statements: docs/spec/statements/entry.md',
  ChainPage: 'A page of entries',
  CheckpointView: 'The heads of an audit trail and of a chain of statements, signed',
  Health: 'The service answers',
  ServiceKeyView: 'The service key: it verifies receipts, checkpoints and proxy keys',
  TimeView: 'The signed time of the service: docs/spec/clock.md',
  ErrorCode: 'The code of the error, from the closed list: docs/spec/errors.md',
  Problem: 'A refusal (RFC 9457)',
};

/** Texts of members, keyed by the path from the component, or by the member's name if the name means the same everywhere. */
const MEMBERS: Readonly<Record<string, string>> = {
  statement: 'The signed statement',
  entry: "The entry of the caller's chain of statements that names the statements of this body, in their order",
  voided:
    'The statements of the entries that this entry names as void, in the order in which it names them; absent if it names none',
  next: 'Cursor of the next page; absent if this page has the last items of this moment',
  upload: 'The upload, by the id that the client made',
  folder: 'The folder',
  record: 'The record',
  version: 'Number of the version, from 1',
  metadata: 'Sealed metadata; none of a deleted record',
  capsule: 'Umbral capsule',
  companionCiphertext: "X-Wing ciphertext for the cell's companion key",
  label: 'Sealed label: the texts of the metadata, for lists (docs/spec/record-label.md)',
  wrappedKey: 'The file key, encrypted under the secrets of the capsule and of the companion ciphertext',
  'IdentityView.statement': 'The newest identity statement',
  'IdentityView.state': 'Always `active`',
  'FolderBody.statement': 'The folder statement of this epoch',
  'FolderBody.wrap':
    'Of a folder with `single`, and of no other: the file key of the one record version, encrypted to the new cell',
  'FolderBody.extensions': 'Grants to read that are carried into the new cell, one extension each',
  'FolderView.statement': 'The folder statement of this epoch',
  'FolderView.state': '`current` takes records, `closed` is an epoch that another one follows',
  'CommitBody.statement': 'The record statement',
  'CommitBody.wrap': 'The file key, encrypted to the current cell of the folder',
  'VersionView.statement': "The author's record statement",
  'VersionView.state': '`deleted`: the statement is left, and nothing that opens the record',
  'VersionView.grant': 'The grant by which the author filed it; none if the patient is the author',
  'VersionView.companionCiphertext': 'X-Wing ciphertext of the wrap, which opens the label; none of a deleted record',
  'VersionView.label':
    'Sealed label of the wrap for the cell of the reader, 272 or 528 bytes; none of a deleted record',
  'FiledView.statement': "The author's record statement",
  'FiledView.state': '`deleted`: the statement is left, and nothing that opens the record',
  'FiledView.grant': 'The grant by which the author filed it; none if the patient is the author',
  'FiledView.receipt': "The service's receipt; none if the patient is the author",
  'PartTarget.number': 'Number of the part',
  'PartTarget.url': 'Presigned URL of the storage, for one PUT',
  'PartTarget.headers': 'Exactly the headers to send with the bytes',
  'PartTargets.parts': 'In the order in which they were asked for',
  'PartsBody.parts': 'Parts of 8 MiB; the last may be shorter',
  'PartsBody.parts[].number': 'Number of the part; 1 if the upload has one part',
  'PartsBody.parts[].length': 'Bytes',
  'PartsBody.parts[].sha256': 'SHA-256 of its bytes, base64url',
  'RecordPage.records':
    'For the patient the latest version of each record of the folder; by a grant every version whose key is wrapped to a cell that the grant reads',
  'RecordView.versions': 'From the oldest on',
  'RecordView.deletion': 'The deletion statement of a deleted record',
  'UploadOpening.epoch': 'Current epoch of the folder',
  'UploadOpening.version': 'Number of the version that is to be committed, from 1',
  'UploadOpening.multipart': 'True if the blob has several parts of 8 MiB',
  'UploadOpening.grant': 'The grant to add or write; none if the patient is the author',
  'UploadView.multipart': 'As in the call that began the upload',
  'UploadView.state': 'Always `open`',
  'ApprovalBody.grants': 'At most one for each right, each naming the request',
  'ApprovalView.grants': 'As they are stored, in the order in which they were sent',
  'RequestPage.requests': 'By state, then by `until`, soonest first',
  'RequestView.statement': "The recipient's request statement",
  'RequestView.state': 'The state of the request at the time of the answer',
  'RequestView.grants': 'Ids of the grants that approved it',
  'ExtensionBody.statement': 'The extension statement',
  'ExtendGrantBody.statement': 'The extension statement',
  'GrantBody.statement': 'The grant statement',
  'GrantAccessBody.statement': 'The grant statement',
  kfrags:
    'Of a grant to read or an extension: key fragments in the order of `cells` of the statement, one each. Empty of a grant to add or write',
  used: 'Records opened so far, each counted once for each opening that names it',
  extensions: 'Number of the last extension; 0 before the first',
  tip: 'Hash of the last extension statement, or of the grant statement before the first',
  holds: 'Number of the last pause or resumption; 0 before the first',
  'GrantDetail.statement': "The patient's grant statement",
  'GrantDetail.state': 'At the time of the answer',
  'GrantDetail.cells': 'Cells by folder and epoch',
  'GrantDetail.cells[].folder': 'The folder statement of the cell',
  'GrantDetail.cells[].extension': 'The extension statement, at the first cell that it adds',
  'GrantPage.grants': 'By state, then by end, soonest first; of one cell by id',
  'GrantView.statement': "The patient's grant statement",
  'GrantView.state': 'At the time of the answer',
  'OpenedRecord.statement': "The author's record statement",
  'OpenedRecord.metadata': 'Sealed metadata',
  'OpenedRecord.grant': 'The grant by which the author filed it; none if the patient is the author',
  'OpenedRecord.wrap': 'The file key, encrypted to the cell, with what makes it readable to the recipient',
  'OpenedRecord.wrap.cfrags': 'Umbral capsule fragments, one of each proxy; none if the patient opens its own record',
  'OpenedRecord.download': 'The blob',
  'OpenedRecord.download.url': 'Presigned URL of the storage, for GET',
  'OpenedRecord.download.expires':
    'The end of the validity of the URL, at most five minutes later: milliseconds since 1970',
  'OpeningView.records': 'In the order of the opening statement',
  'OpeningView.signed': 'The signed answer of the service; absent if the patient opens its own records',
  'OpeningView.signed.key': 'Statement of the service about the proxy key that signed the answer',
  'OpeningView.signed.answer': 'The recapsulation statement, signed with that key',
  'AuditEvent.event':
    'The text that was hashed; with `as=recipient` without `seq` and `previous`, all other members in the order of the trail',
  'AuditEvent.hash': 'SHA-256 over tag and text: docs/spec/audit.md',
  'AuditEvent.evidence': 'The statement that caused the event, if no other route returns it',
  'AuditPage.events':
    'In the order of the trail; with `from` or `to` in the order of time; with `as=recipient` by patient',
  'ChainEntry.entry': 'The entry statement',
  'ChainEntry.statements': 'The statements of the act, in the order of the entry',
  'ChainPage.entries': 'By number, from the oldest on',
  'CheckpointView.checkpoint': 'The checkpoint statement of the service',
  'Health.status': 'Always `ok`',
  'ServiceKeyView.key': 'SEC 1 compressed P-256 point',
  'TimeView.key': 'The statement of the proxy key that signed the time',
  'TimeView.answer': 'The time statement, signed with the nonce',
  'Problem.type': '`urn:pcehr:problem:<code>`, a name and not an address',
  'Problem.title': 'The code in words',
  'Problem.status': 'The HTTP status of the answer',
  'Problem.code': 'The code of the error. Programs decide by this member',
  'Problem.detail': 'Advice: what the caller can do',
  'Problem.requestId': 'Id of this answer in the logs of the service',
  'Problem.member': 'The member of the request or statement that is wrong, never its value',
  'Problem.statement': 'If the body has several statements: the path of the wrong one, such as `grants.1.statement`',
  'Problem.reason': 'The reason why the grant gives no access, or why the statement is invalid',
  'Problem.clock':
    'If a clock can be the cause: whether the refused time is ahead of the clock of the service or behind it',
  'Problem.serverTime': 'If a clock can be the cause: the clock of the service, milliseconds since 1970. Not signed',
  'Problem.authority':
    'If the signature does not verify: the host and port for which the service checks signatures. Not signed',
  'Problem.retryAfter': 'With `busy` and `too-many`: seconds to wait',
  'Problem.ids': 'The ids that were not found, or the ids of the folders',
};

/** Texts of the parameters of path and query, keyed by name. */
const PARAMETERS: Readonly<Record<string, string>> = {
  id: 'The identity, by its id',
  nonce: '16 random bytes, base64url, that the service signs with its time; a new one for each question',
  folderId: 'The folder, by the id that its patient made',
  recordId: 'The record, by the id that its author made',
  requestId: 'The request, by the id that the recipient made',
  grantId: 'The grant, by the id that the patient made',
  openingId: 'The opening, by the id that the opener made',
  epoch: 'Number of the epoch, from 1',
  version: 'Number of the version, from 1',
  cursor: '`next` of the page before, with the same query',
  limit: 'Maximum number of items of a page, 50 if absent. A page may have fewer items although `next` is present',
  grant: 'The grant to read by which the caller asks; none if the caller is the patient',
  as: 'The side of the caller: patient or recipient',
  state: 'Only items in this state',
  from: 'Events from this time on, milliseconds since 1970, by the clock of the service',
  to: 'Events up to this time, included, milliseconds since 1970',
  after:
    'Events after this `seq` of the trail, or entries after this number of the chain of statements; 0 for all. Of events only with `as=patient`, and not with `from` or `to`',
};

const used = new Set<string>();

const find = (table: Readonly<Record<string, string>>, kind: string, ...names: readonly string[]): string => {
  const name = names.find((n) => Object.hasOwn(table, n));
  if (name === undefined) throw new Error(`${kind} ${names[0]} has no description`);
  used.add(`${kind} ${name}`);
  return table[name]!;
};

const described = (schema: Json, text: string): Json => {
  const { description } = schema;
  return { ...schema, description: typeof description === 'string' ? `${text}: ${description}` : text };
};

/** Returns the schema with a description of each member, at all levels. */
const membersOf = (schema: Json, path: string): Json => {
  const { properties, items } = schema as { readonly properties?: Record<string, Json>; readonly items?: Json };
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, member]) => [
          name,
          described(membersOf(member, `${path}.${name}`), find(MEMBERS, 'member', `${path}.${name}`, name)),
        ]),
      ),
    }),
    ...(items && { items: membersOf(items, `${path}[]`) }),
  };
};

/** Adds the descriptions. @param schemas components, keyed by name */
export const describeSchemas = (schemas: Readonly<Record<string, Json>>): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      described(membersOf(schema, name), find(SCHEMAS, 'schema', name)),
    ]),
  );

export const describeParameter = (name: string): string => find(PARAMETERS, 'parameter', name);

/** Checks that every text was used. @throws if one was not, because the contract has changed */
export const assertAllUsed = (): void => {
  const all = [
    ...Object.keys(SCHEMAS).map((n) => `schema ${n}`),
    ...Object.keys(MEMBERS).map((n) => `member ${n}`),
    ...Object.keys(PARAMETERS).map((n) => `parameter ${n}`),
  ];
  const left = all.filter((n) => !used.has(n));
  if (left.length > 0) throw new Error(`described, and not in the contract: ${left.join(', ')}`);
};
