// The rounds of the pruner.

import { expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { createPruner } from '../../../src/workers/pruner/pruner.ts';
import { NOON } from '../../support/executions.ts';
import { quietLog } from '../../support/quiet-log.ts';

const DAY_MS = 86_400_000;

test('what other entries kept goes a day later, although nothing is pruned', async () => {
  let day = 0;
  const cutoffs: number[] = [];
  const store = {
    prunableEntries: async () => undefined,
    reclaimSpace: async (_pages: number, cutoff = 0) => {
      cutoffs.push((cutoff - NOON) / DAY_MS);
      return 0;
    },
  };
  const work = createPruner({
    store: store as unknown as Parameters<typeof createPruner>[0]['store'],
    world: { ...systemWorld, now: () => NOON + day * DAY_MS, elapsed: () => day * DAY_MS },
    log: quietLog(),
    rules: { auditRetentionDays: 30, payloadRetentionDays: 0 },
    exports: null,
    secrets: ['a-secret-for-heads-of-32-characters'],
  });
  const round = async () => {
    while ((await work({ signal: new AbortController().signal })) !== null);
  };
  for (day of [0, 0.5, 0.9, 1, 1.5, 2]) await round();
  expect(cutoffs).toEqual([-30, -29, -28]);
});

test('space is made free between the batches of a long pruning, and not only at its end', async () => {
  const steps: string[] = [];
  const store = {
    prunableEntries: async (_limit: number, _cutoff: number, after: { last: number } | null) =>
      (after?.last ?? 0) < 300 ? { first: (after?.last ?? 0) + 1, last: (after?.last ?? 0) + 100 } : undefined,
    prune: async (_limit: number, _cutoff: number, through: number) => {
      steps.push(`prune ${through}`);
      return { entries: 100, executions: 25 };
    },
    dropPruned: async (through: number) => void steps.push(`drop ${through}`),
    checkpoint: async () => ({ id: 300, hash: '' }),
    reclaimSpace: async () => 0,
  };
  const work = createPruner({
    store: store as unknown as Parameters<typeof createPruner>[0]['store'],
    world: { ...systemWorld, now: () => NOON, elapsed: () => 0 },
    log: quietLog(),
    rules: { auditRetentionDays: 30, payloadRetentionDays: 0 },
    exports: null,
    secrets: ['a-secret-for-heads-of-32-characters'],
  });
  while ((await work({ signal: new AbortController().signal })) !== null);
  expect(steps).toEqual([100, 200, 300].flatMap((id) => [`prune ${id}`, `drop ${id}`]));
});
