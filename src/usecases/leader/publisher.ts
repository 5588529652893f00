// Publishes what the leader knows in its memory, so that every receiver of the database shows the same.

import type { JsonObject } from '../../execution/json.ts';
import type { Work } from '../../lib/loop.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import type { LeaderState } from '../../store/leader-port.ts';
import { type LastState, type LiveState, NOTHING_KNOWN } from './live-state.ts';
import { readLastState, readLiveState } from './shared-forms.ts';

/** The state is published once in this time at most, and without a change after `REPEAT_MS`. Milliseconds. */
const PUBLISH_MS = 1_000;
const REPEAT_MS = 5_000;
/** What was published earlier is that of a leader that has ended. */
const VALID_MS = 15_000;
/** Longer than any pause lasts that was published. */
const LAST_MS = DAY_MS;

export interface Publisher {
  /** Publishes the state now. @param sent of a leader that sends nothing any more: see `LastState` */
  publish(sent: readonly number[] | null): Promise<void>;
  /** Publishes the state when it has changed. */
  readonly work: Work;
}

export function createPublisher(state: LeaderState, live: () => LiveState, world: Pick<World, 'elapsed'>): Publisher {
  let last: { readonly text: string; readonly at: number } | null = null;

  async function publish(sent: readonly number[] | null): Promise<void> {
    const now = live();
    await state.publish({ ...now, sent } as unknown as JsonObject);
    last = { text: JSON.stringify(now), at: world.elapsed() };
  }

  return {
    publish,
    work: async () => {
      const isRecent = last !== null && world.elapsed() - last.at < REPEAT_MS;
      // promise: leader-state-is-published
      if (!isRecent || JSON.stringify(live()) !== last?.text) await publish(null);
      return PUBLISH_MS;
    },
  };
}

/** Returns what the leader has published. */
export async function publishedState(state: LeaderState): Promise<LiveState> {
  const published = await state.published(VALID_MS);
  return published === null ? NOTHING_KNOWN : readLiveState(published);
}

/** Returns what the last leader has published. Of its requests in flight, none is left after a while. */
export async function lastState(state: LeaderState): Promise<LastState> {
  const recent = await state.published(VALID_MS);
  if (recent !== null) return readLastState(recent);
  const old = await state.published(LAST_MS);
  // The clock of the database may have been set: what was sent counts, however old it seems to be.
  // promise: rate-outlasts-clock-steps
  return old === null ? { ...NOTHING_KNOWN, sent: [] } : { ...readLastState(old), upstream: NOTHING_KNOWN.upstream };
}
