// Thousands of forgeries: nothing is written, little is logged, and genuine callbacks are still received.

import { expect, test } from 'vitest';
import { head, wire } from './harness.ts';
import { type Besieged, besiege, COMPLETED, exchange, statuses } from './hostile.ts';

const ATTEMPTS = 10_000;

/** Tokens of the right form under another key, a different one each time. */
function forgery(i: number, headers: Record<string, string> = {}): string {
  const reference = String(i).padStart(22, 'A');
  const path = `/webhook/cxone-execution/${reference}.${String(i).padStart(43, 'B')}`;
  return `${head('POST', path, { 'content-length': '2', ...headers })}{}`;
}

async function inLanes(lanes: number, count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function callsBack(siege: Besieged, path: string, headers: Record<string, string> = {}): Promise<number[]> {
  const framing = { 'content-length': String(COMPLETED.length), connection: 'close', ...headers };
  return statuses(await exchange(siege.port, head('POST', path, framing) + COMPLETED));
}

test('ten thousand forged signatures from one address: no write, a log line, and a good callback passes in between', async () => {
  const siege = await besiege();
  const { id, path } = await siege.waiting();
  const last = await siege.waiting();
  const before = siege.written();
  const answers = new Map<string, number>();
  let passed: Promise<number[]> | undefined;
  let untouched = '';
  await inLanes(50, ATTEMPTS, async (i) => {
    // Only the first few are let keep their connection.
    const received = await exchange(siege.port, forgery(i, { connection: 'close' }));
    const answer = received.replace(/^(date|connection|x-request-id): .*\r\n/gim, '');
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    if (i === ATTEMPTS / 2) {
      untouched = siege.written();
      passed = callsBack(siege, path);
    }
  });
  expect([...answers.values()]).toEqual([ATTEMPTS]);
  expect([...answers.keys()][0]).toMatch(/^HTTP\/1.1 404 /);
  expect(untouched).toBe(before);
  expect(await passed).toEqual([200]);
  expect(await siege.get(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
  // The clock stands still: whatever came, it is one line.
  expect(siege.log.lines.map(({ message }) => message)).toEqual(['callbacks refused']);
  expect(await callsBack(siege, last.path)).toEqual([200]);
});

test('ten thousand more from hundreds of addresses behind a proxy, in pipelines: no write, a log line', async () => {
  const siege = await besiege({ TRUSTED_PROXIES: '1' });
  const { path } = await siege.waiting();
  const before = siege.written();
  const perAddress = 20;
  const counts: number[] = [];
  await inLanes(20, ATTEMPTS / perAddress, async (lane) => {
    const client = { 'x-forwarded-for': `10.0.${lane >> 8}.${lane & 255}` };
    const pipeline = Array.from({ length: perAddress }, (_, i) => forgery(lane * perAddress + i, client));
    const raw = wire(siege.port);
    raw.send(pipeline.slice(1).join('') + forgery(0, { ...client, connection: 'close' }));
    counts.push(...statuses(await raw.closed));
  });
  expect(counts).toEqual(Array(ATTEMPTS).fill(404));
  expect(siege.written()).toBe(before);
  expect(siege.log.lines).toHaveLength(1);
  expect(await callsBack(siege, path, { 'x-forwarded-for': '10.0.0.1' })).toEqual([200]);
});

test('wrong keys by the thousand: no write, a log line, 429 after the first few, and right keys pass', async () => {
  const siege = await besiege();
  const before = siege.written();
  const { port } = new URL(siege.service().url);
  const counts: number[] = [];
  await inLanes(20, 100, async (lane) => {
    const tries = Array.from({ length: 20 }, (_, i) =>
      head('GET', '/v1/executions', {
        authorization: `Bearer wrong-key-${lane}-${i}`,
        ...(i === 19 ? { connection: 'close' } : {}),
      }),
    );
    counts.push(...statuses(await exchange(Number(port), tries.join(''))));
  });
  expect(counts.toSorted()).toEqual([...Array(20).fill(401), ...Array(1980).fill(429)]);
  expect((await siege.request('GET', '/v1/executions')).status).toBe(200);
  expect(siege.written()).toBe(before);
  expect(siege.log.lines.map(({ message }) => message)).toEqual(['keys refused']);
});
