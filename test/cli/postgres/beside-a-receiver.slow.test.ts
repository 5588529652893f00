// Commands that read a PostgreSQL database while a receiver writes it: what they print is whole, and they write nothing.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import type { Store } from '../../../src/store/port.ts';
import { openReadSession } from '../../../src/store/postgres/reader/read-session.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution } from '../../support/executions.ts';
import { createReusedDatabase, serverUrl } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { command, fill } from '../harness.ts';

const database = createReusedDatabase();

let url: string;
let store: Store;

describe.skipIf(serverUrl === null)('beside a receiver', () => {
  beforeEach(async () => {
    url = await database();
    store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  });

  afterEach(() => store.close());

  async function verified(): Promise<number> {
    const { code, out } = await command('audit verify --json', { DATABASE_URL: url });
    const { ok, entries } = JSON.parse(out);
    expect([code, ok]).toEqual([0, true]);
    return entries;
  }

  test('audit verify finds nothing while executions begin and end', async () => {
    const writing = fill(store, 100);
    for (let round = 0; round < 3; round += 1) await verified();
    await writing;
    expect(await verified()).toBe(200);
  });

  test('an export has what existed when it began, once', async () => {
    await fill(store, 20);
    const exporting = command('executions export', { DATABASE_URL: url });
    const writing = fill(store, 20);
    const { code, out } = await exporting;
    await writing;
    const ids = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).correlationId);
    expect([code, new Set(ids).size]).toEqual([0, ids.length]);
    expect(ids.length).toBeGreaterThanOrEqual(20);
  });

  test('audit tail prints each entry as it is written, once, until it is interrupted', async () => {
    await fill(store, 2);
    const stop = new AbortController();
    const later = ['one', 'two', 'three'];
    const sleep = async () => {
      const correlationId = later.shift();
      if (correlationId === undefined) return stop.abort();
      const execution = anExecution({ correlationId }, systemWorld.now());
      await store.add({ execution, fingerprint: correlationId, queueCapacity: 100 });
    };
    const around = { interrupted: () => stop.signal, world: { ...systemWorld, sleep } };
    const { code, out } = await command('audit tail --json -n 1', { DATABASE_URL: url }, false, around);
    const entries = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([code, entries.map(({ id }) => id)]).toEqual([0, [4, 5, 6, 7]]);
    expect(entries.slice(1).map(({ correlationId }) => correlationId)).toEqual(['one', 'two', 'three']);
  });

  test('the session of a command is read-only, although its user owns the database', async () => {
    const session = await openReadSession(url);
    await expect(session.all('DELETE FROM execution_rows')).rejects.toThrow(/read-only transaction/);
    await session.close();
  });

  test('a statement without an end is ended, and the message says so', async () => {
    const session = await openReadSession(url);
    await session.all("SET statement_timeout = '10ms'");
    await expect(session.all('SELECT pg_sleep(60)')).rejects.toThrow(/statement timeout; .*with a shorter period/);
    await session.close();
  });
});
