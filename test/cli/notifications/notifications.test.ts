// `notifications list`: delivered, pending and dead notifications, from the database.

import { expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { anExecution, callback, completed } from '../../support/executions.ts';
import { command, openStore } from '../harness.ts';

test('lists the newest first, by every filter, also while the receiver writes', async () => {
  const { store, path } = openStore();
  onTestFinished(() => store.close());
  const ids: string[] = [];
  for (const app of ['shop', 'billing', 'shop']) {
    const now = systemWorld.now();
    const execution = anExecution({ app, notifyUrl: 'https://hooks.example/inbox' }, now);
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    await store.record(execution.reference, callback(completed()), now);
    ids.unshift(execution.correlationId);
  }
  const list = async (flags: string) => {
    const { code, out } = await command(`notifications list --json ${flags}`.trim(), { DATABASE_PATH: path });
    expect(code).toBe(0);
    const { items, more } = JSON.parse(out);
    return { ids: items.map(({ correlationId }: { correlationId: string }) => correlationId), more };
  };
  expect(await list('')).toEqual({ ids, more: false });
  expect(await list('--limit 1')).toEqual({ ids: ids.slice(0, 1), more: true });
  expect(await list('--app billing --type completed --status pending')).toEqual({ ids: [ids[1]], more: false });
  expect(await list(`--id ${ids[2]} --from 1h`)).toEqual({ ids: [ids[2]], more: false });
  expect(await list('--status DEAD')).toEqual({ ids: [], more: false });
  expect(await list('--endpoint https://hooks.example')).toEqual({ ids, more: false });
  const { out } = await command('notifications list', { DATABASE_PATH: path });
  expect(out).toMatch(/^CREATED +ID +STATUS +TYPE +APP/);
  expect(out).toMatch(/ PENDING +completed +shop +0 .*https:\/\/hooks\.example\/inbox/);
});

test('a filter that the API refuses is refused here, too', async () => {
  const { path } = openStore();
  for (const [line, rule] of [
    ['notifications list --endpoint hooks.example', 'It must be an origin'],
    ['executions list --incident nope', 'It must be the id of an incident'],
  ] as const) {
    const { code, err } = await command(line, { DATABASE_PATH: path });
    expect([code, err]).toEqual([2, expect.stringContaining(rule)]);
  }
});
