// The limiter of all requests to CXone: a rate, an adaptive concurrency limit, and a pause for all callers.

import type { World } from '../../lib/world.ts';
import type { CxoneControls, LimiterState, PauseCause, Permit, RequestKind, UpstreamPause } from '../port.ts';
import { createAdaptiveConcurrency, type LoadSignal } from './adaptive-concurrency.ts';
import { createPermitQueue } from './permit-queue.ts';
import { createRequestRate, type Departure } from './rate.ts';

export interface Limiter extends Pick<CxoneControls, 'takePause' | 'continueFrom' | 'sentLately'> {
  /**
   * Resolves with one to `max` permits as soon as one is available, with none when the signal aborts or the limiter closes.
   * Each permit takes one token from the rate, and returns it if it is cancelled.
   */
  permits(kind: RequestKind, max: number, signal: AbortSignal): Promise<Permit[]>;
  /**
   * Admits one request of a caller that has a permit or needs none. It precedes all others and waits only for rate and pause.
   * Resolves with 0 if it may be made; if a pause lasts longer than `maxWaitMs`, with the rest of the pause in milliseconds.
   */
  take(maxWaitMs: number): Promise<number>;
  /** Called right before a request is sent, possibly later than it was admitted. Resolves when it may be sent. */
  begin(): Promise<Begun>;
  observe(begun: Begun, latencyMs: number, verdict: LoadSignal): void;
  /** Pauses all requests for `ms`. A longer current pause stays. */
  pause(ms: number, cause: PauseCause): void;
  /** Ends the current pause and returns it; null when nothing is paused. */
  lift(): UpstreamPause | null;
  /** Calls the listener when a pause begins, becomes longer or is lifted. */
  watch(listener: () => void): void;
  state(): LimiterState;
  /** Ends all waiting without permits. */
  close(): void;
}

/** A request that may be sent. */
export interface Begun extends Pick<Departure, 'written'> {
  readonly number: number;
}

export interface LimiterOptions {
  readonly maxConcurrent: number;
  readonly ratePerSecond: number;
  readonly world: World;
}

// One function because the queue, the rate and the alarm change together: each change may admit a request.
export function createLimiter({ maxConcurrent, ratePerSecond, world }: LimiterOptions): Limiter {
  const rate = createRequestRate(ratePerSecond, world);
  const concurrency = createAdaptiveConcurrency(maxConcurrent);
  const turns = createPermitQueue();
  let urgent: Urgent[] = [];
  let inFlight = 0;
  let pauses = 0;
  let cause: PauseCause | null = null;
  let changed = () => {};
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

  /** Grants all available permits, and sets the alarm for the next ones. */
  function serve(): void {
    serveUrgent();
    while (inFlight < concurrency.limit() && rate.pauseLeft() === 0 && turns.wanted() && rate.take()) {
      turns.give(permit());
    }
    while (turns.spareWanted() && isRoomToSpare() && rate.take()) turns.giveSpare(permit());
    turns.settle();
    arm();
  }

  /** True if no other request waits, and a request that comes next still finds a free slot and token. */
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
    for (const waiter of waiting) {
      if (pause > 0 && world.elapsed() + pause > waiter.patientUntil) waiter.resolve(pause);
      else if (pause === 0 && rate.take()) waiter.resolve(0);
      else urgent.push(waiter);
    }
  }

  function currentPause(): UpstreamPause | null {
    const left = rate.pauseLeft();
    return left === 0 || cause === null ? null : { ...cause, until: world.now() + left };
  }

  /** At most one alarm, and only while a caller waits for time to pass: a release needs none. */
  function arm(): void {
    const wait = untilServed();
    const at = wait === null ? null : world.elapsed() + wait;
    if (alarm?.at === at) return;
    alarm?.off.abort();
    alarm = null;
    if (wait === null || at === null) return;
    alarm = { at, off: new AbortController() };
    void ring(alarm, wait);
  }

  /** Returns null unless a caller waits for time alone. */
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

  function pause(ms: number, by: PauseCause): void {
    const isLonger = ms > rate.pauseLeft();
    if (isLonger) cause = by;
    rate.pause(ms);
    serve();
    if (isLonger) changed();
  }

  const takePause = ({ until, ...by }: UpstreamPause) => pause(Math.max(0, until - world.now()), by);

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
        urgent.push({ patientUntil: world.elapsed() + maxWaitMs, resolve });
        serve();
      });
    },
    begin: async () => {
      const { waitMs, written } = rate.depart();
      for (let wait = waitMs(); wait > 0 && !closing.signal.aborted; wait = waitMs()) {
        await world.sleep(wait, closing.signal);
      }
      written();
      return { number: concurrency.begin(), written };
    },
    observe: (begun, latencyMs, verdict) => {
      concurrency.observe(begun.number, latencyMs, verdict);
      serve();
    },
    pause: (ms, by) => {
      if (ms > 0) pauses += 1;
      pause(ms, by);
    },
    takePause,
    lift: () => {
      const lifted = currentPause();
      rate.lift();
      serve();
      if (lifted !== null) changed();
      return lifted;
    },
    continueFrom: ({ pause: ofBefore, limit, inFlight: others, sent }) => {
      // promise: leader-inherits-pause
      rate.lift();
      // promise: leader-inherits-rate
      rate.continueAfter(sent);
      if (limit > 0) concurrency.continueWith(limit - others);
      if (ofBefore !== null) takePause(ofBefore);
      serve();
    },
    sentLately: rate.sentLately,
    watch: (listener) => {
      changed = listener;
    },
    state: () => ({
      limit: concurrency.limit(),
      inFlight,
      waiting: { ...turns.waiting(), urgent: urgent.length },
      pausedUntil: currentPause()?.until ?? 0,
      pause: currentPause(),
      pauses,
      tokens: rate.tokens(),
      averageLatencyMs: concurrency.averageLatencyMs(),
    }),
    close: () => {
      closing.abort();
      for (const waiter of urgent.splice(0)) waiter.resolve(Math.max(1, rate.pauseLeft()));
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
