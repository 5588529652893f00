// The audit trail as server-sent events: what goes over the wire, who may read what, and from where on.

import { describe, expect, onTestFinished, test } from 'vitest';
import { HEARTBEAT_MS } from '../../../src/usecases/follow-events/stream.ts';
import { callback, completed } from '../../support/executions.ts';
import { type Follower, follow } from '../../support/sse.ts';
import { ALICE_KEY, BILLING_KEY, type Harness, head, ORDERS_KEY, startHttp, wire } from '../harness.ts';

async function open(http: Harness, path: string, key = ORDERS_KEY, lastEventId?: string | number): Promise<Follower> {
  const follower = await follow(http.url + path, key, lastEventId);
  onTestFinished(follower.close);
  return follower;
}

const names = ({ events }: Follower) => events.map(({ event }) => event);
const data = ({ events }: Follower) => events.map((event) => JSON.parse(event.data));

async function finish(http: Harness, correlationId: string, result: object = {}): Promise<void> {
  const { reference = '' } = (await http.store.find(correlationId)) ?? {};
  await http.store.record(reference, callback(completed({ ...result })), http.world.now());
}

describe('on the wire', () => {
  test('a stream says where it begins, then one event for each entry, then every 15 s that all is well', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    const raw = wire(http.port);
    raw.send(head('GET', '/v1/executions/one/events', { authorization: `Bearer ${ORDERS_KEY}` }));
    const first = await raw.until(/"terminalStatus":null\}\n\n/);
    expect(first).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    for (const header of [
      'content-type: text/event-stream\r\n',
      'cache-control: no-store, no-transform\r\n',
      'content-encoding: identity\r\n',
      'x-accel-buffering: no\r\n',
    ]) {
      expect(first).toContain(header);
    }
    expect(first).not.toMatch(/content-length/i);
    expect(first).toContain('retry: 2000\nid: 0\n\n');
    expect(first).toContain(
      'id: 1\nevent: ACCEPTED\ndata: {"id":1,"timestamp":"2026-01-01T00:00:00.000Z","event":"ACCEPTED",' +
        '"actionId":"charge-card","correlationId":"one","executionId":null,"latencyMs":null,"httpStatus":null,' +
        '"app":"orders","detail":{"timeoutSeconds":30,"graceSeconds":10,"retryUncertain":false},"terminalStatus":null}\n\n',
    );
    await http.world.advance(HEARTBEAT_MS);
    expect(await raw.until(/: all is well\n\n/)).toMatch(/: all is well\n\n\r\n$/);
    raw.socket.destroy();
  });

  test('an event is the entry as the audit trail shows it, with the status that it brought', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    await using stream = await open(http, '/v1/executions/one/events');
    await finish(http, 'one');
    await stream.until(() => stream.events.length === 2);
    const { json } = await http.call('GET', '/v1/executions/one/audit');
    expect(data(stream)).toEqual([
      { ...json.items[0], terminalStatus: null },
      { ...json.items[1], terminalStatus: 'COMPLETED' },
    ]);
    expect(names(stream)).toEqual(['ACCEPTED', 'CALLBACK_COMPLETED']);
    expect(stream.retryMs).toBe(2_000);
  });

  test('an event is one line for every reader, also for one that ends lines at U+0085, U+2028 and U+2029', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    await finish(http, 'one');
    const text = 'a\u2028b\u2029c\u0085d';
    await finish(http, 'one', { text, ['\u2028']: 1 });
    const raw = wire(http.port);
    raw.send(head('GET', '/v1/executions/one/events', { authorization: `Bearer ${ORDERS_KEY}` }));
    const received = await raw.until(/event: CALLBACK_CONFLICT\ndata: .*\n\n/);
    raw.socket.destroy();
    expect(received).not.toMatch(/[\u0085\u2028\u2029]/);
    const [, document = ''] = /event: CALLBACK_CONFLICT\ndata: (.*)\n\n/.exec(received) ?? [];
    expect(JSON.parse(document).detail.result).toEqual({ text, '\u2028': 1 });
  });

  test('nothing that CXone or an app says can break out of its event', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    await finish(http, 'one');
    const hostile = 'x\n\nid: 99\nevent: CANCELLED\ndata: {}\r\n\r\nretry: 1\r\u2028\u2029\0\ud800';
    await finish(http, 'one', { hostile, digits: 1 });
    await using stream = await open(http, '/v1/executions/one/events');
    await stream.until(() => stream.events.length === 3);
    expect(names(stream)).toEqual(['ACCEPTED', 'CALLBACK_COMPLETED', 'CALLBACK_CONFLICT']);
    expect(data(stream)[2].detail.result.hostile).toBe(hostile);
    expect(stream.retryMs).toBe(2_000);
    expect(stream.lastEventId).toBe('3');
  });

  test('the stream of an execution continues after its outcome, for late results', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    await using stream = await open(http, '/v1/executions/one/events');
    await http.call('POST', '/v1/executions/one/cancel');
    await stream.until(() => stream.events.length === 2);
    await finish(http, 'one');
    await stream.until(() => stream.events.length === 3);
    expect(names(stream)).toEqual(['ACCEPTED', 'CANCELLED', 'CALLBACK_LATE']);
    expect(data(stream).map(({ terminalStatus }) => terminalStatus)).toEqual([null, 'CANCELLED', null]);
  });

  test('HEAD is answered as GET would be, and leaves no stream open', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    for (const path of ['/v1/events', '/v1/executions/one/events']) {
      const answer = await http.call('HEAD', path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/event-stream');
      expect(http.streams.size).toBe(0);
    }
    expect((await http.call('HEAD', '/v1/executions/two/events')).status).toBe(404);
    const { status, headers } = await http.call('POST', '/v1/events', { body: {} });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });
});

