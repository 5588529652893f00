// Sends requests in one of three ways and counts the responses.

import type { Answer } from './answers.ts';
import type { LoadOrder, LoadOutcome, Mode } from './client.ts';
import { type Connection, openConnection } from './connection.ts';

/** Maximum wait for a response after the last request, in milliseconds. */
const PATIENCE_MS = 30_000;

/** @throws Error when a connection breaks, or a response is unreadable or late. */
export async function sendAll(
  { port, mode, seconds }: Pick<LoadOrder, 'port' | 'mode' | 'seconds'>,
  requests: readonly Buffer[],
): Promise<LoadOutcome> {
  const over = Promise.withResolvers<void>();
  const slice = createSlice(requests, seconds, over);
  const nextPort = inTurn([port].flat());
  const late = setTimeout(
    () => over.reject(new Error(`${slice.waiting()} requests got no answer in ${PATIENCE_MS / 1000} s`)),
    seconds * 1000 + PATIENCE_MS,
  );
  const connections = new Set<Connection>();
  try {
    const step = await begin(mode, { nextPort, slice, connections, failed: over.reject });
    slice.start();
    spin(slice, step);
    await over.promise;
    return slice.outcome();
  } finally {
    slice.stop();
    clearTimeout(late);
    for (const connection of connections) connection.close();
  }
}

interface Means {
  readonly nextPort: () => number;
  readonly slice: Slice;
  /** Connections to close at the end. */
  readonly connections: Set<Connection>;
  readonly failed: (error: Error) => void;
}

function inTurn<T>(all: readonly T[]): () => T {
  let taken = 0;
  return () => {
    taken += 1;
    return all[(taken - 1) % all.length] as T;
  };
}

/** Called repeatedly during the slice. */
type Step = () => void;

function begin(mode: Mode, means: Means): Promise<Step> {
  switch (mode.kind) {
    case 'kept':
      return kept(mode.connections, means);
    case 'fresh':
      return Promise.resolve(fresh(mode.inFlight, means));
    case 'open':
      return open(mode.perSecond, mode.connections, means);
    default:
      return mode satisfies never;
  }
}

/** Never sleeps: a sleeping client makes the server's writes more expensive, because each write must wake it. */
function spin(slice: Slice, step: Step): void {
  if (!slice.going()) return;
  step();
  setImmediate(spin, slice, step);
}

async function kept(count: number, means: Means): Promise<Step> {
  const { slice } = means;
  const idle = await connectAll(count, means);
  const next = (connection: Connection) => {
    const request = slice.take();
    if (request === null) return;
    const sentAt = performance.now();
    connection.send(request, (answer) => {
      slice.answered(answer, sentAt);
      if (answer.last) means.failed(new Error('the server closes a connection that is to be kept'));
      else next(connection);
    });
  };
  return () => {
    for (const connection of idle.splice(0)) next(connection);
  };
}

function fresh(count: number, means: Means): Step {
  const { slice, nextPort, connections } = means;
  const next = () => {
    const request = slice.take();
    if (request === null) return;
    const sentAt = performance.now();
    const connection = openConnection(
      nextPort(),
      () =>
        connection.send(request, (answer) => {
          slice.answered(answer, sentAt);
          connections.delete(connection);
          connection.close();
          next();
        }),
      means.failed,
    );
    connections.add(connection);
  };
  let slots = count;
  return () => {
    for (; slots > 0; slots -= 1) next();
  };
}

async function open(perSecond: number, count: number, means: Means): Promise<Step> {
  const { slice } = means;
  const idle = await connectAll(count, means);
  const dueAt = (index: number) => slice.startedAt() + (index * 1000) / perSecond;
  let sent = 0;
  return () => {
    while (idle.length > 0 && performance.now() >= dueAt(sent)) {
      // A request without a free connection is sent late; its latency counts from its intended time.
      const intended = dueAt(sent);
      const request = slice.take(intended);
      const connection = request === null ? undefined : idle.pop();
      if (request === null || connection === undefined) return;
      sent += 1;
      connection.send(request, (answer) => {
        slice.answered(answer, intended);
        idle.push(connection);
      });
    }
  };
}

async function connectAll(count: number, { nextPort, connections, failed }: Means): Promise<Connection[]> {
  const ready = Array.from({ length: count }, () => Promise.withResolvers<void>());
  const all = ready.map(({ resolve, reject }) =>
    openConnection(nextPort(), resolve, (error) => {
      reject(error);
      failed(error);
    }),
  );
  for (const connection of all) connections.add(connection);
  await Promise.all(ready.map(({ promise }) => promise));
  return all;
}

interface Slice {
  start(): void;
  startedAt(): number;
  going(): boolean;
  stop(): void;
  /** The next request, or null when sending has ended; `at`: its intended time. */
  take(at?: number): Buffer | null;
  answered(answer: Answer, since: number): void;
  waiting(): number;
  outcome(): LoadOutcome;
}

function createSlice(requests: readonly Buffer[], seconds: number, over: PromiseWithResolvers<void>): Slice {
  const latencies = new Float64Array(requests.length);
  const others: Record<string, number> = {};
  let going = false;
  let startedAt = 0;
  let lastAt = 0;
  let sent = 0;
  let answered = 0;
  let non2xx = 0;
  let full = false;

  const finish = () => {
    if (full && answered === sent) over.resolve();
  };

  return {
    start: () => {
      startedAt = performance.now();
      going = true;
    },
    startedAt: () => startedAt,
    going: () => going,
    stop: () => {
      going = false;
    },
    take: (at = performance.now()) => {
      const request = at < startedAt + seconds * 1000 ? requests[sent] : undefined;
      if (request === undefined) {
        full = true;
        finish();
        return null;
      }
      sent += 1;
      return request;
    },
    answered: ({ status }, since) => {
      lastAt = performance.now();
      latencies[answered] = lastAt - since;
      answered += 1;
      // promise: bench-counts-only-2xx
      if (status < 200 || status > 299) {
        non2xx += 1;
        others[status] = (others[status] ?? 0) + 1;
      }
      // In a closed loop the connection requests the next one immediately; that ends the slice if none is left.
      finish();
    },
    waiting: () => sent - answered,
    outcome: () => ({
      requests: answered,
      non2xx,
      others,
      seconds: (lastAt - startedAt) / 1000,
      latencies: latencies.slice(0, answered),
    }),
  };
}
