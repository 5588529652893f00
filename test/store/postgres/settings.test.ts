// What an administrator sets for a role or a database: it changes neither what statements mean nor how long they may take.

import { Socket } from 'node:net';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { addressesIn } from '../../../src/lib/database-url.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { connectWritable, FIXED_SETTINGS } from '../../../src/store/postgres/connection/connect.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { command } from '../../cli/harness.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

/** Each is another value than the default. */
const SET = {
  ...{ TimeZone: 'Asia/Kathmandu', DateStyle: 'German', IntervalStyle: 'sql_standard', bytea_output: 'escape' },
  ...{ extra_float_digits: '-10', standard_conforming_strings: 'off', array_nulls: 'off', transform_null_equals: 'on' },
  ...{ statement_timeout: '1h', lock_timeout: '1h', idle_session_timeout: '1h' },
  ...{ idle_in_transaction_session_timeout: '1h', default_transaction_isolation: 'serializable' },
};

async function databaseWith(settings: Readonly<Record<string, string>>): Promise<string> {
  const url = await newDatabase();
  const name = new URL(url).pathname.slice(1);
  await withClient(url, async (client) => {
    for (const [setting, value] of Object.entries(settings)) {
      await client.query(`ALTER DATABASE ${name} SET ${setting} = '${value}'`);
    }
  });
  return url;
}

describe.skipIf(serverUrl === null)('settings of a role or a database', () => {
  test('are replaced in each session by those of the receiver', async () => {
    const url = await databaseWith(SET);
    const connecting = { addresses: addressesIn(url), log: quietLog(), applicationName: 'test' };
    const { client } = await connectWritable({ ...connecting, limitMs: 4_321 });
    closing.push({ close: () => client.end() });
    const { rows } = await client.query('SELECT name, setting FROM pg_settings WHERE name = ANY ($1)', [
      [...Object.keys(SET), ...Object.keys(FIXED_SETTINGS)],
    ]);
    const found = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
    const { transaction_timeout: _newer, ...fixed } = FIXED_SETTINGS;
    expect(found).toMatchObject({ ...fixed, DateStyle: expect.stringMatching(/^ISO/), statement_timeout: '4321' });
    expect(found).toMatchObject({ lock_timeout: '5000', default_transaction_isolation: 'read committed' });
  });

  test('let a receiver make its tables, add, record, and verify the trail', async () => {
    const url = await databaseWith(SET);
    const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
    closing.push(store);
    const execution = anExecution({ notifyUrl: 'https://hooks.example/a' });
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    const result = { text: '\\ \u0000 "quoted"' };
    await store.record(execution.reference, callback(completed(result)), NOON);
    expect(await store.find(execution.correlationId)).toMatchObject({ status: 'COMPLETED', result });
    const { code, out } = await command('audit verify', { DATABASE_URL: url });
    expect([code, out]).toEqual([0, expect.stringContaining('rows: agree with the trail')]);
  });

  test('do not decide whether a silent connection is noticed: this machine asks for the other one, too', async () => {
    const keepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive');
    onTestFinished(() => keepAlive.mockRestore());
    const connecting = { addresses: addressesIn(await newDatabase()), log: quietLog(), applicationName: 'test' };
    const { client } = await connectWritable(connecting);
    closing.push({ close: () => client.end() });
    expect(keepAlive.mock.calls).toEqual([[true, 5_000]]);
  });

  test('do not limit how long a migration takes, and a statement has the limit of its session', async () => {
    const url = await databaseWith({ statement_timeout: '1h' });
    const connecting = { addresses: addressesIn(url), log: quietLog(), applicationName: 'test' };
    const limitOf = async (limitMs?: number) => {
      const { client } = await connectWritable({ ...connecting, ...(limitMs === undefined ? {} : { limitMs }) });
      closing.push({ close: () => client.end() });
      return client;
    };
    const shown = await (await limitOf()).query("SELECT current_setting('statement_timeout') AS limit");
    expect(shown.rows).toEqual([{ limit: '0' }]);
    await expect((await limitOf(50)).query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
  });
});
