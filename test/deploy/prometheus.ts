// Debian's Prometheus, which scrapes a receiver on loopback with the alert rules of deploy/.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ofetch } from 'ofetch';
import { expect } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { runCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';

export const JOB = 'cxone-callback-receiver';
const RULES = fileURLToPath(new URL('../../deploy/prometheus/alerts.yml', import.meta.url));

/** The scrape job of the head of the rules, at a shorter interval. */
const configFor = (target: string, folder: string) => `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [${RULES}]
scrape_configs:
  - job_name: ${JOB}
    basic_auth: {username: prometheus, password_file: ${join(folder, 'key')}}
    static_configs: [{targets: ['${target}']}]
`;

/** A point is a time in seconds and a value as text. */
type Point = readonly [number, string];

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly Point[];
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

export interface Prometheus {
  /** The values from then until now, every second. */
  range(expression: string, fromSeconds: number): Promise<Series[]>;
  /** The values of a label among the series of a metric. */
  labelValues(metric: string, label: string): Promise<string[]>;
  rules(): Promise<Rule[]>;
}

export async function startPrometheus(target: string, key: string): Promise<Prometheus> {
  const folder = temporaryFolder();
  const file = join(folder, 'prometheus.yml');
  writeFileSync(join(folder, 'key'), key);
  writeFileSync(file, configFor(target, folder));
  const address = `127.0.0.1:${await freePort()}`;
  const storage = `--storage.tsdb.path=${join(folder, 'data')}`;
  runCommand(
    'prometheus',
    [`--config.file=${file}`, storage, `--web.listen-address=${address}`, '--log.level=warn'],
    {},
  );
  const api = async (path: string, query: Record<string, string | number>) => {
    const { data } = await ofetch(`http://${address}/api/v1/${path}`, { query, retry: 0 });
    return data;
  };
  const isReady = () =>
    fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await expect.poll(isReady, { timeout: 60_000 }).toBe(true);
  return {
    range: async (query, start) => {
      const { result } = await api('query_range', { query, start, end: Date.now() / 1000, step: 1 });
      return result;
    },
    labelValues: (metric, label) => api(`label/${label}/values`, { 'match[]': metric }),
    rules: async () => (await api('rules', {})).groups.flatMap(({ rules }: { rules: Rule[] }) => rules),
  };
}
