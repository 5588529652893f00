// What anyone learns about a receiver that is not ready, and what only its log and its operators learn.

import { expect, test } from 'vitest';
import { createReadiness } from '../../src/observability/readiness.ts';
import { StoreUnavailable } from '../../src/store/port.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';

const PART = 'the database takes no writes';
const REFUSED = 'the database does not take writes: error: permission denied for role "receiver"';

function setStage() {
  const world = createManualWorld();
  const log = quietLog();
  let failure: Error | null = null;
  let down: string | null = null;
  const ready = createReadiness({
    store: {
      ping: () => (failure === null ? Promise.resolve() : Promise.reject(failure)),
      unavailable: () => down,
    },
    ...{ log, world },
    loops: () => new Map(),
    draining: () => false,
    clockProblem: () => null,
  });
  return {
    logged: log.lines,
    fail: (reason: string | null) => {
      failure = reason === null ? null : new StoreUnavailable(reason);
    },
    disconnect: (reason: string | null) => {
      down = reason;
    },
    atOnce: ready,
    ready: async () => {
      await world.advance(1_000);
      return ready();
    },
  };
}

test('what the database said stands apart from the part that is not ready, and in the log once', async () => {
  const { ready, fail, logged } = setStage();
  expect(await ready()).toEqual([]);
  fail(REFUSED);
  const said = `StoreUnavailable: ${REFUSED}`;
  expect(await ready()).toEqual([{ part: PART, words: said }]);
  expect(await ready()).toEqual([{ part: PART, words: said }]);
  expect(logged).toEqual([{ level: 'warn', facts: { reason: said }, message: `not ready: ${PART}` }]);
});

test('another reason, and the same one after a recovery, is logged again', async () => {
  const { ready, fail, logged } = setStage();
  for (const reason of ['the disk is full', 'the store is closed', null, 'the store is closed']) {
    fail(reason);
    await ready();
  }
  expect(logged.map(({ facts }) => facts['reason'])).toEqual(
    ['the disk is full', 'the store is closed', 'the store is closed'].map((reason) => `StoreUnavailable: ${reason}`),
  );
});

test('a lost connection is reported at once, though a commit succeeded just now, and so is its return', async () => {
  const { ready, atOnce, disconnect, logged } = setStage();
  expect(await ready()).toEqual([]);
  disconnect('the connection to the database was closed');
  expect(await atOnce()).toEqual([{ part: PART, words: 'the connection to the database was closed' }]);
  disconnect(null);
  expect(await atOnce()).toEqual([]);
  expect(logged).toHaveLength(1);
});
