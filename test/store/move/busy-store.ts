// A SQLite file with rows of every kind, as a receiver leaves it.

import { systemWorld } from '../../../src/lib/world.ts';
import type { Store } from '../../../src/store/port.ts';
import { createSqliteStore, type SqliteStore } from '../../../src/store/sqlite/store.ts';
import { anExecution, callback, completed, failed, RUNNING, submitted } from '../../support/executions.ts';
import { fatal } from '../../support/fatal.ts';
import { lasting } from '../../support/incidents.ts';
import { type Life, live } from '../../support/lives.ts';
import { START } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';

const LIVES = [
  ...(['callback', 'poll', 'called-back-later', 'polled-too', 'timeout', 'late', 'not-found', 'nameless'] as const),
  ...(['cancelled', 'hinted', 'refused', 'pending', 'queued'] as const),
] satisfies Life[];

const DAY_MS = 86_400_000;
export const LATER = START + 10 * DAY_MS;
const ORDER = { by: 'operator:alice', reason: 'request 4711' };

export function openFile(path: string, now = START): SqliteStore {
  return createSqliteStore({
    path,
    world: { ...systemWorld, now: () => now },
    log: quietLog(),
    fatal,
    listedRepeats: 3,
  });
}

/** Makes the file, and closes it. Ids of executions are the names of their lives, and `odd`, `erased`, `repeated`. */
export async function makeBusyFile(path: string): Promise<void> {
  const store = openFile(path);
  await live(store, 'callback', START - 30 * DAY_MS, { correlationId: 'pruned' });
  await store.prune(1000, START - 20 * DAY_MS);
  for (const [i, life] of LIVES.entries()) {
    const notifyUrl = i % 2 === 0 ? 'https://shop.example/hook' : null;
    const ids = { correlationId: life, idempotencyKey: life, notifyUrl, app: i % 3 === 0 ? 'crm' : 'shop' };
    await live(store, life, START + i * 60_000, { ...ids, inputs: { customer: `Ångström ${i}` } });
  }
  await contradictory(store, 'odd', 'a\0b \ud83d c');
  await store.erase(await contradictory(store, 'erased', 'Lovelace'), ORDER, LATER);
  const { reference } = await live(store, 'pending', START, { correlationId: 'repeated' });
  await store.hold(reference, ORDER, START + 99);
  for (let i = 0; i < 6; i += 1) await store.record(reference, callback(RUNNING), START + 100 + i);
  await live(store, 'callback', START - 5 * DAY_MS, { correlationId: 'stripped' });
  await store.prunePayloads(await store.prunablePayloads(1, START - 4 * DAY_MS, null), START - 4 * DAY_MS, LATER);

  await store.pauseSending({ app: 'crm', actionId: null, since: START, by: ORDER.by, reason: 'maintenance' });
  await store.pauseEndpoint({ app: 'shop', origin: 'https://shop.example', since: START, by: ORDER.by, reason: null });
  const incident = lasting(START);
  const references = [{ incident: incident.id, reference, isAffected: true }];
  const events = [{ incident: incident.id, at: START, type: 'opened', by: null }] as const;
  await store.saveIncidents({ incidents: [incident], events, references }, START + DAY_MS);
  const activity = { by: ORDER.by, action: 'cancel', target: 'queued', filter: null, reason: 'a\0b' } as const;
  await store.endActivity(await store.beginActivity({ ...activity, startedAt: START }), {
    ...{ outcome: 'done', matched: 3, changed: 2, endedAt: START + 5 },
  });
  await store.beginActivity({ ...activity, startedAt: START + 1 });
  await store.ping(LATER);
  await store.close();
}

/** An execution with a kept body, conflicts, a late report, errors and deliveries. */
async function contradictory(store: Store, correlationId: string, content: string): Promise<string> {
  const notifyUrl = 'https://crm.example/hook';
  const execution = anExecution({ correlationId, inputs: { who: content }, app: 'crm', notifyUrl }, START);
  await store.add({ execution, fingerprint: 'not a hash', queueCapacity: 100 });
  const { reference } = execution;
  await store.record(reference, { type: 'dispatched' }, START);
  const cookies = JSON.stringify([{ name: 'route', value: content }]);
  await store.record(
    reference,
    submitted({ executionId: 'CX-First-1', pollUrl: 'https://cx.example/poll', cookies }),
    START,
  );
  await store.record(reference, callback({ ...RUNNING, statusWord: 'odd', isUnknownWord: true }), START);
  const body = { bytes: Buffer.from(`{"half": "${content}`), contentType: 'text/odd' };
  await store.record(reference, { type: 'callback-unreadable', reason: `no JSON: ${content}`, body }, START);
  await store.record(reference, callback(completed({ who: content })), START);
  await store.record(reference, callback(failed({ who: content })), START + 1);
  const { items } = await store.listNotifications({ app: null, correlationId, limit: 1 });
  const failure = { type: 'failed', httpStatus: 500, latencyMs: 3, message: content, retryAt: START + 60_000 } as const;
  await store.recordDelivery(items[0]?.id ?? '', failure, START + 2);
  return reference;
}
