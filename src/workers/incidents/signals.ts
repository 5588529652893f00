// Reads the state of the receiver's parts, from which incidents are detected.

import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ConnectionProblem, TokenProblem, UpstreamPause } from '../../cxone/port.ts';
import type { MissedCallbacks, Samples, Signals } from '../../incident/signals.ts';
import type { Loop } from '../../lib/loop.ts';
import type { World } from '../../lib/world.ts';
import type { Incidents } from '../../store/incidents-port.ts';
import type { OpenCircuit } from '../../store/outbox-port.ts';
import type { DueWork, QueueMonitor } from '../../store/port.ts';

/** What costs a query or a system call is read this often, in milliseconds. */
const SLOWLY_MS = 5_000;

export interface SignalSources {
  readonly store: Pick<QueueMonitor, 'queueState'> &
    Pick<DueWork, 'lastClockStep'> &
    Pick<Incidents, 'waitingByEndpoint'> & { readonly databasePath: string; readonly newestTime: number | null };
  readonly world: Pick<World, 'now' | 'elapsed'>;
  readonly cxone: {
    tokenProblem(): TokenProblem | null;
    connectionProblems(): readonly ConnectionProblem[];
    limiterState(): { readonly pause: UpstreamPause | null };
  };
  readonly samples: () => Samples;
  readonly openCircuits: () => readonly OpenCircuit[];
  readonly loops: () => ReadonlyMap<string, Pick<Loop, 'alive'>>;
  readonly queueCapacity: number;
  /** Returns the alerts of the last hour; null while the days before are incomplete. */
  readonly missedCallbacks: () => Promise<readonly MissedCallbacks[] | null>;
}

type Slow = Pick<Signals, 'missedCallbacks' | 'diskFreeBytes' | 'walBytes' | 'clockStep'>;

export function createSignalReader(sources: SignalSources): (isFirst: boolean) => Promise<Signals> {
  const { store, world, cxone } = sources;
  const circuitsSince = new Map<string, number>();
  const startedAt = world.now();
  let slow: Slow | null = null;
  let readAt = Number.NEGATIVE_INFINITY;

  async function readSlowly(): Promise<Slow> {
    return {
      missedCallbacks: await sources.missedCallbacks(),
      ...diskState(store.databasePath),
      clockStep: await store.lastClockStep(),
    };
  }

  /** A circuit breaker does not say when it opened. */
  function circuits() {
    const open = sources.openCircuits();
    const keys = new Set(open.map(({ app, origin }) => `${app} ${origin}`));
    for (const key of circuitsSince.keys()) if (!keys.has(key)) circuitsSince.delete(key);
    return open.map((circuit) => {
      const key = `${circuit.app} ${circuit.origin}`;
      const since = circuitsSince.get(key) ?? world.now();
      circuitsSince.set(key, since);
      return { ...circuit, since };
    });
  }

  return async (isFirst) => {
    if (slow === null || world.elapsed() - readAt >= SLOWLY_MS) {
      slow = await readSlowly();
      readAt = world.elapsed();
    }
    const { counts, oldestQueuedAt } = await store.queueState();
    const open = circuits();
    const { newestTime } = store;
    return {
      now: world.now(),
      samples: sources.samples(),
      tokenProblem: cxone.tokenProblem(),
      connectionProblems: cxone.connectionProblems(),
      pause: cxone.limiterState().pause,
      queue: { queued: counts.QUEUED, capacity: sources.queueCapacity, oldestQueuedAt },
      circuits: open,
      waiting: open.length === 0 ? new Map() : await store.waitingByEndpoint(),
      stuckLoops: [...sources.loops()].filter(([, loop]) => !loop.alive()).map(([name]) => name),
      absence: isFirst && newestTime !== null ? { from: newestTime, to: startedAt } : null,
      ...slow,
    };
  };
}

function diskState(path: string): Pick<Signals, 'diskFreeBytes' | 'walBytes'> {
  const walBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (!existsSync(dirname(path))) return { diskFreeBytes: null, walBytes };
  const { bavail, bsize } = statfsSync(dirname(path));
  return { diskFreeBytes: bavail * bsize, walBytes };
}
