// The contract of the activity of operators, against every store there is.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewActivity } from '../../src/store/activity-port.ts';
import type { Store } from '../../src/store/port.ts';
import { NOON } from '../support/executions.ts';

const CANCEL: NewActivity = {
  by: 'operator:alice',
  action: 'cancel',
  target: null,
  filter: '{"status":"OPEN"}',
  reason: 'ticket 4711',
  startedAt: NOON,
};

export function activityContract(name: string, open: () => Promise<Store>): void {
  describe(`the contract of operators' activity: ${name}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    test('a line is there when its action starts, and its first end stays', async () => {
      const id = await store.beginActivity(CANCEL);
      const running = { ...CANCEL, id, outcome: 'running', matched: null, changed: null, endedAt: null };
      expect((await store.listActivity({ limit: 10 })).items).toEqual([running]);
      const end = { outcome: 'done', matched: 3, changed: 2, endedAt: NOON + 5 } as const;
      await store.endActivity(id, end);
      await store.endActivity(id, { ...end, outcome: 'failed' });
      expect((await store.listActivity({ limit: 10 })).items).toEqual([{ ...running, ...end }]);
    });

    test('the list is newest first, in pages, and by operator, action and time', async () => {
      const first = await store.beginActivity(CANCEL);
      const second = await store.beginActivity({ ...CANCEL, by: 'operator:bob', startedAt: NOON + 1 });
      const third = await store.beginActivity({ ...CANCEL, action: 'poll', startedAt: NOON + 2 });
      const ids = async (query: object) => {
        const { items, next } = await store.listActivity({ limit: 2, ...query });
        return [items.map(({ id }) => id), next];
      };
      expect(await ids({})).toEqual([[third, second], second]);
      expect(await ids({ before: second })).toEqual([[first], null]);
      expect(await ids({ after: first })).toEqual([[third, second], null]);
      expect(await ids({ before: third, after: first })).toEqual([[second], null]);
      expect(await ids({ by: 'operator:bob' })).toEqual([[second], null]);
      expect(await ids({ action: 'poll' })).toEqual([[third], null]);
      expect(await ids({ from: NOON + 1, to: NOON + 2 })).toEqual([[second], null]);
    });
  });
}
