// Several receivers on one PostgreSQL database: all serve, one leads, another one takes over, and nothing is lost or doubled.

import { describe, expect, onTestFinished, test } from 'vitest';
import { startForwarder } from '../support/forwarder.ts';
import { newDatabase, serverUrl, withClient } from '../support/postgres/databases.ts';
import { follow } from '../support/sse.ts';
import { APP_KEY, LEADS, SERVES, type SharedStage, type SharingReceiver, setStage, until } from './stage.ts';

const ENDED = /^(COMPLETED|FAILED|REJECTED|NOT_FOUND|TIMEOUT|CANCELLED)$/;

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

/** Every acknowledged execution has ended, and CXone has received none of them twice. */
async function expectAllEnded(stage: SharedStage, ids: readonly string[]): Promise<void> {
  await until(async () => {
    const statuses = await stage.statuses(ids).catch(() => []);
    return statuses.length === ids.length && statuses.every((status) => ENDED.test(status));
  });
  for (const id of ids) expect(stage.simulator.execution(id)?.posts.length ?? 0).toBeLessThanOrEqual(1);
}

/** Starts receivers, of which the first one leads. */
async function startReceivers(stage: SharedStage, count: number): Promise<SharingReceiver[]> {
  const receivers = [await stage.start()];
  await receivers[0]?.logs(LEADS);
  for (let n = 1; n < count; n += 1) {
    const receiver = await stage.start();
    await receiver.logs(SERVES);
    receivers.push(receiver);
  }
  stage.address.to(...receivers.map(({ port }) => port));
  return receivers;
}

