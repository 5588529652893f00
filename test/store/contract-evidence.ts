// The evidence that every store keeps of one execution: the submission as sent, and unreadable callbacks as received.

import { describe, expect, test } from 'vitest';
import type { ExecutionEvent } from '../../src/execution/event.ts';
import { type Json, LargeJson, writeJson } from '../../src/execution/json.ts';
import type { Store } from '../../src/store/port.ts';
import { anExecution, NOON } from '../support/executions.ts';

/** In every contract test there is a fresh store. */
export function evidenceContract(storeNow: () => Store): void {
  async function add(correlationId: string): Promise<string> {
    const inputs = { amount: 42, deep: [{ a: null }] };
    const execution = anExecution({ correlationId, inputs, context: { tenant: 'blue' } });
    await storeNow().add({ execution, fingerprint: 'print', queueCapacity: 100 });
    return execution.reference;
  }

  async function unreadable(reference: string, text: string): Promise<void> {
    const body = { bytes: new TextEncoder().encode(text), contentType: 'text/plain' };
    await storeNow().record(reference, { type: 'callback-unreadable', reason: 'no JSON', body }, NOON);
  }

  async function bodiesOf(correlationId: string): Promise<string[]> {
    const { bodies = [] } = (await storeNow().payloads(correlationId)) ?? {};
    return bodies.map(({ bytes }) => new TextDecoder().decode(bytes));
  }

  describe('looking into one', () => {
    test('its inputs and context are as they were sent', async () => {
      await add('one');
      expect(await storeNow().payloads('one')).toEqual({
        inputs: { amount: 42, deep: [{ a: null }] },
        context: { tenant: 'blue' },
        prunedAt: null,
        bodies: [],
      });
      expect(await storeNow().payloads('none')).toBeUndefined();
    });

    test('unreadable callbacks are kept byte by byte, with their audit entry', async () => {
      const reference = await add('one');
      await unreadable(reference, 'first {');
      await unreadable(await add('other'), 'not this');
      await unreadable(reference, 'second {');
      const ids = (await storeNow().trail('one'))
        .filter(({ event }) => event === 'CALLBACK_UNREADABLE')
        .map(({ id }) => id);
      const { bodies = [] } = (await storeNow().payloads('one')) ?? {};
      expect(bodies.map(({ entryId, contentType }) => [entryId, contentType])).toEqual(
        ids.map((id) => [id, 'text/plain']),
      );
      expect(await bodiesOf('one')).toEqual(['first {', 'second {']);
    });

    test('of many of those the newest few', async () => {
      const reference = await add('one');
      for (let count = 1; count <= 12; count += 1) await unreadable(reference, `number ${count}`);
      const found = await bodiesOf('one');
      expect([found.length, found.at(0), found.at(-1)]).toEqual([10, 'number 3', 'number 12']);
    });

    test('a large result that an entry of its trail quotes stays text', async () => {
      const reference = await add('one');
      const report = (result: Json): ExecutionEvent => ({
        ...{ type: 'callback', executionId: null },
        report: { kind: 'completed', statusWord: 'COMPLETED', result, error: null },
      });
      await storeNow().record(reference, report('right'), NOON);
      const other = JSON.stringify('x'.repeat(100_000));
      await storeNow().record(reference, report(LargeJson.from(other)), NOON);
      const fed = await storeNow().feed({ after: 0, app: null, limit: 10 });
      for (const entries of [await storeNow().trail('one'), fed.entries]) {
        const { event, detail } = entries.at(-1) ?? {};
        expect([event, detail?.['outcome']]).toEqual(['CALLBACK_CONFLICT', 'conflict']);
        expect(LargeJson.is(detail?.['result'])).toBe(true);
        expect(writeJson(detail?.['result'])).toBe(other);
      }
    });
  });
}
