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

const MIB = 2 ** 20;

test.each([
  ['keeps its own limit', { maxYoungGenerationSizeMb: 6 }, 16 * MIB],
  ['has that of the main thread without one', undefined, 48 * MIB],
])('the young generation of a thread %s, beside the flag of npm start', async (_, resourceLimits, most) => {
  setFlagsFromString('--max-semi-space-size=16');
  const module = new URL('./churning-thread.ts', import.meta.url);
  const worker = startWorkerThread(module, resourceLimits === undefined ? {} : { resourceLimits });
  const exited = once(worker, 'exit');
  const [bytes] = await once(worker, 'message');
  await exited;
  expect(bytes).toBeLessThanOrEqual(most);
});

test('in the built package the same module is JavaScript', () => {
  const module = new URL('file:///app/dist/store/thread.ts');
  expect(moduleBeside(module, 'file:///app/dist/lib/worker-thread.js').href).toBe('file:///app/dist/store/thread.js');
  expect(moduleBeside(module, 'file:///app/src/lib/worker-thread.ts')).toBe(module);
});
