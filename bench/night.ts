// Adds a bad night to a database with a past: an hour of executions of many actions and apps, some of them open, late, refused or without
// a callback, with their notifications; and incidents, pauses, and what operators did.

import type { ExecutionEvent } from '../src/execution/event.ts';
import { type Dispatchable, newExecution } from '../src/execution/execution.ts';
import { CAUSE_NAMES, type Incident, MAX_COUNTED } from '../src/incident/incident.ts';
import type { Log } from '../src/lib/log.ts';
import { systemWorld, timeOrderedIds } from '../src/lib/world.ts';
import type { DeliveryEvent } from '../src/notification/delivery.ts';
import { notificationIds } from '../src/notification/outgoing.ts';
import { ACTIVITY_ACTIONS } from '../src/store/activity-port.ts';
import { createSqliteStore, type SqliteStore } from '../src/store/sqlite/store.ts';
import { fatal } from '../test/support/fatal.ts';
import { DONE, POLLED } from './past.ts';
import { APP, FINGERPRINT, submissionOf, TAKEN } from './prepared.ts';

const MINUTE_MS = 60_000;
export const NIGHT_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * NIGHT_MS;
const DAY_SECONDS = 86_400;

export interface NightSize {
  readonly executions: number;
  /** Incidents that have ended, beside one open one for each cause. */
  readonly incidents: number;
  /** Actions of operators. */
  readonly activities: number;
}

export const NIGHT_APPS = [APP, ...numbered('app', 11)];
const ACTIONS = numbered('action', 60);
const ENDPOINTS = numbered('https://hooks', 40).map((name) => `${name}.example`);
const OPERATORS = ['operator:alice', 'operator:bob', 'operator:carol'];

/** What pages are about: correlation ids, and names. */
export interface Night {
  readonly ended: string;
  readonly queued: string;
  /** Its trail has more entries than a page. */
  readonly eventful: string;
  /** The id of the incident that affects the most executions. */
  readonly incident: string;
  readonly app: string;
  readonly action: string;
  readonly endpoint: string;
}

const EVENTFUL = 'eventful';
/** Executions whose changes share commits. */
const AT_ONCE = 500;

/** Nothing is sent when a receiver starts on the database: no poll or notification is due, and sending is paused. */
export async function writeNight(path: string, size: NightSize, until: number, signal?: AbortSignal): Promise<Night> {
  const store = createSqliteStore({ path, world: systemWorld, log: SILENT, fatal });
  try {
    const references: string[] = [];
    const newId = timeOrderedIds();
    const begin = until - NIGHT_MS;
    const stepMs = (NIGHT_MS - 2 * MINUTE_MS) / size.executions;
    for (let i = 0; i < size.executions; ) {
      signal?.throwIfAborted();
      const written: Promise<void>[] = [];
      for (const end = Math.min(size.executions, i + AT_ONCE); i < end; i += 1) {
        const at = Math.floor(begin + i * stepMs);
        const execution = executionOf(newId(at), at, i);
        references.push(execution.reference);
        written.push(writeExecution(store, execution, i));
      }
      await Promise.all(written);
    }
    await store.pauseSending({ app: null, actionId: null, since: until, by: 'operator:alice', reason: 'a bad night' });
    await pauseSome(store, until);
    const incident = await writeIncidents(store, size, references.slice(0, MAX_COUNTED), until);
    await writeActivities(store, size, until);
    const [ended = '', queued = ''] = [references[0], references[QUEUED]];
    const names = { app: NIGHT_APPS[1] ?? '', action: ACTIONS[1] ?? '', endpoint: ENDPOINTS[1] ?? '' };
    return { ended, queued, eventful: EVENTFUL, incident, ...names };
  } finally {
    await store.close();
  }
}

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
}

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

const KINDS = 20;
const [EVENTFUL_KIND, QUEUED] = [17, 19];
const RUNNING = { ...TAKEN.report, statusWord: 'RUNNING' };

type Course = readonly (readonly [afterMs: number, event: ExecutionEvent])[];

/** Of 20 executions, 10 are called back, 6 end without a callback or after it was expected, 1 is refused, and 3 are open. */
function courseOf(i: number): Course {
  const taken = [[5, { type: 'dispatched' }] as const, [45, { ...TAKEN, executionId: `night-${i}` }] as const];
  const calledBack = { type: 'callback', executionId: null, report: DONE } as const;
  const expired = [40_005, { type: 'expired' }] as const;
  const kind = i % KINDS;
  if (kind < 9) return [...taken, [2_000, calledBack]];
  if (kind < 12) return [...taken, [12_000, POLLED]];
  if (kind === 12) return [...taken, [12_000, POLLED], [14_000, calledBack]];
  if (kind === 13) return [...taken, expired];
  if (kind === 14) return [...taken, expired, [60_000, calledBack]];
  if (kind === 15)
    return [
      [5, { type: 'dispatched' }],
      [45, REFUSED],
    ];
  if (kind === 16) return [...taken, [2_000, { ...calledBack, report: FAILED }]];
  if (i === EVENTFUL_KIND) return [...taken, ...eventful()];
  if (kind === 17) return taken;
  if (kind === 18)
    return [
      [5, { type: 'dispatched' }],
      [10_005, UNKNOWN],
    ];
  return [];
}

