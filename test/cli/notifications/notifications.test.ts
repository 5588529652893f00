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

test.for(['newest', 'oldest'])(
  '%s first: the pages that it leads to leave out none that was created in the same millisecond',
  async (sort) => {
    const { store, path } = openStore();
    onTestFinished(() => store.close());
    const created: string[] = [];
    for (const at of [0, 1, 1, 1, 2, 2, 3]) {
      const now = Date.UTC(2026, 0, 31) + at;
      const execution = anExecution({ notifyUrl: 'https://hooks.example/inbox' }, now);
      await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
      await store.record(execution.reference, callback(completed()), now);
      created.push(execution.correlationId);
    }
    const seen = new Set<string>();
    let [place, pages] = ['', 0];
    do {
      const line = `notifications list --sort ${sort} --limit 4${place}`;
      const { out, err } = await command(line, { DATABASE_PATH: path });
      for (const id of created) if (out.includes(id)) seen.add(id);
      place = /^There are more: --limit, or( --(?:from|to) \S+)$/m.exec(err)?.[1] ?? '';
      pages += 1;
    } while (place !== '' && pages < 9);
    expect([seen.size, place]).toEqual([created.length, '']);
  },
);

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
