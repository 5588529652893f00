// The order in which a receiver learns of its own changes and of those of others.

import { expect, test } from 'vitest';
import { createJournal } from '../../../src/store/postgres/others/journal.ts';
import type { OthersRow } from '../../../src/store/postgres/others/read-others.ts';
import { EVENT_CODES, STATUS_CODES } from '../../../src/store/shared/codes.ts';

const row = (id: number): OthersRow => ({
  ...{ id, event: EVENT_CODES.DISPATCHED, ends: null, latency_ms: null, http_status: null },
  ...{ reference: 'a', correlation_id: 'order-1', app: 'shop', action_id: 'charge' },
  ...{ status: STATUS_CODES.UNCONFIRMED, resolved_by: null, sent_at: 0, unknown_word: null },
  ...{ dispatch_at: null, poll_at: null, expire_at: 0, notify_at: null },
});

test('entries that were read before they were lost hide none that get their ids', async () => {
  const commit = Promise.withResolvers<void>();
  const read: number[][] = [];
  const delivered: (number[] | null)[] = [];
  const journal = createJournal({
    settled: () => commit.promise,
    own: () => {},
    read: (changes) => void read.push(changes.map(({ entry }) => entry.id)),
    others: (changes) => void delivered.push(changes?.map(({ entry }) => entry.id) ?? null),
    missing: () => {},
  });
  const reading = (...ids: number[]) => journal.catchUp(async () => ids.map(row) as never);
  journal.begin(1);
  // The commit that is under way ends when the receiver is connected again.
  const lost = reading(2, 3);
  await expect.poll(() => read).toEqual([[2, 3]]);
  journal.restart(1);
  commit.resolve();
  await lost;
  expect(delivered).toEqual([null]);
  await reading(2);
  expect(delivered).toEqual([null, [2]]);
});
