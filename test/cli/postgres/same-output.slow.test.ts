// Operators' commands on PostgreSQL: each prints what it prints about a SQLite file in which the same has happened.

import { beforeAll, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import type { Store } from '../../../src/store/port.ts';
import { callback, completed, failed } from '../../support/executions.ts';
import { type Life, live } from '../../support/lives.ts';
import { openKeptStores, type TwoStores } from '../../support/postgres/both-stores.ts';
import { serverUrl } from '../../support/postgres/databases.ts';
import { command } from '../harness.ts';

const MINUTE_MS = 60_000;
const NOW = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
const BEGIN = NOW - 180 * MINUTE_MS;

const LIVES = [
  ...(['callback', 'poll', 'called-back-later', 'polled-too', 'timeout', 'late', 'not-found', 'nameless'] as const),
  ...(['cancelled', 'hinted', 'refused', 'pending', 'queued'] as const),
] satisfies Life[];

let both: TwoStores;

async function happen(store: Store): Promise<void> {
  for (const [i, life] of LIVES.entries()) {
    const app = i % 3 === 0 ? 'crm' : 'shop';
    const notifyUrl = i % 2 === 0 ? 'https://shop.example/hook' : null;
    const ids = { correlationId: `order-${life}`, actionId: i % 4 === 0 ? 'charge' : 'look-up', app, notifyUrl };
    await live(store, life, BEGIN + i * MINUTE_MS, { ...ids, inputs: { customer: `Ångström ${i}`, secret: 'x' } });
  }
  const { reference } = await live(store, 'pending', BEGIN + 20 * MINUTE_MS, { correlationId: 'odd' });
  const at = BEGIN + 21 * MINUTE_MS;
  const body = { bytes: Buffer.from('<half'), contentType: 'text/xml' };
  await store.record(reference, { type: 'callback-unreadable', reason: 'no JSON', body }, at);
  await store.record(reference, { type: 'poll-requested', by: 'operator:alice' }, at + 1);
  await store.record(reference, callback(completed({ text: 'NUL \0 and half \ud800' })), at + 2);
  await store.record(reference, callback(failed({ code: 'declined' })), at + 3);
  const { items } = await store.listNotifications({ app: null, limit: 3 });
  const failure = { type: 'failed', httpStatus: 500, latencyMs: 3, message: 'down', retryAt: NOW + MINUTE_MS } as const;
  await store.recordDelivery(items[0]?.id ?? '', failure, NOW - 2);
  const gone = { type: 'gone', httpStatus: 410, latencyMs: 5, message: 'answered 410' } as const;
  await store.recordDelivery(items[1]?.id ?? '', gone, NOW - 1);
  await store.pauseSending({ app: 'shop', actionId: null, since: NOW - 1, by: 'operator:bob', reason: 'maintenance' });
  await store.ping(NOW - 1);
}

beforeAll(async () => {
  if (serverUrl === null) return;
  both = await openKeptStores();
  await happen(both.store);
  return both.close;
});

const world = { ...systemWorld, now: () => NOW };

/** Returns what the command printed about the file and about the database, without what names them. */
async function onBoth(line: string, env: Record<string, string> = {}) {
  const about = async (database: Record<string, string>, name: string) => {
    const { code, out, err } = await command(line, { ...env, ...database }, false, { world });
    const clean = (text: string) =>
      text
        .replaceAll(name, 'DATABASE')
        .replaceAll(/"milliseconds":\d+/g, '"milliseconds":0')
        .replaceAll(/in \d+\.\d s/g, 'in 0.0 s');
    return { code, out: clean(out), err: clean(err) };
  };
  const url = new URL(both.url);
  const name = `postgres://${url.host}${url.pathname}`;
  return {
    file: await about({ DATABASE_PATH: both.path }, both.path),
    server: await about({ DATABASE_URL: both.url }, name),
  };
}

const QUIET = 'order-called-back-later';

describe.skipIf(serverUrl === null)('a command prints the same', () => {
  test.for([
    'executions list',
    'executions list --status OPEN --json',
    'executions list --status TIMEOUT --app shop',
    'executions list --text ångström --limit 4',
    'executions list --text secret',
    `executions list --before ${QUIET} --limit 2`,
    'executions list --id order-n --action look-up',
    'executions list --execution-id nothing',
    'executions list --from 170m --to 165m',
    'executions list --before nothing',
    `executions show ${QUIET}`,
    'executions show odd --payloads --json',
    'executions show nothing',
    'executions export',
    'executions export --format csv --no-payloads --status COMPLETED',
    'audit query',
    'audit query --limit 3 --before 20',
    'audit query --event CALLBACK_COMPLETED --app crm --json',
    `audit query --id ${QUIET}`,
    'audit query --action charge --from 175m --to 170m',
    'audit query --by alice',
    'audit export',
    'audit export --format csv --event SUBMITTED',
    'audit export --from 170m --to 165m',
    'audit head',
    'audit verify',
    'audit verify --json',
    'notifications list',
    'notifications list --status DEAD --json',
    `notifications list --id ${QUIET}`,
    'stats',
    'stats --from 4h --app shop --json',
    'stats --from 172m --to 168m',
    'health',
    'health --json',
    'advise',
    'advise --action charge --json',
    'advise --action nothing',
    'watch --once',
    'watch --once --json',
    'prune --dry-run --audit-days 1',
  ])('%s', async (line) => {
    const { file, server } = await onBoth(line);
    // The order of members is not a promise.
    const read = (text: string) => (line.endsWith('--json') ? JSON.parse(text) : text);
    expect({ ...server, out: read(server.out) }).toEqual({ ...file, out: read(file.out) });
    expect(server.out + server.err).not.toBe('');
  });

  test('where members are hidden', async () => {
    const env = { SENSITIVE_FIELDS: 'secret,customer' };
    for (const line of [
      'executions list --text ångström',
      'executions show order-poll --payloads',
      'executions export',
    ]) {
      const { file, server } = await onBoth(line, env);
      expect(server).toEqual(file);
    }
  });

  test('where everything is old enough to be pruned', async () => {
    const later = { ...world, now: () => NOW + 3 * 24 * 60 * MINUTE_MS };
    const counts = async (database: Record<string, string>) => {
      const { out } = await command('prune --dry-run --audit-days 1 --payload-days 1 --json', database, false, {
        world: later,
      });
      return JSON.parse(out);
    };
    const server = await counts({ DATABASE_URL: both.url });
    expect(server).toEqual(await counts({ DATABASE_PATH: both.path }));
    expect(server.payloads).toBeGreaterThan(5);
  });
});
