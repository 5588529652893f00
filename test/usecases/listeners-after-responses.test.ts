// What follows a commit comes after the responses that waited for the commit, and is not lost when the receiver closes.

import { expect, test } from 'vitest';
import { createAfterwards } from '../../src/lib/afterwards.ts';
import { yieldToEventLoop } from '../../src/lib/event-loop.ts';
import type { ChangeFeed } from '../../src/store/port.ts';
import { withListenersAfterResponses } from '../../src/usecases/listeners-after-responses.ts';
import { anExecution } from '../support/executions.ts';
import { quietLog } from '../support/quiet-log.ts';
import { createStoreInMemory } from '../support/store-in-memory.ts';

const submission = (correlationId: string) => ({
  ...{ execution: anExecution({ correlationId }), fingerprint: 'print', queueCapacity: 10 },
});

test('who waited for a commit continues before the listeners, which see every commit in order', async () => {
  const store = withListenersAfterResponses(createStoreInMemory(), createAfterwards(quietLog()));
  const seen: string[] = [];
  store.watch((changes) => void seen.push(...changes.map(({ execution }) => `change ${execution.correlationId}`)));
  for (const id of ['one', 'two']) {
    await store.add(submission(id)).then(() => seen.push(`response ${id}`));
    await yieldToEventLoop();
  }
  expect(seen).toEqual(['response one', 'change one', 'response two', 'change two']);
});

test('a listener that has ended is not called, not even with a commit from before its end', async () => {
  const store = withListenersAfterResponses(createStoreInMemory(), createAfterwards(quietLog()));
  let calls = 0;
  const end = store.watch(() => {
    calls += 1;
  });
  await store.add(submission('one'));
  end();
  await yieldToEventLoop();
  expect(calls).toBe(0);
});

test('own commits and those of other receivers keep their order', async () => {
  const tell: { own: () => void; others: () => void } = { own: () => {}, others: () => {} };
  const feed: ChangeFeed = {
    watch: (listener) => {
      tell.own = () => listener([]);
      return () => {};
    },
    watchOthers: (listener) => {
      tell.others = () => listener(null);
      return () => {};
    },
  };
  const store = withListenersAfterResponses(feed, createAfterwards(quietLog()));
  const seen: string[] = [];
  store.watch(() => void seen.push('own'));
  store.watchOthers(() => void seen.push('others'));
  tell.own();
  tell.others();
  tell.own();
  expect(seen).toEqual([]);
  await yieldToEventLoop();
  expect(seen).toEqual(['own', 'others', 'own']);
});

test('an error of one is logged and keeps no other from its turn, and a flush leaves nothing for later', async () => {
  const log = quietLog();
  const { run, flush } = createAfterwards(log);
  let runs = 0;
  run(() => {
    throw new Error('broken');
  });
  run(() => {
    runs += 1;
  });
  flush();
  expect(runs).toBe(1);
  expect(log.lines).toMatchObject([{ level: 'error', facts: { reason: 'Error: broken' } }]);
  await yieldToEventLoop();
  expect([runs, log.lines.length]).toEqual([1, 1]);
});
