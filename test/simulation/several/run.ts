// Runs a history on several receivers, waits until everything has ended, and returns what breaks a promise.

import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { createSimulator } from '../../../src/simulator/app.ts';
import { command } from '../../cli/harness.ts';
import { startForwarder } from '../../support/forwarder.ts';
import { chainFaults } from '../../support/postgres/chain.ts';
import { newReceiverDatabase, withClient } from '../../support/postgres/databases.ts';
import { createClient } from './client.ts';
import { generate, RECEIVERS, type Step } from './history.ts';
import { type Life, startLife } from './receivers.ts';
import { followAll } from './stream.ts';

export interface Report {
  /** The steps, and what became of them. */
  readonly trace: readonly string[];
  /** What breaks a promise; empty if all are kept. */
  readonly broken: readonly string[];
  readonly acknowledged: number;
  readonly cuts: number;
  readonly crashes: number;
}

/** What has not ended by then never ends. */
const PATIENCE_MS = 240_000;
const POLL_MS = 200;

const UNENDED = "SELECT correlation_id, status FROM executions WHERE status IN ('QUEUED', 'UNCONFIRMED', 'PENDING')";
const ENDED_TWICE = `SELECT e.correlation_id, count(*)::integer AS ends FROM execution_rows AS e LEFT JOIN audit_rows AS a
  ON a.execution = e.id AND a.ends GROUP BY e.correlation_id HAVING count(a.id) <> 1`;

export async function runHistory(seed: string): Promise<Report> {
  const databaseUrl = await newReceiverDatabase();
  const rows = (text: string) => withClient(databaseUrl, async (client) => (await client.query(text)).rows as object[]);
  const simulator = createSimulator({
    seed,
    latencyMs: 5,
    jitterMs: 20,
    runMs: 20,
    runJitterMs: 200,
    requestsPerSecond: 0,
  });
  onTestFinished(() => simulator.close());
  const { url: cxoneUrl } = await simulator.listen();
  const front = await startForwarder();
  const publicUrl = `http://127.0.0.1:${front.port}`;
  const lives: Life[] = [];
  const trace: string[] = [];
  const figures = { cuts: 0, crashes: 0 };

  const alive = () => lives.filter((life) => life.alive());
  function route(): void {
    const ports = alive().map(({ port }) => port);
    front.to(...(ports.length === 0 ? [null] : ports));
  }
  async function begin(at: number): Promise<void> {
    lives[at] = await startLife({
      ...{ databaseUrl, cxoneUrl, publicUrl },
      crashed: () => {
        figures.crashes += 1;
        trace.push(`receiver ${at} has crashed`);
        route();
        front.cut();
      },
    });
    route();
  }
  for (let at = 0; at < RECEIVERS; at += 1) await begin(at);

  const client = createClient(publicUrl);
  const stream = followAll(() => alive().map(({ url }) => url));
  const running: Promise<unknown>[] = [];

  async function take(step: Step): Promise<void> {
    switch (step.type) {
      case 'submit':
        running.push(...step.fates.map((fate) => client.submit(fate)));
        return;
      case 'cancel':
      case 'repeat':
        running.push(client[step.type](step.submission));
        return;
      case 'cut':
        figures.cuts += 1;
        lives[step.receiver]?.cutAt(step.statement, step.loss);
        return;
      case 'crash': {
        const life = lives[step.receiver];
        if (life?.alive() === true) void life.crashAt(step.statement, step.loss);
        return;
      }
      default:
        step satisfies never;
    }
  }

  /** Starts those again that have crashed. */
  async function revive(): Promise<void> {
    for (const [at, life] of lives.entries()) if (!life.alive()) await begin(at);
  }

  async function until(what: string, ask: () => Promise<readonly unknown[]>): Promise<string[]> {
    for (const late = performance.now() + PATIENCE_MS; ; ) {
      const left = await ask();
      if (left.length === 0) return [];
      if (performance.now() > late) return [`${what}: ${JSON.stringify(left.slice(0, 5))}`];
      await sleep(POLL_MS);
    }
  }

  for (const [n, step] of generate(seed).entries()) {
    trace.push(`${n} ${JSON.stringify(step)}`);
    await take(step);
    // So that statements are under way when the next step comes.
    await Promise.race([Promise.all(running), sleep(POLL_MS)]);
    if (n % 5 === 4) await revive();
  }
  trace.push('from here on all is well');
  for (const life of lives) life.heal();
  await revive();
  const answered = await until('not acknowledged', async () => client.unanswered());
  client.end();
  await Promise.all(running);
  const ended = await until('without an outcome', () => rows(UNENDED));
  const { entries, faults } = await chainFaults(databaseUrl);
  const expected = Array.from({ length: entries }, (_, n) => n + 1);
  const streamed = await until('entries that no stream had', async () => expected.slice(stream.ids().length));
  await stream.close();
  const verified = await command('audit verify', { DATABASE_URL: databaseUrl });
  const stored = new Set(
    (await rows('SELECT correlation_id AS id FROM executions')).map((row) => (row as { id: string }).id),
  );
  const [conservation] = await rows('SELECT difference FROM conservation');
  const found = {
    'acknowledged and not stored': client.acknowledged().filter((id) => !stored.has(id)),
    'stored and not submitted': [...stored].filter((id) => !client.submitted().includes(id)),
    'sent twice': [...stored].filter((id) => (simulator.execution(id)?.posts.length ?? 0) > 1),
    'not ended exactly once': await rows(ENDED_TWICE),
    'entries whose hash or id is wrong': faults,
    'streams with a gap or a repeat': stream.ids().filter((id, n) => id !== n + 1),
    'accepted differs from terminal and open': [conservation].filter(
      (row) => Number((row as { difference: unknown }).difference) !== 0,
    ),
    'audit verify': verified.code === 0 ? [] : [verified.out],
    'contradicting answers': client.contradictions(),
  };
  const broken = Object.entries(found).flatMap(([name, list]) =>
    list.length === 0 ? [] : [`${name}: ${JSON.stringify(list.slice(0, 5))}`],
  );
  return {
    trace,
    broken: [...answered, ...ended, ...streamed, ...broken],
    acknowledged: client.acknowledged().length,
    ...figures,
  };
}
