// While a batch commits, the next one is loaded and decided, if many tasks wait and none of them is about an execution of the first one.

import { expect, test } from 'vitest';
import type { Task } from '../../../src/store/postgres/batch/task.ts';
import type { QueueBounds } from '../../../src/store/postgres/executions/queue-bounds.ts';
import { createGroupCommit } from '../../../src/store/postgres/group-commit.ts';
import { anExecution } from '../../support/executions.ts';
import { quietLog } from '../../support/quiet-log.ts';

const MAX_BATCH = 256;
const MIN_AHEAD = 32;

const UNBOUNDED: QueueBounds = { load: async () => {}, queued: () => 0, boundsOf: () => [], reset: () => {} };

/** Commits the tasks, and returns what was sent to the database, in order. */
async function sentFor(tasks: readonly Task<void>[]): Promise<string[]> {
  const sent: string[] = [];
  let head = 0;
  const writer = createGroupCommit({
    session: {
      all: async <Row>(): Promise<Row[]> => {
        sent.push('load');
        return [];
      },
      apply: async ({ values: [, , adds] }) => {
        sent.push('commit');
        const first = head + 1;
        head += JSON.parse(String(adds)).length;
        return { added: [], stale: null, first, head, hash: '' };
      },
      state: () => 'active',
      reason: () => '',
    },
    ...{ log: quietLog(), listedRepeats: 100, queue: UNBOUNDED, knownHead: () => head },
    ...{ makeRoom: async () => {}, applied: () => {}, committed: () => {} },
  });
  await Promise.all(tasks.map((task) => writer.mutate(task)));
  await writer.close();
  return sent;
}

function adding(target: { readonly reference?: string } = {}): Task<void> {
  const submission = { execution: anExecution(), fingerprint: 'ab', queueCapacity: 1000 };
  return {
    target: { ...target, submission },
    decide: (batch) => ({ value: undefined, changes: [], part: batch.add(submission) }),
  };
}

const many = (count: number) => Array.from({ length: count }, () => adding());

test('those that wait are loaded before the commit of the first ones, if they are many', async () => {
  expect(await sentFor(many(MAX_BATCH + MIN_AHEAD))).toEqual(['load', 'load', 'commit', 'commit']);
});

test('a few are not, because their load would delay the commit', async () => {
  expect(await sentFor(many(MAX_BATCH + MIN_AHEAD - 1))).toEqual(['load', 'commit', 'load', 'commit']);
});

test('one about an execution of the batch that commits waits, with those behind it', async () => {
  const reference = anExecution().reference;
  const tasks = [adding({ reference }), ...many(MAX_BATCH - 1), adding({ reference }), ...many(MIN_AHEAD)];
  // A reference and a submission are two loads.
  expect(await sentFor(tasks)).toEqual(['load', 'load', 'commit', 'load', 'load', 'commit']);
});
