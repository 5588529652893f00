// Searches: few of one key run at the same time, and the others wait for their turn.

import { expect, test } from 'vitest';
import { createReaderTurns } from '../../../src/http/middleware/reader-turns.ts';
import { ALICE_KEY, BILLING_KEY, type Harness, startHttp } from '../harness.ts';

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

test('at most two works of one reader run, in order, and those of another reader are not held up', async () => {
  const turns = createReaderTurns(2);
  const begun: string[] = [];
  const gates = Array.from({ length: 4 }, gate);
  const works = gates.map(({ opened }, index) =>
    turns.run('a', async () => {
      begun.push(`a${index}`);
      await opened;
      if (index === 0) throw new Error('it failed');
    }),
  );
  await turns.run('b', async () => void begun.push('b'));
  expect(begun).toEqual(['a0', 'a1', 'b']);
  gates[0]?.open();
  await expect(works[0]).rejects.toThrow('it failed');
  await expect.poll(() => begun).toEqual(['a0', 'a1', 'b', 'a2']);
  for (const { open } of gates) open();
  await Promise.all(works.slice(1));
  expect(begun).toEqual(['a0', 'a1', 'b', 'a2', 'a3']);
  expect(await turns.run('a', async () => 'again')).toBe('again');
});

/** A store whose searches wait; it counts those that run. */
async function withSlowSearches(): Promise<{ http: Harness; running: () => number; open: () => void }> {
  let running = 0;
  const { opened, open } = gate();
  const http = await startHttp({
    store: {
      list: async ({ text }) => {
        if (text === undefined) return { items: [], next: null };
        running += 1;
        await opened;
        running -= 1;
        return { items: [], next: null };
      },
    },
  });
  return { http, running: () => running, open };
}

test('30 searches by one key run two at a time, by the API and the pages together; lists and other keys do not wait', async () => {
  const { http, running, open } = await withSlowSearches();
  await using _ = http;
  const searches = Array.from({ length: 30 }, (_one, index) =>
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
