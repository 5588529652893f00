// Runs long reads on a thread, so that callbacks never wait for them. The thread starts with the first read, and again after it died.

import type { Worker } from 'node:worker_threads';
import { type Log, reasonOf } from '../../../lib/log.ts';
import { startWorkerThread } from '../../../lib/worker-thread.ts';
import { StoreUnavailable } from '../../port.ts';
import { LONG_READS, type LongReads } from './long-reads.ts';
import { errorOf, type ReaderData, type ReaderReply, type ReaderRequest } from './reader-messages.ts';

/** Heap of the thread in MiB. A page of rows is bounded; one row that exceeds the heap ends the thread instead of the process. */
const HEAP_MIB = 512;
const YOUNG_HEAP_MIB = 16;

/** Attempts of one read, each on another thread. A read that ends its thread fails, and does not end every next one. */
const MAX_ATTEMPTS = 2;

export interface ReaderThreadOptions {
  /** The real path of the database, which this process has open. */
  readonly file: string;
  /** Returns why the file must not be opened again; null while it is in place. */
  readonly lost: () => string | null;
  readonly log: Log;
  /** Starts the thread; default: {@link startReaderWorker}. */
  readonly start?: typeof startReaderWorker;
}

/** The thread ended before it answered. */
class ThreadEnded extends Error {
  override readonly name = 'ThreadEnded';
}

export function createReaderThread(options: ReaderThreadOptions) {
  let current: RunningThread | null = null;
  let closed = false;

  function running(): RunningThread {
    if (closed) throw new StoreUnavailable('the store is closed');
    if (current !== null) return current;
    const lost = options.lost();
    if (lost !== null) throw new StoreUnavailable(lost);
    const started = startThread(options, (reason) => {
      if (current !== started) return;
      current = null;
      if (!closed) options.log.warn({ reason }, 'the reader thread ended; the next long read starts it again');
    });
    current = started;
    return started;
  }

  async function ask(name: keyof LongReads, input: unknown, signal: AbortSignal): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await running().ask(name, input, signal);
      } catch (error) {
        if (!(error instanceof ThreadEnded)) throw error;
        // promise: read-survives-its-thread
        if (attempt >= MAX_ATTEMPTS || closed) throw new StoreUnavailable(`the reader thread ended: ${error.message}`);
      }
    }
  }

  const reads = LONG_READS.map((name) => [name, (input: unknown, signal: AbortSignal) => ask(name, input, signal)]);
  return {
    reads: Object.fromEntries(reads) as LongReads,
    /** Runs the work while no read has a transaction, which would keep the WAL from being emptied. */
    paused: <T>(work: () => Promise<T>): Promise<T> => (current === null ? work() : current.paused(work)),
    /** Ends the reads after their slices, then the thread. Reads that follow are rejected. */
    close: async (): Promise<void> => {
      closed = true;
      await current?.close();
    },
  };
}

/** A thread that answers long reads of a file. */
export function startReaderWorker(data: ReaderData): Worker {
  return startWorkerThread(new URL('./reader-worker.ts', import.meta.url), {
    name: 'reader',
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: YOUNG_HEAP_MIB },
  });
}

interface RunningThread {
  paused<T>(work: () => Promise<T>): Promise<T>;
  ask(name: keyof LongReads, input: unknown, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

function startThread(options: ReaderThreadOptions, ended: (reason: string) => void): RunningThread {
  const { file, lost, start = startReaderWorker } = options;
  const worker = start({ file });
  const post = (request: ReaderRequest) => worker.postMessage(request);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const pausing: (() => void)[] = [];
  // events.once would reject when the thread fails before its exit.
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  let lastId = 0;
  let reason = 'it was ended';

  worker.on('message', (reply: ReaderReply) => {
    if (reply.type === 'ready') {
      // Another file may have taken the place of the open one just before the thread opened it.
      const gone = lost();
      if (gone === null) return;
      reason = gone;
      void worker.terminate();
    } else if (reply.type === 'paused') pausing.shift()?.();
    else {
      const { resolve, reject } = waiting.get(reply.id) ?? {};
      waiting.delete(reply.id);
      if (reply.type === 'value') resolve?.(reply.value);
      else reject?.(errorOf(reply.error));
    }
  });
  worker.on('error', (error) => {
    reason = reasonOf(error);
  });
  worker.on('exit', () => {
    ended(reason);
    for (const { reject } of waiting.values()) reject(new ThreadEnded(reason));
    waiting.clear();
    for (const isPaused of pausing.splice(0)) isPaused();
  });

  return {
    ask: (name, input, signal) => {
      lastId += 1;
      const id = lastId;
      const asked = Promise.withResolvers<unknown>();
      waiting.set(id, asked);
      const cancel = () => post({ type: 'cancel', id });
      signal.addEventListener('abort', cancel, { once: true });
      post({ type: 'read', id, name, input });
      if (signal.aborted) cancel();
      return asked.promise.finally(() => signal.removeEventListener('abort', cancel));
    },
    paused: async (work) => {
      const resumed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
      await new Promise<void>((resolve) => {
        pausing.push(resolve);
        post({ type: 'pause', resumed });
      });
      try {
        return await work();
      } finally {
        Atomics.store(resumed, 0, 1);
        Atomics.notify(resumed, 0);
      }
    },
    close: async () => {
      post({ type: 'close' });
      await exited;
    },
  };
}