describe('who sees what', () => {
  test('an app sees its own executions and nothing of others, an operator sees all', async () => {
    await using http = await startHttp();
    await using orders = await open(http, '/v1/events');
    await using billing = await open(http, '/v1/events', BILLING_KEY);
    await using alice = await open(http, '/v1/events', ALICE_KEY);
    for (const [correlationId, key] of [
      ['o-1', ORDERS_KEY],
      ['b-1', BILLING_KEY],
      ['o-2', ORDERS_KEY],
    ] as const) {
      await http.call('POST', '/v1/executions', { key, body: { actionId: 'charge', correlationId } });
    }
    await alice.until(() => alice.events.length === 3);
    await orders.until(() => orders.events.length === 2);
    await billing.until(() => billing.events.length === 1);
    const seen = (stream: Follower) => data(stream).map(({ correlationId }) => correlationId);
    expect(seen(orders)).toEqual(['o-1', 'o-2']);
    expect(seen(billing)).toEqual(['b-1']);
    expect(seen(alice)).toEqual(['o-1', 'b-1', 'o-2']);
  });

  test('the execution of another app is as unknown as one that never was; an operator may follow it', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    const other = await http.call('GET', '/v1/executions/one/events', { key: BILLING_KEY });
    const never = await http.call('GET', '/v1/executions/never/events', { key: BILLING_KEY });
    expect(other.status).toBe(404);
    expect(other.text).toBe(never.text);
    expect((await http.call('GET', '/v1/events', { key: null })).status).toBe(401);
    expect((await http.call('GET', '/v1/executions/one/events', { key: 'a-wrong-key-0123456789' })).status).toBe(401);
    await using alice = await open(http, '/v1/executions/one/events', ALICE_KEY);
    await alice.until(() => alice.events.length === 1);
    expect(http.streams.size).toBe(1);
  });

  test('an id that was pruned and reused by another app shows the first app nothing', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    await http.call('POST', '/v1/executions/one/cancel');
    await using stream = await open(http, '/v1/executions/one/events');
    await stream.until(() => stream.events.length === 2);
    await http.store.prune(100, http.world.now() + 1);
    await http.call('POST', '/v1/executions', { key: BILLING_KEY, body: { actionId: 'x', correlationId: 'one' } });
    await http.world.advance(HEARTBEAT_MS);
    await stream.until(() => stream.comments.length === 1);
    expect(stream.ids).toEqual([1, 2]);
  });
});

