// What operators do to executions over HTTP: polling and cancelling, one or many, and who may not.

import { describe, expect, test } from 'vitest';
import { createBulkAction } from '../../../src/http/executions/actions.ts';
import { createReaderTurns } from '../../../src/http/middleware/reader-turns.ts';
import { NO_TRACING } from '../../../src/observability/tracing/tracing.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { anExecution, callback, completed, submitted } from '../../support/executions.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { createStoreInMemory } from '../../support/store-in-memory.ts';
import { ALICE_KEY, CAROL_KEY, dispatchAll, type Harness, ORDERS_KEY, startHttp } from '../harness.ts';

const alice = { key: ALICE_KEY };
const act = (http: Harness, action: 'poll' | 'cancel', body: unknown, key = ALICE_KEY) =>
  http.call('POST', `/v1/executions/${action}`, { key, body });

async function submitAll(http: Harness, ids: readonly string[], body: object = {}): Promise<void> {
  for (const correlationId of ids) expect((await http.submit({ correlationId, ...body })).status).toBe(202);
}

/** Under CXone's name `cx-…`, an hour before the first poll. */
async function pending(http: Harness, ids: readonly string[], body: object = {}): Promise<void> {
  await submitAll(http, ids, { graceSeconds: 3600, ...body });
  await dispatchAll(http);
}

async function trail(http: Harness, id: string) {
  const { json } = await http.call('GET', `/v1/executions/${id}/audit`, alice);
  return json.items.map(({ event, detail }: { event: string; detail: { by?: string } }) => [event, detail.by ?? null]);
}

describe('POST /v1/executions/{correlationId}/poll', () => {
  test('makes an execution due for a poll at once, and records who requested it', async () => {
    await using http = await startHttp();
    await pending(http, ['one']);
    await http.world.advance(5_000);
    const answer = await http.call('POST', '/v1/executions/one/poll', alice);
    expect([answer.status, answer.json.status]).toEqual([202, 'PENDING']);
    expect((await http.store.nextDue()).pollAt).toBe(http.world.now());
    expect((await trail(http, 'one')).at(-1)).toEqual(['POLL_REQUESTED', 'operator:alice']);
  });

  test('says why when there is nothing to ask for, and leaves no entry', async () => {
    await using http = await startHttp();
    await submitAll(http, ['ended', 'nameless']);
    await http.call('POST', '/v1/executions/ended/cancel');
    for (const { reference } of await http.store.claimDispatches(1, http.world.now())) {
      await http.store.record(reference, submitted({ executionId: null }), http.world.now());
    }
    await submitAll(http, ['queued']);
    for (const [id, words] of [
      ['ended', /has ended: it is CANCELLED/],
      ['queued', /is QUEUED: it has not been sent to CXone/],
      ['nameless', /is PENDING and CXone has given no executionId.*until 2026-01-01T00:00:40/],
    ] as const) {
      const before = await trail(http, id);
      const answer = await http.call('POST', `/v1/executions/${id}/poll`, alice);
      expect([answer.status, answer.json.type]).toEqual([409, 'urn:cxone-callback-receiver:problem:cannot-be-polled']);
      expect(answer.json.detail).toMatch(words);
      expect(await trail(http, id)).toEqual(before);
    }
    expect((await http.call('POST', '/v1/executions/unknown/poll', alice)).status).toBe(404);
  });

  test('an execution that ends while it is asked for is answered like one that had ended', async () => {
    await using http = await startHttp();
    await pending(http, ['one']);
    const record: typeof http.store.record = async (reference, event, now) => {
      await http.store.record(reference, callback(completed()), now);
      return http.store.record(reference, event, now);
    };
    await using racing = await startHttp({ store: { ...http.store, record } });
    const answer = await racing.call('POST', '/v1/executions/one/poll', alice);
    expect([answer.status, answer.json.detail]).toEqual([409, expect.stringContaining('it is COMPLETED')]);
  });
});

