// Filters and names with NUL or half of a surrogate pair, which PostgreSQL's text cannot have: they find what SQLite finds.

import { describe, expect, test } from 'vitest';
import { openReader } from '../../../src/store/open/open-reader.ts';
import type { ExecutionFilter, Store } from '../../../src/store/port.ts';
import { storable } from '../../../src/store/postgres/storable-json.ts';
import type { AuditFilter, Batches, StoreReader } from '../../../src/store/reader-port.ts';
import { anExecution, callback, completed, failed, NOON, submitted } from '../../support/executions.ts';
import { lasting } from '../../support/incidents.ts';
import { createBothStores } from '../../support/postgres/both-stores.ts';
import { serverUrl } from '../../support/postgres/databases.ts';

/** Each begins like a text that is stored. */
const UNSTORABLE = ['a\0', '\0', 'a\0bcdefghij', 'a\ud800', '\udc00', 'a\ud800bcdefghij'];
const PAUSE = { since: NOON, by: 'operator:alice', reason: null };
const HOOK = 'https://a.example/hook';
const ENDING_IN_A_PAIR = 'cx-\u{1f600}1234567';

const openBoth = createBothStores();

/** Executions whose inputs, result or error has the texts as JSON escapes, and one that has none of them. */
async function fill(store: Store): Promise<void> {
  const contents = ['a', 'a\0', 'A\0BCDEFGHIJ', 'a\ud800', '\udc00', 'é a'];
  for (const [n, content] of contents.entries()) {
    const own = { correlationId: `a-${n}`, app: 'a', actionId: 'a', inputs: { content }, notifyUrl: HOOK };
    const execution = anExecution(own);
    await store.add({ execution, fingerprint: content, queueCapacity: 100 });
    await store.record(execution.reference, { type: 'dispatched' }, NOON);
    await store.record(execution.reference, submitted({ executionId: n === 0 ? ENDING_IN_A_PAIR : `a${n}` }), NOON);
    const report = n % 2 === 0 ? completed({ content }) : failed({ content });
    await store.record(execution.reference, callback(report), NOON + 1);
  }
  await store.saveIncidents({ incidents: [lasting(NOON, { id: 'a' })], events: [], references: [] }, null);
  await store.beginActivity({ ...PAUSE, startedAt: NOON, action: 'pause', target: 'a', filter: null });
}

/** The filters of executions that have a text. */
function filtersWith(text: string): readonly Partial<ExecutionFilter>[] {
  return [
    ...[{ app: text }, { actionId: text }, { id: text }, { executionId: text }, { incident: text }],
    ...[{ correlationIds: ['a-0', text] }, { text }, { error: text }, { text, hidden: ['content'] }],
    ...[{ status: 'OPEN', text } as const, { error: text, text: 'a' }],
  ];
}

const idsOf = (items: readonly { readonly correlationId: string }[]) => items.map((item) => item.correlationId);

async function foundByFilters(store: Store, text: string) {
  const found: unknown[] = [];
  for (const filter of filtersWith(text)) {
    const query = { app: null, limit: 10, ...filter };
    found.push([filter, idsOf((await store.list(query)).items), await store.countMatches(query)]);
  }
  for (const filter of [{ app: text }, { correlationId: text }, { endpoint: text }, { ids: [text] }]) {
    const query = { app: null, limit: 10, ...filter };
    found.push([filter, (await store.listNotifications(query)).items, await store.countNotifications(query)]);
  }
  return found;
}

/** What is found by names alone. */
async function foundByNames(store: Store, text: string) {
  const endpoint = { app: text, origin: text };
  return [
    ...[await store.find(text), await store.findByReference(text), await store.payloads(text), await store.trail(text)],
    (await store.feed({ after: 0, app: text, limit: 10 })).entries,
    (await store.feed({ after: 0, app: null, correlationId: text, limit: 10 })).entries,
    ...[await store.findNotification(text), await store.recentTo(endpoint, 10), await store.waitingIn(endpoint, 10)],
    ...[await store.findIncident(text), await store.incidentHistory(text), await store.countedReferences(text)],
    await store.acknowledgeIncident(text, 'operator:alice', NOON, null),
    (await store.listActivity({ by: text, limit: 10 })).items,
    await store.resumeEndpoint(endpoint),
    await store.resumeSending({ app: text, actionId: text }),
  ].map((one) => one ?? null);
}

