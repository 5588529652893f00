// Incidents are found from signals alone: when one begins, what it is about, when it ends, and what is only noise.

import { describe, expect, test } from 'vitest';
import { detect } from '../../src/incident/detect.ts';
import { missedSince } from '../../src/incident/detect-callbacks.ts';
import { type Incident, keyOf, worstFirst } from '../../src/incident/incident.ts';
import { advance } from '../../src/incident/lifecycle.ts';
import type { EndSample, RequestSample, Signals } from '../../src/incident/signals.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const NO_SAMPLES = { requests: [], ends: [], callbacks: [], commits: [], words: [], dead: [] };
const CALM: Signals = {
  now: NOW,
  samples: NO_SAMPLES,
  tokenProblem: null,
  connectionProblems: [],
  pause: null,
  queue: { queued: 0, capacity: 100, oldestQueuedAt: null, waitedMs: 0 },
  heldUp: [],
  missedCallbacks: [],
  circuits: [],
  webhookProblem: null,
  stuckLoops: [],
  diskFreeBytes: 1e12,
  walBytes: 0,
  clockStep: null,
  absence: null,
};

let serial = 0;
const newId = () => `id-${++serial}`;

function request(
  result: RequestSample['result'],
  secondsAgo: number,
  more: Partial<RequestSample> = {},
): RequestSample {
  const reason = result === 'failed' ? 'answers 503' : '';
  const about = { reference: `r-${++serial}`, actionId: 'charge', app: 'shop' };
  return { at: NOW - secondsAgo * 1_000, result, reason, ...about, ...more };
}

function end(secondsAgo: number, more: Partial<EndSample> = {}): EndSample {
  const about = { reference: `r-${++serial}`, actionId: 'charge', app: 'shop' };
  return { at: NOW - secondsAgo * 1_000, end: 'other', missed: false, countsForCallbacks: true, ...about, ...more };
}

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const withSamples = (samples: Partial<Signals['samples']>, more: Partial<Signals> = {}): Signals => ({
  ...CALM,
  samples: { ...NO_SAMPLES, ...samples },
  ...more,
});
const causes = (signals: Signals, open: readonly Incident[] = []) =>
  detect(signals, new Map(open.map((one) => [keyOf(one), one]))).map(({ cause }) => cause);
const opened = (signals: Signals) => {
  const step = advance([], detect(signals, new Map()), { now: NOW, watchedMs: 0, newId });
  return step.opened;
};

test('a receiver without problems has no incident', () => {
  expect(detect(withSamples({ requests: many(50, () => request('passed', 5)) }), new Map())).toEqual([]);
});

