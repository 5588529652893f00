// What an answer has elsewhere than the profile says is named with the member that is to change, and its line.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differences } from '../../../src/cli/doctor/differences.ts';
import { linesOf } from '../../../src/cli/doctor/profile-place.ts';
import { loadProfile } from '../../../src/cxone/profile/profile.ts';

const profile = loadProfile(null);

describe('an answer', () => {
  test.for([
    ['execute', { executionId: 'x', status: 'PENDING' }],
    ['execute', { executionId: 'x' }],
    ['poll', { status: 'RUNNING' }],
    ['poll', { status: 'completed', result: { status: 'married' } }],
    ['callback', { status: 'SUCCESS' }],
  ] as const)('of %s that fits differs in nothing: %j', ([call, document]) => {
    expect(differences(profile, call, JSON.stringify(document))).toEqual([]);
  });

  test.for([
    ['execute', '{"data":{"id":7}}', '/execute/answer/executionId', '/data/id'],
    ['execute', '"job-17"', '/execute/answer/executionId', ''],
    ['execute', 'job-17', '/execute/answer/executionId', ''],
    ['poll', '{"jobStatus":{"id":"x","status":"SUCCEEDED"}}', '/poll/answer/status', '/jobStatus/status'],
    ['poll', '{"state":"in_progress"}', '/poll/answer/status', '/state'],
    ['poll', '{"nothing":1}', '/poll/answer/status', null],
    ['poll', '<html>', '/poll', null],
    ['callback', '{"outcome":"FAILED"}', '/callback/status', '/outcome'],
  ] as const)('of %s that is %s has the profile changed at %s', ([call, text, member, suggestion]) => {
    expect(differences(profile, call, text)).toMatchObject([{ member, suggestion }]);
  });

  test('whose word ends an execution, but not by the profile, has the word added', () => {
    expect(differences(profile, 'poll', '{"status":"Finished"}')).toMatchObject([
      { member: '/words/completed', suggestion: [...profile.words.completed, 'Finished'] },
    ]);
    expect(differences(profile, 'callback', '{"status":"Rejected"}')).toMatchObject([{ member: '/words/failed' }]);
  });

  test('in which a text contains the document, or which is XML, is read as the profile reads it', () => {
    const poll = { ...profile.poll?.answer, document: '/Message', xml: true, status: '/Done/State' };
    const reading = { ...profile, poll: { ...profile.poll, answer: poll } } as typeof profile;
    expect(differences(reading, 'poll', '{"Message":"{\\"Done\\":{\\"State\\":\\"SUCCESS\\"}}"}')).toEqual([]);
    expect(differences(reading, 'poll', '<Done><State>SUCCESS</State></Done>')).toEqual([]);
    expect(differences(reading, 'poll', '<Done><Status>SUCCESS</Status></Done>')).toMatchObject([
      { member: '/poll/answer/status', suggestion: '/Done/Status' },
    ]);
  });

  test('that is not JSON is reported without quoting it', () => {
    const [found] = differences(profile, 'poll', '<!doctype html><p>the secret is 4711');
    expect(found?.message).toBe('the poll answer is not JSON: it is a page of HTML');
  });
});

test('every member of a document is found on its line, whatever its names and values hold', () => {
  const key = fc.oneof(fc.string(), fc.constantFrom('a', 'a/b', 'm~n', '{', '":', '\\'));
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(value, (document) => {
      const lines = JSON.stringify(document, null, 2).split('\n');
      for (const [pointer, line] of linesOf(lines.join('\n'))) {
        const last = pointer.split('/').slice(1).at(-1);
        const text = lines[line - 1] ?? '';
        if (last === undefined) expect(line).toBe(1);
        else if (!/^\s*"/.test(text) || /^\d+$/.test(last)) expect(text).not.toBe('');
        else expect(text).toContain(JSON.stringify(last.replaceAll('~1', '/').replaceAll('~0', '~')));
      }
      const count = (node: unknown): number =>
        typeof node !== 'object' || node === null
          ? 1
          : Object.values(node).reduce((sum: number, child) => sum + count(child), 1);
      expect(linesOf(lines.join('\n')).size).toBe(count(document));
    }),
  );
});
