// `audit query --by`: what one operator caused, and what this operator did.

import { expect, test } from 'vitest';
import { anExecution } from '../../support/executions.ts';
import { command, openStore } from '../harness.ts';

test('lists the entries that an operator caused, and the activity of this operator', async () => {
  const { store, path } = openStore();
  const now = Date.now();
  const execution = anExecution({ correlationId: 'order-1' }, now);
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  const line = { action: 'cancel', target: 'order-1', filter: null, reason: 'ticket 4711', startedAt: now } as const;
  const id = await store.beginActivity({ by: 'operator:alice', ...line });
  await store.record(execution.reference, { type: 'cancelled', by: 'operator:alice' }, now);
  await store.endActivity(id, { outcome: 'done', matched: null, changed: null, endedAt: now });
  await store.beginActivity({ by: 'operator:bob', ...line, action: 'reveal' });
  await store.close();

  const { code, out } = await command(`audit query --by alice --json --database ${path}`);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    items: [{ event: 'CANCELLED', correlationId: 'order-1', detail: { by: 'operator:alice' } }],
    activity: [{ action: 'cancel', target: 'order-1', outcome: 'done', reason: 'ticket 4711' }],
  });
  const bob = JSON.parse((await command(`audit query --by operator:bob --json --database ${path}`)).out);
  expect(bob).toMatchObject({ items: [], activity: [{ action: 'reveal', outcome: 'running' }] });
  const shown = await command(`audit query --by alice --database ${path}`);
  expect(shown.out).toMatch(/CANCELLED[\s\S]*ACTIVITY[\s\S]*cancel +order-1 +done +- +ticket 4711/);
});
