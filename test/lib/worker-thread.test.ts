import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { expect, test } from 'vitest';
import { moduleBeside, startWorkerThread } from '../../src/lib/worker-thread.ts';

test('a module of the sources runs on a thread, with its data and without environment variables', async () => {
  const worker = startWorkerThread(new URL('./answering-thread.ts', import.meta.url), { workerData: 'given' });
  const exited = once(worker, 'exit');
  expect(await once(worker, 'message')).toEqual([{ given: 'given', variables: [] }]);
  expect(await exited).toEqual([0]);
});

test('the young generation of a thread keeps its own limit beside the flag of npm start', async () => {
  setFlagsFromString('--max-semi-space-size=16');
  const worker = startWorkerThread(new URL('./churning-thread.ts', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: 6 },
  });
  const [most] = await once(worker, 'message');
  await once(worker, 'exit');
  expect(most).toBeLessThan(16 * 2 ** 20);
});

test('in the built package the same module is JavaScript', () => {
  const module = new URL('file:///app/dist/store/thread.ts');
  expect(moduleBeside(module, 'file:///app/dist/lib/worker-thread.js').href).toBe('file:///app/dist/store/thread.js');
  expect(moduleBeside(module, 'file:///app/src/lib/worker-thread.ts')).toBe(module);
});
