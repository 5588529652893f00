// The shares of apps in every store: claims follow the given shares, app by app, and counts are known per app.

import { describe, expect, test } from 'vitest';
import type { Dispatchable, Submission } from '../../src/execution/execution.ts';
import { createFairShare, type FairShare } from '../../src/lib/weighted-fair-share.ts';
import type { Store } from '../../src/store/port.ts';
import { anExecution, callback, completed, NOON, submitted } from '../support/executions.ts';

/** In every contract test there is a fresh store. */
export function sharingContract(storeNow: () => Store): void {
  async function add(overrides: Partial<Submission> = {}, now = NOON): Promise<Dispatchable> {
    const execution = anExecution(overrides, now);
    await storeNow().add({ execution, fingerprint: 'print', queueCapacity: 100_000 });
    return execution;
  }

  async function backlog(app: string, count: number, now = NOON): Promise<string[]> {
    const all = await Promise.all(Array.from({ length: count }, (_, i) => add({ app }, now + i)));
    return all.map(({ reference }) => reference);
  }

  /** Accepted by CXone, and due for a poll since the end of its grace period. */
  async function pollable(overrides: Partial<Submission>, executionId: string): Promise<string> {
    const { reference } = await add(overrides);
    await storeNow().claimDispatches(1, NOON);
    await storeNow().record(reference, submitted({ executionId }), NOON);
    return reference;
  }

  const apps = (claimed: readonly { app: string }[]) => claimed.map(({ app }) => app);
  const references = (claimed: readonly { reference: string }[]) => claimed.map(({ reference }) => reference);

  describe('sharing', () => {
    test('a single submission behind a backlog of another app is among the first that are claimed', async () => {
      await backlog('big', 200);
      const single = await add({ app: 'small' }, NOON + 500);
      const share = createFairShare();
      expect(references(await storeNow().claimDispatches(2, NOON + 1000, share))).toContain(single.reference);
    });

    test('of each app as many are claimed as it is given, the longest due first, in the order of the turns', async () => {
      const a = await backlog('a', 4);
      const b = await backlog('b', 4);
      const asked: [number, Record<string, number>][] = [];
      const share: FairShare = (limit, demand) => {
        asked.push([limit, Object.fromEntries(demand)]);
        return ['b', 'a', 'b'];
      };
      const claimed = await storeNow().claimDispatches(3, NOON + 1000, share);
      expect(references(claimed)).toEqual([b[0], a[0], b[1]]);
      const [[limit, demand] = [0, {}]] = asked;
      expect(limit).toBe(3);
      expect(Object.keys(demand).toSorted()).toEqual(['a', 'b']);
      for (const count of Object.values(demand)) expect(count).toBeGreaterThanOrEqual(3);
    });

    test('an app is asked for only while it has something that is due', async () => {
      await add({ app: 'later' }, NOON + 5000);
      const sent = await add({ app: 'sent' });
      await storeNow().claimDispatches(1, NOON);
      await storeNow().record(sent.reference, submitted({ executionId: null }), NOON);
      await add({ app: 'due' });
      const seen: [string, number][] = [];
      const share: FairShare = (_, demand) => {
        seen.push(...demand);
        return [];
      };
      expect(await storeNow().claimDispatches(9, NOON, share)).toEqual([]);
      expect(seen.filter(([, count]) => count > 0)).toEqual([['due', 1]]);
      expect(await storeNow().claimDispatches(9, NOON)).toHaveLength(1);
    });

    test("within an app the higher priority goes first, then the longest due; another app's priorities do not matter", async () => {
      const normal = [await add({ app: 'a' }, NOON + 1), await add({ app: 'a' }, NOON + 2)];
      const low = await add({ app: 'a', priority: 0 }, NOON);
      const high = await add({ app: 'a', priority: 9 }, NOON + 3);
      const other = await add({ app: 'b', priority: 0 }, NOON + 4);
      const claimed = await storeNow().claimDispatches(10, NOON + 10, createFairShare());
      const own = claimed.filter(({ app }) => app === 'a');
      expect(references(own)).toEqual(references([high, ...normal, low]));
      expect(references(claimed.slice(0, 2))).toContain(other.reference);
    });

    test('a priority that is not due yet holds nothing up', async () => {
      const low = await add({ priority: 0 });
      await add({ priority: 9 }, NOON + 5000);
      expect(references(await storeNow().claimDispatches(10, NOON))).toEqual([low.reference]);
      expect((await storeNow().nextDue()).dispatchAt).toBe(NOON + 5000);
    });

    test('what is due is looked at over all apps and priorities, the longest due first', async () => {
      const second = await add({ app: 'a', priority: 9 }, NOON + 2);
      const first = await add({ app: 'b', priority: 0 }, NOON + 1);
      await add({ app: 'c' }, NOON + 3);
      const found = await storeNow().dueDispatches(2, NOON + 10);
      expect(references(found)).toEqual([first.reference, second.reference]);
      expect((await storeNow().nextDue()).dispatchAt).toBe(NOON + 1);
    });

    test('polls are shared out as well, the longest due of each app first', async () => {
      const at = NOON + 60_000;
      const big: string[] = [];
      for (let i = 0; i < 20; i += 1) big.push(await pollable({ app: 'big', graceSeconds: i }, `cx-${i}`));
      const small = await pollable({ app: 'small', graceSeconds: 50 }, 'cx-small');
      expect((await storeNow().nextDue()).pollAt).toBe(NOON);
      const claimed = await storeNow().claimPolls(3, at, at + 5000, createFairShare());
      expect(references(claimed)).toContain(small);
      expect(references(claimed).filter((one) => one !== small)).toEqual(big.slice(0, 2));
      expect(apps(await storeNow().claimPolls(3, at, at + 5000))).toEqual(['big', 'big', 'big']);
    });

    test('an app whose polls are over is not asked for any more', async () => {
      const reference = await pollable({ app: 'a' }, 'cx-1');
      await storeNow().record(reference, callback(completed()), NOON);
      let asked = false;
      await storeNow().claimPolls(9, NOON + 60_000, NOON + 90_000, (_, demand) => {
        asked = [...demand.values()].some((count) => count > 0);
        return [];
      });
      expect(asked).toBe(false);
    });

    test('an app may fill its share of the queue and no more, and what leaves the queue makes room again', async () => {
      const tryToAdd = (app: string) => {
        const execution = anExecution({ app });
        return storeNow().add({
          execution,
          fingerprint: 'print',
          queueCapacity: 5,
          appQueueCapacity: app === 'a' ? 2 : 5,
        });
      };
      const outcomes = [await tryToAdd('a'), await tryToAdd('a'), await tryToAdd('a'), await tryToAdd('b')];
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['added', 'added', 'share-full', 'added']);
      await storeNow().claimDispatches(1, NOON, () => ['a']);
      expect(await tryToAdd('a')).toMatchObject({ outcome: 'added' });
    });
  });
}