const REFUSED = { type: 'refused', httpStatus: 400, latencyMs: 40, message: 'the action has no such input' } as const;
const FAILED = { kind: 'failed', statusWord: 'FAILED', result: null, error: { code: 'E-77' } } as const;
const NO_RESPONSE = { httpStatus: 0, latencyMs: 10_000, message: 'no response in 10 s' } as const;
const UNKNOWN = { ...NO_RESPONSE, type: 'uncertain', retryAt: null, giveUpAt: 0 } as const;

/** As many polls and callbacks as a trail lists one by one. */
function* eventful(): Generator<Course[number]> {
  for (let n = 0; n < 120; n += 1) {
    yield [1_000 + n, { type: 'callback', executionId: null, report: RUNNING }];
    yield [1_000 + n, { ...POLLED, report: RUNNING, nextPollAt: Number.MAX_SAFE_INTEGER }];
  }
}

function executionOf(reference: string, now: number, i: number): Dispatchable {
  // Open executions are not due for a day.
  const graceSeconds = i % KINDS >= EVENTFUL_KIND ? DAY_SECONDS : 10;
  // Each app, action and endpoint has executions of each kind.
  const turn = i + Math.floor(i / KINDS);
  const submission = {
    ...submissionOf(reference, graceSeconds),
    ...(i === EVENTFUL_KIND ? { correlationId: EVENTFUL } : {}),
    ...{ app: at(NIGHT_APPS, turn), actionId: at(ACTIONS, turn), notifyUrl: `${at(ENDPOINTS, turn)}/executions` },
  };
  return newExecution(submission, reference, now, now + DAY_MS);
}

async function writeExecution(store: SqliteStore, execution: Dispatchable, i: number): Promise<void> {
  const { reference, submittedAt } = execution;
  await store.add({ execution, fingerprint: FINGERPRINT, queueCapacity: Number.MAX_SAFE_INTEGER });
  for (const [afterMs, event] of courseOf(i)) await store.record(reference, event, submittedAt + afterMs);
  const sentAt = submittedAt + MINUTE_MS;
  for (const id of notificationIds(reference)) await store.recordDelivery(id, deliveryOf(i, sentAt), sentAt);
}

/** Of ten notifications, seven are delivered, one is given up, and two are sent again in some hours. */
function deliveryOf(i: number, sentAt: number): DeliveryEvent {
  const kind = Math.floor(i / KINDS) % 10;
  if (kind < 7) return { type: 'delivered', httpStatus: 204, latencyMs: 30 };
  if (kind === 7) return { type: 'gone', httpStatus: 410, latencyMs: 30, message: 'the endpoint answered 410 Gone' };
  const retryAt = sentAt + 6 * NIGHT_MS;
  return { type: 'failed', httpStatus: 0, latencyMs: 30, message: 'no answer: ECONNREFUSED', retryAt };
}

async function pauseSome(store: SqliteStore, until: number): Promise<void> {
  const pause = { since: until - MINUTE_MS, by: 'operator:bob', reason: 'ticket 4711' };
  for (const actionId of ACTIONS.slice(0, 5)) await store.pauseSending({ ...pause, app: null, actionId });
  for (const app of NIGHT_APPS.slice(0, 2)) {
    for (const origin of ENDPOINTS.slice(0, 5)) await store.pauseEndpoint({ ...pause, app, origin });
  }
}

/** Returns the id of the one that affects these executions. */
async function writeIncidents(
  store: SqliteStore,
  { incidents: count }: NightSize,
  references: readonly string[],
  until: number,
): Promise<string> {
  const newId = timeOrderedIds();
  const incidentOf = (startedAt: number, index: number, endedAt: number | null): Incident => ({
    ...{ id: newId(startedAt), cause: at(CAUSE_NAMES, index), subject: '', problem: 'CXone answers 503' },
    ...{ startedAt, lastSeenAt: until, endedAt, affected: references.length, total: references.length },
    ...{ actions: ACTIONS.slice(0, 5), apps: NIGHT_APPS, acknowledgedAt: null, acknowledgedBy: null },
  });
  const open = CAUSE_NAMES.map((_, index) => incidentOf(until - (index + 1) * MINUTE_MS, index, null));
  const ended = Array.from({ length: count }, (_, index) => {
    const startedAt = until - ((index + 1) * 29 * DAY_MS) / count;
    return incidentOf(startedAt, index, startedAt + MINUTE_MS);
  });
  const events = [...open, ...ended].map(({ id: incident, startedAt }) => {
    return { incident, at: startedAt, type: 'opened', by: null } as const;
  });
  const [{ id = '' } = {}] = open.filter(({ cause }) => cause === 'CxoneFails');
  const counted = references.map((reference) => ({ incident: id, reference, isAffected: true }));
  await store.saveIncidents({ incidents: [...open, ...ended], events, references: counted }, null);
  return id;
}

async function writeActivities(store: SqliteStore, { activities }: NightSize, until: number): Promise<void> {
  const write = async (i: number) => {
    const startedAt = Math.floor(until - ((activities - i) * 30 * DAY_MS) / activities);
    const action = at(ACTIVITY_ACTIONS, i);
    const about = { by: at(OPERATORS, i), action, target: EVENTFUL, filter: null, reason: 'ticket 4711', startedAt };
    const end = { outcome: 'done', matched: null, changed: 1, endedAt: startedAt + 20 } as const;
    await store.endActivity(await store.beginActivity(about), end);
  };
  for (let first = 0; first < activities; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, activities - first);
    await Promise.all(Array.from({ length: count }, (_, index) => write(first + index)));
  }
}
