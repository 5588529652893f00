// Problem details as RFC 9457 has them.

import { expect, test } from 'vitest';
import { pointerTo, problem } from '../../../src/http/response/problem.ts';

test('a problem names its type, title, status and detail, and is served as problem+json', async () => {
  const answer = problem('queue-full', 'Try later.', { headers: { 'retry-after': '5' }, members: { extra: 1 } });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(await answer.json()).toEqual({
    type: 'urn:cxone-callback-receiver:problem:queue-full',
    title: 'The queue is full',
    status: 503,
    detail: 'Try later.',
    extra: 1,
  });
});

test.for([
  [[], '#'],
  [['timeoutSeconds'], '#/timeoutSeconds'],
  [['context', 'callbackUrl'], '#/context/callbackUrl'],
  [['a/b', 'c~d'], '#/a~1b/c~0d'],
  [['50 %'], '#/50%20%25'],
  [[''], '#/'],
  [['\ud800'], '#/%EF%BF%BD'],
] as const)('the pointer to %j is %s', ([path, pointer]) => {
  expect(pointerTo(...path)).toBe(pointer);
});