async function all<T>(batches: Batches<T>): Promise<T[]> {
  const rows: T[] = [];
  for await (const { found } of batches) rows.push(...found);
  return rows;
}

async function foundByCommands(reader: StoreReader, text: string) {
  const found: unknown[] = [(await reader.execution(text)) ?? null, await reader.executionWithTrail(text)];
  for (const filter of filtersWith(text)) {
    const rows = await all(reader.executions({ app: null, ...filter }, 'newest-first'));
    found.push([filter, idsOf(rows.map(({ execution }) => execution))]);
  }
  const filters: AuditFilter[] = [
    { app: text },
    { event: text },
    { actionId: text },
    { correlationId: text },
    { by: text },
  ];
  for (const filter of filters) found.push([filter, await all(reader.entries(filter, 'newest-first'))]);
  return found;
}

describe.skipIf(serverUrl === null)('a text that PostgreSQL cannot store', () => {
  test('finds as a filter and as a name what SQLite finds', async () => {
    const { store, sqlite, postgres } = await openBoth();
    await fill(store);
    for (const text of UNSTORABLE) {
      expect(await foundByFilters(postgres, text)).toEqual(await foundByFilters(sqlite, text));
      expect(await foundByNames(postgres, text)).toEqual(await foundByNames(sqlite, text));
    }
  });

  test('finds content that has it, where JSON has it as an escape', async () => {
    const { store, postgres } = await openBoth();
    await fill(store);
    const found = async (filter: Partial<ExecutionFilter>) =>
      idsOf((await postgres.list({ app: null, limit: 10, oldestFirst: true, ...filter })).items);
    expect(await found({ text: 'a\0' })).toEqual(['a-1', 'a-2']);
    expect(await found({ error: 'a\ud800' })).toEqual(['a-3']);
    expect(await found({ app: 'a\0' })).toEqual([]);
  });

  test('finds in a command what SQLite finds', async () => {
    const { store, path, url } = await openBoth();
    await fill(store);
    const [file, server] = [await openReader({ path }), await openReader({ url })];
    try {
      for (const text of UNSTORABLE)
        expect(await foundByCommands(server, text)).toEqual(await foundByCommands(file, text));
    } finally {
      await file.close();
      await server.close();
    }
  });

  test('pauses sending for nothing that is queued, and what else is queued is sent', async () => {
    const { store, sqlite, postgres } = await openBoth();
    await store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 100 });
    for (const text of ['a\0', 'b\ud800']) {
      const ofApp = await store.pauseSending({ ...PAUSE, app: text, actionId: null });
      const ofAction = await store.pauseSending({ ...PAUSE, app: null, actionId: text });
      expect([ofApp, ofAction]).toMatchObject([
        { isNew: true, pause: { queued: 0 } },
        { isNew: true, pause: { queued: 0 } },
      ]);
    }
    const appsIn = async (one: Store) => (await one.sendingPauses()).map(({ app }) => app && storable(app));
    expect(await appsIn(postgres)).toEqual(await appsIn(sqlite));
    expect(await postgres.nextDue()).toEqual(await sqlite.nextDue());
    expect(await postgres.claimDispatches(10, NOON)).toHaveLength(1);
  });

  test('is not what the index has of an executionId that it cuts within a surrogate pair', async () => {
    const { store, postgres } = await openBoth();
    await fill(store);
    const { items } = await postgres.list({ app: null, limit: 10, executionId: ENDING_IN_A_PAIR });
    expect(idsOf(items)).toEqual(['a-0']);
  });
});
