// Parses and compares large documents of CXone outside the thread that answers callbacks.

import type { Worker } from 'node:worker_threads';
import { rememberCanonical } from '../../execution/canonical-json.ts';
import { LargeJson } from '../../execution/json.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import { startWorkerThread } from '../../lib/worker-thread.ts';
import { type LargeBodies, TooManyValues } from '../port.ts';
import { isLargeBody } from './is-large-body.ts';
import { type Job, type JobResult, type JobRules, jobResult, type Replies, unpackedCallback } from './jobs.ts';

/** Largest heap of the thread. A body of 10 MB with five million values fits. */
const MAX_HEAP_MB = 1024;

const CLOSING = 'the receiver is closing';

export interface LargeBodiesThread extends LargeBodies {
  /** Ends the thread. What it was asked for is rejected. */
  close(): void;
}

interface Asked {
  readonly job: Job;
  readonly resolve: (reply: Replies[Job['type']]) => void;
  readonly reject: (error: unknown) => void;
}

export interface LargeBodiesOptions extends JobRules {
  readonly log: Log;
  readonly maxHeapMb?: number;
}

export function createLargeBodies(options: LargeBodiesOptions): LargeBodiesThread {
  const thread = createJobThread(options);
  return {
    isLarge: isLargeBody,
    parseCallback: async (bytes, contentType) => {
      const job = { type: 'callback', bytes, contentType } as const;
      return unpackedCallback(await thread.ask(job), job);
    },
    prepareComparison: async (...documents) => {
      const texts = new Set(documents.flatMap((document) => (LargeJson.is(document) ? document.text : [])));
      const isSameText = texts.size === 1 && documents.every(LargeJson.is);
      if (isSameText) return;
      for (const text of texts) rememberCanonical(text, await thread.ask({ type: 'canonical', text }));
    },
    close: thread.close,
  };
}

/** One function because the queue and the thread have one state. */
function createJobThread({ profile, maxResultBytes, log, maxHeapMb = MAX_HEAP_MB }: LargeBodiesOptions) {
  const rules: JobRules = { profile, maxResultBytes };
  const waiting: Asked[] = [];
  let running: Asked | null = null;
  let worker: Worker | null = null;
  let closed = false;

  function next(): void {
    running = waiting.shift() ?? null;
    if (running === null) return;
    worker ??= start();
    if (worker === null) settle(jobResult(rules, running.job));
    else worker.postMessage(running.job);
  }

  function settle(result: JobResult | TooManyValues): void {
    const asked = running;
    if ('reply' in result) asked?.resolve(result.reply);
    else asked?.reject('problem' in result ? new Error(result.problem) : result);
    next();
  }

  /** Returns null where threads are not allowed: large bodies then delay callbacks, but none is lost. */
  function start(): Worker | null {
    try {
      const started = startWorkerThread(new URL('./thread.ts', import.meta.url), {
        name: 'large-bodies',
        workerData: rules,
        resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
      });
      started.unref();
      started.on('message', settle);
      started.on('error', (error) => failed(started, error));
      return started;
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'no thread parses large bodies: they delay callbacks');
      return null;
    }
  }

  /** The job has ended the thread; the next one gets a new thread. */
  function failed(ended: Worker, error: unknown): void {
    if (ended !== worker) return;
    worker = null;
    const { code } = error as { code?: unknown };
    log.error({ reason: reasonOf(error) }, 'the thread for large bodies failed');
    // promise: body-beyond-memory-ends-its-thread-alone
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') settle(new TooManyValues());
    else if (running !== null) settle(jobResult(rules, running.job));
  }

  return {
    ask: <J extends Job>(job: J): Promise<Replies[J['type']]> =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error(CLOSING));
        waiting.push({ job, resolve: resolve as Asked['resolve'], reject });
        if (running === null) next();
      }),
    close: () => {
      closed = true;
      for (const { reject } of waiting.splice(0)) reject(new Error(CLOSING));
      running?.reject(new Error(CLOSING));
      running = null;
      void worker?.terminate();
      worker = null;
    },
  };
}
