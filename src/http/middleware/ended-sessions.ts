// The sessions that ended by a log-out. The activity of operators names them, so that a copied cookie is worth nothing afterwards:
// neither after a restart, nor at another receiver of the same store.

import type { World } from '../../lib/world.ts';
import type { ActivityLog, ActivityPage, ActivityQuery } from '../../store/activity-port.ts';

/** The ids of sessions that ended before their time. */
export interface EndedSessions {
  has(id: string): Promise<boolean>;
}

/** Lines of activity that one reading takes. */
const PAGE_SIZE = 200;

/** @param lifeMs the longest life of a session: earlier ends no longer matter. */
export function createEndedSessions(
  store: Pick<ActivityLog, 'listActivity'>,
  world: Pick<World, 'now'>,
  lifeMs: number,
): EndedSessions {
  /** When each session ended. */
  const ended = new Map<string, number>();
  /** The newest line that was read; null before the first reading. */
  let newest: number | null = null;

  async function readOn(): Promise<void> {
    const [line] = (await store.listActivity({ limit: 1 })).items;
    const through = line?.id ?? 0;
    if (newest !== null && through <= newest) return;
    await readUpTo(through, newest === null ? { from: world.now() - lifeMs } : { after: newest });
    newest = Math.max(newest ?? 0, through);
    for (const [id, at] of ended) if (at < world.now() - lifeMs) ended.delete(id);
  }

  async function readUpTo(through: number, since: Pick<ActivityQuery, 'from' | 'after'>): Promise<void> {
    for (let before: number | null = through + 1; before !== null; ) {
      const page: ActivityPage = await store.listActivity({ action: 'log-out', ...since, before, limit: PAGE_SIZE });
      for (const { target, startedAt } of page.items) if (target !== null) ended.set(target, startedAt);
      before = page.next;
    }
  }

  return {
    has: async (id) => {
      await readOn();
      return ended.has(id);
    },
  };
}
