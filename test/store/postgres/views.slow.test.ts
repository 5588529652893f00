// The views for operators: after the same events they show the same rows on PostgreSQL as on SQLite, with the same hashes.

import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/store/port.ts';
import { anExecution, callback, completed, failed, RUNNING, submitted } from '../../support/executions.ts';
import { type Life, live } from '../../support/lives.ts';
import { START } from '../../support/manual-world.ts';
import { createBothStores } from '../../support/postgres/both-stores.ts';
import { serverUrl, withClient } from '../../support/postgres/databases.ts';
import { expectSameViews } from '../../support/postgres/same-views.ts';

const LIVES = [
  ...(['callback', 'poll', 'called-back-later', 'polled-too', 'timeout', 'late', 'not-found', 'nameless'] as const),
  ...(['cancelled', 'hinted', 'refused', 'pending', 'queued'] as const),
] satisfies Life[];

const DAY_MS = 86_400_000;
const LATER = START + 10 * DAY_MS;
const HOOK = 'https://shop.example/hook';
const ORDER = { by: 'operator:alice', reason: 'request 4711' };
const SECRET = 'Lovelace';

const openBoth = createBothStores();

/** Whether any row of any table has the text. */
async function isStored(url: string, text: string): Promise<boolean> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    );
    for (const { name } of rows) {
      const found = await client.query(`SELECT 1 FROM ${name} AS t WHERE position($1 IN t::text) > 0 LIMIT 1`, [text]);
      if (found.rows.length > 0) return true;
    }
    return false;
  });
}

async function accepted(store: Store, correlationId: string, content: string) {
  const payload = { who: content };
  const execution = anExecution({ correlationId, inputs: payload, context: payload, notifyUrl: HOOK }, START);
  await store.add({ execution, fingerprint: correlationId, queueCapacity: 100 });
  return execution;
}

/** Everything that can hold content: a stored body, conflicts, errors, deliveries, and a status word. */
async function rich(store: Store, correlationId: string, content: string) {
  const { reference } = await accepted(store, correlationId, content);
  const quotes = {
    pollUrl: `https://cx.example/${content}`,
    cookies: JSON.stringify([{ name: 'route', value: content }]),
  };
  await store.record(reference, { type: 'dispatched' }, START);
  await store.record(reference, submitted({ executionId: 'cx-1', ...quotes }), START);
  await store.record(reference, callback({ ...RUNNING, statusWord: content, isUnknownWord: true }), START);
  const body = { bytes: Buffer.from(`{"half": "${content}`), contentType: 'text/odd', contentEncoding: content };
  await store.record(reference, { type: 'callback-unreadable', reason: `no JSON: ${content}`, body }, START);
  await store.record(reference, callback(completed({ who: content })), START);
  await store.record(reference, callback(failed({ who: content })), START + 1);
  const { items } = await store.listNotifications({ app: null, correlationId, limit: 1 });
  const failure = { type: 'failed', httpStatus: 500, latencyMs: 3, message: content, retryAt: START + 60_000 } as const;
  await store.recordDelivery(items[0]?.id ?? '', failure, START + 2);
  return reference;
}

