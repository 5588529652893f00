// A thread that gives way has a lower priority than the thread that started it.

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';

/** Nice value: the 19th field of stat (proc(5)), counted behind the name, which may contain spaces. */
const nicenessIn = (stat: string) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);

const SOURCE = `
  import { readFileSync } from 'node:fs';
  import { parentPort } from 'node:worker_threads';
  import { giveWay } from '${new URL('../../src/lib/worker-thread.ts', import.meta.url)}';
  giveWay();
  parentPort.postMessage(readFileSync('/proc/thread-self/stat', 'utf8'));
`;

test.runIf(existsSync('/proc/thread-self'))('the thread alone gets a lower priority', async () => {
  const before = nicenessIn(readFileSync('/proc/thread-self/stat', 'utf8'));
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(SOURCE)}`));
  onTestFinished(() => void worker.terminate());
  const [stat] = (await once(worker, 'message')) as [string];
  expect(nicenessIn(stat)).toBe(Math.min(19, before + 5));
  expect(nicenessIn(readFileSync('/proc/thread-self/stat', 'utf8'))).toBe(before);
});
