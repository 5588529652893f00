// Shares the connections to the apps' endpoints: each app gets its part, each endpoint a part of that, all in turn.

import type { World } from '../../lib/world.ts';
import type { DueLane, OpenCircuit } from '../../store/outbox-port.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';

/** Maximum deliveries under way to one endpoint, to all endpoints of one app, and in total. */
const MAX_PER_LANE = 4;
const MAX_PER_APP = 16;
const MAX_TOTAL = 64;

/** One of these many deliveries of a lane is of what became due last: a backlog, or a replay of many, does not hold up what is new. */
const NEWEST_EVERY = 4;

/** Delay before a lane that should have had something to send is checked again. */
const RECHECK_MS = 1_000;

export interface Lane {
  readonly app: string;
  readonly origin: string;
  readonly breaker: CircuitBreaker;
  /** Why the last delivery failed; null after another one. */
  failure: string | null;
  /** When the circuit opened, milliseconds; null while it is closed. */
  openSince: number | null;
}

/** Permission for `room` deliveries on one lane. They count as under way until they are released. */
export interface Turn {
  readonly lane: Lane;
  readonly room: number;
  /** How many of them are for what became due last. */
  readonly newest: number;
  /** True while the endpoint fails: the delivery finds out whether it is back. */
  readonly probe: boolean;
}

export type Lanes = ReturnType<typeof createLanes>;

type IsPaused = (lane: Pick<DueLane, 'app' | 'origin'>) => boolean;

const NONE_PAUSED: IsPaused = () => false;

interface TrackedLane extends Lane {
  underWay: number;
  /** The deliveries for which it had turns so far. */
  offered: number;
  /** Sequence number of the last turn: the lane that waited longest is served first. */
  servedAs: number;
}

