// Signals to open pages: what they report, how often, and that they end.

import { expect, test } from 'vitest';
import {
  ALIVE_MS,
  createPageSignals,
  type PageSignal,
  type PageStream,
  type PageSubject,
  SIGNAL_MS,
} from '../../../src/usecases/follow-events/page-signals.ts';
import { createStreams } from '../../../src/usecases/follow-events/streams.ts';
import { anExecution, callback, completed } from '../../support/executions.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { createStoreInMemory } from '../../support/store-in-memory.ts';

function setUp() {
  const world = createManualWorld();
  const store = createStoreInMemory();
  const signals = createPageSignals(store, world);
  const add = async (correlationId: string, notifyUrl: string | null = null) => {
    const execution = anExecution({ correlationId, notifyUrl }, world.now());
    await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
    return execution.reference;
  };
  const open = (subject: PageSubject) => signals.open(subject, () => {});
  return { world, store, add, open };
}

/** Collects the signals of a stream until it ends. */
function collect(stream: PageStream): PageSignal[] {
  const collected: PageSignal[] = [];
  void (async () => {
    for (;;) {
      const signal = await stream.next();
      collected.push(signal);
      if (signal === 'end') return;
    }
  })();
  return collected;
}

test('many commits within a second are one signal to each page, and a page without changes gets none', async () => {
  const { world, add, open } = setUp();
  const pages = [collect(open({ topic: 'executions' })), collect(open({ topic: 'executions' }))];
  const others = collect(open({ topic: 'notifications' }));
  for (let i = 0; i < 50; i += 1) await add(`order-${i}`);
  await world.advance(SIGNAL_MS - 1);
  expect(pages).toEqual([[], []]);
  await world.advance(1);
  expect([pages, others]).toEqual([[['changed'], ['changed']], []]);
  await add('order-50');
  await world.advance(SIGNAL_MS);
  expect(pages).toEqual([
    ['changed', 'changed'],
    ['changed', 'changed'],
  ]);
});

test('the work of a commit is the same for any number of idle pages', async () => {
  const { world, add, open } = setUp();
  for (let i = 0; i < 200; i += 1) open({ topic: 'executions' });
  const sleepers = world.sleepers;
  for (let i = 0; i < 10; i += 1) await add(`order-${i}`);
  expect(world.sleepers).toBe(sleepers + 1);
});

test('the page of an execution gets the changes of this one only', async () => {
  const { world, store, add, open } = setUp();
  const reference = await add('one');
  const one = collect(open({ execution: 'one' }));
  await add('two');
  await world.advance(SIGNAL_MS);
  expect(one).toEqual([]);
  await store.record(reference, { type: 'cancelled', by: 'app:shop' }, world.now());
  await world.advance(SIGNAL_MS);
  expect(one).toEqual(['changed']);
});

test('an outcome with a notification, and each delivery, are changes of the list of notifications', async () => {
  const { world, store, add, open } = setUp();
  const reference = await add('one', 'https://hooks.example/x');
  await store.claimDispatches(1, world.now());
  const list = collect(open({ topic: 'notifications' }));
  await store.record(reference, callback(completed()), world.now());
  await world.advance(SIGNAL_MS);
  expect(list).toEqual(['changed']);
  const [notification] = (await store.listNotifications({ app: null, limit: 1 })).items;
  const delivered = { type: 'delivered', httpStatus: 200, latencyMs: 5 } as const;
  await store.recordDelivery(notification?.id ?? '', delivered, world.now());
  await world.advance(SIGNAL_MS);
  expect(list).toEqual(['changed', 'changed']);
});

test('a page without changes is signalled that the receiver answers; a page of activity reads again', async () => {
  const { world, open } = setUp();
  const [executions, activity] = [collect(open({ topic: 'executions' })), collect(open({ topic: 'activity' }))];
  await world.advance(ALIVE_MS);
  expect(executions).toEqual(['alive']);
  expect(activity).toEqual(['changed', 'changed']);
});

test('pages and event streams share the bounds of their reader, and all end when the receiver stops', async () => {
  const { world, store } = setUp();
  const streams = createStreams(store, world, { perReader: 2, total: 3 });
  const first = streams.openPage('operator:alice', { topic: 'executions' });
  const second = streams.openPage('operator:alice', { topic: 'activity' });
  expect(streams.openPage('operator:alice', { topic: 'activity' })).toEqual({
    ...{ outcome: 'too-many', bound: 'perReader', limit: 2 },
  });
  if (first.outcome !== 'open' || second.outcome !== 'open') throw new Error('expected two streams');
  first.stream.end();
  expect(streams.size).toBe(1);
  const ending = second.stream.next();
  streams.release();
  expect(await ending).toBe('end');
  expect([streams.size, world.sleepers]).toEqual([0, 0]);
  expect(streams.openPage('operator:bob', { topic: 'activity' })).toEqual({ outcome: 'stopping' });
});
