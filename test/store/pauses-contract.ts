// The contract of pauses of sending, against every store there is.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Submission } from '../../src/execution/execution.ts';
import type { PauseScope, SendingPause } from '../../src/store/pauses-port.ts';
import type { Store } from '../../src/store/port.ts';
import { anExecution, callback, completed, NOON, submitted } from '../support/executions.ts';

const ALL: PauseScope = { app: null, actionId: null };
const CHARGE: PauseScope = { app: null, actionId: 'charge-card' };
const SHOP: PauseScope = { app: 'shop', actionId: null };

function pauseOf(scope: PauseScope, overrides: Partial<SendingPause> = {}): SendingPause {
  return { ...scope, since: NOON, by: 'operator:alice', reason: 'ticket 4711', ...overrides };
}

export function pausesContract(name: string, open: () => Promise<Store>): void {
  describe(`the contract of pauses of sending: ${name}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    async function add(correlationId: string, overrides: Partial<Submission> = {}, now = NOON): Promise<string> {
      const execution = anExecution({ correlationId, ...overrides }, now);
      await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
      return execution.reference;
    }

    const claimed = async (now = NOON, limit = 10) =>
      (await store.claimDispatches(limit, now)).map(({ correlationId }) => correlationId).toSorted();

    test('what a pause covers is not claimed, and everything else is', async () => {
      await add('charge');
      await add('look-up', { actionId: 'look-up' });
      await add('other', { app: 'other', actionId: 'look-up' });
      await store.pauseSending(pauseOf(CHARGE));
      await store.pauseSending(pauseOf({ app: 'other', actionId: null }));
      expect(await store.nextDue()).toMatchObject({ dispatchAt: NOON });
      expect((await store.dueDispatches(10, NOON)).map(({ correlationId }) => correlationId)).toEqual(['look-up']);
      expect(await claimed()).toEqual(['look-up']);
      expect(await store.nextDue()).toMatchObject({ dispatchAt: null });
      expect(await store.openCounts()).toMatchObject({ QUEUED: 2, UNCONFIRMED: 1 });
    });

    test('a pause of all stops every claim, and a later submission is accepted and waits as well', async () => {
      await add('one');
      await store.pauseSending(pauseOf(ALL));
      await add('two', { app: 'other', actionId: 'look-up' });
      expect([await claimed(), (await store.nextDue()).dispatchAt]).toEqual([[], null]);
      expect(await store.sendingPauses()).toEqual([{ ...pauseOf(ALL), queued: 2 }]);
    });

    test('a second pause of the same scope changes nothing, and a resume ends exactly that one', async () => {
      await add('one');
      expect(await store.pauseSending(pauseOf(CHARGE))).toEqual({
        isNew: true,
        pause: { ...pauseOf(CHARGE), queued: 1 },
      });
      await store.pauseSending(pauseOf(SHOP, { since: NOON + 1, reason: null }));
      const again = pauseOf(CHARGE, { by: 'operator:bob', since: NOON + 2, reason: null });
      expect(await store.pauseSending(again)).toEqual({ isNew: false, pause: { ...pauseOf(CHARGE), queued: 1 } });
      expect(await store.resumeSending(ALL)).toBeNull();
      expect(await store.resumeSending(CHARGE)).toEqual({ ...pauseOf(CHARGE), queued: 1 });
      expect(await claimed()).toEqual([]);
      expect(await store.sendingPauses()).toMatchObject([{ app: 'shop', actionId: null, by: 'operator:alice' }]);
      await store.resumeSending(SHOP);
      expect(await claimed()).toEqual(['one']);
      expect(await store.sendingPauses()).toEqual([]);
    });

    test('a resume is reported to those who wait for due work, and one that ends nothing is not', async () => {
      let calls = 0;
      store.watchResumes(() => {
        calls += 1;
      });
      await store.pauseSending(pauseOf(CHARGE));
      await store.resumeSending(SHOP);
      expect(calls).toBe(0);
      await store.resumeSending(CHARGE);
      expect(calls).toBe(1);
    });

    test('what CXone has continues: callbacks, polls and cancels are recorded, and nothing is sent again', async () => {
      const sent = await add('sent');
      const polled = await add('polled');
      const unsent = await add('unsent');
      await store.claimDispatches(10, NOON);
      await store.pauseSending(pauseOf(ALL));
      await store.record(sent, submitted(), NOON);
      await store.record(polled, submitted({ executionId: 'cx-2' }), NOON);
      const response = {
        httpStatus: 503,
        latencyMs: 5,
        message: 'busy',
        retryAt: NOON + 1_000,
        giveUpAt: NOON + 300_000,
      };
      await store.record(unsent, { type: 'unsent', ...response }, NOON);
      expect(await claimed(NOON + 1_000)).toEqual([]);
      await store.record(sent, callback(completed()), NOON);
      expect((await store.find('sent'))?.status).toBe('COMPLETED');
      const polls = await store.claimPolls(10, NOON + 10_000, NOON + 20_000);
      expect(polls.map(({ reference }) => reference)).toEqual([polled]);
      await store.record(unsent, { type: 'cancelled', by: 'operator:alice' }, NOON + 2_000);
      expect(await store.sendingPauses()).toMatchObject([{ queued: 0 }]);
    });

    test('the queue timeout continues, and its error states that sending was paused', async () => {
      await add('one');
      await store.pauseSending(pauseOf(SHOP));
      expect(await store.expire(10, NOON + 300_000)).toBe(1);
      const message = 'not sent to CXone before the queue time-out: an administrator had paused sending';
      expect(await store.find('one')).toMatchObject({ status: 'TIMEOUT', error: { code: 408, message } });
      expect(await store.sendingPauses()).toMatchObject([{ queued: 0 }]);
    });

    test('paused executions between others are passed over, in the order of due times, priorities and shares', async () => {
      for (let index = 0; index < 12; index += 1) {
        const actionId = index % 3 === 0 ? 'look-up' : 'charge-card';
        await add(
          `${index}`,
          { actionId, priority: index < 6 ? 4 : 5, app: index === 9 ? 'other' : 'shop' },
          NOON + index,
        );
      }
      await store.pauseSending(pauseOf(CHARGE));
      expect((await store.dueDispatches(10, NOON + 20)).map(({ correlationId }) => correlationId)).toEqual([
        ...['0', '3', '6', '9'],
      ]);
      const inTurns = async () => (await store.claimDispatches(2, NOON + 20)).map(({ correlationId }) => correlationId);
      expect((await inTurns()).toSorted()).toEqual(['6', '9']);
      expect(await inTurns()).toEqual(['0', '3']);
      expect(await inTurns()).toEqual([]);
      await store.resumeSending(CHARGE);
      expect(await claimed(NOON + 20, 20)).toHaveLength(8);
    });

    test('an execution that comes back to the queue, or was submitted earlier than it is stored, is not passed over', async () => {
      await store.pauseSending(pauseOf(CHARGE));
      const back = await add('back', { actionId: 'look-up' });
      expect(await claimed()).toEqual(['back']);
      for (let index = 0; index < 5; index += 1) await add(`paused-${index}`, {}, NOON + 10 + index);
      expect([await claimed(NOON + 100), (await store.nextDue()).dispatchAt]).toEqual([[], null]);
      await add('earlier', { actionId: 'look-up' }, NOON + 5);
      const response = {
        httpStatus: 503,
        latencyMs: 5,
        message: 'busy',
        retryAt: NOON + 12.5,
        giveUpAt: NOON + 300_000,
      };
      await store.record(back, { type: 'unsent', ...response }, NOON + 2);
      expect((await store.nextDue()).dispatchAt).toBe(NOON + 5);
      expect(await claimed(NOON + 100)).toEqual(['back', 'earlier']);
    });

    test('a step of the clock moves what is paused and what is not', async () => {
      await add('paused', {}, NOON + 5);
      await store.pauseSending(pauseOf(CHARGE));
      await add('free', { actionId: 'look-up' }, NOON + 10);
      expect((await store.nextDue()).dispatchAt).toBe(NOON + 10);
      await store.moveDueTimes({ from: NOON + 10, to: NOON - 50_000 });
      expect((await store.nextDue()).dispatchAt).toBe(NOON - 50_000);
      expect(await claimed(NOON - 50_000)).toEqual(['free']);
      await store.resumeSending(CHARGE);
      expect(await claimed(NOON - 50_000)).toEqual(['paused']);
    });
  });
}
