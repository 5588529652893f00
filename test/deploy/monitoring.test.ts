// Alert rules, dashboard and runbook use metrics, panels and log messages that exist, and each alert is tested and explained.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { OPERATOR_KEY, setStage } from '../stories/stage.ts';
import { askedFor, type Exposition, readExposition } from '../support/exposition.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const RULES = read('deploy/prometheus/alerts.yml');
const RUNBOOK = read('docs/runbook.md');
const METRICS = read('docs/observability.md');
const DASHBOARD = JSON.parse(read('deploy/grafana/dashboard.json'));

const sources = globSync('src/**/*.ts', { cwd: new URL('../..', import.meta.url) }).map(read);

/** The labels that Prometheus itself adds to a metric. */
const OF_PROMETHEUS = ['job', 'instance', 'le'];

const alerts = [...RULES.matchAll(/^ {6}- alert: (\w+)\n(.*?)(?=^ {6}- |(?![\s\S]))/gms)].map(
  ([, name = '', body = '']) => ({
    name,
    body,
    expression: /expr: (?:\|\n)?(.*?)^ {8}\w/ms.exec(body)?.[1] ?? '',
  }),
);

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const panels: readonly Panel[] = DASHBOARD.panels;

/** A scrape after every kind of event. */
async function scrape(): Promise<Exposition> {
  const hooks = await startWebhookReceiver();
  const stage = await setStage({ NOTIFY_URLS: `shop:${hooks.url}`, NOTIFY_ALLOWED_HOSTS: `shop:${hooks.origin}` });
  const ids = await Promise.all(
    (['callback', 'lost-callback', 'refused-400'] as const).map((fate) => stage.submit(fate)),
  );
  await stage.pass(20_000);
  await stage.until(async () => (await Promise.all(ids.map(stage.get))).every(({ resolvedAt }) => resolvedAt !== null));
  await stage.until(() => hooks.received.length === ids.length);
  const headers = { authorization: `Bearer ${OPERATOR_KEY}` };
  const text = async () => (await fetch(`${stage.service().url}/metrics`, { headers })).text();
  await stage.until(async () => (await text()).includes('notification_attempts_total{outcome="delivered"} 3'));
  return readExposition(await text());
}

function mustKnow({ labels }: Exposition, expression: string, beside: readonly string[] = []): void {
  const asked = askedFor(expression);
  expect(asked.names, expression).not.toEqual([]);
  const known = new Set([...OF_PROMETHEUS, ...beside]);
  for (const name of asked.names) {
    if (name === 'up') continue;
    expect([...labels.keys()], expression).toContain(name);
    for (const label of labels.get(name) ?? []) known.add(label);
  }
  expect(
    asked.labels.filter((label) => !known.has(label)),
    expression,
  ).toEqual([]);
}

test('alerts, dashboard and docs use metrics and labels that exist, and the docs describe all of them', async () => {
  const known = await scrape();
  expect(alerts.length).toBeGreaterThan(20);
  for (const { expression } of alerts) {
    if (!expression.includes('cxone_receiver:')) mustKnow(known, expression);
  }
  const queries = panels.flatMap(({ targets = [] }) => targets);
  expect(queries.length).toBeGreaterThan(40);
  for (const { expr, legendFormat } of queries) {
    mustKnow(known, expr);
    // The query leaves the labels that a legend names.
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      expect(askedFor(expr).labels, `${expr} ${legendFormat}`).toContain(label);
    }
  }
  const documented = [...METRICS.matchAll(/\b(?:cxone_receiver|http_server)_\w+/g)].map(([name]) => name);
  const exposed = [...known.labels.keys()]
    .filter((name) => /^(cxone_receiver|http_server)_/.test(name))
    .map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  expect(new Set(documented)).toEqual(new Set(exposed));
});

