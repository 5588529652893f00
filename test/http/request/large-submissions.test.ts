// Submissions with many values are read one after the other, with turns of the event loop for callbacks in between.

import { expect, test } from 'vitest';
import { readJsonBody, readJsonItems } from '../../../src/http/request/read-json.ts';

const LIMITS = { bytes: 1024 * 1024, levels: 64, values: 50_000 };

const post = (body: string) =>
  new Request('http://127.0.0.1/', { method: 'POST', body, headers: { 'content-type': 'application/json' } });

/** Returns the turns of the event loop at which the works ended. */
async function turnsOf(works: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  let turn = 0;
  let running = true;
  const count = () => {
    turn += 1;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  const turns = await Promise.all(
    works.map(async (work) => {
      expect(await work()).toMatchObject({ type: 'read' });
      return turn;
    }),
  );
  running = false;
  return turns.sort((one, other) => one - other);
}

const MANY = `{"executions":[{"inputs":[${'1,'.repeat(3_000)}1]}]}`;
const FEW = `{"executions":[{"inputs":[${'1,'.repeat(300)}1]}]}`;

const gapsIn = (turns: readonly number[]) => turns.slice(1).map((turn, index) => turn - (turns[index] ?? 0));

test.each([
  ['a submission', (body: string) => readJsonBody(post(body), LIMITS)],
  ['a batch', (body: string) => readJsonItems(post(body), 'executions', LIMITS)],
] as const)('%s with many values waits its turn', async (_, read) => {
  const gaps = gapsIn(await turnsOf(Array.from({ length: 4 }, () => () => read(MANY))));
  for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(3);
});

test('a submission with few values does not wait', async () => {
  const turns = await turnsOf(Array.from({ length: 4 }, () => () => readJsonBody(post(FEW), LIMITS)));
  expect((turns.at(-1) ?? 0) - (turns[0] ?? 0)).toBeLessThan(3);
});
