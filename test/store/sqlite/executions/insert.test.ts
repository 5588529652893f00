// A long batch of which a part is committed when the database stops to take writes.

import { expect, test } from 'vitest';
import { type JsonObject, LargeJson } from '../../../../src/execution/json.ts';
import { StoreUnavailable } from '../../../../src/store/port.ts';
import { createInsertion } from '../../../../src/store/sqlite/executions/insert.ts';
import type { Statements } from '../../../../src/store/sqlite/statements.ts';
import { anExecution } from '../../../support/executions.ts';

const inputs = LargeJson.asText(`{"text":"${'x'.repeat(200_000)}"}`) as JsonObject;

function longBatch() {
  return Array.from({ length: 3 }, () => {
    const execution = anExecution({ inputs });
    // The receiver has chosen the id, so that it is not looked up.
    return {
      execution: { ...execution, correlationId: execution.reference },
      fingerprint: 'print',
      queueCapacity: 100,
    };
  });
}

/** `failures`: of the commits one after the other; null for one that succeeds. */
function insertion(...failures: (Error | null)[]) {
  const rows = { collect: <T>(work: () => T) => work() };
  return createInsertion({ rows } as unknown as Statements, {
    writer: {
      mutate: async (work) => {
        const failure = failures.shift() ?? null;
        if (failure !== null) throw failure;
        return work().value;
      },
    },
    accept: ({ execution }) => ({ value: { outcome: 'added', execution }, changes: [] }),
    claims: { movedSince: () => () => 0 },
  });
}

const full = () => new StoreUnavailable('the disk is full');

test('what is committed is accepted, and of the rest it is stated that it is not', async () => {
  const outcomes = await insertion(null, full(), null).addAll(longBatch(), false);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['added', 'unavailable', 'added']);
});

test('if nothing is committed, or a fault is the reason, it fails as a whole', async () => {
  await expect(insertion(full(), full(), full()).addAll(longBatch(), false)).rejects.toThrow(StoreUnavailable);
  await expect(insertion(null, new Error('a fault'), null).addAll(longBatch(), false)).rejects.toThrow('a fault');
});
