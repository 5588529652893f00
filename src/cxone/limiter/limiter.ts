// One limiter for everything that goes to CXone: a rate, a concurrency that adapts, and a pause that holds for all callers.

import type { World } from '../../lib/world.ts';
import type { Permit, RequestKind } from '../port.ts';
import { createAdaptiveConcurrency, type LoadSignal } from './adaptive-concurrency.ts';
import { createPermitQueue } from './permit-queue.ts';
import { createRequestRate } from './rate.ts';

export interface LimiterState {
  /** Requests that may be in flight now. */
  readonly limit: number;
  readonly inFlight: number;
  readonly waiting: { readonly [Kind in RequestKind | 'urgent']: number };
  /** Milliseconds since the Unix epoch; 0 when nothing is paused. */
  readonly pausedUntil: number;
  /** How many pauses were asked for so far. */
  readonly pauses: number;
  /** Requests that the rate allows at this moment. */
  readonly tokens: number;
  /** Null until CXone has answered. */
  readonly averageLatencyMs: number | null;
}

export interface Limiter {
  /**
   * Resolves with one to `max` permits as soon as there is one, with none when the signal aborts or the limiter is closed.
   * Each has taken one request from the rate, and puts it back if it is cancelled.
   */
  permits(kind: RequestKind, max: number, signal: AbortSignal): Promise<Permit[]>;
  /**
   * One more request by someone who holds a permit already, or needs none: it goes before all others, and waits for rate
   * and pause alone. Resolves with 0 when it may be made; when that would take more than `maxWaitMs` because of a pause,
   * with the milliseconds that the pause still lasts.
   */
  take(maxWaitMs: number): Promise<number>;
  /**
   * Called right before a request leaves, which may be a moment later than it was let in. Resolves when it may leave; what
   * it gives goes to `observe` when the answer is there.
   */
  begin(): Promise<number>;
  observe(begun: number, latencyMs: number, verdict: LoadSignal): void;
  /** Nobody goes on for `ms`, an hour at most; a longer pause that holds already stays. */
  pause(ms: number): void;
  state(): LimiterState;
  /** Sends everyone who waits away. */
  close(): void;
}

export interface LimiterOptions {
  readonly maxConcurrent: number;
  readonly ratePerSecond: number;
  readonly world: World;
}

export function createLimiter({ maxConcurrent, ratePerSecond, world }: LimiterOptions): Limiter {
  const rate = createRequestRate(ratePerSecond, world);
  const concurrency = createAdaptiveConcurrency(maxConcurrent);
  const turns = createPermitQueue();
  let urgent: Urgent[] = [];
  let inFlight = 0;
  let pauses = 0;
  const closing = new AbortController();
  let alarm: Alarm | null = null;

  function permit(): Permit {
    let over = false;
    inFlight += 1;
    const giveBack = (used: boolean) => {
      if (over) return;
      over = true;
      inFlight -= 1;
      if (!used) rate.putBack();
      serve();
    };
    return { release: () => giveBack(true), cancel: () => giveBack(false) };
  }

  /** Gives what can be given to those who wait, and wakes up again when there will be more. */
  function serve(): void {
    serveUrgent();
    while (inFlight < concurrency.limit() && rate.pauseLeft() === 0 && turns.wanted() && rate.take()) {
      turns.give(permit());
    }
    while (turns.spareWanted() && isRoomToSpare() && rate.take()) turns.giveSpare(permit());
    turns.settle();
    arm();
  }

  /** Nobody else waits, and when one comes right after it, place and rate are there for it. */
  function isRoomToSpare(): boolean {
    return !turns.wanted() && rate.pauseLeft() === 0 && isPlaceToSpare() && rate.untilFull() === 0;
  }

  function isPlaceToSpare(): boolean {
    // promise: spare-requests-come-last
    return inFlight === 0 || inFlight + 1 < concurrency.limit();
  }

  function serveUrgent(): void {
    const pause = rate.pauseLeft();
    const waiting = urgent;
    urgent = [];
    for (const one of waiting) {
      if (pause > 0 && world.now() + pause > one.patientUntil) one.resolve(pause);
      else if (pause === 0 && rate.take()) one.resolve(0);
      else urgent.push(one);
    }
  }

  /** One alarm at most, and only while someone waits for time to pass: a release needs none. */
  function arm(): void {
    const wait = untilServed();
    const at = wait === null ? null : world.now() + wait;
    if (alarm?.at === at) return;
    alarm?.off.abort();
    alarm = null;
    if (wait === null || at === null) return;
    alarm = { at, off: new AbortController() };
    void ring(alarm, wait);
  }

  /** Null when nobody waits for time alone. */
  function untilServed(): number | null {
    if (urgent.length > 0 || (turns.size() > 0 && inFlight < concurrency.limit())) {
      return Math.max(rate.pauseLeft(), rate.untilNext());
    }
    const isSpare = turns.spares() > 0 && turns.size() === 0 && isPlaceToSpare();
    return isSpare ? Math.max(rate.pauseLeft(), rate.untilFull()) : null;
  }

  async function ring(mine: Alarm, wait: number): Promise<void> {
    await world.sleep(wait, mine.off.signal);
    if (alarm !== mine) return;
    alarm = null;
    serve();
  }

  return {
    permits: (kind, max, signal) => {
      if (closing.signal.aborted || signal.aborted || max < 1) return Promise.resolve([]);
      const granted = turns.join(kind, max, signal, serve);
      serve();
      return granted;
    },
    take: (maxWaitMs) => {
      if (closing.signal.aborted) return Promise.resolve(Math.max(1, rate.pauseLeft()));
      return new Promise((resolve) => {
        urgent.push({ patientUntil: world.now() + maxWaitMs, resolve });
        serve();
      });
    },
    begin: async () => {
      const wait = rate.depart();
      if (wait > 0) await world.sleep(wait, closing.signal);
      return concurrency.begin();
    },
    observe: (begun, latencyMs, verdict) => {
      concurrency.observe(begun, latencyMs, verdict);
      serve();
    },
    pause: (ms) => {
      if (ms > 0) pauses += 1;
      rate.pause(ms);
      serve();
    },
    state: () => ({
      limit: concurrency.limit(),
      inFlight,
      waiting: { ...turns.waiting(), urgent: urgent.length },
      pausedUntil: rate.pauseLeft() === 0 ? 0 : world.now() + rate.pauseLeft(),
      pauses,
      tokens: rate.tokens(),
      averageLatencyMs: concurrency.averageLatencyMs(),
    }),
    close: () => {
      closing.abort();
      for (const one of urgent.splice(0)) one.resolve(Math.max(1, rate.pauseLeft()));
      turns.clear();
      arm();
    },
  };
}

interface Alarm {
  readonly at: number;
  readonly off: AbortController;
}

interface Urgent {
  readonly patientUntil: number;
  readonly resolve: (pauseLeftMs: number) => void;
}
