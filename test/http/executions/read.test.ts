// Looking at executions, listing them, reading their trail, giving them up.

import { describe, expect, test, vi } from 'vitest';
import { LargeJson } from '../../../src/execution/json.ts';
import { HIDDEN } from '../../../src/execution/masking.ts';
import type { Store } from '../../../src/store/port.ts';
import type { Waiters } from '../../../src/usecases/wait-for-outcome.ts';
import { eventually } from '../../support/eventually.ts';
import { callback, completed, RUNNING } from '../../support/executions.ts';
import {
  ALICE_KEY,
  BILLING_KEY,
  CAROL_KEY,
  dispatchAll,
  type Harness,
  head,
  ORDERS_KEY,
  startHttp,
  wire,
} from '../harness.ts';

const ids = (answer: { json: { items: { correlationId: string }[] } }) =>
  answer.json.items.map(({ correlationId }) => correlationId);

/** Submits these, one second apart. */
async function submitAll(http: Harness, correlationIds: readonly string[], more: object = {}): Promise<void> {
  for (const correlationId of correlationIds) {
    expect((await http.submit({ correlationId, ...more })).status).toBe(202);
    await http.world.advance(1_000);
  }
}

describe('GET /v1/executions/{correlationId}', () => {
  test('shows every field of an execution that has ended, in order', async () => {
    await using http = await startHttp();
    await submitAll(http, ['one']);
    await dispatchAll(http);
    await http.world.advance(2_500);
    const body = '{"status":"FAILED","error":{"code":12345678901234567890}}';
    await http.call('POST', await http.callbackPath('one'), { body });
    const answer = await http.call('GET', '/v1/executions/one');
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(
      '{"correlationId":"one","actionId":"charge-card","executionId":"cx-one","status":"FAILED","resolvedBy":"callback",' +
        '"result":null,"error":{"code":12345678901234567890},"submittedAt":"2026-01-01T00:00:00.000Z",' +
        '"sentAt":"2026-01-01T00:00:01.000Z","resolvedAt":"2026-01-01T00:00:03.500Z",' +
        '"pollAfter":"2026-01-01T00:00:11.000Z","deadline":"2026-01-01T00:00:41.000Z","latencyMs":25,' +
        '"totalLatencyMs":3500,"pollCount":0,"lateResult":null,"app":"orders"}',
    );
  });

  test('shows a result that came too late beside the outcome', async () => {
    await using http = await startHttp();
    await submitAll(http, ['one']);
    const execution = await http.store.find('one');
    await http.call('POST', '/v1/executions/one/cancel');
    await http.store.record(execution?.reference ?? '', callback(completed({ paid: true })), http.world.now());
    const { json } = await http.call('GET', '/v1/executions/one');
    expect(json.status).toBe('CANCELLED');
    expect(json.lateResult).toEqual({
      status: 'COMPLETED',
      result: { paid: true },
      error: null,
      via: 'callback',
      receivedAt: '2026-01-01T00:00:01.000Z',
    });
  });

  test.for(['a%2Fb', 'a%0Ab', 'one%0A', '%00', '%', '%ff', 'one%20', 'x'.repeat(129), '__proto__', "'%20OR%201=1"])(
    '%s is an unknown id',
    async (id) => {
      await using http = await startHttp();
      await http.submit({ correlationId: 'one' });
      const nobodys = await http.call('GET', '/v1/executions/none');
      expect(nobodys.status).toBe(404);
      for (const rest of ['', '/audit']) {
        const raw = wire(http.port);
        raw.send(
          head('GET', `/v1/executions/${id}${rest}`, { authorization: `Bearer ${ORDERS_KEY}`, connection: 'close' }),
        );
        const received = await raw.closed;
        expect(received).toMatch(/^HTTP\/1.1 404 /);
        expect(received.endsWith(nobodys.text)).toBe(true);
      }
    },
  );

  test('Prefer: wait holds the answer until the execution ends', async () => {
    await using http = await startHttp();
    await submitAll(http, ['one', 'other']);
    const held = http.call('GET', '/v1/executions/one', { headers: { prefer: 'wait=60' } });
    await eventually(() => http.world.sleepers === 1);
    await http.call('POST', '/v1/executions/other/cancel');
    await http.world.settle();
    expect(http.world.sleepers).toBe(1);
    await http.call('POST', '/v1/executions/one/cancel');
    const answer = await held;
    expect([answer.status, answer.json.status]).toEqual([200, 'CANCELLED']);
    expect(answer.headers.get('preference-applied')).toBe('wait=60');
  });

  test('Prefer: wait answers 200 as well when the time is over', async () => {
    await using http = await startHttp();
    await submitAll(http, ['one']);
    const held = http.call('GET', '/v1/executions/one', { headers: { prefer: 'wait=7' } });
    await eventually(() => http.world.sleepers === 1);
    await http.world.advance(7_000);
    const answer = await held;
    expect([answer.status, answer.json.status]).toEqual([200, 'QUEUED']);
    expect(answer.headers.get('vary')).toBe('Prefer');
  });

  test('many wait for the same execution and one commit answers them all', async () => {
    await using http = await startHttp();
    await submitAll(http, ['one']);
    const held = Array.from({ length: 20 }, () =>
      http.call('GET', '/v1/executions/one', { headers: { prefer: 'wait=60' } }),
    );
    await eventually(() => http.world.sleepers === held.length);
    await http.call('POST', '/v1/executions/one/cancel');
    for (const answer of await Promise.all(held)) expect(answer.json.status).toBe('CANCELLED');
    expect(http.waiters.size).toBe(0);
  });

  test('is answered at once, without Preference-Applied, while too many requests are held', async () => {
    const waiters = { reserve: () => null, wait: () => Promise.reject(new Error('not to be held')) };
    await using http = await startHttp({ events: { waiters } });
    await submitAll(http, ['one']);
    const answer = await http.call('GET', '/v1/executions/one', { headers: { prefer: 'wait=60' } });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, null]);
  });

  test('nobody waits for an execution that has ended', async () => {
    const waiters: Pick<Waiters, 'reserve' | 'wait'> = {
      reserve: () => () => {},
      wait: () => Promise.reject(new Error('nothing to wait for')),
    };
    await using http = await startHttp({ events: { waiters } });
    await submitAll(http, ['one']);
    await http.call('POST', '/v1/executions/one/cancel');
    const answer = await http.call('GET', '/v1/executions/one', { headers: { prefer: 'wait=60' } });
    expect([answer.status, answer.json.status]).toEqual([200, 'CANCELLED']);
  });
});

