// Runs jobs one at a time on a thread of their own. It is started for the first job, and again after a failure.

import { parentPort, type Worker } from 'node:worker_threads';
import { type Log, reasonOf } from './log.ts';
import { giveWay, startWorkerThread } from './worker-thread.ts';

/** The reply to a job, or why there is none. */
type JobResult<Reply> = { readonly reply: Reply } | { readonly problem: string };

export interface JobThreadOptions<Job, Reply> {
  readonly name: string;
  /** The module of the thread, `new URL('./name.ts', import.meta.url)`: it gets `workerData` and calls `serveJobs`. */
  readonly module: URL;
  readonly workerData: unknown;
  /** Does a job on the present thread, where no other thread can do it. */
  readonly run: (job: Job) => Reply;
  readonly log: Log;
  /** Largest heap of the thread. A job that needs much more at once may end the process, so that there is room for the largest. */
  readonly maxHeapMb: number;
}

export interface JobThread<Job, Reply> {
  /** @throws {JobBeyondMemory | ThreadEnded} */
  ask(job: Job): Promise<Reply>;
  /** Ends the thread. What it was asked for is rejected. */
  end(): void;
}

/** The memory of the thread does not suffice for the job. */
export class JobBeyondMemory extends Error {
  override readonly name = 'JobBeyondMemory';
}

/** The thread was ended before the job was done. */
export class ThreadEnded extends Error {
  override readonly name = 'ThreadEnded';

  constructor() {
    super('the receiver is closing');
  }
}

interface Asked<Job, Reply> {
  readonly job: Job;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** One function because the queue and the thread have one state. */
export function createJobThread<Job, Reply>(options: JobThreadOptions<Job, Reply>): JobThread<Job, Reply> {
  const { name, module, workerData, run, log, maxHeapMb } = options;
  const waiting: Asked<Job, Reply>[] = [];
  let running: Asked<Job, Reply> | null = null;
  let worker: Worker | null = null;
  let ended = false;

  function next(): void {
    running = waiting.shift() ?? null;
    if (running === null) return;
    worker ??= start();
    if (worker === null) settle(resultOf(run, running.job));
    else worker.postMessage(running.job);
  }

  function settle(result: JobResult<Reply>): void {
    const asked = running;
    if ('reply' in result) asked?.resolve(result.reply);
    else asked?.reject(new Error(result.problem));
    next();
  }

  /** Returns null where threads are not allowed: large bodies then delay callbacks, but none is lost. */
  function start(): Worker | null {
    try {
      const started = startWorkerThread(module, {
        name,
        workerData,
        resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
      });
      started.unref();
      started.on('message', settle);
      started.on('error', (error) => failed(started, error));
      return started;
    } catch (error) {
      log.warn({ thread: name, reason: reasonOf(error) }, 'no thread parses large bodies: they delay callbacks');
      return null;
    }
  }

  /** The job has ended the thread; the next one gets a new thread. */
  function failed(stopped: Worker, error: unknown): void {
    if (stopped !== worker) return;
    worker = null;
    const { code } = error as { code?: unknown };
    log.error({ thread: name, reason: reasonOf(error) }, 'the thread for large bodies failed');
    // promise: body-beyond-memory-ends-its-thread-alone
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
      running?.reject(new JobBeyondMemory());
      next();
    } else if (running !== null) settle(resultOf(run, running.job));
  }

  return {
    ask: (job) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new ThreadEnded());
        waiting.push({ job, resolve, reject });
        if (running === null) next();
      }),
    end: () => {
      ended = true;
      for (const { reject } of waiting.splice(0)) reject(new ThreadEnded());
      running?.reject(new ThreadEnded());
      running = null;
      void worker?.terminate();
      worker = null;
    },
  };
}

/** Does the jobs of a thread, in the module of the thread. */
export function serveJobs<Job>(run: (job: Job) => unknown): void {
  parentPort?.on('message', (job: Job) => parentPort?.postMessage(resultOf(run, job)));
  // After the modules are loaded, so that the first job does not wait long.
  if (parentPort !== null) giveWay();
}

/** Never throws: an error ends the thread. */
function resultOf<Job, Reply>(run: (job: Job) => Reply, job: Job): JobResult<Reply> {
  try {
    return { reply: run(job) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
