// Reads the state of the receiver's parts, from which incidents are detected.

import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ConnectionProblem, TokenProblem, UpstreamPause } from '../../cxone/port.ts';
import { QUEUE_WAITS_MS, STILL_NEARLY_FULL } from '../../incident/detect-outcomes.ts';
import { MAX_COUNTED } from '../../incident/incident.ts';
import type {
  CircuitState,
  HeldUp,
  MissedCallbacks,
  QueueSignal,
  Samples,
  Signals,
  WebhookProblem,
} from '../../incident/signals.ts';
import type { Loop } from '../../lib/loop.ts';
import type { World } from '../../lib/world.ts';
import type { OpenCircuit, Outbox } from '../../store/outbox-port.ts';
import type { DueWork, ExecutionReader } from '../../store/port.ts';
import type { QueueMonitor } from '../../store/queue-port.ts';
import type { DatabaseFile, ReceiverStore } from '../../store/receiver-store.ts';

/** The disk, the clock and the waiting notifications are read this often, in milliseconds. */
const SLOWLY_MS = 5_000;
/** Callbacks are compared with the days before this often. */
const COMPARE_EVERY_MS = 15_000;
/** A read that takes long is repeated after this multiple of its time, so that all reads take less than one percent. */
const REST = 300;
/** What was read is used no longer than this, also after one read that was slow because the database restarted. */
const MAX_REST_MS = 60_000;

/** Notifications that are counted for one check, of all open circuits, and for one of them. */
const MAX_COUNTED_WAITING = 20_000;
const MIN_COUNTED_WAITING = 100;

/** Queued executions that one check reads; the next check continues behind them. */
const HELD_UP_PAGE = { limit: 250, scanMs: 20 };

export interface SignalSources {
  readonly store: Pick<QueueMonitor, 'queueState'> &
    Pick<DueWork, 'lastClockStep'> &
    Pick<Outbox, 'waitingIn'> &
    Pick<ExecutionReader, 'list'> &
    Pick<ReceiverStore, 'newestTime'> & { readonly file: Pick<DatabaseFile, 'databasePath'> | null };
  readonly world: Pick<World, 'now' | 'elapsed'>;
  readonly cxone: {
    tokenProblem(): TokenProblem | null;
    connectionProblems(): readonly ConnectionProblem[];
    limiterState(): { readonly pause: UpstreamPause | null };
  };
  readonly samples: () => Samples;
  readonly openCircuits: () => readonly OpenCircuit[];
  readonly webhookProblem: () => WebhookProblem | null;
  readonly loops: () => ReadonlyMap<string, Pick<Loop, 'alive'>>;
  readonly queueCapacity: number;
  /** Returns the alerts of the last hour; null while the days before are incomplete. */
  readonly missedCallbacks: () => Promise<readonly MissedCallbacks[] | null>;
}

export function createSignalReader(sources: SignalSources): (isFirst: boolean) => Promise<Signals> {
  const { store, world, cxone } = sources;
  const startedAt = world.now();
  const queue = paced(world, 0, async () => {
    // As of the read: when the value is used, the execution may have been sent.
    const now = world.now();
    const { counts, oldestQueuedAt } = await store.queueState();
    const waitedMs = oldestQueuedAt === null ? 0 : now - oldestQueuedAt;
    return { queued: counts.QUEUED, capacity: sources.queueCapacity, oldestQueuedAt, waitedMs };
  });
  const disk = paced(world, SLOWLY_MS, async () => diskState(store.file?.databasePath ?? null));
  const clockStep = paced(world, SLOWLY_MS, () => store.lastClockStep());
  const heldUp = createHeldUpReader(store.list);
  const missedCallbacks = paced(world, COMPARE_EVERY_MS, sources.missedCallbacks);
  const circuits = paced(world, SLOWLY_MS, async () => {
    const open = sources.openCircuits();
    const limit = Math.max(MIN_COUNTED_WAITING, Math.floor(MAX_COUNTED_WAITING / Math.max(1, open.length)));
    const counted: CircuitState[] = [];
    for (const circuit of open) counted.push({ ...circuit, waiting: await store.waitingIn(circuit, limit) });
    return counted;
  });

  return async (isFirst) => {
    const queueNow = await queue();
    const { newestTime } = store;
    const samples = sources.samples();
    const tokenProblem = cxone.tokenProblem();
    const connectionProblems = cxone.connectionProblems();
    const { pause } = cxone.limiterState();
    const cannotSend = tokenProblem !== null || connectionProblems.length > 0 || (pause?.until ?? 0) > world.now();
    return {
      now: world.now(),
      samples,
      tokenProblem,
      connectionProblems,
      heldUp: await heldUp(cannotSend || isFilling(queueNow)),
      pause,
      queue: queueNow,
      circuits: await circuits(),
      webhookProblem: sources.webhookProblem(),
      stuckLoops: [...sources.loops()].filter(([, loop]) => !loop.alive()).map(([name]) => name),
      absence: isFirst && newestTime !== null ? { from: newestTime, to: startedAt } : null,
      clockStep: await clockStep(),
      ...(await disk()),
      // Without a missing callback there is nothing to compare.
      missedCallbacks: samples.ends.some(({ missed }) => missed) ? await missedCallbacks() : [],
    };
  };
}

/** Whether an incident of the queue may begin or last. */
function isFilling({ queued, capacity, waitedMs }: QueueSignal): boolean {
  return waitedMs >= QUEUE_WAITS_MS || queued >= capacity * STILL_NEARLY_FULL;
}

/** Returns a function that lists what waits in the queue while it is held up, a page more with each call. */
function createHeldUpReader(list: ExecutionReader['list']): (isHeldUp: boolean) => Promise<readonly HeldUp[]> {
  let found: HeldUp[] = [];
  let before: string | undefined;
  return async (isHeldUp) => {
    if (!isHeldUp) {
      found = [];
      before = undefined;
    } else if (found.length < MAX_COUNTED) {
      const place = before === undefined ? {} : { before };
      const page = await list({ app: null, status: 'QUEUED', oldestFirst: true, ...HELD_UP_PAGE, ...place });
      found.push(...page.items.map(({ reference, actionId, app }) => ({ reference, actionId, app })));
      before = page.next ?? page.items.at(-1)?.reference ?? before;
    }
    return found;
  };
}

/** Returns a function that reads at most this often, and less often if a read takes long; between, it returns what was read. */
function paced<T>(world: Pick<World, 'elapsed'>, everyMs: number, read: () => Promise<T>): () => Promise<T> {
  let kept: { readonly value: T; readonly until: number } | null = null;
  return async () => {
    const begun = world.elapsed();
    if (kept !== null && begun < kept.until) return kept.value;
    const value = await read();
    kept = { value, until: begun + Math.max(everyMs, Math.min(REST * (world.elapsed() - begun), MAX_REST_MS)) };
    return value;
  };
}

function diskState(path: string | null): Pick<Signals, 'diskFreeBytes' | 'walBytes'> {
  if (path === null) return { diskFreeBytes: null, walBytes: null };
  const walBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (!existsSync(dirname(path))) return { diskFreeBytes: null, walBytes };
  const { bavail, bsize } = statfsSync(dirname(path));
  return { diskFreeBytes: bavail * bsize, walBytes };
}
