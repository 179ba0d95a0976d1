// The commands request, inbox and deny: asking for access, and the requests that wait for an answer.
import type { Command } from 'commander';
import { RIGHTS, type AccessRequest, type Right } from '../client/node.ts';
import { addCommand, printOne, printRows, tell, type Options, type Row } from './app.ts';
import { isoTime, shortId, timeText, visible } from './format.ts';
import type { Io } from './io.ts';
import { openRequestNamed, personNamed, whoIs, whoText, type Known } from './names.ts';
import {
  scopeFrom,
  scopeText,
  termsText,
  withRights,
  withScope,
  withTerms,
  type ScopeOptions,
  type TermOptions,
} from './scope.ts';
import { withSession } from './session.ts';

interface RequestOptions extends ScopeOptions, TermOptions {
  readonly right?: readonly Right[];
  readonly message?: string;
}

/** A request in a list. The message is a text of the other person, apart from the words of the program. */
export const requestRow =
  (known: Known) =>
  (request: AccessRequest): Row => {
    const { id, patient, recipient, scope, rights, purpose, durationSeconds, message, until, state } = request;
    const sent = recipient === known.memory.owner;
    const other = whoIs(known, sent ? patient : recipient);
    return {
      json: {
        request: id,
        direction: sent ? 'sent' : 'received',
        with: other,
        scope,
        rights,
        purpose,
        durationSeconds,
        ...(message === undefined ? {} : { message }),
        until: isoTime(until),
        state,
        grants: request.grants,
      },
      cells: [
        shortId(id),
        state,
        `${sent ? 'to' : 'from'} ${whoText(other)}`,
        scopeText(scope),
        termsText(rights, durationSeconds, purpose),
        `until ${timeText(until)}`,
        message === undefined ? '' : `"${visible(message)}"`,
      ],
    };
  };

const request = (io: Io, options: Options<RequestOptions>, person: string): Promise<void> => {
  const scope = scopeFrom(options);
  return withSession(options, io, async (session) => {
    const { right: rights = ['read'], message, purpose } = options;
    const patient = personNamed(session, person);
    const asked = await session.recipient.request(
      {
        patient,
        ...scope,
        rights,
        purpose,
        durationSeconds: options.for,
        ...(message === undefined ? {} : { message }),
      },
      { signal: io.signal },
    );
    await printRows(io, options, [requestRow(session)(asked)]);
  });
};

interface InboxOptions {
  readonly all?: true;
  readonly sent?: true;
}

const inbox = (io: Io, options: Options<InboxOptions>): Promise<void> =>
  withSession(options, io, async (session) => {
    const state = options.all === true || options.sent === true ? undefined : 'pending';
    const { listRequests } = options.sent === true ? session.recipient : session.patient;
    const requests = await listRequests(state, { signal: io.signal });
    await printRows(io, options, requests.map(requestRow(session)));
    if (requests.length === 0) await tell(io, options, 'no requests');
  });

const deny = (io: Io, options: Options<object>, text: string): Promise<void> =>
  withSession(options, io, async ({ patient }) => {
    const { signal } = io;
    const found = await openRequestNamed(patient, text, signal);
    await patient.deny(found, undefined, { signal });
    await printOne(io, options, { request: found.id, state: 'denied' }, [`denied ${shortId(found.id)}`]);
  });

export const addRequestCommands = (program: Command, io: Io): void => {
  const asking = addCommand(program, {
    usage: 'request <patient>',
    about: 'ask a patient for access',
    examples: ['request Anna --category laboratory --for 30d --message "For your visit on Monday"'],
  });
  withTerms(withRights(withScope(asking), `${RIGHTS.join(', ')}; can be given several times (default: read)`))
    .option('--message <text>', 'a message that only the patient can read')
    .action((patient: string, _: unknown, command: Command) =>
      request(io, command.optsWithGlobals<Options<RequestOptions>>(), patient),
    );
  addCommand(program, {
    usage: 'inbox',
    about: 'list the requests that wait for your answer',
    examples: ['inbox', 'inbox --sent'],
  })
    .option('--sent', 'list the requests that you sent, and what became of each')
    .option('--all', 'also list requests that have an answer or have expired')
    .action((_: unknown, command: Command) => inbox(io, command.optsWithGlobals<Options<InboxOptions>>()));
  addCommand(program, {
    usage: 'deny <request>',
    about: 'deny a request',
    examples: ['deny 5kq2wz7m'],
  }).action((text: string, _: unknown, command: Command) => deny(io, command.optsWithGlobals<Options<object>>(), text));
};
