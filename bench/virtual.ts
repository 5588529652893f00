// The whole receiver in virtual time against a simulated CXone: minutes take seconds, and a seed gives the same results everywhere.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { WebhookSender } from '../src/webhooks/port.ts';
import { type Clock, createClock, withStoppedWatch } from '../test/simulation/clock.ts';
import { createSimulatedCxone } from '../test/simulation/cxone.ts';
import type { Fate, Outage } from '../test/simulation/history.ts';
import { createReceiver, KEYS, PUBLIC_URL, type Receiver } from '../test/simulation/receiver.ts';
import type { Delivery, Run } from '../test/simulation/truth.ts';
import { seededRandom } from '../test/support/manual-world.ts';
import { type Database, demandConservation, looksInto } from './database.ts';
import type { Settings } from './measure.ts';

/** The defaults that .env.example documents. */
export const DEFAULTS = {
  trust: 'signature',
  maxConcurrent: 10,
  ratePerSecond: 100,
  queueCapacity: 10_000,
  queueTimeoutSeconds: 300,
  pollIntervalSeconds: 2,
} as const;

/** One request that arrived at CXone, or would have arrived during an outage. */
export interface Arrival {
  /** Milliseconds since the beginning of the run. */
  readonly at: number;
  readonly kind: 'token' | 'execute' | 'poll';
  /** Null for a token request. */
  readonly correlationId: string | null;
  /** True if CXone was unavailable. */
  readonly away: boolean;
}

export interface Plan {
  readonly runMs: number;
  readonly callback: boolean;
  readonly graceSeconds?: number;
}

export interface Site extends Database {
  readonly clock: Clock;
  readonly random: () => number;
  /** All requests of the receiver to CXone, in the order of arrival. */
  readonly arrivals: readonly Arrival[];
  readonly runs: readonly Run[];
  /** Submits to the receiver, as an app does. @throws Error unless the response is 202. */
  submit(slot: number, plan: Plan): Promise<void>;
  /** The network of another app towards the same CXone, after `expect` has set the fate of the slot. */
  readonly fetch: typeof fetch;
  expect(slot: number, plan: Plan): void;
  /** For the next `ms`, CXone does not work and sends no callbacks. */
  away(how: Outage, ms: number): void;
}

/** Round trip in milliseconds: a random part, so that requests do not arrive as evenly as they leave. */
const WAY_MS = 10;
const WAY_JITTER_MS = 20;
/** CXone's response time. */
const LATENCY_MS = 40;

/** In memory where possible: virtual time stands still during a commit, so the disk does not affect any result. */
const MEMORY = '/dev/shm';

export type Ground = Pick<Settings, 'scratch' | 'signal'>;

/**
 * Runs the receiver from start to stop. Only its metrics are replaced: real ones would watch the whole process.
 * @throws the reason of the signal, at the next step of the clock.
 */
export function inVirtualTime<T>(
  { scratch, signal }: Ground,
  seed: number,
  run: (site: Site) => Promise<T>,
): Promise<T> {
  return withStoppedWatch(async () => {
    const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : scratch, 'cxone-bench-'));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.on('exit', remove);
    const clock = createClock();
    const advance = (ms: number) => {
      signal.throwIfAborted();
      return clock.advance(ms);
    };
    let receiver: Receiver | null = null;
    try {
      const random = seededRandom(seed);
      const site = createSite(clock, random, () => receiver);
      const { fetchFor, ...visible } = site;
      receiver = createReceiver({ folder, clock, seed, settings: DEFAULTS, fetchFor, courierFor: () => NO_COURIER });
      await receiver.start();
      const found = await run({ ...visible, clock: { ...clock, advance } });
      await receiver.stop();
      demandSilence(receiver);
      demandConservation(receiver.databasePath());
      return found;
    } finally {
      receiver?.kill();
      await clock.settle();
      remove();
      process.off('exit', remove);
    }
  });
}

/** These apps wait for their results and use no notifications. */
const NO_COURIER: WebhookSender = {
  deliver: async () => {
    throw new Error('No notification was requested.');
  },
  close: () => {},
};

function createSite(clock: Clock, random: () => number, receiverNow: () => Receiver | null) {
  const arrivals: Arrival[] = [];
  let awayUntil = 0;
  const isAway = () => clock.elapsed() < awayUntil;
  const receiver = () => {
    const there = receiverNow();
    if (there === null) throw new Error('The receiver has not been started.');
    return there;
  };

  async function webhook(url: string, body: Uint8Array<ArrayBuffer>, type: string): Promise<Delivery['answer']> {
    if (isAway()) return null;
    const headers = { 'content-type': type, 'content-length': String(body.length) };
    const response = await receiver().ask(new Request(url, { method: 'POST', headers, body }));
    if (response === null) return null;
    const { outcome } = (await response.json()) as { outcome?: string };
    return { status: response.status, outcome: outcome ?? null };
  }

  const cxone = createSimulatedCxone({ clock, webhook, note: () => {} });
  const expect = (slot: number, plan: Plan) => cxone.expect(slot, fateOf(plan));

  function travelled(inner: typeof fetch, seen: Arrival[] | null): typeof fetch {
    return async (input, init) => {
      // Whole milliseconds, as in the wall clock.
      await clock.sleep(WAY_MS + Math.round(WAY_JITTER_MS * random()));
      seen?.push({
        at: clock.elapsed(),
        kind: kindOf(String(input), init?.method),
        correlationId: new Headers(init?.headers).get('x-correlation-id'),
        away: isAway(),
      });
      return inner(input, init);
    };
  }

  return {
    clock,
    random,
    arrivals,
    runs: cxone.truth.runs,
    expect,
    fetch: travelled(
      cxone.fetchFor(() => true),
      null,
    ),
    fetchFor: (alive: () => boolean) => travelled(cxone.fetchFor(alive), arrivals),
    submit: async (slot: number, plan: Plan) => {
      expect(slot, plan);
      const { graceSeconds } = plan;
      const grace = graceSeconds === undefined ? {} : { graceSeconds };
      const order = { actionId: 'look-up', correlationId: `order-${slot}`, inputs: { slot }, ...grace };
      const headers = { authorization: `Bearer ${KEYS.other}`, 'content-type': 'application/json' };
      const request = { method: 'POST', headers, body: JSON.stringify(order) };
      const response = await receiver().ask(new Request(`${PUBLIC_URL}/v1/executions`, request));
      if (response?.status !== 202) throw new Error(`A submission got ${response?.status ?? 'no response'}.`);
    },
    away: (how: Outage, ms: number) => {
      awayUntil = clock.elapsed() + ms;
      cxone.outage(how, ms);
    },
    ...looksInto(() => receiver().databasePath(), clock),
  };
}

function demandSilence({ log }: Receiver): void {
  const fault = log.lines.find(({ level }) => level === 'error');
  if (fault !== undefined)
    throw new Error(`The receiver logged an error: ${fault.message} ${JSON.stringify(fault.facts)}`);
}

function fateOf({ runMs, callback }: Plan): Fate {
  const callbacks: Fate['callbacks'] = callback ? [{ after: 'end', delayMs: 0, words: 'outcome', retries: 0 }] : [];
  return { posts: [], polls: [], callbacks, outcome: 'COMPLETED', runMs, latencyMs: LATENCY_MS };
}

function kindOf(url: string, method: string | undefined): Arrival['kind'] {
  if (method === 'GET') return 'poll';
  return url.endsWith('/oauth/token') ? 'token' : 'execute';
}