describe('GET /v1/executions', () => {
  test('lists the newest first, page by page to the end, while new ones arrive', async () => {
    await using http = await startHttp();
    await submitAll(http, ['a', 'b', 'c', 'd']);
    const first = await http.call('GET', '/v1/executions?limit=2');
    expect(ids(first)).toEqual(['d', 'c']);
    expect(first.json.nextCursor).toMatch(/^[A-Za-z0-9_-]+$/);
    await submitAll(http, ['e']);
    const second = await http.call('GET', `/v1/executions?limit=2&cursor=${first.json.nextCursor}`);
    expect(ids(second)).toEqual(['b', 'a']);
    expect(second.json.nextCursor).toBeNull();
    expect(Object.keys(second.json)).toEqual(['items', 'nextCursor']);
  });

  test('filters by status, action and time, from inclusive, to exclusive', async () => {
    await using http = await startHttp();
    await submitAll(http, ['a', 'b', 'c']);
    await submitAll(http, ['d'], { actionId: 'refund' });
    await http.call('POST', '/v1/executions/b/cancel');
    const list = async (query: string) => ids(await http.call('GET', `/v1/executions?${query}`));
    expect(await list('status=CANCELLED')).toEqual(['b']);
    expect(await list('status=QUEUED&actionId=charge-card')).toEqual(['c', 'a']);
    expect(await list('actionId=refund')).toEqual(['d']);
    expect(await list('from=2026-01-01T00:00:01Z&to=2026-01-01T00:00:03.000Z')).toEqual(['c', 'b']);
    expect(await list('from=2026-01-01T01:00:02%2B01:00')).toEqual(['d', 'c']);
    expect(await list('to=2026-01-01')).toEqual([]);
    expect(await list('from=2025-12-31')).toEqual(['d', 'c', 'b', 'a']);
    expect(await list('status=&actionId=&from=&to=&limit=&cursor=')).toEqual(['d', 'c', 'b', 'a']);
  });

  test.for([
    ['limit=0', ['#/limit']],
    ['limit=201', ['#/limit']],
    ['limit=ten', ['#/limit']],
    ['limit=1e1', ['#/limit']],
    ['limit=1&limit=2', ['#/limit']],
    ['status=DONE', ['#/status']],
    ['status=queued', ['#/status']],
    ['actionId=a%2Fb', ['#/actionId']],
    ['from=yesterday', ['#/from']],
    ['from=2026-02-30', ['#/from']],
    ['from=2026-01-01T00:00:00', ['#/from']],
    ['from=2026-01-01T25:00:00Z', ['#/from']],
    ['to=2026-01-01T00:00:00+02:00', ['#/to']],
    ['to=1767225600000', ['#/to']],
    ['cursor=abc', ['#/cursor']],
    ['cursor=***', ['#/cursor']],
    [`cursor=${Buffer.from("' OR 1=1 --").toString('base64url')}`, ['#/cursor']],
    ['__proto__=1', ['#/__proto__']],
    ['id=a%2Fb', ['#/id']],
    [`text=${'x'.repeat(257)}`, ['#/text']],
    [`executionId=${'x'.repeat(1025)}`, ['#/executionId']],
    ['app=orders', ['#/app']],
    [
      'stat%75s=DONE&app=orders&limit=-1&colour=red&colour=red',
      ['#/colour', '#/status', '#/limit', '#/colour', '#/app'],
    ],
  ] as const)('?%s is a 422 that points at %j', async ([query, pointers]) => {
    await using http = await startHttp();
    const answer = await http.call('GET', `/v1/executions?${query}`);
    expect(answer.status).toBe(422);
    expect(answer.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
  });

  test('searches by id, name at CXone, text and what is open', async () => {
    await using http = await startHttp();
    await submitAll(http, ['order-1', 'order-2'], { inputs: { customer: 'Miller' } });
    await dispatchAll(http);
    await submitAll(http, ['refund-1'], { context: { tenant: 'miller' } });
    await http.call('POST', '/v1/executions/order-2/cancel');
    const list = async (query: string) => ids(await http.call('GET', `/v1/executions?${query}`));
    expect(await list('id=order')).toEqual(['order-2', 'order-1']);
    expect(await list('executionId=cx-order-1')).toEqual(['order-1']);
    expect(await list('text=MILLER')).toEqual(['refund-1', 'order-2', 'order-1']);
    expect(await list('text=%22customer%22:%22Mill')).toEqual(['order-2', 'order-1']);
    expect(await list('status=OPEN')).toEqual(['refund-1', 'order-1']);
    expect(await list('status=OPEN&text=miller&id=o')).toEqual(['order-1']);
    expect(await list('text=Smith')).toEqual([]);
  });

  test('a search by text states how many executions it has read, and through what time; a list does not', async () => {
    await using http = await startHttp();
    await submitAll(http, ['first', 'second', 'third']);
    const { submittedAt } = (await http.call('GET', '/v1/executions/second')).json;
    const part = (await http.call('GET', '/v1/executions?text=%7B&limit=2')).json;
    expect(part).toMatchObject({ scanned: 2, searchedThrough: submittedAt });
    const rest = (await http.call('GET', `/v1/executions?text=%7B&limit=2&cursor=${part.nextCursor}`)).json;
    expect(rest).toMatchObject({ scanned: 1, searchedThrough: null, nextCursor: null });
    expect(Object.keys((await http.call('GET', '/v1/executions')).json)).toEqual(['items', 'nextCursor']);
  });

  test('a large result is read as it was recorded, by the thread that writes lists', async () => {
    await using http = await startHttp({ pages: { sensitiveFields: ['cvv'] } });
    await submitAll(http, ['large']);
    const { reference = '' } = (await http.store.find('large')) ?? {};
    const result = { list: Array(3_000).fill(1.5), cvv: '731', note: 'x' };
    await http.store.record(reference, callback(completed(LargeJson.from(JSON.stringify(result)))), http.world.now());
    const written = vi.spyOn(http.store, 'listJson');
    for (const prefer of [undefined, 'wait=5'])
      expect(
        (await http.call('GET', '/v1/executions/large', { headers: prefer ? { prefer } : {} })).json,
      ).toMatchObject({
        ...{ correlationId: 'large', status: 'COMPLETED', result },
      });
    const hidden = await http.call('GET', '/v1/executions/large', { key: CAROL_KEY });
    expect(hidden.json.result).toEqual({ ...result, cvv: HIDDEN });
    expect(hidden.headers.get('vary')).toBe('Prefer');
    expect(written).toHaveBeenCalledTimes(3);
    written.mockResolvedValue({ items: Buffer.from('[]'), next: null });
    expect((await http.call('GET', '/v1/executions/large')).status).toBe(404);
  });

  test('a search learns that its client has gone', async () => {
    const gone = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const listJson: Store['listJson'] = async (_query, signal) => {
      begun.resolve();
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      gone.resolve();
      return { items: Buffer.from('[]'), next: null };
    };
    await using http = await startHttp({ store: { listJson }, limits: { halfOpenTimeout: 50 } });
    const leaving = new AbortController();
    const asked = http.call('GET', '/v1/executions?text=x', { signal: leaving.signal });
    await begun.promise;
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await gone.promise;
  });

  test('an operator narrows a list down to one app; a search of an app never leaves its own', async () => {
    await using http = await startHttp();
    await submitAll(http, ['mine']);
    await http.call('POST', '/v1/executions', { key: BILLING_KEY, body: { actionId: 'a', correlationId: 'theirs' } });
    expect(ids(await http.call('GET', '/v1/executions?app=billing', { key: ALICE_KEY }))).toEqual(['theirs']);
    expect(ids(await http.call('GET', '/v1/executions?app=unknown', { key: ALICE_KEY }))).toEqual([]);
    for (const query of ['id=their', 'text=%7B', 'status=OPEN']) {
      expect(ids(await http.call('GET', `/v1/executions?${query}`))).not.toContain('theirs');
    }
  });

  test('the cursor of an app leads nowhere new for another app', async () => {
    await using http = await startHttp();
    await submitAll(http, ['a', 'b']);
    const { json } = await http.call('GET', '/v1/executions?limit=1');
    const answer = await http.call('GET', `/v1/executions?cursor=${json.nextCursor}`, { key: BILLING_KEY });
    expect([answer.status, answer.json.items]).toEqual([200, []]);
  });
});

describe('GET /v1/executions/{correlationId}/audit', () => {
  test('returns the whole trail, oldest first', async () => {
    await using http = await startHttp();
    await submitAll(http, ['one', 'other']);
    await dispatchAll(http);
    const answer = await http.call('GET', '/v1/executions/one/audit');
    expect(answer.status).toBe(200);
    expect(answer.json.items.map(({ event }: { event: string }) => event)).toEqual([
      'ACCEPTED',
      'DISPATCHED',
      'SUBMITTED',
    ]);
    expect(Object.entries(answer.json.items[2])).toEqual([
      ['id', expect.any(Number)],
      ['timestamp', '2026-01-01T00:00:02.000Z'],
      ['event', 'SUBMITTED'],
      ['actionId', 'charge-card'],
      ['correlationId', 'one'],
      ['executionId', 'cx-one'],
      ['latencyMs', 25],
      ['httpStatus', 202],
      ['app', 'orders'],
      ['detail', { word: 'PENDING' }],
    ]);
  });
});

describe('POST /v1/executions/{correlationId}/cancel', () => {
  test('what was not sent is never sent', async () => {
    await using http = await startHttp();
    await submitAll(http, ['one']);
    const answer = await http.call('POST', '/v1/executions/one/cancel');
    expect([answer.status, answer.json.status, answer.json.resolvedBy]).toEqual([200, 'CANCELLED', 'cancel']);
    expect(await http.store.claimDispatches(1, http.world.now())).toEqual([]);
    expect((await http.store.trail('one')).at(-1)?.detail).toMatchObject({ by: 'app:orders' });
  });

  test('what has ended stays as it is, and again is 200', async () => {
    await using http = await startHttp();
    await submitAll(http, ['one']);
    await dispatchAll(http);
    await http.call('POST', await http.callbackPath('one'), { body: { status: 'COMPLETED', result: 1 } });
    const answer = await http.call('POST', '/v1/executions/one/cancel', { body: { why: 'too late' } });
    expect([answer.status, answer.json.status, answer.json.result]).toEqual([200, 'COMPLETED', 1]);
  });
});

test('an audit trail is read in pages: each has a link to the next, and all together are the trail', async () => {
  await using http = await startHttp({ listedRepeats: 1_000 });
  await http.submit({ correlationId: 'one' });
  await dispatchAll(http);
  const { reference = '' } = (await http.store.find('one')) ?? {};
  for (let i = 0; i < 300; i += 1) {
    await http.store.record(reference, callback({ ...RUNNING, statusWord: `STEP_${i}` }), http.world.now());
  }
  const ids: number[] = [];
  const sizes: number[] = [];
  for (let query: string | undefined = ''; query !== undefined; ) {
    const answer = await http.call('GET', `/v1/executions/one/audit${query}`);
    const { items, nextCursor } = answer.json;
    ids.push(...items.map(({ id }: { id: number }) => id));
    sizes.push(items.length);
    query = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    expect(query === undefined).toBe(nextCursor === null);
  }
  const trail = await http.store.trail('one');
  expect(ids).toEqual(trail.map(({ id }) => id));
  expect(sizes).toEqual([200, trail.length - 200]);
  expect((await http.call('GET', '/v1/executions/one/audit?cursor=nonsense')).status).toBe(422);
});
