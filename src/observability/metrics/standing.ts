// How things stand at the moment of a scrape: what is open, for how long, and what does not arrive.

import type { Outbox } from '../../store/outbox-port.ts';
import type { QueueState, Store } from '../../store/port.ts';
import type { Instruments } from './instruments.ts';

export interface StandingSources {
  readonly store: Pick<Store, 'queueState'> & Pick<Outbox, 'undelivered'>;
  /** Whose queue is told also while it is empty. */
  readonly apps: readonly string[];
  readonly queueCapacity: number;
  readonly now: () => number;
}

/** Returns how to look at the store, which is done once for all of them before they are scraped. */
export function createStanding(make: Instruments, sources: StandingSources): () => Promise<void> {
  const { store, apps, queueCapacity, now } = sources;
  let stand: QueueState | null = null;
  let undelivered = { pending: 0, dead: 0 };
  const age = (at: number | null = null) => (at === null ? 0 : Math.max(0, now() - at) / 1000);

  make.gaugeBy('open_executions', 'Executions without an outcome, by status', 'status', () =>
    Object.entries(stand?.counts ?? {}),
  );
  make.gaugeBy('queued_executions', 'Executions that wait to be sent, by app', 'app', () => [
    ...apps.map((app) => [app, 0] as const),
    ...(stand?.queuedByApp ?? []),
  ]);
  make.gauge('queue_capacity', 'Executions that may wait to be sent (QUEUE_CAPACITY)', () => queueCapacity);
  make.gauge('oldest_queued_age_seconds', 'Age of the longest queued execution; 0 when none is', () =>
    age(stand?.oldestQueuedAt),
  );
  make.gauge(
    'oldest_pending_age_seconds',
    'Age of the longest open execution of those that were sent; 0 when there is none',
    () => age(stand?.oldestPendingAt),
  );
  make.gauge('notifications_pending', 'Notifications to be sent, now or later', () => undelivered.pending);
  make.gauge(
    'notifications_dead',
    'Dead letters: notifications that were given up, and are kept',
    () => undelivered.dead,
  );

  return async () => {
    [stand, undelivered] = await Promise.all([store.queueState(), store.undelivered()]);
  };
}