describe.skipIf(serverUrl === null)('receivers on one database', () => {
  test('all serve: what one accepts, the leader sends, any is called back about, and others wait for and stream', async () => {
    const stage = await setStage();
    const [leader, second, third] = (await startReceivers(stage, 3)) as [
      SharingReceiver,
      SharingReceiver,
      SharingReceiver,
    ];
    for (const { get } of [leader, second, third]) expect((await get('/readyz')).status).toBe(200);
    expect((await leader.get('/metrics')).text).toContain('cxone_receiver_active 1');
    const metrics = (await second.get('/metrics')).text;
    expect(metrics).toContain('cxone_receiver_active 0');
    expect(metrics).not.toContain('cxone_receiver_open_executions');

    const stream = await follow(`http://127.0.0.1:${third.port}/v1/events`, APP_KEY);
    onTestFinished(stream.close);
    // Of three callers, each has its turn with the callback.
    for (const id of names('served', 6)) {
      const body = JSON.stringify({
        correlationId: id,
        actionId: 'charge',
        inputs: { simulate: { fate: 'callback' } },
        // A callback on a busy machine still comes before a poll.
        graceSeconds: 30,
      });
      expect((await second.request('/v1/executions', { method: 'POST', body })).status).toBe(202);
      const waited = await third.request(`/v1/executions/${id}`, { headers: { prefer: 'wait=30' } });
      expect(JSON.parse(waited.text)).toMatchObject({ correlationId: id, status: 'COMPLETED', resolvedBy: 'callback' });
    }
    await stream.until(() => stream.events.filter(({ data }) => data.includes('"COMPLETED"')).length >= 6);
    const { ids } = stream;
    expect(ids).toEqual(ids.map((_, n) => (ids[0] ?? 0) + n));

    // Resumed at another receiver, the stream continues behind the same entry.
    const resumed = await follow(`http://127.0.0.1:${second.port}/v1/events`, APP_KEY, ids[2] ?? 0);
    onTestFinished(resumed.close);
    await resumed.until(() => resumed.ids.length >= ids.length - 3);
    expect(resumed.ids.slice(0, ids.length - 3)).toEqual(ids.slice(3));

    for (const { child, finished } of [third, leader, second]) {
      child.kill('SIGTERM');
      expect((await finished).code).toBe(0);
    }
  });

  test('kill -9 of the leader and of another one under load: nothing is lost or doubled', async () => {
    const stage = await setStage();
    const [leader, second, third] = (await startReceivers(stage, 3)) as [
      SharingReceiver,
      SharingReceiver,
      SharingReceiver,
    ];
    const ids = names('killed', 90);
    const submitted = Promise.all(ids.slice(0, 60).map((id) => stage.submit(id)));
    await until(async () => stage.simulator.stats().requests.execute > 3);
    leader.child.kill('SIGKILL');
    await leader.finished;
    stage.address.to(second.port, third.port);
    await Promise.race([second.logs(LEADS), third.logs(LEADS)]);
    await submitted;
    const more = Promise.all(ids.slice(60).map((id) => stage.submit(id)));
    const other = (await second.get('/metrics')).text.includes('cxone_receiver_active 1') ? third : second;
    other.child.kill('SIGKILL');
    await other.finished;
    stage.address.to(other === second ? third.port : second.port);
    await more;
    await expectAllEnded(stage, ids);
  });

  test('a stopped leader is replaced, sends nothing when it continues, serves, and leads again in turn', async () => {
    const stage = await setStage();
    const [first, second] = (await startReceivers(stage, 2)) as [SharingReceiver, SharingReceiver];
    const ids = names('stopped', 60);
    const submitted = Promise.all(ids.slice(0, 40).map((id) => stage.submit(id)));
    await until(async () => stage.simulator.stats().requests.execute > 3);
    first.child.kill('SIGSTOP');
    stage.address.to(second.port);
    stage.address.cut();
    await second.logs(LEADS);
    await submitted;
    await expectAllEnded(stage, ids.slice(0, 40));

    const { requests } = stage.simulator.stats();
    first.child.kill('SIGCONT');
    await first.logs(SERVES);
    await until(async () => (await first.get('/readyz')).status === 200);
    expect((await first.get('/metrics')).text).toContain('cxone_receiver_active 0');
    expect(stage.simulator.stats().requests).toEqual(requests);

    stage.address.to(first.port, second.port);
    for (const id of ids.slice(40, 50)) await stage.submit(id);
    second.child.kill('SIGTERM');
    expect((await second.finished).code).toBe(0);
    await first.logs(LEADS, 2);
    stage.address.to(first.port);
    for (const id of ids.slice(50)) await stage.submit(id);
    await expectAllEnded(stage, ids);
  });

  test('a receiver that is stopped and does not lead does no harm, and serves when it continues', async () => {
    const stage = await setStage();
    const [leader, second, third] = (await startReceivers(stage, 3)) as [
      SharingReceiver,
      SharingReceiver,
      SharingReceiver,
    ];
    const ids = names('paused', 60);
    const submitted = Promise.all(ids.slice(0, 30).map((id) => stage.submit(id)));
    await until(async () => stage.simulator.stats().requests.execute > 3);
    third.child.kill('SIGSTOP');
    stage.address.to(leader.port, second.port);
    stage.address.cut();
    await submitted;
    await expectAllEnded(stage, ids.slice(0, 30));
    third.child.kill('SIGCONT');
    await until(async () => (await third.get('/readyz')).status === 200);
    stage.address.to(third.port);
    stage.address.cut();
    for (const id of ids.slice(30)) await stage.submit(id);
    await expectAllEnded(stage, ids);
    expect((await leader.get('/metrics')).text).toContain('cxone_receiver_active 1');
  });

  test('receivers whose clocks differ have one time; one that differs by more than 2 s is not ready, and says so', async () => {
    const url = await newDatabase();
    const stage = await setStage(url);
    const shifted = (ms: number) => ({
      NODE_OPTIONS: `--import=data:text/javascript,const%20now=Date.now;Date.now=()=>now()+${ms}`,
    });
    const databaseNow = () =>
      withClient(url, async (client) => {
        const { rows } = await client.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now');
        return Number(rows[0].now);
      });
    const leader = await stage.start(shifted(-1_200));
    await leader.logs(LEADS);
    const ahead = await stage.start(shifted(1_200));
    const wrong = await stage.start(shifted(3_600_000));
    stage.address.to(leader.port, ahead.port);
    for (const { get } of [leader, ahead]) await until(async () => (await get('/readyz')).status === 200);
    const readiness = await wrong.get('/readyz');
    expect(readiness.status).toBe(503);
    expect(readiness.text).toMatch(/the clock of this machine is 3[56]\d\d\.\d s ahead of the clock of the database/);
    await wrong.logs('this receiver is not ready because of its clock');

    // By their own clocks, the times of two of them would be further away.
    const [earliest, body] = [await databaseNow(), { actionId: 'charge', inputs: { simulate: { fate: 'callback' } } }];
    for (const [id, receiver] of Object.entries({ leader, ahead, wrong })) {
      const init = {
        method: 'POST',
        body: JSON.stringify({ ...body, correlationId: id }),
        headers: { prefer: 'wait=30' },
      };
      const { status, text } = await receiver.request('/v1/executions', init);
      expect(status).toBe(200);
      const { submittedAt, sentAt, resolvedAt } = JSON.parse(text);
      const times = [submittedAt, sentAt, resolvedAt].map((time) => Date.parse(time));
      const latest = await databaseNow();
      for (const time of times) {
        expect(time).toBeGreaterThan(earliest - 1_100);
        expect(time).toBeLessThan(latest + 1_100);
      }
    }
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
    await until(async () => (await receiver.get('/readyz')).status === 503);
    await receiver.logs('read-only');
    // The words of the server may name hosts and roles.
    const { text } = await receiver.get('/readyz');
    expect(text).toContain('the database takes no writes');
    expect(text).not.toContain('read-only');
    await become('off');
    await stage.submit('after');
    await expectAllEnded(stage, ['before', 'after']);
  });
});