describe('requests to CXone', () => {
  test('executions that wait because CXone cannot be reached are its extent', () => {
    const connectionProblems = [{ origin: 'https://cxone.example', reason: 'ECONNREFUSED', since: NOW - 40_000 }];
    const requests = many(20, (index) => request('no-token', 30 - index));
    expect(detect(withSamples({ requests }, { connectionProblems }), new Map())).toMatchObject([
      {
        ...{ cause: 'CxoneFails', since: NOW - 40_000, affected: 20, total: 20, actions: ['charge'], apps: ['shop'] },
        problem: 'CXone cannot be reached at https://cxone.example: ECONNREFUSED',
      },
    ]);
  });

  test('a queue that waits names its actions and what waits in it', () => {
    const queue = { queued: 3, capacity: 100, oldestQueuedAt: NOW - 90_000, waitedMs: 90_000 };
    const heldUp = many(3, (index) => ({ reference: `waits-${index}`, actionId: 'charge', app: 'shop' }));
    expect(detect({ ...CALM, queue, heldUp }, new Map())).toMatchObject([
      {
        cause: 'QueueWaits',
        affected: 3,
        actions: ['charge'],
        apps: ['shop'],
        references: { affected: { length: 3 } },
      },
    ]);
  });

  test('executions behind those that were tried without a token are its extent, too', () => {
    const tokenProblem = { reason: 'answers 401', since: NOW - 40_000 };
    const requests = many(10, () => request('no-token', 5));
    const behind = many(5, (index) => ({ reference: `behind-${index}`, actionId: 'refund', app: 'crm' }));
    const heldUp = [...requests, ...behind];
    expect(detect(withSamples({ requests }, { tokenProblem, heldUp }), new Map())).toMatchObject([
      { cause: 'CxoneGivesNoToken', affected: 15, total: null, actions: ['charge', 'refund'], apps: ['shop', 'crm'] },
    ]);
    const connectionProblems = [{ origin: 'https://cxone.example', reason: 'ECONNREFUSED', since: NOW - 40_000 }];
    expect(detect(withSamples({ requests }, { connectionProblems, heldUp }), new Map())).toMatchObject([
      { cause: 'CxoneFails', affected: 15, total: 15 },
    ]);
  });

  test('failures of one action are an incident of it, however busy another action is', () => {
    const failed = many(3, (index) => request('failed', 10 - index, { actionId: 'refund' }));
    const signals = withSamples({ requests: [...many(500, () => request('passed', 20)), ...failed] });
    expect(detect(signals, new Map())).toMatchObject([
      {
        ...{ cause: 'CxoneFails', problem: 'CXone answers 503', actions: ['refund'], affected: 3, total: 3 },
        ...{ since: NOW - 10_000, until: NOW - 8_000 },
      },
    ]);
  });

  test('one failed request in ten is noise', () => {
    const requests = many(100, (index) => request(index % 10 === 0 ? 'failed' : 'passed', 5));
    expect(causes(withSamples({ requests }))).toEqual([]);
  });

  test('no access token is not a second incident while CXone fails', () => {
    const tokenProblem = { reason: 'answers 503', since: NOW - 5_000 };
    expect(causes({ ...CALM, tokenProblem })).toEqual(['CxoneGivesNoToken']);
    const requests = many(5, () => request('failed', 5));
    expect(causes(withSamples({ requests }, { tokenProblem }))).toEqual(['CxoneFails']);
  });

  test('a pause of 60 s is an incident, one of 18 ms is not', () => {
    const pause = (ms: number) => ({ since: NOW - 5, until: NOW - 5 + ms, httpStatus: 429 });
    expect(causes({ ...CALM, pause: pause(18) })).toEqual([]);
    expect(causes({ ...CALM, pause: pause(60_000) })).toEqual(['CxoneLimitsUs']);
  });

  test('what waits for the end of a pause is affected by it', () => {
    const pause = { since: NOW - 5, until: NOW + 60_000, httpStatus: 429 };
    const requests = many(2, () => request('limited', 1));
    const heldUp = many(4, (index) => ({ reference: `waits-${index}`, actionId: 'refund', app: 'shop' }));
    const found = detect(withSamples({ requests }, { pause, heldUp: [...heldUp, ...requests] }), new Map());
    expect(found).toMatchObject([{ cause: 'CxoneLimitsUs', affected: 6, total: 6, actions: ['charge', 'refund'] }]);
  });

  test('an incident lasts while nothing shows that CXone works again, and ends after it does', () => {
    const open = opened(withSamples({ requests: many(5, () => request('failed', 1)) }));
    const endedAfter = (seconds: number, requests: readonly RequestSample[]) => {
      const now = NOW + seconds * 1_000;
      const found = detect({ ...withSamples({ requests }), now }, new Map(open.map((one) => [keyOf(one), one])));
      return advance(open, found, { now, watchedMs: 600_000, newId }).ended;
    };
    expect(endedAfter(120, [])).toEqual([]);
    const passed = many(5, () => request('passed', -115));
    expect(endedAfter(120, passed)).toMatchObject([{ cause: 'CxoneFails', endedAt: NOW - 1_000 }]);
  });

  test('a new process watches for two minutes before it ends what an earlier one found', () => {
    const open = opened(withSamples({ requests: many(5, () => request('failed', 1)) }));
    const now = NOW + 60_000;
    expect(advance(open, [], { now, watchedMs: 5_000, newId }).ended).toEqual([]);
    expect(advance(open, [], { now, watchedMs: 120_000, newId }).ended).toHaveLength(1);
  });

  test('a new process ends what it found itself 30 s after the last sign', () => {
    const open = opened(withSamples({ requests: many(5, () => request('failed', 1)) }));
    const endedAfter = (ms: number) =>
      advance(open, [], { now: NOW - 1_000 + ms, watchedMs: 20_000 + ms, newId }).ended.length;
    expect([endedAfter(29_999), endedAfter(30_000)]).toEqual([0, 1]);
  });
});

