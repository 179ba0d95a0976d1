// Mutants of the client. Each mutant removes the check of one row of docs/client-checks.md or docs/client-checks-of-records.md. scripts/mutate-client.ts runs
// the test that the row names, and this test must fail.
/** Replaces a text that occurs once in a file of lib. */
export interface Replacement {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}
/** For each row of docs/client-checks.md, by its id: the replacements that remove the check of the row. */
export const MUTANTS: Readonly<Record<string, readonly Replacement[]>> = {
  K1: [
    {
      file: 'client/identities/identities.ts',
      from: 'import { verifyStatement } from',
      to: 'import { reloadStatement as verifyStatement } from',
    },
  ],
  K2: [{ file: 'client/session/memory.ts', from: 'if (seen !== undefined && number < seen.number)', to: 'if (false)' }],
  K3: [
    { file: 'client/session/memory.ts', from: 'if (seen?.number === number && seen.hash !== hash)', to: 'if (false)' },
  ],
  K4: [
    {
      file: 'client/identities/identities.ts',
      from: "check('receiving-key', verifyMessage(",
      to: "check('receiving-key', true || verifyMessage(",
    },
  ],
  K5: [
    {
      file: 'client/access/requests.ts',
      from: 'import { claimOf, verifyStatement } from',
      to: 'import { claimOf, reloadStatement as verifyStatement } from',
    },
  ],
  K6: [
    {
      file: 'client/access/grant-access.ts',
      from: 'if (options.unverifiedRecipient !== true && !ctx.memory.isVerified(request.recipient))',
      to: 'if (false)',
    },
  ],
  K7: [
    {
      file: 'client/access/grant-access.ts',
      from: "check('receiving-key', receiving.number === number && receiving.key === key);",
      to: '',
    },
  ],
  K8: [{ file: 'client/access/sign-grant.ts', from: 'if (beyond !== undefined)', to: 'if (false)' }],
  K9: [{ file: 'client/access/grant-access.ts', from: "check('request', request.messageRefused !== true);", to: '' }],
  K10: [
    { file: 'client/session/service-statements.ts', from: 'if (known !== undefined) return known;', to: '' },
    { file: 'client/session/memory.ts', from: 'if (serviceKey !== undefined && serviceKey !== key)', to: 'if (false)' },
  ],
  K11: [
    {
      file: 'client/session/context.ts',
      from: 'if (options.serviceKey !== undefined) memory.noteServiceKey(options.serviceKey);',
      to: '',
    },
  ],
  K12: [
    {
      file: 'client/session/service-statements.ts',
      from: "verifyServiceStatement('receipt', jws, key)",
      to: "(key, JSON.parse(atob(jws.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as ServicePayload<'receipt'>)",
    },
  ],
  K13: [
    {
      file: 'client/session/service-statements.ts',
      from: "check('receipt', receipt.statement === hash && receipt.author === p.author && receipt.patient === p.patient);",
      to: '',
    },
    {
      file: 'client/session/service-statements.ts',
      from: "check('receipt', receipt.record === p.record && receipt.version === p.version && receipt.grant === p.grant?.id);",
      to: '',
    },
  ],
  K14: [
    {
      file: 'client/session/service-statements.ts',
      from: "verifyServiceStatement('checkpoint', jws, key)",
      to: "(key, JSON.parse(atob(jws.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as ServicePayload<'checkpoint'>)",
    },
  ],
  K15: [{ file: 'client/access/requests.ts', from: "check('request', p.service === service);", to: '' }],
  K16: [
    {
      file: 'client/access/grant-access.ts',
      from: "if (request.until <= ctx.clock.latest()) throw new AppError('request-closed');",
      to: '',
    },
  ],
  K17: [
    {
      file: 'client/access/requests.ts',
      from: "view.state === 'pending' ?",
      to: 'false ?',
    },
  ],
  C1: [
    {
      file: 'client/chain/verify-entries.ts',
      from: 'import { claimOf, verifyStatement } from',
      to: 'import { claimOf, reloadStatement as verifyStatement } from',
    },
  ],
  C2: [
    { file: 'client/chain/verify-entries.ts', from: ' && followsHead(payload, head)', to: '' },
    {
      file: 'client/chain/given-access.ts',
      from: "if (!followsHead(entry.payload, head)) throw new ChainError(entry.payload.number, 'entry');",
      to: '',
    },
  ],
  C3: [{ file: 'client/chain/verify-entries.ts', from: 'payload.service === owner.service && ', to: '' }],
  C4: [
    {
      file: 'client/chain/statement-chain.ts',
      from: 'if (again !== undefined || head.number < known) throw rolledBack();',
      to: '',
    },
  ],
  C5: [
    {
      file: 'client/chain/statement-chain.ts',
      from: 'if (known.number === number && known.hash !== verified.entry.hash) throw rolledBack();',
      to: '',
    },
  ],
  C6: [
    {
      file: 'client/chain/statement-chain.ts',
      from: 'memory.addPending(kept);\n    await save();',
      to: 'memory.addPending(kept);',
    },
  ],
  C7: [{ file: 'client/chain/statement-chain.ts', from: 'fold.assertFit(act.statements);', to: '' }],
  C8: [
    {
      file: 'client/chain/statement-chain.ts',
      from: 'const voids = toVoid(memory.pending());',
      to: 'const voids: readonly PendingEntry[] = toVoid([]);',
    },
  ],
  C9: [{ file: 'client/chain/statement-chain.ts', from: 'if (await hasMoved(options)) continue;', to: '' }],
  C10: [
    {
      file: 'client/access/change-grant.ts',
      from: 'number: holds + 1, when',
      to: 'number: ((grant as never as { holds: number }).holds ?? holds) + 1, when',
    },
    { file: 'client/chain/statement-chain.ts', from: 'fold.assertFit(act.statements);', to: '' },
  ],
  C11: [{ file: 'client/chain/statement-chain.ts', from: ' || memory.chainHead().number > 0', to: '' }],
  C12: [
    { file: 'client/audit/read-trail.ts', from: 'if (own?.entry.hash !== named?.hash) throw otherChain();', to: '' },
    { file: 'client/audit/read-trail.ts', from: 'if ((entry?.number ?? 0) < number) throw otherChain();', to: '' },
  ],
  C13: [
    {
      file: 'client/access/given-grants.ts',
      from: "check('grant', left.size === 0);",
      to: "for (const view of left.values()) found.push(await (await import('./verify-grant.ts')).verifyGrant(ctx, view));",
    },
  ],
  C14: [
    {
      file: 'client/access/given-grants.ts',
      from: '?? (isDue ? await askAbout(ctx, given, options) : undefined)',
      to: '?? (isDue ? undefined : undefined)',
    },
  ],
  C15: [
    { file: 'client/access/given-grants.ts', from: "if (given.revocation !== undefined) return 'revoked';", to: '' },
  ],
  C16: [
    { file: 'client/access/requests.ts', from: "check('request', !isAnswer(state) || answers.has(r.id));", to: '' },
  ],
  C17: [
    {
      file: 'client/records/list-records.ts',
      from: 'const left = infos.filter((i) => !deletions.has(i.record));',
      to: 'const left = (deletions, infos);',
    },
  ],
  C18: [
    {
      file: 'client/records/folders.ts',
      from: "check('folder-key', publicKeyText(ctx.keys.folderKey(folder, epoch, fromBase64url(salt))) === key);",
      to: 'void [folder, epoch, salt, key, publicKeyText, fromBase64url];',
    },
  ],
  C19: [
    {
      file: 'client/records/verify-record.ts',
      from: "check('author', hasAll(await ctx.chain.state(options)) || hasAll(await ctx.chain.sync(options)));",
      to: 'void [ctx, options, hasAll];',
    },
  ],
  C20: [
    {
      file: 'client/access/grant-access.ts',
      from: "if (answers.has(id)) throw new AppError('request-closed');",
      to: 'void [answers, id];',
    },
  ],
  C21: [
    {
      file: 'client/identities/identities.ts',
      from: 'wanted ??= receiving.number + 1;',
      to: 'wanted = receiving.number + 1;',
    },
  ],
  G1: [
    {
      file: 'client/access/carry-over.ts',
      from: ' && takesIn(g.statement.payload, folder)',
      to: ' && (folder, takesIn, true)',
    },
  ],
  G2: [
    { file: 'client/access/goes-on.ts', from: 'revocation === undefined &&\n', to: '' },
    {
      file: 'client/access/goes-on.ts',
      from: '!ctx.memory.isRevoked(p.grant) &&\n    !ended.has(p.grant) &&',
      to: '',
    },
  ],
  G3: [{ file: 'client/access/goes-on.ts', from: 'const now = ctx.clock.latest();', to: 'const now = ctx.now();' }],
  G4: [
    {
      file: 'client/access/goes-on.ts',
      from: '(opened.get(p.grant) ?? 0) < (p.openings ?? Infinity);',
      to: '(opened, true);',
    },
  ],
  G5: [
    {
      file: 'client/access/carry-over.ts',
      from: '?? (await askAbout(ctx, grant, options));\n    if (hasNotEnded(view))',
      to: ';\n    if (view !== undefined && hasNotEnded(view))',
    },
  ],
  G6: [
    {
      file: 'client/records/own-filing-target.ts',
      from: 'const { given, open } = await closeCells(ctx, options);',
      to: 'const { given, open } = { given: await ctx.chain.sync(options), open: [] };',
    },
  ],
  G7: [
    {
      file: 'client/access/grant-access.ts',
      from: 'const { given, open } = await closeCells(ctx, options);',
      to: 'const { given, open } = { given: await ctx.chain.sync(options), open: [] };',
    },
  ],
  G8: [
    {
      file: 'client/access/close-cells-of-ended-grants.ts',
      from: '...over.flatMap(([, g]) => cellsOf(g)),',
      to: '...over.flatMap(([, g]) => (cellsOf, g.statement.payload.cells)),',
    },
  ],
  G9: [{ file: 'client/access/change-grant.ts', from: "if (view.state !== 'revoked')", to: 'if (false)' }],
  G10: [
    {
      file: 'client/access/change-grant.ts',
      from: "trail.some((e) => e.kind === 'grant-returned' && e.subject.grant === id),",
      to: '(id, trail.length > 0),',
    },
  ],
  G11: [
    {
      file: 'client/access/close-cells-of-ended-grants.ts',
      from: 'if (first !== undefined) throw new CellsOpenError([first, ...rest]);',
      to: 'void [first, rest];',
    },
  ],
  G12: [
    {
      file: 'client/records/own-filing-target.ts',
      from: 'cellIn((await foldersToClose(ctx, given, new Set())).has(folder) ? await closed() : given);',
      to: '(foldersToClose, cellIn(given));',
    },
  ],
  G13: [
    {
      file: 'client/access/extend-grant.ts',
      from: 'if (!goesOn(ctx)(grant)) return',
      to: 'if ((goesOn, grant.revocation !== undefined)) return',
    },
  ],
  G14: [{ file: 'client/recipient.ts', from: 'ctx.memory.knowsNewer(cell) ? current() : cell', to: 'cell' }],
  R1: [
    {
      file: 'client/access/verify-grant.ts',
      from: 'import { claimOf, verifyStatement } from',
      to: 'import { claimOf, reloadStatement as verifyStatement } from',
    },
  ],
  R2: [{ file: 'client/session/memory.ts', from: 'if ((grants.get(grant) ?? hash) !== hash)', to: 'if (false)' }],
  R3: [
    {
      file: 'client/access/verify-grant.ts',
      from: 'statement.hash === cell.statement && folder === cell.folder && epoch === cell.epoch && key === cell.key,',
      to: '(statement, true),',
    },
  ],
  R4: [
    {
      file: 'client/access/verify-grant.ts',
      from: "check('extension', payload.grant === id && payload.number === i + 1 && payload.previous === previous);",
      to: 'void [i, id, previous];',
    },
  ],
  R5: [{ file: 'client/session/memory.ts', from: 'if (seen !== undefined && epoch < seen.epoch)', to: 'if (false)' }],
  R6: [{ file: 'client/recipient.ts', from: 'if (hasEnded(now.state))', to: 'if (false)' }],
  R7: [
    {
      file: 'client/records/verify-record.ts',
      from: 'import { claimOf, verifyStatement } from',
      to: 'import { claimOf, reloadStatement as verifyStatement } from',
    },
  ],
  R8: [{ file: 'client/records/verify-record.ts', from: "check('author', covers(right, p));", to: 'void covers;' }],
  R9: [
    {
      file: 'client/records/verify-record.ts',
      from: "check('record', expected.record === undefined || p.record === expected.record);",
      to: '',
    },
    {
      file: 'client/records/open-records.ts',
      from: "check('record', statement.hash === info.statement.hash);",
      to: '',
    },
  ],
  R10: [
    {
      file: 'client/records/list-versions.ts',
      from: 'if (!versions.every(follows) ||',
      to: 'if ((false as boolean && versions.every(follows)) ||',
    },
  ],
  R11: [
    {
      file: 'client/records/known-records.ts',
      from: '    if (!isNotFound(error)) throw error;\n    throw rolledBack();',
      to: '    if (!isNotFound(error)) throw error;\n    return [];',
    },
  ],
  R12: [
    {
      file: 'client/records/known-records.ts',
      from: ' && known !== undefined && i.version >= known.version',
      to: ' && known !== undefined',
    },
  ],
  R13: [
    {
      file: 'client/session/memory.ts',
      from: 'if (seen?.version === version && seen.hash !== hash)',
      to: 'if (false)',
    },
  ],
  R14: [
    {
      file: 'client/records/list-versions.ts',
      from: 'if (isSaid && !isGone) throw rolledBack();',
      to: 'if (isSaid) return { versions, isDeleted: true };',
    },
  ],
  R15: [
    {
      file: 'client/records/verify-record.ts',
      from: "check('metadata', toBase64url(sha256(bytes)) === payload.metadata);",
      to: '',
    },
  ],
  R16: [
    {
      file: 'client/records/open-records.ts',
      from: "await checked('commit', () => assertCommit(fileKey, header, commit));",
      to: 'void assertCommit;',
    },
  ],
  R17: [
    {
      file: 'envelope/open-blob.ts',
      from: 'if (!equalBytes(await compositeDigest(await Promise.all(digests)), digest))',
      to: 'void [equalBytes, compositeDigest, digest];\n      if (digests.length < 0)',
    },
  ],
  R18: [
    {
      file: 'client/records/verify-fragments.ts',
      from: "const verified = at('cfrag', () => verifier.verify(cfrags.map((cfrag, i) => ({ cfrag, capsule: capsules[i]! }))));",
      to: 'const verified = cfrags as never as readonly VerifiedCapsuleFrag[]; void verifier;',
    },
  ],
  R19: [
    {
      file: 'client/records/verify-fragments.ts',
      from: "check('kfrag-id', toBase64url(id) === kfrag)",
      to: 'void [toBase64url(id), kfrag]',
    },
  ],
  R20: [{ file: 'client/records/verify-fragments.ts', from: 'assertDelegation(delegation, to);', to: '' }],
  R21: [
    {
      file: 'client/records/verify-fragments.ts',
      from: 'return new WrongFragmentError({ ...answered, ...said }, error.cause);',
      to: 'void [answered, said]; return error.cause;',
    },
  ],
  R22: [
    {
      file: 'client/records/check-wrong-fragment-proof.ts',
      from: 'if (isRight(proof, delegation))',
      to: 'if (false as boolean && isRight(proof, delegation))',
    },
  ],
  R23: [
    {
      file: 'client/records/check-wrong-fragment-proof.ts',
      from: 'assertDelegation(delegation, delegationOf(identity, grant, cell));',
      to: 'void [assertDelegation, delegationOf, identity, cell];',
    },
  ],
  R24: [
    {
      file: 'client/records/verify-fragments.ts',
      from: "check('recapsulation', openingInTime(opening.payload.when, instantOf(said.when)));",
      to: 'void [openingInTime, instantOf];',
    },
  ],
  R25: [
    {
      file: 'client/records/opened-record.ts',
      from: 'if (first !== undefined) throw new RefusedRecordsError([first, ...rest], opened);',
      to: 'if (first !== undefined) throw first.error;\n  void [RefusedRecordsError, rest];',
    },
  ],
  R26: [
    {
      file: 'envelope/wrap-keys.ts',
      from: 'const secrets = concat(umbral, companion);',
      to: 'const secrets = concat(umbral, new Uint8Array(companion.length));',
    },
  ],
  R27: [
    {
      file: 'client/records/companion-keys.ts',
      from: "check('companion', equalBytes(key.publicKey, fromBase64url(payload.companion)));",
      to: 'void equalBytes;',
    },
  ],
  R28: [
    {
      file: 'client/records/labels.ts',
      from: "check('label', isSignedLabel(version, cell, parts));",
      to: 'void [version, cell, parts];',
    },
  ],
  R29: [
    {
      file: 'client/records/open-records.ts',
      from: 'verifyLabel(statement, cell, opened.wrap);',
      to: 'void verifyLabel;',
    },
  ],
  R30: [
    {
      file: 'client/records/open-records.ts',
      from: 'labelDiffers: labelDifferences(label, metadata),',
      to: 'labelDiffers: [],',
    },
  ],
  R31: [{ file: 'client/records/known-records.ts', from: 'if (singles.length > 0)', to: 'if (false)' }],
  R32: [{ file: 'client/recipient.ts', from: ', version: single.version }', to: ' }' }],
  R33: [{ file: 'client/records/list-versions.ts', from: ' || !isInOneFolder', to: ' || (isInOneFolder, false)' }],
  R34: [
    {
      file: 'client/session/memory.ts',
      from: 'if (seen !== undefined && seen.home !== home)',
      to: 'if (false)',
    },
  ],
  T1: [
    {
      file: 'domain/audit-chain.ts',
      from: "if (event.seq !== seq + 1) throw new AuditError('out-of-order', index);",
      to: '',
    },
    {
      file: 'domain/audit-chain.ts',
      from: "if (event.previous !== last) throw new AuditError('broken-link', index);",
      to: '',
    },
  ],
  T2: [
    { file: 'client/audit/read-trail.ts', from: 'if (head.seq < expected) throw rewritten(head.seq + 1);', to: '' },
    {
      file: 'client/audit/read-trail.ts',
      from: 'if (first && last !== undefined) assertStillThere(last, page.events);',
      to: '',
    },
  ],
  T3: [
    {
      file: 'client/audit/event-evidence.ts',
      from: "check('evidence', evidence !== undefined && statementHash(evidence) === event.statement);\n",
      to: 'if (evidence === undefined) return { statement: {} } as never;\n  void statementHash;\n',
    },
    { file: 'client/audit/read-trail.ts', from: 'earlier.assertAllow(event, statement);', to: '' },
  ],
  T4: [
    {
      file: 'client/audit/event-evidence.ts',
      from: "check('evidence', act !== undefined && statement !== undefined && hasOwnEvent(statement, act));\n  check('evidence', cause.agrees(statement, event, act));\n  return { statement, act };",
      to: 'void [cause, hasOwnEvent];\n  return { statement: statement ?? {}, act } as never;',
    },
    {
      file: 'client/audit/read-trail.ts',
      from: 'earlier.assertAllow(event, statement);\n    earlier.add(event, act);',
      to: '',
    },
  ],
  T5: [{ file: 'client/audit/read-trail.ts', from: "check('evidence', !seen.has(event.statement));", to: '' }],
  T6: [
    {
      file: 'client/audit/read-trail.ts',
      from: 'assertNoneMissing(acts, verifying, read.length);',
      to: 'void [acts, assertNoneMissing];',
    },
  ],
  T7: [{ file: 'client/audit/read-trail.ts', from: "check('evidence', place > verifying.last);", to: '' }],
  T8: [{ file: 'client/audit/read-trail.ts', from: 'earlier.assertAllow(event, statement);', to: '' }],
  T9: [
    {
      file: 'client/audit/read-trail.ts',
      from: 'if (headOf(read.slice(0, seq)).hash !== hash || seq > read.length) throw rewritten(seq);',
      to: 'void [seq, hash];',
    },
  ],
  T10: [
    {
      file: 'client/audit/read-trail.ts',
      from: 'if (seq < seen || headOf(entries.slice(0, seq)).hash !== hash) throw rewritten(seq);',
      to: 'void seen;',
    },
  ],
  T11: [
    {
      file: 'client/audit/read-trail.ts',
      from: "throw new ClientError('unverified', 'refused: the trail does not have the event of the receipt', 'receipt');",
      to: 'return {} as TrailEntry;',
    },
  ],
  T12: [
    { file: 'client/audit/event-evidence.ts', from: 'p.right === s.right &&\n  p.purpose === s.purpose &&', to: '' },
  ],
  T13: [{ file: 'client/export-fhir.ts', from: 'assertStates(grants, around);', to: 'void assertStates;' }],
  T14: [{ file: 'client/audit/read-trail.ts', from: 'earlier.assertAllow(event, statement);', to: '' }],
  T15: [
    {
      file: 'client/audit/event-evidence.ts',
      from: 'import { statementHash, verifyStatement } from',
      to: 'import { reloadStatement as verifyStatement, statementHash } from',
    },
  ],
  T16: [{ file: 'client/audit/event-evidence.ts', from: 'p.service === service &&', to: '' }],
  T17: [
    { file: 'client/audit/allowed-events.ts', from: ' || !followsLast(soFar, record)', to: ' || (followsLast, false)' },
  ],
  T18: [
    {
      file: 'client/audit/allowed-events.ts',
      from: "namesLast(soFar, statement.payload as Payload<'deletion'>, event),",
      to: '(void [soFar, event, statement, namesLast], true),',
    },
  ],
  T19: [
    {
      file: 'client/audit/read-trail.ts',
      from: 'parseOwnEvent(event));',
      to: '(parseOwnEvent, JSON.parse(event) as OwnEvent));',
    },
  ],
  T20: [
    {
      file: 'client/audit/allowed-events.ts',
      from: 'if (!placesOf(event).every((place) => places.has(place))) return false;',
      to: 'void places;',
    },
  ],
  L1: [
    {
      file: 'client/session/clock-correction.ts',
      from: 'if ((await confirm?.(fresh)) !== true) throw new ClockError(fresh);',
      to: 'await confirm?.(fresh);',
    },
  ],
  L2: [{ file: 'client/session/service-statements.ts', from: 'said.nonce === nonce && ', to: '(nonce, true) && ' }],
  L3: [
    {
      file: 'client/session/transport.ts',
      from: 'await correction.correct({ signal });',
      to: 'await correction.correct({ signal });\n        (globalThis as never as { lied?: unknown }).lied = (error as ServiceError).details.serverTime;',
    },
    {
      file: 'client/session/clock-correction.ts',
      from: 'const now = (): Instant => instantOf(clock() + (current?.offset ?? 0));',
      to: 'const now = (): Instant => instantOf(Number((globalThis as never as { lied?: unknown }).lied ?? clock() + (current?.offset ?? 0)));',
    },
  ],
  L4: [
    {
      file: 'client/session/read-answer.ts',
      from: 'if (read > mostBytes)',
      to: 'if (false as boolean && read > mostBytes)',
    },
  ],
  L5: [
    {
      file: 'client/session/read-answer.ts',
      from: 'if (depth > MOST_DEPTH)',
      to: 'if (false as boolean && depth > MOST_DEPTH)',
    },
  ],
  L6: [{ file: 'client/session/pagination.ts', from: 'n < MOST_PAGES', to: 'n < MOST_PAGES * 2' }],
  L7: [{ file: 'client/session/transport.ts', from: '{ ms: s.timeout, stop }', to: '{ ms: 2 * s.timeout, stop }' }],
  L8: [
    {
      file: 'client/records/download.ts',
      from: 'await within(ctx.platform, { ms: SILENCE, stop }, readOn(controller));',
      to: 'void stop; await readOn(controller);',
    },
  ],
  L9: [
    {
      file: 'client/records/upload.ts',
      from: 'ms: putLimit(bytes.length), stop',
      to: 'ms: 2 * putLimit(bytes.length), stop',
    },
  ],
  L10: [{ file: 'client/records/upload-target.ts', from: 'url: ctx.checkStorageUrl(url)', to: 'url' }],
  L11: [{ file: 'client/records/download.ts', from: 'ctx.checkStorageUrl(current)', to: 'current' }],
  L12: [
    {
      file: 'client/records/upload-target.ts',
      from: 'if (named.some(([name, value]) => known.get(name) !== value))',
      to: 'if (known.size === 0)',
    },
  ],
  L13: [{ file: 'client/session/transport.ts', from: "redirect: 'error',", to: '' }],
  L14: [
    {
      file: 'client/session/transport.ts',
      from: 'await signRequest({ method, url: s.url, body: s.bytes }',
      to: "await signRequest({ method, url: new URL('/v1/other', s.url), body: s.bytes }",
    },
  ],
};