describe('each alert', () => {
  test('selects the metrics of the job of the receiver only, because other services have metrics of the same name', () => {
    const expressions =
      RULES.replaceAll(/^\s*#.*$/gm, '').match(/expr: (?:\|\n)?.*?(?=^ {8}\w|^ {6}- |(?![\s\S]))/gms) ?? [];
    expect(expressions.length).toBe(alerts.length + 1);
    const selectors = expressions.flatMap(
      (text) => text.match(/\b(?:cxone_receiver|http_server|nodejs|up\b)[\w:]*(?:\{|.)/g) ?? [],
    );
    expect(selectors.length).toBeGreaterThan(alerts.length);
    const named = expressions.flatMap((text) => text.match(/\{job=~"cxone-callback-receiver"/g) ?? []);
    expect(selectors.filter((selector) => !selector.endsWith('{'))).toEqual([]);
    expect(named.length).toBe(selectors.length);
  });

  test('fires in one test and stays quiet in another', () => {
    const tests = read('test/deploy/alerts.test.yml');
    for (const { name } of alerts) {
      expect(tests).toContain(`'${name} fires: `);
      expect(tests).toContain(`'${name} stays quiet: `);
    }
  });

  // promtool passes a test that expects no alert, if its alert or metric does not exist: findings/promtool-passes-tests-of-alerts-that-do-not-exist.sh.
  test('is tested under its name, with metrics that exist and that a rule reads', () => {
    const groups = read('test/deploy/alerts.test.yml').split("\n  - name: '");
    const tests = groups.filter((text) => text.includes('alertname: '));
    expect(tests.length).toBeGreaterThanOrEqual(2 * alerts.length);
    for (const text of tests) {
      const [, name = ''] = /^(\w+) (?:fires|stays quiet): /.exec(text) ?? [];
      const tested = [...text.matchAll(/alertname: (\w+)/g)].map(([, alert]) => alert);
      expect([...new Set(tested)], text).toEqual([name]);
      expect(alerts.map((alert) => alert.name)).toContain(name);
      const metrics = [...text.matchAll(/series: ['"]?(\w+)/g)].map(([, metric]) => metric);
      const isRead = metrics.filter((metric) => RULES.includes(`${metric}{`));
      expect(isRead, name).not.toEqual([]);
      // A series may also show that the rule does not read it.
      const others = metrics.filter((metric) => !isRead.includes(metric));
      expect(
        others.filter((metric) => !METRICS.includes(`\`${metric}\``)),
        name,
      ).toEqual([]);
    }
  });

  test('states its severity and subject, and links to its section of the runbook', () => {
    for (const { name, body } of alerts) {
      expect(body, name).toMatch(/labels: \{severity: (critical|warning)\}/);
      expect(body, name).toMatch(/summary: \S/);
      expect(body, name).toContain(`runbook: docs/runbook.md#${name.toLowerCase()}\n`);
    }
  });

  test('has its section of the runbook, and no section is about another', () => {
    const headings = [...RUNBOOK.matchAll(/^## (\w+)$/gm)].map(([, heading]) => heading);
    expect(headings.toSorted()).toEqual(alerts.map(({ name }) => name).toSorted());
  });
});

test('durations of executions are measured up to the longest grace period, as the tests of the rules assume', async () => {
  const known = await scrape();
  const boundsOf = (text: Iterable<string>, name: string): number[] => [
    ...new Set(
      [...text].flatMap((series) =>
        series.includes(`cxone_receiver_${name}_bucket{`) ? Number(/le="([\d.]+)"/.exec(series)?.[1] ?? Infinity) : [],
      ),
    ),
  ];
  const assumed = boundsOf(read('test/deploy/alerts.test.yml').split('\n'), 'execution_duration_seconds');
  expect(assumed.at(-2)).toBe(90_000);
  for (const name of ['execution_duration_seconds', 'unnoticed_seconds', 'callback_behind_poll_seconds']) {
    expect(boundsOf(known.values.keys(), name), name).toEqual(assumed);
  }
});

test('the runbook names alerts, panels and log messages that exist, and its queries run', () => {
  const path = join(temporaryFolder(), 'receiver.db');
  openDatabase(path).close();
  const sql = new Database(path, { readonly: true });
  onTestFinished(() => void sql.close());
  const queries = [...RUNBOOK.matchAll(/`(SELECT [^`]*)`/g)].map(([, query = '']) => query);
  expect(queries.length).toBeGreaterThan(5);
  for (const query of queries) expect(() => sql.prepare(query).all(), query).not.toThrow();
  const named = [...RUNBOOK.matchAll(/(?<!\*)\*([A-Z][^*]+)\*(?!\*)/g)].map(([, name = '']) => name);
  const known = [...alerts.map(({ name }) => name), ...panels.map(({ title }) => title), 'Poll now'];
  expect(named.map((name) => name.replace(/\s+/g, ' ')).filter((name) => !known.includes(name))).toEqual([]);
  const messages = [...RUNBOOK.matchAll(/\blog(?: line)?\s+`([^`]+)`/gi)].map(([, message = '']) => message);
  expect(messages.length).toBeGreaterThan(4);
  expect(messages.filter((message) => !sources.some((source) => source.includes(message)))).toEqual([]);
});

test('the runbook touches the file only while the receiver is stopped, and loses nothing by it', () => {
  const blocks = [...RUNBOOK.matchAll(/```sh\n([^`]+)```/g)].map(([, block = '']) => block);
  const moves = blocks.filter((block) => block.includes('receiver.db'));
  expect(moves.length).toBeGreaterThan(1);
  for (const block of moves) {
    expect(block).toMatch(/^systemctl stop .*\n(?:.*\n)*?.*\bmv data\/receiver\.db\* .*\n(?:.*\n)*systemctl start /);
  }
  const [, full = ''] = /^## DiskNearlyFull\n((?:(?!## ).*\n)*)/m.exec(RUNBOOK) ?? [];
  expect(full).toContain('mv data/receiver.db*');
  // A backup lacks what is accepted until the stop.
  expect(full).not.toContain('npm run backup');
});

test('the panels of the dashboard do not overlap, and each has a description', () => {
  const places = new Set<string>();
  for (const { title, gridPos } of panels) {
    expect(title).not.toBe('');
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(places.has(`${x},${y}`), title).toBe(false);
        places.add(`${x},${y}`);
      }
    }
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  }
});
