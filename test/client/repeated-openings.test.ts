// Tests openings that are sent again because their answer was lost: the service counted them, so it must answer them again.
import { describe, expect, test } from '@jest/globals';
import { fromUtf8, utf8 } from '../../lib/bytes/codec.ts';
import { createRecipient } from '../../lib/client/index.ts';
import { routeOf } from '../support/lying-fetch.ts';
import { readAll } from './main-job-story.ts';
import { DAY, people } from './people.ts';

/** Makes a recipient with a grant for one opening, who loses the answer to the opening. `meanwhile` runs before the recipient sends the opening again. */
const lastOpening = async (meanwhile: (p: Awaited<ReturnType<typeof people>>) => Promise<unknown>) => {
  const p = await people();
  const record = await p.patient.file(p.folder.id, utf8('one'), { title: 'One' });
  const options = p.optionsOf(3);
  const answers: number[] = [];
  const losing: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const route = routeOf(request.method, new URL(request.url).pathname);
    const answer = await options.fetch!(request);
    if (route !== 'recapsulate') return answer;
    answers.push(answer.status);
    if (answers.length > 1) return answer;
    await meanwhile(p);
    throw new TypeError('connection reset');
  };
  const person = createRecipient({ ...options, fetch: losing });
  await person.register();
  const [given] = await p.patient.grant({
    recipient: person.id,
    purpose: 'TREAT',
    durationSeconds: DAY,
    folders: [p.folder.id],
    openings: 1,
  });
  const grant = await person.grant(given.id, p.patient.id);
  const opened = await person.open(grant, [record]);
  return { ...p, opened, answers, given };
};

describe('the last opening of a grant, whose answer was lost,', () => {
  test('is answered again after the patient settled the grant, because it was counted', async () => {
    const { patient, opened, answers, given } = await lastOpening((p) => p.patient.settle());
    expect(answers).toEqual([200, 200]);
    expect(fromUtf8(await readAll(opened[0]!.stream()))).toBe('one');
    expect(await patient.getGrant(given.id)).toMatchObject({ used: 1, state: 'exhausted' });
  });

  test('is answered again after the patient filed further records and gave another grant', async () => {
    const { answers } = await lastOpening(async ({ patient, folder, give }) => {
      await patient.file(folder.id, utf8('two'), { title: 'Two' });
      await give();
    });
    expect(answers).toEqual([200, 200]);
  });
});
