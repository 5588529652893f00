// Submissions under the id of one with a long payload, which is read only for those that may repeat it.

import { expect, test, vi } from 'vitest';
import { type JsonObject, LargeJson } from '../../../../src/execution/json.ts';
import { anExecution } from '../../../support/executions.ts';
import { createStoreInMemory } from '../../../support/store-in-memory.ts';

const LONG = LargeJson.from(`{"text":"${'x'.repeat(200_000)}"}`) as JsonObject;
const SHORT: JsonObject = { text: 'x' };

async function compared(stored: JsonObject, sent: JsonObject) {
  const store = createStoreInMemory();
  const add = (inputs: JsonObject, fingerprint: string, isRepeatOfEarlierVersion = () => false) => {
    const execution = anExecution({ correlationId: 'order-1', inputs });
    return store.add({ execution, fingerprint, queueCapacity: 10, isRepeatOfEarlierVersion });
  };
  await add(stored, 'print');
  const isRepeat = vi.fn(() => true);
  const { outcome } = await add(sent, 'another', isRepeat);
  return { outcome, comparisons: isRepeat.mock.calls.length };
}

test('a short submission is another one than a long one without a look at its payload', async () => {
  // Parts of a large batch are texts, however short they are.
  const shortText = LargeJson.asText('{"text":"x"}') as JsonObject;
  for (const sent of [SHORT, shortText])
    expect(await compared(LONG, sent)).toEqual({ outcome: 'conflict', comparisons: 0 });
});

test('a long one is compared with both, and a short one with a short one', async () => {
  for (const [stored, sent] of [
    [LONG, LONG],
    [SHORT, LONG],
    [SHORT, SHORT],
  ] as const)
    expect(await compared(stored, sent)).toEqual({ outcome: 'replayed', comparisons: 1 });
});