describe('actions on many', () => {
  test('poll what matches and can be polled, and count the others', async () => {
    await using http = await startHttp();
    await pending(http, ['a', 'b']);
    await pending(http, ['c'], { actionId: 'refund' });
    await submitAll(http, ['queued']);
    expect((await act(http, 'poll', { actionId: 'charge-card' })).json).toEqual({ matched: 3, done: 2 });
    const claimed = await http.store.claimPolls(10, http.world.now(), http.world.now() + 1);
    expect(claimed.map(({ correlationId }) => correlationId).toSorted()).toEqual(['a', 'b']);
    for (const id of ['a', 'b']) expect((await trail(http, id)).at(-1)).toEqual(['POLL_REQUESTED', 'operator:alice']);
    for (const id of ['c', 'queued']) expect((await trail(http, id)).flat()).not.toContain('POLL_REQUESTED');
  });

  test('cancel what matches and is open, each with its entry; what had ended is left as it is', async () => {
    await using http = await startHttp();
    await submitAll(http, ['a', 'b'], { inputs: { customer: 'Miller' } });
    await submitAll(http, ['c'], { inputs: { customer: 'Smith' } });
    await http.call('POST', '/v1/executions/a/cancel');
    const before = await trail(http, 'a');
    const answer = await act(http, 'cancel', { text: 'miller' });
    expect([answer.status, answer.json]).toEqual([202, { matched: 1, done: 1 }]);
    expect((await trail(http, 'b')).at(-1)).toEqual(['CANCELLED', 'operator:alice']);
    expect(await trail(http, 'a')).toEqual(before);
    expect((await http.call('GET', '/v1/executions/c')).json.status).toBe('QUEUED');
  });

  test('reach all of them, however many, and of all apps', async () => {
    await using http = await startHttp({ queueCapacity: 1_000 });
    const executions = Array.from({ length: 230 }, () => ({ actionId: 'a' }));
    await http.call('POST', '/v1/executions/batch', { body: { executions } });
    await http.call('POST', '/v1/executions', { key: 'billing-key-0123456789', body: { actionId: 'a' } });
    expect((await act(http, 'cancel', { app: 'billing' })).json).toEqual({ matched: 1, done: 1 });
    expect((await act(http, 'cancel', { status: 'OPEN' })).json).toEqual({ matched: 230, done: 230 });
    expect((await act(http, 'cancel', { status: 'OPEN' })).json).toEqual({ matched: 0, done: 0 });
  });

  test.for([
    [{}, ['#']],
    [[], ['#']],
    [{ status: 'COMPLETED' }, ['#/status']],
    [{ status: 'OPEN', limit: 5 }, ['#/limit']],
    [{ text: '', id: 'a b', actionId: 5 }, ['#/actionId', '#/id', '#/text']],
  ] as const)('%j is refused, and nothing is touched', async ([body, pointers]) => {
    await using http = await startHttp();
    await submitAll(http, ['a']);
    const answer = await act(http, 'cancel', body);
    expect(answer.status).toBe(422);
    expect(answer.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
    expect((await http.call('GET', '/v1/executions/a')).json.status).toBe('QUEUED');
  });

  test('when the store fails, the response states how many are done', async () => {
    await using http = await startHttp({ queueCapacity: 500 });
    const executions = Array.from({ length: 150 }, () => ({ actionId: 'a' }));
    await http.call('POST', '/v1/executions/batch', { body: { executions } });
    let left = 120;
    const record: typeof http.store.record = async (reference, event, now) => {
      left -= 1;
      if (left < 0) throw new StoreUnavailable('the disk is full');
      return http.store.record(reference, event, now);
    };
    await using broken = await startHttp({ store: { ...http.store, record } });
    const answer = await act(broken, 'cancel', { status: 'OPEN' });
    expect(answer.json).toMatchObject({ status: 503, matched: 150, done: 120 });
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect((await act(http, 'cancel', { status: 'OPEN' })).json).toEqual({ matched: 30, done: 30 });
  });

  test('stop when the client disconnects', async () => {
    const store = createStoreInMemory();
    const world = createManualWorld();
    for (let i = 0; i < 350; i += 1) {
      await store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 1_000 });
    }
    const leaving = new AbortController();
    let pages = 0;
    const list: typeof store.list = async (query) => {
      pages += 1;
      if (pages === 2) leaving.abort();
      return store.list(query);
    };
    const runtime = { world, log: quietLog(), tracing: NO_TRACING };
    const act = createBulkAction({ store: { ...store, list }, runtime, searches: createReaderTurns() });
    const alice = { kind: 'operator', name: 'alice', role: 'administrator' } as const;
    await act('cancel', { app: null, status: 'OPEN' }, { caller: alice, reason: null, signal: leaving.signal });
    expect((await store.list({ app: null, status: 'OPEN', limit: 500 })).items).toHaveLength(150);
  });
});

describe('who may', () => {
  const CHANGES = [
    ['/v1/executions/one/poll', undefined],
    ['/v1/executions/one/cancel', undefined],
    ['/v1/executions/poll', { status: 'OPEN' }],
    ['/v1/executions/cancel', { status: 'OPEN' }],
    ['/v1/notifications/replay', {}],
    ['/v1/notifications/msg_1/replay', undefined],
  ] as const;

  test.for(CHANGES)('a reader changes nothing at %s, and the error names the required key', async ([path, body]) => {
    await using http = await startHttp();
    await pending(http, ['one']);
    const before = await trail(http, 'one');
    const answer = await http.call('POST', path, { key: CAROL_KEY, body });
    expect(answer.status).toBe(403);
    expect(answer.json.detail).toContain('key of an administrator');
    expect(await trail(http, 'one')).toEqual(before);
  });

  test('a reader sees whatever an operator sees', async () => {
    await using http = await startHttp();
    await pending(http, ['one']);
    for (const path of [
      '/v1/executions',
      '/v1/executions/one',
      '/v1/executions/one/audit',
      '/v1/notifications',
      '/metrics',
    ]) {
      const [reader, administrator] = await Promise.all(
        [CAROL_KEY, ALICE_KEY].map((key) => http.call('GET', path, { key })),
      );
      expect([path, reader?.status, reader?.text]).toEqual([path, 200, administrator?.text]);
    }
  });

  test('an app polls nothing and acts on no filter: those are for administrators', async () => {
    await using http = await startHttp();
    await pending(http, ['one']);
    for (const path of ['one/poll', 'poll', 'cancel']) {
      const answer = await http.call('POST', `/v1/executions/${path}`, { key: ORDERS_KEY, body: { status: 'OPEN' } });
      expect([path, answer.status]).toEqual([path, 403]);
    }
    expect((await http.call('POST', '/v1/executions/one/cancel', { key: ORDERS_KEY })).status).toBe(200);
  });
});

test.each(['poll', 'cancel', 'batch'])(
  'an execution called "%s" is looked at and cancelled like any other',
  async (id) => {
    await using http = await startHttp();
    await submitAll(http, [id, 'other']);
    expect((await http.call('GET', `/v1/executions/${id}`)).json.correlationId).toBe(id);
    expect((await http.call('GET', `/v1/executions/${id}/audit`)).status).toBe(200);
    expect((await http.call('POST', `/v1/executions/${id}/poll`, alice)).status).toBe(409);
    expect((await http.call('POST', `/v1/executions/${id}/cancel`)).json.status).toBe('CANCELLED');
    expect((await http.call('GET', '/v1/executions/other')).json.status).toBe('QUEUED');
  },
);