describe.skipIf(serverUrl === null)('the views on PostgreSQL', () => {
  test('show the rows of executions of every fate as on SQLite', async () => {
    const both = await openBoth();
    for (const life of LIVES) {
      await live(both.store, life, START, { correlationId: life, notifyUrl: HOOK, idempotencyKey: life });
    }
    await expectSameViews(both);
  });

  test('list what is polled after its end as ended, and a rejection after an attempt that may have run as doubtful', async () => {
    const both = await openBoth();
    const { store, sqlite, postgres } = both;
    const rejected = async (correlationId: string, retryUncertain: boolean) => {
      const execution = anExecution({ correlationId, retryUncertain }, START);
      await store.add({ execution, fingerprint: correlationId, queueCapacity: 100 });
      const answer = { httpStatus: 503, latencyMs: 4, message: 'no', retryAt: START, giveUpAt: START + 60_000 };
      for (const event of [
        { type: 'dispatched' },
        { type: 'unsent', ...answer },
        { type: 'dispatched' },
        { type: 'refused', ...answer, httpStatus: 409 },
      ] as const) {
        await store.record(execution.reference, event, START);
      }
      return execution;
    };
    const mayHaveRun = await rejected('may-have-run', true);
    await rejected('has-not-run', false);
    expect((await store.find('may-have-run'))?.status).toBe('REJECTED');
    const unreadable = { type: 'callback-unreadable', reason: 'no JSON', body: null, executionId: 'cx-1' } as const;
    await store.record(mayHaveRun.reference, unreadable, START + 1);
    expect((await store.find('may-have-run'))?.pollAt).toBe(START + 1);
    await expectSameViews(both);
    const { rows } = await withClient(both.url, (client) =>
      client.query(
        'SELECT correlation_id, can_be_asked, (SELECT count(*) FROM unresolved)::integer AS open FROM doubtful',
      ),
    );
    expect(rows).toEqual([{ correlation_id: 'may-have-run', can_be_asked: 1, open: 0 }]);
    for (const one of [sqlite, postgres]) {
      const { items } = await one.doubtful({ from: START - 1000, to: LATER });
      expect(items.map(({ correlationId }) => correlationId)).toEqual(['may-have-run']);
    }
  });

  test('show the same after an erasure, which leaves the content in no row', async () => {
    const both = await openBoth();
    const { store, url } = both;
    const erased = await rich(store, 'erased', SECRET);
    const held = await rich(store, 'held', 'Hopper');
    expect(await isStored(url, SECRET)).toBe(true);
    await store.hold(held, ORDER, LATER);
    expect(await store.erase(held, ORDER, LATER)).toMatchObject({ outcome: 'held' });
    expect(await store.erase(erased, ORDER, LATER)).toMatchObject({ outcome: 'erased' });
    expect(await store.erase(erased, ORDER, LATER)).toMatchObject({ outcome: 'already-erased' });
    expect(await store.erase('00000000-0000-7000-8000-000000000000', ORDER, LATER)).toBeUndefined();
    expect(await isStored(url, SECRET)).toBe(false);
    await store.record(erased, callback(failed({ who: SECRET })), LATER + 1);
    expect(await isStored(url, SECRET)).toBe(false);
    await store.release(held, ORDER, LATER);
    await expectSameViews(both);
  });

  test('show the same after payloads and entries were pruned', async () => {
    const both = await openBoth();
    const { store } = both;
    for (const life of ['callback', 'late', 'cancelled'] as const) {
      await live(store, life, START, { correlationId: life });
    }
    await store.prunePayloads(await store.prunablePayloads(100, LATER, null), LATER, LATER);
    await expectSameViews(both);
    await store.prune(7, LATER);
    await expectSameViews(both);
  });

  test('and all else read texts that PostgreSQL cannot read as JSON: a NUL, and half of a surrogate pair', async () => {
    const { store, url } = await openBoth();
    const odd = 'a\0b \ud83d c';
    const references = [await rich(store, 'odd', odd), await rich(store, 'odd-2', odd)];
    const [erased = ''] = references;
    const late = await accepted(store, 'late', odd);
    await store.record(late.reference, { type: 'cancelled', by: 'shop' }, START);
    await store.record(late.reference, callback(completed({ who: odd })), START);
    expect((await store.find('odd'))?.result).toEqual({ who: odd });
    expect((await store.find('late'))?.lateResult?.result).toEqual({ who: odd });
    expect((await store.statisticsAfter(0, 100)).entries.filter(({ ended }) => ended !== null)).toHaveLength(3);
    for (const view of ['execution_story', 'audit_events', 'executions', 'callback_health']) {
      const { rows } = await withClient(url, (client) => client.query(`SELECT * FROM ${view}`));
      expect(rows.length).toBeGreaterThan(0);
    }
    expect(await store.erase(erased, ORDER, LATER)).toMatchObject({ outcome: 'erased' });
    const batch = await store.prunablePayloads(100, LATER, null);
    expect(batch.references).toEqual([]);
  });
});
