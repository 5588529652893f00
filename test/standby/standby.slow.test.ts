// Several receivers on one PostgreSQL database: one is active, the others stand by and take over, and nothing is lost or doubled.

import { describe, expect, test } from 'vitest';
import { startForwarder } from '../support/forwarder.ts';
import { newDatabase, serverUrl, withClient } from '../support/postgres/databases.ts';
import { ACTIVE, REPLACED, STANDS_BY, type StandbyStage, setStage, until } from './stage.ts';

const ENDED = /^(COMPLETED|FAILED|REJECTED|NOT_FOUND|TIMEOUT|CANCELLED)$/;

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

/** Every acknowledged execution has ended, and CXone has received none of them twice. */
async function expectAllEnded(stage: StandbyStage, ids: readonly string[]): Promise<void> {
  await until(async () => {
    const statuses = await stage.statuses(ids).catch(() => []);
    return statuses.length === ids.length && statuses.every((status) => ENDED.test(status));
  });
  for (const id of ids) expect(stage.simulator.execution(id)?.posts.length ?? 0).toBeLessThanOrEqual(1);
}

describe.skipIf(serverUrl === null)('receivers on one database', () => {
  test('the second one stands by: it lives, is not ready, says why, and answers 503 with Retry-After', async () => {
    const stage = await setStage();
    const active = await stage.start();
    const standby = await stage.start();
    await standby.logs(STANDS_BY);
    expect(await active.get('/readyz')).toMatchObject({ status: 200 });
    expect(await standby.get('/livez')).toMatchObject({ status: 200 });
    const readiness = await standby.get('/readyz');
    expect(readiness.status).toBe(503);
    expect(readiness.headers.get('retry-after')).toBe('5');
    expect(JSON.parse(readiness.text).notReady).toEqual(['standby: another receiver is active on this database']);
    for (const path of ['/v1/executions', '/', '/webhook/cxone/token']) {
      const { status, headers, text } = await standby.get(path);
      expect([status, headers.get('retry-after')]).toEqual([503, '5']);
      expect(text).toContain('This receiver stands by');
    }
    expect(await standby.get('/metrics')).toMatchObject({
      status: 200,
      text: expect.stringContaining('cxone_receiver_active 0'),
    });
    expect((await active.get('/metrics')).text).toContain('cxone_receiver_active 1');
    standby.child.kill('SIGTERM');
    expect((await standby.finished).code).toBe(0);
    active.child.kill('SIGTERM');
    expect((await active.finished).code).toBe(0);
  });

  test('it takes over after kill -9 of the active one under load: nothing is lost or doubled', async () => {
    const stage = await setStage();
    const active = await stage.start();
    stage.address.to(active.port);
    const standby = await stage.start();
    await standby.logs(STANDS_BY);
    const ids = names('killed', 60);
    const submitted = Promise.all(ids.slice(0, 40).map((id) => stage.submit(id)));
    await until(async () => stage.simulator.stats().requests.execute > 3);
    active.child.kill('SIGKILL');
    await active.finished;
    stage.address.to(standby.port);
    await standby.logs(ACTIVE);
    await submitted;
    for (const id of ids.slice(40)) await stage.submit(id);
    await expectAllEnded(stage, ids);
  });

  test('it takes over from a stopped one, which sends nothing when it continues, stands by, and takes over in turn', async () => {
    const stage = await setStage();
    const first = await stage.start();
    stage.address.to(first.port);
    const second = await stage.start();
    await second.logs(STANDS_BY);
    const ids = names('stopped', 60);
    const submitted = Promise.all(ids.slice(0, 40).map((id) => stage.submit(id)));
    await until(async () => stage.simulator.stats().requests.execute > 3);
    first.child.kill('SIGSTOP');
    stage.address.to(second.port);
    stage.address.cut();
    await second.logs(ACTIVE);
    await submitted;
    await expectAllEnded(stage, ids.slice(0, 40));

    const { requests } = stage.simulator.stats();
    first.child.kill('SIGCONT');
    await first.logs(REPLACED);
    expect(await first.get('/v1/executions')).toMatchObject({ status: 503 });
    await until(async () => (await first.get('/readyz')).text.includes('standby: another receiver is active'));
    expect(stage.simulator.stats().requests).toEqual(requests);

    for (const id of ids.slice(40, 50)) await stage.submit(id);
    second.child.kill('SIGTERM');
    expect((await second.finished).code).toBe(0);
    await first.logs(ACTIVE, 2);
    stage.address.to(first.port);
    for (const id of ids.slice(50)) await stage.submit(id);
    await expectAllEnded(stage, ids);
    expect(await first.get('/readyz')).toMatchObject({ status: 200 });
  });

  test('while the database is gone, everything that needs it gets 503; it continues by itself when the database is back', async () => {
    const database = new URL(await newDatabase());
    const way = await startForwarder(Number(database.port));
    const stage = await setStage(database.href.replace(database.port, String(way.port)));
    const receiver = await stage.start();
    stage.address.to(receiver.port);
    const ids = names('outage', 40);
    const submitted = Promise.all(ids.slice(0, 30).map((id) => stage.submit(id)));
    await until(async () => stage.simulator.stats().requests.execute > 3);
    way.to(null);
    way.cut();
    await until(async () => (await receiver.get('/readyz')).status === 503);
    const { status, headers } = await receiver.get('/v1/executions');
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    expect(await receiver.get('/livez')).toMatchObject({ status: 200 });
    way.to(Number(database.port));
    await until(async () => (await receiver.get('/readyz')).status === 200);
    await submitted;
    for (const id of ids.slice(30)) await stage.submit(id);
    await expectAllEnded(stage, ids);
  });

  test('a database that becomes read-only is not written, and is used again when it takes writes', async () => {
    const url = await newDatabase();
    const name = new URL(url).pathname.slice(1);
    const stage = await setStage(url);
    const receiver = await stage.start();
    stage.address.to(receiver.port);
    await stage.submit('before');
    const become = (readOnly: 'on' | 'off') =>
      withClient(serverUrl ?? '', async (client) => {
        await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${readOnly}`);
        await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
      });
    await become('on');
    await until(async () => (await receiver.get('/readyz')).text.includes('read-only'));
    await become('off');
    await stage.submit('after');
    await expectAllEnded(stage, ['before', 'after']);
  });
});