describe('Last-Event-ID', () => {
  test('resumes behind it; without it all executions are followed from now on, one from its beginning', async () => {
    await using http = await startHttp();
    for (const correlationId of ['one', 'two']) await http.submit({ correlationId });
    await using resumed = await open(http, '/v1/events', ORDERS_KEY, 1);
    await using fromNow = await open(http, '/v1/events');
    await using empty = await open(http, '/v1/events', ORDERS_KEY, '');
    await using beginning = await open(http, '/v1/executions/one/events');
    await using behind = await open(http, '/v1/executions/one/events', ORDERS_KEY, 2);
    await finish(http, 'one');
    const got: [Follower, number[]][] = [
      [resumed, [2, 3]],
      [fromNow, [3]],
      [empty, [3]],
      [beginning, [1, 3]],
      [behind, [3]],
    ];
    for (const [stream, ids] of got) {
      await stream.until(() => stream.events.length === ids.length);
      expect(stream.ids).toEqual(ids);
    }
  });

  test('may be in the URL, as replacements of EventSource send it; the header counts more', async () => {
    await using http = await startHttp();
    for (const correlationId of ['one', 'two', 'three']) await http.submit({ correlationId });
    await finish(http, 'one');
    const got: [Follower, number[]][] = [
      [await open(http, '/v1/events?lastEventId=1'), [2, 3, 4]],
      [await open(http, '/v1/executions/one/events?lastEventId=1'), [4]],
      // The URL of a reader that reconnects is that of its first request.
      [await open(http, '/v1/events?lastEventId=1', ORDERS_KEY, 2), [3, 4]],
      [await open(http, '/v1/events?lastEventId=2', ORDERS_KEY, ''), [3, 4]],
      [await open(http, '/v1/executions/one/events?lastEventId='), [1, 4]],
    ];
    for (const [stream, ids] of got) {
      await stream.until(() => stream.events.length === ids.length);
      expect(stream.ids).toEqual(ids);
    }
  });

  test.for(['x', '-1', '1.5', '99999999999999999999', '1&lastEventId=2'])(
    'in the URL that is not the id of an event is refused by name: %s',
    async (id) => {
      await using http = await startHttp();
      await http.submit({ correlationId: 'one' });
      for (const path of ['/v1/events', '/v1/executions/one/events']) {
        const { status, json } = await http.call('GET', `${path}?lastEventId=${id}`);
        expect(status).toBe(422);
        expect(json.errors).toMatchObject([{ pointer: '#/lastEventId' }]);
      }
      expect(http.streams.size).toBe(0);
    },
  );

  test('is known to a reader before its first event, so that who loses the connection until then misses nothing', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    const stream = await open(http, '/v1/events');
    await stream.until(() => stream.lastEventId !== '');
    expect([stream.lastEventId, stream.events]).toEqual(['1', []]);
    await stream.close();
    await finish(http, 'one');
    await using again = await open(http, '/v1/events', ORDERS_KEY, stream.lastEventId);
    await again.until(() => again.events.length === 1);
    expect(again.ids).toEqual([2]);
  });

  test('moves on with the heartbeat while only others have report, so that a quiet reader is never overtaken by pruning', async () => {
    await using http = await startHttp();
    await using stream = await open(http, '/v1/events', BILLING_KEY);
    await using orders = await open(http, '/v1/events');
    await http.submit({ correlationId: 'one' });
    // Streams learn of a commit after its response.
    await orders.until(() => orders.events.length === 1);
    await http.world.advance(HEARTBEAT_MS);
    await stream.until(() => stream.comments.length === 1);
    await stream.until(() => stream.lastEventId === '1');
    expect(stream.events).toEqual([]);
  });

  test.for(['-1', '1.5', '1e3', '0x1', 'abc', '1 2', '１', '1, 2'])(
    'that is not a whole number is refused: %s',
    async (id) => {
      await using http = await startHttp();
      await http.submit({ correlationId: 'one' });
      const header = Buffer.from(id).toString('latin1');
      for (const path of ['/v1/events', '/v1/executions/one/events']) {
        const { status, json } = await http.call('GET', path, { headers: { 'last-event-id': header } });
        expect(status).toBe(400);
        expect(json.type).toMatch(/invalid-header$/);
        expect(json.errors).toMatchObject([{ header: 'Last-Event-ID' }]);
        expect(json.detail).toContain('must be a whole number');
      }
      expect(http.streams.size).toBe(0);
    },
  );

  test.for([
    ['the next one', '2'],
    ['more than a double holds', '99999999999999999999'],
    ['thousands of digits', '9'.repeat(4_000)],
  ] as const)('from the future is refused, and the newest is named: %s', async ([, id]) => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'one' });
    for (const path of ['/v1/events', '/v1/executions/one/events']) {
      const { status, json } = await http.call('GET', path, { headers: { 'last-event-id': id } });
      expect(status).toBe(400);
      expect(json.errors).toMatchObject([{ header: 'Last-Event-ID' }]);
      expect(json.detail).toContain('from the future, the newest event is 1:');
    }
    expect(http.streams.size).toBe(0);
  });

  test('behind which events were pruned gets 410 with a way to continue, which works', async () => {
    await using http = await startHttp();
    await http.submit({ correlationId: 'old' });
    await http.call('POST', '/v1/executions/old/cancel');
    await http.submit({ correlationId: 'young' });
    await http.store.prune(100, http.world.now() + 1);
    for (const path of ['/v1/events', '/v1/executions/young/events']) {
      const { status, json } = await http.call('GET', path, { headers: { 'last-event-id': '1' } });
      expect(status).toBe(410);
      expect(json).toMatchObject({ resumeAfter: 2, title: 'Some of these events are no longer kept' });
      expect(json.type).toMatch(/events-pruned$/);
      expect(json.detail).toMatch(/up to 2 .*GET \/v1\/executions .*Last-Event-ID: 2\.$/);
      await using stream = await open(http, path, ORDERS_KEY, json.resumeAfter);
      await stream.until(() => stream.events.length === 1);
      expect(stream.ids).toEqual([3]);
    }
  });
});
