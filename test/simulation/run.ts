// Runs one history until every execution in it has ended, and checks every promise after every step.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApps } from './apps.ts';
import { createClock, withStoppedWatch } from './clock.ts';
import { createSimulatedCxone } from './cxone.ts';
import { forge } from './forgeries.ts';
import type { History, Step } from './history.ts';
import { createHook } from './hook.ts';
import { createInspector } from './inspector.ts';
import { createReceiver } from './receiver.ts';
import type { Delivery } from './truth.ts';
import { demand, Violation } from './violation.ts';

export interface RunReport {
  readonly violation: Violation | null;
  /** The events, line by line. */
  readonly trace: readonly string[];
  /** The hash at the end of the audit trail: always the same for the same history. */
  readonly head: string;
  /** The number of executions of each outcome; empty when a promise was broken first. */
  readonly executions: Readonly<Record<string, number>>;
  /** The names of the written audit entries. */
  readonly events: readonly string[];
  /** The steps of checkpoints that happened. */
  readonly checkpoints: readonly string[];
}

/** A receiver that crashed noted its time this long before at most. */
const HEARTBEAT_MS = 11_000;

type Downtime = Pick<Extract<Step, { type: 'crash' }>, 'downMs' | 'clockMs'>;

/** Long enough for the last callback to arrive and be repeated. */
const AFTERMATH_MS = 150_000;

/** The longest time until a failed endpoint is tried again, with a clock that is set back. */
const LONGEST_RETRY_MS = 12 * 3_600_000;
const RETRY_STEP_MS = 300_000;
/** Hours without an event: a round of each loop in half a minute shows as much as one a second. */
const LATE_MS = 30_000;

