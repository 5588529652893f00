// Searches: few of one key run at the same time, and the others wait for their turn.

import { expect, test } from 'vitest';
import { createReaderTurns } from '../../../src/http/middleware/reader-turns.ts';
import type { ListQuery } from '../../../src/store/port.ts';
import { ALICE_KEY, BILLING_KEY, type Harness, startHttp } from '../harness.ts';

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

const PATIENT = new AbortController().signal;

test('at most two works of one reader run, in order, and those of another reader are not held up', async () => {
  const turns = createReaderTurns({ running: 2, waiting: 10 });
  const begun: string[] = [];
  const gates = Array.from({ length: 4 }, gate);
  const works = gates.map(({ opened }, index) =>
    turns.run(
      'a',
      async () => {
        begun.push(`a${index}`);
        await opened;
        if (index === 0) throw new Error('it failed');
      },
      PATIENT,
    ),
  );
  await turns.run('b', async () => void begun.push('b'), PATIENT);
  expect(begun).toEqual(['a0', 'a1', 'b']);
  gates[0]?.open();
  await expect(works[0]).rejects.toThrow('it failed');
  await expect.poll(() => begun).toEqual(['a0', 'a1', 'b', 'a2']);
  for (const { open } of gates) open();
  await Promise.all(works.slice(1));
  expect(begun).toEqual(['a0', 'a1', 'b', 'a2', 'a3']);
  expect(await turns.run('a', async () => 'again', PATIENT)).toEqual({ value: 'again' });
});

test('work that would be one too many to wait is refused, and gets a turn later', async () => {
  const turns = createReaderTurns({ running: 1, waiting: 1 });
  const { opened, open } = gate();
  const works = [1, 2].map((one) => turns.run('a', () => opened.then(() => one), PATIENT));
  expect(await turns.run('a', async () => 3, PATIENT)).toBeNull();
  open();
  expect(await Promise.all(works)).toEqual([{ value: 1 }, { value: 2 }]);
  expect(await turns.run('a', async () => 3, PATIENT)).toEqual({ value: 3 });
});

test('a reader that leaves while it waits makes room for the next one, and its work never runs', async () => {
  const turns = createReaderTurns({ running: 1, waiting: 1 });
  const { opened, open } = gate();
  const first = turns.run('a', () => opened, PATIENT);
  const leaving = new AbortController();
  let ran = false;
  const second = turns.run('a', async () => (ran = true), leaving.signal);
  leaving.abort();
  expect(await second).toBeNull();
  const third = turns.run('a', async () => 'third', PATIENT);
  open();
  expect(await first).toEqual({ value: undefined });
  expect(await third).toEqual({ value: 'third' });
  expect(await turns.run('a', async () => 'never', AbortSignal.abort())).toBeNull();
  expect(ran).toBe(false);
});

/** A store whose searches wait; it counts those that run. */
async function withSlowSearches(): Promise<{ http: Harness; running: () => number; open: () => void }> {
  let running = 0;
  const { opened, open } = gate();
  const search = async ({ text }: ListQuery): Promise<void> => {
    if (text === undefined) return;
    running += 1;
    await opened;
    running -= 1;
  };
  const http = await startHttp({
    store: {
      list: async (query) => {
        await search(query);
        return { items: [], next: null };
      },
      listJson: async (query) => {
        await search(query);
        return { items: Buffer.from('[]'), next: null };
      },
    },
  });
  return { http, running: () => running, open };
}

test('12 searches by one key run two at a time, by the API and the pages together; lists and other keys do not wait', async () => {
  const { http, running, open } = await withSlowSearches();
  await using _ = http;
  const searches = Array.from({ length: 12 }, (_one, index) =>
    http.call('GET', `${index % 2 === 0 ? '/v1/executions' : '/console/executions'}?text=x`, { key: ALICE_KEY }),
  );
  await expect.poll(running).toBe(2);
  expect((await http.call('GET', '/v1/executions', { key: ALICE_KEY })).status).toBe(200);
  expect((await http.call('GET', '/v1/executions')).status).toBe(200);
  const other = http.call('GET', '/v1/executions?text=x', { key: BILLING_KEY });
  await expect.poll(running).toBe(3);
  open();
  for (const answer of [...(await Promise.all(searches)), await other]) expect(answer.status).toBe(200);
  expect(running()).toBe(0);
});

test('of 30 searches by one key, 12 are answered and the others get 429 with a time to retry, also on the page', async () => {
  const { http, open } = await withSlowSearches();
  await using _ = http;
  const search = (path: string) => http.call('GET', `${path}?text=x`, { key: ALICE_KEY });
  let refused = 0;
  const searches = Array.from({ length: 28 }, async () => {
    const answer = await search('/v1/executions');
    if (answer.status !== 200) refused += 1;
    return answer;
  });
  await expect.poll(() => refused).toBe(16);
  const page = await search('/console/executions');
  expect(page.status).toBe(429);
  expect(page.headers.get('retry-after')).toBe('5');
  expect(page.text).toContain('2 searches of this key run and 10 wait');
  const { status, headers, json } = await search('/v1/executions');
  expect({ status, type: json.type, retry: headers.get('retry-after') }).toEqual({
    status: 429,
    type: 'urn:cxone-callback-receiver:problem:too-many-searches',
    retry: '5',
  });
  open();
  const answers = await Promise.all(searches);
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(12);
});

test('bulk actions that select by text take turns with the searches of their key, and others do not wait', async () => {
  const { http, open } = await withSlowSearches();
  await using _ = http;
  const act = (path: string, filter: object) =>
    http.call('POST', `/v1/executions/${path}`, { key: ALICE_KEY, body: { ...filter, reason: 'because' } });
  const cancels = Array.from({ length: 13 }, () => act('cancel', { text: 'x' }));
  // Only a refusal is answered now.
  expect((await Promise.race(cancels)).status).toBe(429);
  for (const path of ['poll', 'cancel', 'erase']) {
    const refused = await act(path, { text: 'x' });
    expect([refused.status, refused.headers.get('retry-after')], path).toEqual([429, '5']);
    expect((await act(path, { actionId: 'a' })).status, path).toBeLessThan(300);
  }
  expect((await http.call('GET', '/v1/executions?text=x', { key: ALICE_KEY })).status).toBe(429);
  open();
  const answers = await Promise.all(cancels);
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(12);
});
