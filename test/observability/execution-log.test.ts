// The log of executions: the entries of each commit once, with the fields that an operator searches by.

import { expect, test } from 'vitest';
import type { Facts, Log } from '../../src/lib/log.ts';
import { createExecutionLog } from '../../src/observability/execution-log.ts';
import type { Change } from '../../src/store/port.ts';
import { anExecution } from '../support/executions.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { createStoreInMemory } from '../support/store-in-memory.ts';

async function factsOf(overrides: Parameters<typeof anExecution>[0]): Promise<Facts[]> {
  const store = createStoreInMemory();
  const lines: Facts[] = [];
  const note = (facts: Facts) => void lines.push(facts);
  const log: Log = { debug: (facts) => note(facts()), info: note, warn: note, error: note };
  const write = createExecutionLog(log, createManualWorld());
  store.watch((changes: readonly Change[]) => write(changes));
  await store.add({ execution: anExecution(overrides), fingerprint: 'print', queueCapacity: 10 });
  await store.close();
  return lines;
}

test('a line names its execution and, if there is one, the trace that it belongs to', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  expect(await factsOf({ correlationId: 'order-1', traceparent })).toMatchObject([
    { event: 'ACCEPTED', correlationId: 'order-1', app: 'shop', traceId: '0af7651916cd43dd8448eb211c80319c' },
  ]);
  const [line] = await factsOf({ correlationId: 'order-2' });
  expect(line).toMatchObject({ event: 'ACCEPTED', correlationId: 'order-2' });
  expect(line).not.toHaveProperty('traceId');
});
