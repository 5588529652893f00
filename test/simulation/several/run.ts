// Runs a history on several receivers, waits until everything has ended, and returns what breaks a promise.

import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { createSimulator } from '../../../src/simulator/app.ts';
import { createDice } from '../../../src/simulator/dice.ts';
import { startForwarder } from '../../support/forwarder.ts';
import { newReceiverDatabase, withClient } from '../../support/postgres/databases.ts';
import { createClient } from './client.ts';
import { createDatabaseClock, createMachineClock } from './clocks.ts';
import { generate, RECEIVERS, type Step } from './history.ts';
import { startHook } from './hook.ts';
import { createOperator } from './operator.ts';
import { findBroken } from './promises.ts';
import { type Life, startLife } from './receivers.ts';
import { followAll } from './stream.ts';

export interface Report {
  /** The steps, and what became of them. */
  readonly trace: readonly string[];
  /** What breaks a promise; empty if all are kept. */
  readonly broken: readonly string[];
  readonly acknowledged: number;
  readonly notified: number;
  readonly pauses: number;
  readonly cuts: number;
  readonly crashes: number;
}

/** What has not ended by then never ends. */
const PATIENCE_MS = 240_000;
const POLL_MS = 200;
/** Short beside the time after which an execution is polled. */
const CONTEST_MS = 10;

const UNENDED = "SELECT correlation_id, status FROM executions WHERE status IN ('QUEUED', 'UNCONFIRMED', 'PENDING')";
const UNNOTIFIED = "SELECT correlation_id, type, status, last_error FROM notifications WHERE status <> 'DELIVERED'";

// One function because its parts share the receivers.
export async function runHistory(seed: string): Promise<Report> {
  const databaseUrl = await newReceiverDatabase();
  const databaseClock = await createDatabaseClock(databaseUrl);
  const rows = <Row>(text: string) =>
    withClient(databaseUrl, async (client) => (await client.query(text)).rows as Row[]);
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
  const hook = await startHook(createDice(seed));
  const machineClocks = Array.from({ length: RECEIVERS }, createMachineClock);
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
      ...{ databaseUrl, cxoneUrl, publicUrl, hook, world: machineClocks[at]?.world ?? systemWorld },
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
  const operator = createOperator(publicUrl);
  const stream = followAll(() => alive().map(({ url }) => url));
  const running: Promise<unknown>[] = [];

  /** Lets CXone call back once it has accepted the execution. */
  async function released(correlationId: string, isOver: () => boolean): Promise<void> {
    while (!isOver() && simulator.execution(correlationId)?.posts[0]?.answer !== 200) await sleep(CONTEST_MS);
    simulator.release(correlationId);
  }

  async function take(step: Step): Promise<void> {
    switch (step.type) {
      case 'submit':
        running.push(...step.orders.map((order) => client.submit(order, step.naming, step.copies)));
        return;
      case 'batch':
        running.push(client.batch(step.orders, step.copies));
        return;
      case 'contest':
        running.push(...step.actionIds.map((actionId) => client.contest(actionId, released)));
        return;
      case 'cancel':
      case 'repeat':
        running.push(client[step.type](step.request));
        return;
      case 'machine-clock':
        machineClocks[step.receiver]?.step(step.ms);
        return;
      case 'database-clock':
        await databaseClock.step(step.ms);
        return;
      case 'pause':
      case 'resume':
        operator[step.type]();
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
  hook.heal();
  await revive();
  const held = await operator.end();
  const answered = await until('not acknowledged', async () => client.unanswered());
  client.end();
  await Promise.all(running);
  const ended = await until('without an outcome', () => rows(UNENDED));
  const notified = await until('not notified', () => rows(UNNOTIFIED));
  const entries = await rows<{ id: string }>('SELECT id FROM audit_rows ORDER BY id');
  const streamed = await until('entries that no stream had', async () => entries.slice(stream.ids().length));
  await stream.close();
  const shown = databaseClock.shown();
  const remains = { databaseUrl, rows, client, simulator, hook, streamed: stream.ids(), held, shown };
  const broken = Object.entries(await findBroken(remains)).flatMap(([name, list]) =>
    list.length === 0 ? [] : [`${name}: ${JSON.stringify(list.slice(0, 5))}`],
  );
  const acknowledged = client.submitted().flatMap(({ ids }) => ids ?? []).length;
  const counts = { acknowledged, notified: hook.accepted.length, pauses: held.length };
  return { trace, broken: [...answered, ...ended, ...notified, ...streamed, ...broken], ...counts, ...figures };
}
