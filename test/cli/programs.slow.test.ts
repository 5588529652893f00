// Commands as programs: what a shell sees of them, and how a signal ends them.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run, runCommand } from '../support/process.ts';
import { writtenDatabase } from './harness.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

test('watch in a pipe: one line per refresh, and Ctrl-C ends it with 0', async () => {
  const watched = run(['watch', '--json', '--interval', '1'], { DATABASE_PATH: await writtenDatabase(1) });
  await watched.line((line) => 'rates' in JSON.parse(line));
  watched.child.kill('SIGINT');
  const { code, stderr } = await watched.finished;
  expect([code, stderr]).toEqual([0, '']);
});

test('audit tail: Ctrl-C ends it with 0', async () => {
  const tail = run(['audit', 'tail'], { DATABASE_PATH: await writtenDatabase(1) });
  await tail.line((line) => line.includes('CALLBACK_COMPLETED'));
  tail.child.kill('SIGINT');
  const { code, stderr } = await tail.finished;
  expect([code, stderr]).toEqual([0, '']);
});

test('an unknown command ends with 2 and names the nearest', async () => {
  const { code, stderr } = await run(['excutions']).finished;
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: unknown command 'excutions'\n\(Did you mean executions\?\)/);
});

test.for(['SIGINT', 'SIGTERM'] as const)('simulator: %s ends it with 0', async (signal) => {
  const simulator = run(['simulator', '--port', '0']);
  await simulator.line((line) => line.includes('/v1/executions'));
  simulator.child.kill(signal);
  expect((await simulator.finished).code).toBe(0);
});

test.for(['executions list', 'executions export', 'audit tail', 'stats --json'])(
  '%s: output that cannot be written counts as a failure, and one line says so',
  async (line) => {
    const env = { DATABASE_PATH: await writtenDatabase(1), NODE: process.execPath, MAIN };
    const { code, stderr } = await runCommand('bash', ['-c', `"$NODE" "$MAIN" ${line} > /dev/full`], env).finished;
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^The output cannot be written: ENOSPC.*\n$/)]);
  },
);