describe('callbacks', () => {
  const action = { actionId: 'charge', missed: 60, outcomes: 100, shareBefore: 0.04 };
  const lost = many(60, (index) => end(60 - index, { missed: true }));
  const ends = [...many(40, (index) => end(200 - index)), ...lost];

  test('missing callbacks begin with the first that is missing, and name their action', () => {
    expect(missedSince(ends, action)).toBe(NOW - 60_000);
    expect(detect(withSamples({ ends }, { missedCallbacks: [action] }), new Map())).toMatchObject([
      { cause: 'CallbacksStopped', since: NOW - 60_000, actions: ['charge'], affected: 60, total: 60 },
    ]);
  });

  test('nothing is compared while the days before are incomplete', () => {
    expect(causes(withSamples({ ends }, { missedCallbacks: null }))).toEqual([]);
  });

  test('an incident is over when callbacks arrive again, although the hour has an alert', () => {
    const back = many(20, () => end(0));
    expect(causes(withSamples({ ends: [...ends, ...back] }, { missedCallbacks: [action] }))).toEqual([]);
  });

  test('refused callbacks are an incident when they are many', () => {
    const callbacks = many(10, (index) => ({
      at: NOW - 1_000,
      refused: index < 5 ? 'bad-signature' : null,
      count: 1,
    }));
    expect(detect(withSamples({ callbacks }), new Map())).toMatchObject([
      { cause: 'CallbacksRefused', problem: 'Callbacks are refused: bad-signature', affected: 5, total: 10 },
    ]);
    expect(causes(withSamples({ callbacks: callbacks.slice(2) }))).toEqual([]);
  });
});

describe('the receiver and its machine', () => {
  test.for<[string, Partial<Signals>, string]>([
    ['a queue at 80 %', { queue: { queued: 80, capacity: 100, oldestQueuedAt: null, waitedMs: 0 } }, 'QueueNearlyFull'],
    [
      'a minute in the queue',
      { queue: { queued: 1, capacity: 100, oldestQueuedAt: NOW - 60_000, waitedMs: 60_000 } },
      'QueueWaits',
    ],
    ['a disk with 0.9 GB', { diskFreeBytes: 9e8 }, 'DiskNearlyFull'],
    ['a large write-ahead log', { walBytes: 3e8 }, 'WalGrows'],
    ['a clock that was set', { clockStep: { from: NOW, to: NOW - 60_000 } }, 'ClockSet'],
    ['a stuck loop', { stuckLoops: ['poll'] }, 'ReceiverLoopStuck'],
    ['a webhook', { webhookProblem: { since: NOW - 60_000, reason: 'answered 503' } }, 'IncidentWebhookDown'],
  ])('%s is an incident', ([, signals, cause]) => {
    expect(causes({ ...CALM, ...signals })).toEqual([cause]);
  });

  test('loops that are stuck are one incident, which names them', () => {
    const problems = (stuckLoops: string[]) => opened({ ...CALM, stuckLoops }).map(({ problem }) => problem);
    expect(problems(['poll'])).toEqual(['The loop poll is stuck']);
    expect(problems(['poll', 'notify'])).toEqual(['The loops poll, notify are stuck']);
  });

  test('a threshold that is crossed again and again is one incident', () => {
    const open = opened({ ...CALM, diskFreeBytes: 9e8 });
    expect(causes({ ...CALM, diskFreeBytes: 1.2e9 }, open)).toEqual(['DiskNearlyFull']);
    expect(causes({ ...CALM, diskFreeBytes: 1.2e9 })).toEqual([]);
  });

  test('a time without a receiver is an incident that has ended', () => {
    const absence = { from: NOW - 600_000, to: NOW };
    const step = advance([], detect({ ...CALM, absence }, new Map()), { now: NOW, watchedMs: 0, newId });
    expect(step.ended).toMatchObject([{ cause: 'ReceiverDown', startedAt: NOW - 600_000, endedAt: NOW }]);
    expect(causes({ ...CALM, absence: { from: NOW - 10_000, to: NOW } })).toEqual([]);
  });

  test('each endpoint that fails is an incident of its own', () => {
    const circuit = { app: 'shop', origin: 'https://a.example', failure: 'ECONNREFUSED', failures: 5, since: NOW };
    const circuits = [
      { ...circuit, waiting: 312 },
      { ...circuit, origin: 'https://b.example', waiting: 0 },
    ];
    expect(detect({ ...CALM, circuits }, new Map())).toMatchObject([
      { cause: 'NotifyEndpointDown', subject: 'shop https://a.example', affected: 312 },
      { cause: 'NotifyEndpointDown', subject: 'shop https://b.example', affected: 0 },
    ]);
  });
});

test('the worst is first: what lasts before what ended, critical before warnings', () => {
  const [critical] = opened({ ...CALM, diskFreeBytes: 1 });
  const [warning] = opened({ ...CALM, walBytes: 3e8 });
  if (critical === undefined || warning === undefined) throw new Error('both are incidents');
  const ended = { ...critical, endedAt: NOW };
  expect([ended, warning, critical].sort(worstFirst)).toEqual([critical, warning, ended]);
});
