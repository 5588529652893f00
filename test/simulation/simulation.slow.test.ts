// Whole histories of the service against a simulated CXone, with crashes, outages and clock changes: a fixed budget of seeds.

import { expect, test } from 'vitest';
import { OPEN_STATUSES, TERMINAL_STATUSES } from '../../src/execution/execution.ts';
import { generate } from './generate.ts';
import { judge } from './report.ts';
import { runHistory } from './run.ts';

/** More seeds: npm run test:soak. */
const SEEDS = 120;
const GROUPS = 4;
const reached = new Set<string>();

test.each(Array.from({ length: GROUPS }, (_, group) => group))(
  'every promise is kept in every history, whatever crashes, fails or jumps in it (group %i of the fixed seeds)',
  // A broken promise is never unstable.
  { timeout: 600_000, retry: 0 },
  async (group) => {
    for (let seed = 1 + group; seed <= SEEDS; seed += GROUPS) {
      const { finding, report } = await judge(seed);
      if (finding !== null) expect.fail(finding);
      for (const name of [...report.events, ...Object.keys(report.executions)]) reached.add(name);
      for (const phase of report.checkpoints) reached.add(`checkpoint ${phase}`);
    }
  },
);

test('(these histories reach every outcome, every audit event and every step of a checkpoint)', () => {
  const sayings = ['ACCEPTED', 'DISPATCHED', 'SUBMITTED', 'FAILED', 'NETWORK_ERROR', 'RATE_LIMITED', 'CANCEL_IGNORED'];
  const callbacks = ['COMPLETED', 'PROGRESS', 'DUPLICATE', 'CONFLICT', 'LATE', 'UNREADABLE', 'MISMATCH'];
  const polls = ['REQUESTED', 'COMPLETED', 'PROGRESS', 'ERROR', '404', 'TIMEOUT'];
  const expected = [
    ...TERMINAL_STATUSES,
    ...sayings,
    ...callbacks.map((name) => `CALLBACK_${name}`),
    ...polls.map((name) => `POLL_${name}`),
    ...['DELIVERED', 'FAILED', 'DEAD'].map((name) => `NOTIFICATION_${name}`),
    'QUEUE_TIMEOUT',
    ...['beside', 'held'].map((phase) => `checkpoint ${phase}`),
    ...['CALLBACK_PROGRESS', 'CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT', 'CANCEL_IGNORED'].map(
      (name) => `${name} (counted)`,
    ),
  ];
  expect([...reached].sort()).toEqual(expect.arrayContaining(expected));
  for (const status of OPEN_STATUSES) expect(reached).not.toContain(status);
});

test('a seed yields the same history every time', async () => {
  for (const seed of [1, 7, 55, 118]) {
    const first = await runHistory(generate(seed));
    const second = await runHistory(generate(seed));
    expect(second.trace).toEqual(first.trace);
    expect(second.head).toBe(first.head);
  }
});
