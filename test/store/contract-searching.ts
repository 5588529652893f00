// What every store must do for those who search: find what matches, all of it, page by page, and nothing else.

import { describe, expect, test } from 'vitest';
import type { Dispatchable, Execution, Submission } from '../../src/execution/execution.ts';
import { parseJson } from '../../src/execution/json.ts';
import { HIDDEN } from '../../src/execution/masking.ts';
import { representExecution } from '../../src/execution/representation.ts';
import type { ExecutionFilter, ListQuery, Store } from '../../src/store/port.ts';
import { anExecution, callback, completed, failed, NOON, submitted } from '../support/executions.ts';

/** In every contract test there is a fresh store. */
export function searchingContract(storeNow: () => Store): void {
  async function add(overrides: Partial<Submission> = {}, now = NOON): Promise<Dispatchable> {
    const execution = anExecution(overrides, now);
    await storeNow().add({ execution, fingerprint: 'print', queueCapacity: 100_000 });
    return execution;
  }

  /** One that was sent and that CXone calls by this name. */
  async function sent(executionId: string | null, overrides: Partial<Submission> = {}): Promise<Dispatchable> {
    const execution = await add(overrides);
    await storeNow().claimDispatches(1000, NOON);
    await storeNow().record(execution.reference, submitted({ executionId }), NOON);
    return execution;
  }

  /** The correlation ids of all that match: a page may be short, and is followed by others until there is no next. */
  async function found(filter: Partial<ExecutionFilter>, limit = 2): Promise<string[]> {
    const ids: string[] = [];
    let before: string | null = null;
    do {
      const page = await storeNow().list({ app: null, ...filter, limit, ...(before === null ? {} : { before }) });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      ids.push(...page.items.map(({ correlationId }) => correlationId));
      before = page.next;
    } while (before !== null);
    return ids;
  }

  describe('searching', () => {
    test('by the beginning of the correlation id, newest first, in the case it is written in', async () => {
      for (const correlationId of ['order-1', 'order-10', 'Order-1', 'refund-1', 'order~', 'orde', 'order-2']) {
        await add({ correlationId });
      }
      expect(await found({ id: 'order' })).toEqual(['order-2', 'order~', 'order-10', 'order-1']);
      expect(await found({ id: 'order-1' })).toEqual(['order-10', 'order-1']);
      expect(await found({ id: 'order-10' })).toEqual(['order-10']);
      expect(await found({ id: 'order%' })).toEqual([]);
      expect(await found({ id: 'z' })).toEqual([]);
    });

    test('by the beginning of the correlation id and more, also where very many begin so', async () => {
      for (let i = 0; i < 300; i += 1) await add({ correlationId: `order-${i}`, app: i % 100 === 7 ? 'rare' : 'shop' });
      expect(await found({ id: 'order-', app: 'rare' })).toEqual(['order-207', 'order-107', 'order-7']);
      expect(await found({ id: 'order-10', app: 'rare' })).toEqual(['order-107']);
      expect(await found({ id: 'order-1', status: 'PENDING' })).toEqual([]);
      expect(await found({ id: 'order-' }, 200)).toHaveLength(300);
    });

    test('as JSON, in which numbers keep their digits and hidden members have no values', async () => {
      const result = parseJson('{"amount":12345678901234567890.10,"cvv":{"deep":"737"}}');
      const { reference } = await sent('cx-1', { correlationId: 'order-1' });
      await add({ correlationId: 'order-2' });
      await storeNow().record(reference, callback(completed(result)), NOON + 5);
      const query = { app: null, limit: 2, hidden: ['cvv'] };
      const { items, ...page } = await storeNow().listJson(query);
      const { items: executions, ...same } = await storeNow().list(query);
      expect(page).toEqual(same);
      const json = Buffer.from(items).toString();
      expect(JSON.parse(json)).toMatchObject([
        { correlationId: 'order-2', status: 'QUEUED', result: null },
        { ...representExecution(executions[1] as Execution), result: { cvv: HIDDEN } },
      ]);
      expect(json).toContain('"amount":12345678901234567890.10');
      expect(json).not.toContain('737');
      const absent = await storeNow().listJson({ ...query, id: 'absent' });
      expect([Buffer.from(absent.items).toString(), absent.next]).toEqual(['[]', null]);
    });

    test('a prefix with a time and a page in between', async () => {
      for (let i = 0; i < 5; i += 1) await add({ correlationId: `order-${i}` }, NOON + i);
      expect(await found({ id: 'order', from: NOON + 1, to: NOON + 4 }, 1)).toEqual(['order-3', 'order-2', 'order-1']);
    });

    test('what was submitted after an execution, down to it, also by id and among the open ones', async () => {
      const [first, , third] = [
        await add({ correlationId: 'order-1' }),
        await add({ correlationId: 'order-2' }),
        await add(),
      ];
      const list = async (query: object) =>
        (await storeNow().list({ app: null, limit: 10, ...query })).items.map(({ correlationId }) => correlationId);
      const { reference: after } = first;
      for (const filter of [{}, { status: 'OPEN' }, { app: 'shop' }]) {
        expect(await list({ after, ...filter })).toEqual([third.correlationId, 'order-2']);
      }
      expect(await list({ after, before: third.reference })).toEqual(['order-2']);
      expect(await list({ after, id: 'order' })).toEqual(['order-2']);
      expect(await list({ after: third.reference })).toEqual([]);
    });

    test('by the way the outcome became known, by duration and by a text in the error', async () => {
      const callbackFirst = await sent('cx-1', { correlationId: 'called-back' });
      await storeNow().record(callbackFirst.reference, callback(completed({ note: 'declined' })), NOON + 2_500);
      const refused = await sent('cx-2', { correlationId: 'refused' });
      const error = { code: 'E-7', message: 'Declined: 50% off', secret: 'declined' };
      await storeNow().record(refused.reference, callback(failed(error)), NOON + 60_000);
      const cancelled = await sent('cx-3', { correlationId: 'cancelled' });
      await storeNow().record(cancelled.reference, { type: 'cancelled', by: 'app:shop' }, NOON);
      await add({ correlationId: 'open' });
      expect(await found({ resolvedBy: 'callback' })).toEqual(['refused', 'called-back']);
      expect(await found({ resolvedBy: 'cancel' })).toEqual(['cancelled']);
      expect(await found({ minDurationSeconds: 2.5 })).toEqual(['refused', 'called-back']);
      expect(await found({ maxDurationSeconds: 2.5 })).toEqual(['cancelled', 'called-back']);
      expect(await found({ minDurationSeconds: 2.501, maxDurationSeconds: 59.999 })).toEqual([]);
      expect(await found({ error: 'declined: 50% OFF' })).toEqual(['refused']);
      expect(await found({ error: 'declined' })).toEqual(['refused']);
      expect(await found({ error: 'declined', hidden: ['message', 'secret'] })).toEqual([]);
    });

    test('by name, up to the maximum of names, with other filters', async () => {
      for (const correlationId of ['one', 'two', 'three']) await add({ correlationId });
      expect(await found({ correlationIds: ['three', 'one', 'none'] })).toEqual(['three', 'one']);
      expect(await found({ correlationIds: ['three', 'one'], status: 'COMPLETED' })).toEqual([]);
      expect(await found({ correlationIds: [] })).toEqual([]);
    });

    test('oldest first: all of them once, in pages, in any range', async () => {
      for (let i = 0; i < 7; i += 1) await add({ correlationId: `order-${i}`, app: i % 2 ? 'crm' : 'shop' }, NOON + i);
      const list = async (filter: Partial<ListQuery>) => {
        const ids: string[] = [];
        let before: string | null = null;
        do {
          const at = before === null ? {} : { before };
          const page = await storeNow().list({ app: null, limit: 2, oldestFirst: true, ...filter, ...at });
          ids.push(...page.items.map(({ correlationId }) => correlationId));
          before = page.next;
        } while (before !== null);
        return ids.map((id) => id.slice(-1)).join('');
      };
      expect(await list({})).toBe('0123456');
      expect(await list({ from: NOON + 2, to: NOON + 6 })).toBe('2345');
      expect(await list({ app: 'shop', to: NOON + 6 })).toBe('024');
      expect(await list({ status: 'OPEN', from: NOON + 5 })).toBe('56');
      expect(await list({ id: 'order', from: NOON + 4 })).toBe('456');
    });

    test('counts what matches, up to a number', async () => {
      for (let i = 0; i < 5; i += 1)
        await add({ correlationId: `order-${i}`, app: i === 0 ? 'crm' : 'shop' }, NOON + i);
      const count = (filter: Partial<ListQuery>) => storeNow().countMatches({ app: null, limit: 4, ...filter });
      expect(await count({})).toEqual({ count: 4, isWhole: false });
      expect(await count({ app: 'shop' })).toEqual({ count: 4, isWhole: true });
      expect(await count({ from: NOON + 1, to: NOON + 3 })).toEqual({ count: 2, isWhole: true });
      expect(await count({ status: 'COMPLETED' })).toEqual({ count: 0, isWhole: true });
    });

    test('by the name that CXone gave, whole', async () => {
      await sent('cx-1', { correlationId: 'one' });
      await sent('cx-10', { correlationId: 'ten' });
      await sent(null, { correlationId: 'nameless' });
      expect(await found({ executionId: 'cx-1' })).toEqual(['one']);
      expect(await found({ executionId: 'cx' })).toEqual([]);
    });

    test('OPEN: what has not ended, of all or of one app', async () => {
      await add({ correlationId: 'queued' });
      await sent('cx-1', { correlationId: 'pending', app: 'other' });
      await sent(null, { correlationId: 'nameless' });
      const ended = await sent('cx-2', { correlationId: 'ended' });
      await storeNow().record(ended.reference, callback(completed()), NOON);
      expect((await found({ status: 'OPEN' })).toSorted()).toEqual(['nameless', 'pending', 'queued']);
      expect(await found({ status: 'OPEN', app: 'other' })).toEqual(['pending']);
      expect((await found({ status: 'PENDING' })).toSorted()).toEqual(['nameless', 'pending']);
      expect(await found({ status: 'PENDING', app: 'other' })).toEqual(['pending']);
      expect(await found({ status: 'COMPLETED' })).toEqual(['ended']);
      expect(await found({ status: 'OPEN', id: 'end' })).toEqual([]);
      expect(await found({ status: 'OPEN', id: 'pend' })).toEqual(['pending']);
    });

    test('AT_CXONE: what has not ended and was sent, whether or not CXone confirmed it', async () => {
      await add({ correlationId: 'handed-over' });
      await sent('cx-1', { correlationId: 'accepted' });
      const ended = await sent('cx-2', { correlationId: 'ended' });
      await storeNow().record(ended.reference, callback(completed()), NOON);
      await add({ correlationId: 'waiting' });
      expect(await found({ status: 'AT_CXONE', id: 'waiting' })).toEqual([]);
      expect((await found({ status: 'AT_CXONE' })).toSorted()).toEqual(['accepted', 'handed-over']);
    });

    test.for([
      ['inputs', { inputs: { customer: { name: 'Miller' } } }],
      ['a name in the inputs', { inputs: { MILLER: 1 } }],
      ['context', { context: { tenant: 'miller & sons' } }],
    ] as const)('a text in %s is found, in any case', async ([, overrides]) => {
      await add({ correlationId: 'hit', ...overrides });
      await add({ correlationId: 'miss', inputs: { customer: { name: 'Smith' } } });
      for (const text of ['Miller', 'miller', 'ILLE']) expect(await found({ text })).toEqual(['hit']);
      expect(await found({ text: 'Millerx' })).toEqual([]);
    });

    test('a text in a result, an error and a late result is found', async () => {
      const result = await sent('cx-1', { correlationId: 'result' });
      await storeNow().record(result.reference, callback(completed({ receipt: 'R-77' })), NOON);
      const error = await sent('cx-2', { correlationId: 'error' });
      await storeNow().record(error.reference, callback(failed({ code: 'R-77' })), NOON);
      const late = await sent('cx-3', { correlationId: 'late' });
      await storeNow().record(late.reference, { type: 'cancelled', by: 'app:shop' }, NOON);
      await storeNow().record(late.reference, callback(completed('r-77')), NOON);
      expect((await found({ text: 'r-77' })).toSorted()).toEqual(['error', 'late', 'result']);
    });

    test('a text is meant as it is written: no character is a wildcard, quotes and line ends are found as they are', async () => {
      await add({ correlationId: 'percent', inputs: { note: '50% of it' } });
      await add({ correlationId: 'plain', inputs: { note: '50 pieces of it, a_b' } });
      await add({ correlationId: 'quoted', inputs: { note: 'he said "no"\nand left \\ for good' } });
      await add({ correlationId: 'number', inputs: parseJson('{"order":4711}') as object as Submission['inputs'] });
      expect(await found({ text: '50%' })).toEqual(['percent']);
      expect(await found({ text: 'a_b' })).toEqual(['plain']);
      expect(await found({ text: '5_' })).toEqual([]);
      expect(await found({ text: 'said "NO"' })).toEqual(['quoted']);
      expect(await found({ text: '"\nand' })).toEqual(['quoted']);
      expect(await found({ text: 'left \\ for' })).toEqual(['quoted']);
      expect(await found({ text: '"order":4711' })).toEqual(['number']);
    });

    test('a text with NUL is found where JSON has it as an escape, and nothing else is', async () => {
      await add({ correlationId: 'plain', inputs: { note: 'a' } });
      await add({ correlationId: 'with-nul', inputs: { note: 'a\0b' } });
      for (const text of ['\0', 'a\0', '\0B']) expect(await found({ text })).toEqual(['with-nul']);
      for (const text of ['"}\0', 'é\0', 'a\0c']) expect(await found({ text })).toEqual([]);
      expect(await found({ text: '\0', hidden: ['note'] })).toEqual([]);
      expect(await found({ error: '\0' })).toEqual([]);
    });

    test('letters beyond ASCII are found in any case, too', async () => {
      await add({ correlationId: 'hit', inputs: { name: 'Frau ÖZTÜRK 😀' } });
      await add({ correlationId: 'miss', inputs: { name: 'Frau Oztark 😎' } });
      for (const text of ['öztürk', 'Öztürk', 'ÖZTÜRK', 'k 😀']) expect(await found({ text })).toEqual(['hit']);
      expect(await found({ text: 'özturk' })).toEqual([]);
    });

    test('the values of hidden members are not found in any column, and everything else is', async () => {
      const hidden = ['CVV', 'größe'];
      await add({ correlationId: 'inputs', inputs: { a: [{ cvv: 'xyz-1', größe: 'ÜBER', note: 'kept' }] } });
      await add({ correlationId: 'context', context: { Cvv: { deep: ['xyz-1'] } } });
      await add({ correlationId: 'words', context: { text: '{"cvv":"xyz-1"}' } });
      const result = await sent('cx-1', { correlationId: 'result' });
      await storeNow().record(result.reference, callback(completed({ cvv: 'xyz-1', sum: 12.5 })), NOON);
      const error = await sent('cx-2', { correlationId: 'error' });
      await storeNow().record(error.reference, callback(failed({ cvv: 'xyz-1' })), NOON);
      const late = await sent('cx-3', { correlationId: 'late' });
      await storeNow().record(late.reference, { type: 'cancelled', by: 'app:shop' }, NOON);
      await storeNow().record(late.reference, callback(completed({ cvv: 'xyz-1' })), NOON);
      for (const text of ['xyz-1', 'xyz', '"cvv":"x', 'über', '"xyz-1"'])
        expect(await found({ text, hidden })).toEqual([]);
      expect(await found({ text: 'xyz-1' })).toHaveLength(6);
      expect(await found({ text: 'KEPT', hidden })).toEqual(['inputs']);
      expect(await found({ text: 'größe', hidden })).toEqual(['inputs']);
      expect(await found({ text: '12.5', hidden })).toEqual(['result']);
    });

    test('all filters together', async () => {
      await sent('cx-1', { correlationId: 'order-1', app: 'a', actionId: 'x', inputs: { name: 'Miller' } });
      await sent('cx-1', { correlationId: 'order-2', app: 'b', actionId: 'x', inputs: { name: 'Miller' } });
      const all = {
        app: 'a',
        status: 'PENDING',
        actionId: 'x',
        id: 'order',
        executionId: 'cx-1',
        text: 'miller',
      } as const;
      expect(await found({ ...all, from: NOON, to: NOON + 1 })).toEqual(['order-1']);
      for (const other of [
        { app: 'b', id: 'order-1' },
        { status: 'QUEUED' },
        { actionId: 'y' },
        { text: 'z' },
      ] as const) {
        expect(await found({ ...all, ...other })).toEqual([]);
      }
    });
  });
}
