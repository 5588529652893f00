// While a batch commits, the next one is loaded and decided, if many tasks wait and none of them is about an execution of the first one.
// What is committed in several batches may be committed in part.

import { expect, test } from 'vitest';
import { StoreUnavailable } from '../../../src/store/port.ts';
import type { Task } from '../../../src/store/postgres/batch/task.ts';
import type { QueueBounds } from '../../../src/store/postgres/executions/queue-bounds.ts';
import { createGroupCommit } from '../../../src/store/postgres/group-commit.ts';
import { anExecution } from '../../support/executions.ts';
import { quietLog } from '../../support/quiet-log.ts';

const MAX_BATCH = 256;
const MIN_AHEAD = 32;

const UNBOUNDED: QueueBounds = { load: async () => {}, queued: () => 0, boundsOf: () => [], reset: () => {} };

/** @param commits how many commits succeed; the following ones fail */
function startWriter(commits = Number.POSITIVE_INFINITY) {
  const sent: string[] = [];
  const log = quietLog();
  let head = 0;
  const writer = createGroupCommit({
    session: {
      all: async <Row>(): Promise<Row[]> => {
        sent.push('load');
        return [];
      },
      apply: async ({ values: [, , adds] }) => {
        sent.push('commit');
        if (sent.filter((one) => one === 'commit').length > commits) throw new StoreUnavailable('the database is gone');
        const first = head + 1;
        head += JSON.parse(String(adds)).length;
        return { added: [], stale: null, first, head, hash: '' };
      },
      state: () => 'active',
      reason: () => '',
    },
    ...{ log, listedRepeats: 100, queue: UNBOUNDED, knownHead: () => head },
    ...{ makeRoom: async () => {}, applied: () => {}, committed: () => {} },
  });
  return { writer, sent, log };
}

/** Commits the tasks, and returns what was sent to the database, in order. */
async function sentFor(tasks: readonly Task<void>[]): Promise<string[]> {
  const { writer, sent } = startWriter();
  await Promise.all(tasks.map((task) => writer.mutate(task)));
  await writer.close();
  return sent;
}

function adding<T>(target: { readonly reference?: string }, value: T): Task<T> {
  const submission = { execution: anExecution(), fingerprint: 'ab', queueCapacity: 1000 };
  return {
    target: { ...target, submission },
    decide: (batch) => ({ value, changes: [], part: batch.add(submission) }),
  };
}

const many = (count: number) => Array.from({ length: count }, () => adding({}, undefined));

test('those that wait are loaded before the commit of the first ones, if they are many', async () => {
  expect(await sentFor(many(MAX_BATCH + MIN_AHEAD))).toEqual(['load', 'load', 'commit', 'commit']);
});

test('a few are not, because their load would delay the commit', async () => {
  expect(await sentFor(many(MAX_BATCH + MIN_AHEAD - 1))).toEqual(['load', 'commit', 'load', 'commit']);
});

test('one about an execution of the batch that commits waits, with those behind it', async () => {
  const reference = anExecution().reference;
  const tasks = [
    adding({ reference }, undefined),
    ...many(MAX_BATCH - 1),
    adding({ reference }, undefined),
    ...many(MIN_AHEAD),
  ];
  // A reference and a submission are two loads.
  expect(await sentFor(tasks)).toEqual(['load', 'load', 'commit', 'load', 'load', 'commit']);
});

test('what the leader claims is returned as far as it was committed, and fails if nothing was', async () => {
  const claims = Array.from({ length: MAX_BATCH + 2 }, (_, n) => adding({}, n));
  const some = startWriter(1);
  const claimed = await some.writer.mutateAll(claims, { asLeader: true });
  expect(claimed).toEqual([...Array.from({ length: MAX_BATCH }, (_, n) => n), undefined, undefined]);
  expect(some.log.lines).toMatchObject([
    { level: 'warn', facts: { reason: expect.stringContaining('the database is gone') } },
  ]);
  await expect(startWriter(0).writer.mutateAll(claims, { asLeader: true })).rejects.toThrow('the database is gone');
});
