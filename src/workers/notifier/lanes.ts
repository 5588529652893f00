// Shares the connections to apps among them: each app its part, each of its endpoints a part of that, all served by turns.

import type { World } from '../../lib/world.ts';
import type { DueLane } from '../../store/outbox-port.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';

/** Deliveries under way to one endpoint, to all endpoints of one app, and to all apps. */
const PER_LANE = 4;
const PER_APP = 16;
const IN_ALL = 64;

/** When a lane is looked at again that should have had something to send and had not. */
const LOOK_AGAIN_MS = 1_000;

export interface Lane {
  readonly app: string;
  readonly origin: string;
  readonly breaker: CircuitBreaker;
}

/** One lane's turn: so many may be sent on it now, and count as under way until they are given back. */
export interface Turn {
  readonly lane: Lane;
  readonly room: number;
}

export interface Lanes {
  /** Whose turn it is, of these; an app with nothing under way always gets one, whatever the others hold. */
  turns(found: readonly DueLane[]): Turn[];
  release(lane: Lane, count: number): void;
  /** Milliseconds until one of these may have a turn; null when that depends on what is under way. */
  nextTurn(found: readonly DueLane[]): number | null;
  /** How many have something to send and an endpoint that is kept away from. */
  openCircuits(): number;
}

interface TrackedLane extends Lane {
  underWay: number;
  /** Lanes are served in the order in which they were served last. */
  servedAs: number;
}

export function createLanes(world: Pick<World, 'now'>): Lanes {
  const kept = new Map<string, TrackedLane>();
  const underWayOf = new Map<string, number>();
  let underWayInAll = 0;
  let served = 0;

  const keyOf = ({ app, origin }: Pick<DueLane, 'app' | 'origin'>) => `${app} ${origin}`;
  const isDue = ({ dueAt }: DueLane) => dueAt <= world.now();

  /** A lane that has nothing to send and nothing under way is forgotten, with what is known of its endpoint. */
  function keep(found: readonly DueLane[]): void {
    const keys = new Set(found.map(keyOf));
    for (const [key, { underWay }] of kept) if (underWay === 0 && !keys.has(key)) kept.delete(key);
    for (const lane of found) {
      const { app, origin } = lane;
      if (kept.has(keyOf(lane))) continue;
      kept.set(keyOf(lane), { app, origin, breaker: createCircuitBreaker(world), underWay: 0, servedAs: 0 });
    }
  }

  function keptOf(lane: DueLane): TrackedLane {
    return kept.get(keyOf(lane)) as TrackedLane;
  }

  function take(lane: TrackedLane, count: number): void {
    lane.underWay += count;
    underWayInAll += count;
    const ofApp = (underWayOf.get(lane.app) ?? 0) + count;
    if (ofApp > 0) underWayOf.set(lane.app, ofApp);
    else underWayOf.delete(lane.app);
  }

  /** How many more each may have now. Who has something under way, or to send and may, takes part. */
  function shares(waiting: readonly TrackedLane[]): (lane: TrackedLane) => number {
    const able = waiting.filter(({ breaker, underWay }) => breaker.room(underWay) > 0);
    const active = new Set([...able, ...[...kept.values()].filter(({ underWay }) => underWay > 0)]);
    const lanesOf = Map.groupBy(active, ({ app }) => app);
    const ofApp = Math.max(1, Math.min(PER_APP, Math.floor(IN_ALL / lanesOf.size)));
    return (lane) => {
      const beside = lanesOf.get(lane.app)?.length ?? 1;
      const ofLane = Math.max(1, Math.min(PER_LANE, Math.floor(ofApp / beside)));
      const underWay = underWayOf.get(lane.app) ?? 0;
      // What an app has under way never keeps another one waiting: a first one goes beyond the bound of all.
      // promise: apps-deliver-side-by-side
      const inAll = Math.max(IN_ALL - underWayInAll, underWay === 0 ? 1 : 0);
      return Math.min(ofLane - lane.underWay, ofApp - underWay, inAll, lane.breaker.room(lane.underWay));
    };
  }

  return {
    turns: (found) => {
      keep(found);
      const waiting = found.filter(isDue).map(keptOf);
      const roomOf = shares(waiting);
      return waiting
        .sort((one, other) => one.servedAs - other.servedAs)
        .flatMap((lane) => {
          const room = roomOf(lane);
          if (room <= 0) return [];
          served += 1;
          lane.servedAs = served;
          take(lane, room);
          return [{ lane, room }];
        });
    },
    openCircuits: () => [...kept.values()].filter(({ breaker }) => breaker.open() > 0).length,
    release: (lane, count) => {
      const found = kept.get(keyOf(lane));
      if (found !== undefined) take(found, -count);
    },
    nextTurn: (found) => {
      keep(found);
      const now = world.now();
      const roomOf = shares(found.filter(isDue).map(keptOf));
      const waits = found.map((lane) => {
        if (!isDue(lane)) return lane.dueAt - now;
        const state = keptOf(lane);
        const left = state.breaker.remainingMs();
        if (left > 0) return left;
        return roomOf(state) > 0 ? LOOK_AGAIN_MS : Number.POSITIVE_INFINITY;
      });
      const first = Math.min(...waits);
      return Number.isFinite(first) ? first : null;
    },
  };
}
