// Runs the passes on a thread of their own.

import { reasonOf } from '../../../../lib/log.ts';
import { startWorkerThread } from '../../../../lib/worker-thread.ts';
import type { Passes, PassReport } from './passes.ts';
import type { ThreadRequest, ThreadResponse } from './thread.ts';

/** The thread holds one connection and no rows. */
const HEAP_LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 };

/** @param file the real path of the open database */
export function startPassesOnThread(file: string): Passes {
  const module = new URL('./thread.ts', import.meta.url);
  const worker = startWorkerThread(module, { name: 'checkpoints', workerData: file, resourceLimits: HEAP_LIMITS });
  let waiting: PromiseWithResolvers<PassReport> | null = null;
  let end: string | null = null;

  worker.on('message', (response: ThreadResponse) => {
    const pass = waiting;
    waiting = null;
    if ('frames' in response) pass?.resolve(response);
    else pass?.reject(Object.assign(new Error(response.reason), { code: response.code }));
  });
  worker.once('error', (error) => {
    end = reasonOf(error);
  });
  const ended = new Promise<string>((resolve) => {
    worker.once('exit', (code) => {
      end ??= `the checkpoint thread has ended with ${code}`;
      waiting?.reject(new Error(end));
      resolve(end);
    });
  });
  const request = (what: ThreadRequest) => worker.postMessage(what);

  return {
    run: () => {
      if (end !== null) return Promise.reject(new Error(end));
      waiting = Promise.withResolvers<PassReport>();
      request('pass');
      return waiting.promise;
    },
    ended,
    close: async () => {
      request('close');
      await ended;
    },
  };
}
