// The dashboard and the alert rules in Debian's Prometheus beside a receiver with traffic: each query runs, each panel has data.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { findFate } from '../../src/simulator/fates/catalogue.ts';
import { run } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { drawPanels, type Panel } from './panel-charts.ts';
import { JOB, type Series, startPrometheus } from './prometheus.ts';

const APP_KEY = 'the-shop-key-0123456789';
const READER_KEY = 'the-reader-key-0123456789';
const PATIENCE = { timeout: 120_000, interval: 1_000 };
const MAX_ROUNDS = 100;

const DASHBOARD = JSON.parse(readFileSync(new URL('../../deploy/grafana/dashboard.json', import.meta.url), 'utf8'));
const PANELS: readonly Panel[] = DASHBOARD.panels;
const nameOf = ({ title }: Panel, { refId }: { refId: string }) => `${title} ${refId}`;
const QUERIES = PANELS.flatMap((panel) =>
  (panel.targets ?? []).map((target) => ({ name: nameOf(panel, target), expr: fillIn(target.expr) })),
);

/** Grafana fills in the variables. */
function fillIn(expression: string): string {
  const variables = { job: JOB, instance: '.*', __rate_interval: '1m' };
  return Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(`$${name}`, value), expression);
}

const hasData = (series: readonly Series[]) =>
  series.some(({ values }) => values.some(([, value]) => Number.isFinite(Number(value))));

/** One of each kind that a panel distinguishes. */
const FATES = [
  'callback',
  'callback-failed',
  'duplicate-callback',
  'conflicting-callback',
  'delayed-callback',
  'lost-callback',
  'rate-limited',
  'poll-errors',
  'refused-400',
] as const;

interface Scene {
  readonly url: string;
  /** Lets each fate happen once; resolves at the outcomes. */
  round(): Promise<void>;
}

async function setScene(): Promise<Scene> {
  const simulator = run(['simulator', '--port', '0']);
  const greeting = await simulator.line((line) => /http:\/\/127\.0\.0\.1:\d+/.test(line));
  const hooks = await startWebhookReceiver();
  hooks.answer = ({ body }) => ({ status: body.includes('FAILED') ? 500 : 204 });
  const url = `http://127.0.0.1:${await freePort()}`;
  const receiver = run(['start'], {
    HOST: '127.0.0.1',
    PORT: new URL(url).port,
    PUBLIC_URL: url,
    DATABASE_PATH: join(temporaryFolder(), 'receiver.db'),
    CXONE_BASE_URL: /http:\/\/127\.0\.0\.1:\d+/.exec(greeting)?.[0] ?? '',
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    CALLBACK_SECRET: 'a-secret-for-dashboards-of-32-characters',
    APP_KEYS: `shop:${APP_KEY}`,
    READER_KEYS: `prometheus:${READER_KEY}`,
    NOTIFY_URLS: `shop:${hooks.url}`,
    NOTIFY_ALLOWED_HOSTS: `shop:${hooks.origin}`,
  });
  await receiver.line((line) => line.includes('"msg":"listening"'));
  const submit = async (fate: (typeof FATES)[number]) => {
    const body = JSON.stringify({ actionId: 'charge', inputs: { simulate: { fate } }, ...findFate(fate)?.submission });
    const headers = { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json', prefer: 'wait=30' };
    await (await fetch(`${url}/v1/executions`, { method: 'POST', headers, body })).arrayBuffer();
  };
  return {
    url,
    round: async () => {
      await fetch(`${url}/v1/executions`, { headers: { authorization: 'Bearer unknown' } });
      await Promise.all(FATES.map(submit));
    },
  };
}

test('each query of the dashboard has data, each rule is evaluated, and the variables find the receiver', async () => {
  const scene = await setScene();
  const startedAt = Date.now() / 1000;
  const prometheus = await startPrometheus(new URL(scene.url).host, READER_KEY);
  let isOver = false;
  const traffic = async () => {
    for (let round = 0; !isOver && round < MAX_ROUNDS; round += 1) await scene.round();
  };
  const running = traffic();
  const found = new Map<string, Series[]>();
  const missing = async () => {
    for (const { name, expr } of QUERIES) found.set(name, await prometheus.range(expr, startedAt));
    return QUERIES.map(({ name }) => name).filter((name) => !hasData(found.get(name) ?? []));
  };
  await expect.poll(missing, PATIENCE).toEqual([]);
  isOver = true;
  await running;

  const rules = await prometheus.rules();
  expect(rules.length).toBeGreaterThan(20);
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);

  for (const { type, name, query } of DASHBOARD.templating.list) {
    if (type !== 'query') continue;
    const [, metric = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(fillIn(query.query)) ?? [];
    expect(label).toBe(name);
    expect(await prometheus.labelValues(metric, label)).toEqual([label === 'job' ? JOB : new URL(scene.url).host]);
  }
  const picture = process.env['DASHBOARD_PICTURE'];
  const resultOf = (...which: Parameters<typeof nameOf>) => found.get(nameOf(...which)) ?? [];
  if (picture !== undefined) writeFileSync(picture, drawPanels(PANELS, resultOf));
});