// One function because the lanes, the counts of their apps and the total change together.
export function createLanes(world: Pick<World, 'now' | 'elapsed'>) {
  const tracked = new Map<string, TrackedLane>();
  const underWayOf = new Map<string, number>();
  let totalUnderWay = 0;
  let served = 0;

  const keyOf = ({ app, origin }: Pick<DueLane, 'app' | 'origin'>) => `${app} ${origin}`;
  const isDue = ({ dueAt }: DueLane) => dueAt <= world.now();

  /** Starts to track new lanes. Drops lanes with nothing to send and nothing under way, along with their circuit breakers. */
  function track(due: readonly DueLane[]): void {
    const keys = new Set(due.map(keyOf));
    for (const [key, { underWay }] of tracked) if (underWay === 0 && !keys.has(key)) tracked.delete(key);
    for (const lane of due) if (!tracked.has(keyOf(lane))) tracked.set(keyOf(lane), newLane(lane));
  }

  function newLane({ app, origin }: Pick<DueLane, 'app' | 'origin'>): TrackedLane {
    const breaker = createCircuitBreaker(world);
    return { app, origin, breaker, failure: null, openSince: null, underWay: 0, offered: 0, servedAs: 0 };
  }

  const trackedLane = (lane: DueLane) => tracked.get(keyOf(lane)) as TrackedLane;

  function take(lane: TrackedLane, count: number): void {
    lane.underWay += count;
    totalUnderWay += count;
    const ofApp = (underWayOf.get(lane.app) ?? 0) + count;
    if (ofApp > 0) underWayOf.set(lane.app, ofApp);
    else underWayOf.delete(lane.app);
  }

  function newestOf(lane: TrackedLane, room: number): number {
    const before = Math.floor(lane.offered / NEWEST_EVERY);
    lane.offered += room;
    return Math.floor(lane.offered / NEWEST_EVERY) - before;
  }

  /** Returns how many more deliveries each lane may start. Lanes with deliveries under way count when shares are divided. */
  function shares(waiting: readonly TrackedLane[]): (lane: TrackedLane) => number {
    const able = waiting.filter(({ breaker, underWay }) => breaker.room(underWay) > 0);
    const active = new Set([...able, ...[...tracked.values()].filter(({ underWay }) => underWay > 0)]);
    const lanesOf = Map.groupBy(active, ({ app }) => app);
    const ofApp = Math.max(1, Math.min(MAX_PER_APP, Math.floor(MAX_TOTAL / lanesOf.size)));
    return (lane) => {
      const siblings = lanesOf.get(lane.app)?.length ?? 1;
      const ofLane = Math.max(1, Math.min(MAX_PER_LANE, Math.floor(ofApp / siblings)));
      const underWay = underWayOf.get(lane.app) ?? 0;
      // The first delivery of an app may exceed the total, so that no app waits for the deliveries of another.
      // promise: apps-deliver-side-by-side
      const ofTotal = Math.max(MAX_TOTAL - totalUnderWay, underWay === 0 ? 1 : 0);
      return Math.min(ofLane - lane.underWay, ofApp - underWay, ofTotal, lane.breaker.room(lane.underWay));
    };
  }

  return {
    /**
     * Returns the next turns. An app with nothing under way always gets one, whatever the other apps hold. Paused lanes get none,
     * and keep their circuit breakers.
     */
    turns: (due: readonly DueLane[], isPaused: IsPaused = NONE_PAUSED): Turn[] => {
      track(due);
      const waiting = due.filter((lane) => isDue(lane) && !isPaused(lane)).map(trackedLane);
      const roomOf = shares(waiting);
      return waiting
        .sort((a, b) => a.servedAs - b.servedAs)
        .flatMap((lane) => {
          const room = roomOf(lane);
          if (room <= 0) return [];
          served += 1;
          lane.servedAs = served;
          take(lane, room);
          const probe = lane.breaker.open() > 0;
          return [{ lane, room, newest: probe ? 0 : newestOf(lane, room), probe }];
        });
    },
    /** Lets the next delivery of a lane start now, although its endpoint fails. */
    probeNow: (lane: Pick<DueLane, 'app' | 'origin'>): void => tracked.get(keyOf(lane))?.breaker.endPause(),
    /** The lanes that have something to send and an open circuit breaker. */
    openCircuits: (): OpenCircuit[] =>
      [...tracked.values()].flatMap(({ app, origin, failure, openSince, breaker }) => {
        const [failures, probeInMs] = [breaker.open(), breaker.remainingMs()];
        if (failures === 0) return [];
        return [{ app, origin, failure, failures, since: openSince ?? world.now(), probeInMs }];
      }),
    /** Continues as the receiver that notified before: with its open circuits alone. */
    continueFrom: (circuits: readonly OpenCircuit[]): void => {
      // promise: leader-inherits-circuits
      for (const [key, { underWay }] of tracked) if (underWay === 0) tracked.delete(key);
      for (const { failure, failures, since, probeInMs, ...endpoint } of circuits) {
        const lane = tracked.get(keyOf(endpoint)) ?? newLane(endpoint);
        lane.breaker.continueFrom(failures, probeInMs);
        tracked.set(keyOf(endpoint), Object.assign(lane, { failure, openSince: since }));
      }
    },
    release: (lane: Lane, count: number): void => {
      const found = tracked.get(keyOf(lane));
      if (found !== undefined) take(found, -count);
    },
    /** Milliseconds until one of these lanes may have a turn; null when that depends on a delivery under way. */
    nextTurn: (all: readonly DueLane[], isPaused: IsPaused = NONE_PAUSED): number | null => {
      track(all);
      const due = all.filter((lane) => !isPaused(lane));
      const now = world.now();
      const roomOf = shares(due.filter(isDue).map(trackedLane));
      const waits = due.map((dueLane) => {
        if (!isDue(dueLane)) return dueLane.dueAt - now;
        const lane = trackedLane(dueLane);
        const pauseMs = lane.breaker.remainingMs();
        if (pauseMs > 0) return pauseMs;
        return roomOf(lane) > 0 ? RECHECK_MS : Number.POSITIVE_INFINITY;
      });
      const first = Math.min(...waits);
      return Number.isFinite(first) ? first : null;
    },
  };
}