/** In memory where there is such a folder: nothing here depends on the disk, and fsync costs no time. */
const PARENT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export async function runHistory(history: History): Promise<RunReport> {
  const folder = mkdtempSync(join(PARENT, 'cxone-simulation-'));
  try {
    return await withStoppedWatch(() => runIn(folder, history));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runIn(folder: string, { seed, settings, steps }: History): Promise<RunReport> {
  const clock = createClock();
  const trace: string[] = [];
  const note = (text: string) => void trace.push(`      ${clock.elapsed() / 1000}s ${text}`);
  const cxone = createSimulatedCxone({ clock, note, webhook });
  const hook = createHook(clock, seed, note);
  const carriers = { fetchFor: cxone.fetchFor, courierFor: hook.courierFor };
  const receiver = createReceiver({ folder, clock, seed, settings, ...carriers });
  const apps = createApps(receiver, clock, note);
  const inspector = createInspector({ receiver, clock, truth: cxone.truth, journal: apps.journal, hook, settings });
  let failure: unknown = null;

  async function webhook(
    url: string,
    bytes: Uint8Array<ArrayBuffer>,
    contentType: string,
  ): Promise<Delivery['answer']> {
    const headers = { 'content-type': contentType, 'content-length': String(bytes.length) };
    const response = await receiver.ask(new Request(url, { method: 'POST', headers, body: bytes }));
    if (response === null) return null;
    const { outcome } = (await response.json()) as { outcome?: string };
    return { status: response.status, outcome: outcome ?? null };
  }

  async function forgedCallback(step: Extract<Step, { type: 'forged callback' }>): Promise<void> {
    const url = forge(step.forgery, step.slot, cxone.truth.runs);
    if (url === null) return;
    const body = new TextEncoder().encode('{"status":"COMPLETED","result":{"value":"forged"}}');
    const answer = await webhook(url, body, 'application/json');
    note(`forged callback → ${answer?.status ?? 'no answer'}`);
    const promise = 'a forged callback is answered 404';
    demand(answer === null || answer.status === 404, promise, () => `${step.forgery}: ${JSON.stringify(answer)}`);
  }

  /** Starts a step; its promise may take longer than the step. */
  function begin(step: Step): Promise<void> {
    switch (step.type) {
      case 'submit':
        cxone.expect(step.slot, step.fate);
        return apps.submit(step);
      case 'submit again':
        return apps.submitAgain(step.slot, step.change);
      case 'batch':
        for (const { slot, fate } of step.orders) cxone.expect(slot, fate);
        return apps.batch(step);
      case 'batch again':
        return apps.batchAgain(step.slot, step.change);
      case 'cancel':
        return apps.cancel(step.slot);
      case 'poll':
        return apps.poll(step.slot);
      case 'look':
        return apps.look(step.slot, step.wait);
      case 'callback':
        return cxone.callBack(step.slot, step.words);
      case 'forged callback':
        return forgedCallback(step);
      case 'time passes':
        return clock.advance(step.ms);
      case 'orderly restart':
        return restart(step);
      default:
        befall(step);
        return Promise.resolve();
    }
  }

  function befall(step: Step): void {
    if (step.type === 'outage') cxone.outage(step.outage, step.ms);
    if (step.type === 'token trouble') cxone.troubleTokens(step.fates);
    if (step.type === 'tokens revoked') cxone.revokeTokens();
    if (step.type === 'clock is set') {
      setClock(step.ms);
    }
  }

  function setClock(ms: number): void {
    clock.step(ms);
    inspector.clockWasSet = true;
  }

  async function restart(down: Downtime): Promise<void> {
    inspector.wasStopped = true;
    await receiver.stop();
    await startAgain(down);
  }

  /** A step back counts as none as far as the receiver was down. */
  async function startAgain({ downMs, clockMs }: Downtime): Promise<void> {
    await clock.advance(downMs);
    if (clockMs !== 0) setClock(clockMs);
    if (inspector.clockWasSet) inspector.delayMs += downMs + HEARTBEAT_MS;
    await receiver.start();
  }

  const takesItsTime = (step: Step) => step.type === 'time passes' || step.type === 'orderly restart';

  async function take(step: Step, index: number, crash: Extract<Step, { type: 'crash' }> | null): Promise<void> {
    const { together, ...said } = step;
    trace.push(`${String(index).padStart(3)} ${JSON.stringify(said)}${together ? ' and at once' : ''}`);
    if (crash !== null) {
      trace.push(
        `    a crash after ${crash.awaits} awaits of it, then ${crash.downMs} ms down, clock ${crash.clockMs} ms`,
      );
      receiver.killAfter(crash.awaits);
    }
    const begun = begin(step).catch((error: unknown) => {
      failure ??= error;
    });
    if (takesItsTime(step)) await begun;
    if (together && crash === null) return;
    await clock.settle();
    if (crash !== null) {
      receiver.kill();
      note('crash');
      await startAgain(crash);
    }
    if (failure !== null) throw failure;
    inspector.check();
  }

  async function takeAll(): Promise<void> {
    await receiver.start();
    let crash: Extract<Step, { type: 'crash' }> | null = null;
    for (const [index, step] of steps.entries()) {
      if (step.type === 'crash') {
        crash = step;
        continue;
      }
      await take(step, index, crash);
      crash = null;
    }
  }

  /** From here on there are no faults: every execution must end in time. */
  async function end(): Promise<void> {
    cxone.heal();
    hook.heal();
    trace.push('    from here on all is well');
    const healedAt = clock.now();
    await clock.settle();
    inspector.check();
    for (let bound = inspector.nextBound(healedAt); bound !== null; bound = inspector.nextBound(healedAt)) {
      await clock.advance(Math.max(0, bound - clock.now()) + 1);
      inspector.check();
      inspector.checkEnded(healedAt);
    }
    await clock.advance(AFTERMATH_MS);
    if (failure !== null) throw failure;
    inspector.check();
    await tellAll();
    await receiver.stop();
    inspector.checkFile();
  }

  /** An endpoint that failed for long is tried again only after hours. */
  async function tellAll(): Promise<void> {
    for (let waited = 0; inspector.undelivered() > 0 && waited < LONGEST_RETRY_MS; waited += RETRY_STEP_MS) {
      await clock.advance(RETRY_STEP_MS, LATE_MS);
      inspector.check();
    }
    inspector.checkNotified();
  }

  try {
    await takeAll();
    await end();
    return {
      violation: null,
      trace,
      head: inspector.head(),
      executions: inspector.tally(),
      events: inspector.events(),
      checkpoints: receiver.phases(),
    };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    const events = inspector.events();
    return { violation: error, trace, head: inspector.head(), executions: {}, events, checkpoints: receiver.phases() };
  } finally {
    receiver.kill();
    inspector.close();
    await clock.settle();
  }
}
