// The whole service on PostgreSQL: what apps, CXone and operators see is what they see on a file.

import { describe, expect, onTestFinished, test } from 'vitest';
import { newDatabase, serverUrl, withClient } from '../support/postgres/databases.ts';
import { follow } from '../support/sse.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { OPERATOR_KEY, setStage } from './stage.ts';

const PAGES = [
  '/',
  '/console/executions',
  '/console/notifications',
  '/console/callbacks',
  '/console/actions',
  '/console/incidents',
];

describe.skipIf(serverUrl === null)('a receiver on PostgreSQL', () => {
  test('resolves executions by callbacks and polls, notifies, streams, shows pages and metrics, also after a restart', async () => {
    const hook = await startWebhookReceiver();
    const stage = await setStage({ DATABASE_URL: await newDatabase(), NOTIFY_ALLOWED_HOSTS: `*:${hook.origin}` });
    const stream = await follow(`${stage.service().url}/v1/events`, OPERATOR_KEY);
    onTestFinished(stream.close);

    const answered = await stage.submit('callback', { notifyUrl: hook.url });
    await stage.untilStatus(answered, 'COMPLETED');
    expect(await stage.events(answered)).toEqual(
      expect.arrayContaining(['ACCEPTED', 'DISPATCHED', 'CALLBACK_COMPLETED']),
    );
    await stage.until(() => hook.received.length === 1);
    await stream.until(() => stream.events.some(({ data }) => JSON.parse(data).terminalStatus === 'COMPLETED'));

    const lost = await stage.submit('lost-callback', { graceSeconds: 0, timeoutSeconds: 30 });
    await stage.untilStatus(lost, 'PENDING');
    await stage.until(async () => {
      await stage.pass(500);
      return (await stage.get(lost)).status === 'COMPLETED';
    });
    expect(await stage.get(lost)).toMatchObject({ resolvedBy: 'poll' });

    for (const page of PAGES) {
      expect([page, (await stageFetch(stage.service().url, page)).status]).toEqual([page, 200]);
    }
    expect(await stage.request('GET', '/readyz')).toMatchObject({ status: 200, body: { ready: true } });
    const metrics = await (await stageFetch(stage.service().url, '/metrics')).text();
    expect(metrics).toContain('cxone_receiver_active 1');
    expect(metrics).toContain('cxone_receiver_open_executions{status="QUEUED"} 0');
    for (const name of [
      'database_size_bytes',
      'wal_size_bytes',
      'disk_free_bytes',
      'database_file_lost',
      'checkpoint_blocked',
    ]) {
      expect(metrics).not.toContain(name);
    }

    await stage.restart();
    expect(await stage.get(answered)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
    const later = await stage.submit('callback');
    await stage.untilStatus(later, 'COMPLETED');
  });
});

describe.skipIf(serverUrl === null)('a receiver whose PostgreSQL is away', () => {
  test('is scraped all the same, and states that it cannot read its database', async () => {
    const url = await newDatabase();
    const stage = await setStage({ DATABASE_URL: url });
    const name = new URL(url).pathname.slice(1);
    const admit = (allowed: boolean) =>
      withClient(serverUrl ?? '', async (client) => {
        await client.query(`ALTER DATABASE "${name}" WITH ALLOW_CONNECTIONS ${allowed}`);
        if (!allowed)
          await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
      });
    const scrape = async () => {
      const response = await stageFetch(stage.service().url, '/metrics');
      return { status: response.status, text: await response.text() };
    };
    await admit(false);
    const away = await scrape();
    expect(away.status).toBe(200);
    expect(away.text).toContain('cxone_receiver_database_reachable 0');
    expect(away.text).toContain('cxone_receiver_open_connections');
    expect(away.text).not.toContain('cxone_receiver_open_executions');
    await admit(true);
    await stage.until(async () => (await scrape()).text.includes('cxone_receiver_open_executions'));
    expect((await scrape()).text).toContain('cxone_receiver_database_reachable 1');
  });
});

describe.skipIf(serverUrl === null)('a position from the future', () => {
  test('is refused by every store, also beyond what a bigint holds', async () => {
    const stages = [await setStage({ DATABASE_URL: await newDatabase() }), await setStage()];
    for (const id of ['9223372036854775806', '9223372036854775807', '9223372036854775808', '9'.repeat(19)]) {
      for (const stage of stages) {
        const operator = { key: OPERATOR_KEY };
        const resumed = await stage.request('GET', '/v1/events', { ...operator, headers: { 'last-event-id': id } });
        expect(resumed).toMatchObject({ status: 400, body: { detail: expect.stringContaining('from the future') } });
        const first = await stage.request('GET', `/v1/events?lastEventId=${id}`, operator);
        expect(first).toMatchObject({ status: 422, body: { errors: [{ pointer: '#/lastEventId' }] } });
      }
    }
  });
});

function stageFetch(url: string, path: string): Promise<Response> {
  return fetch(url + path, {
    headers: { authorization: `Basic ${btoa(`alice:${OPERATOR_KEY}`)}`, accept: 'text/html,*/*' },
  });
}
