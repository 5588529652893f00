// The activity of operators in the store in memory.

import type { Activity, ActivityLog } from '../../src/store/activity-port.ts';

export function createMemoryActivity(operate: <T>(work: () => T) => Promise<T>): ActivityLog {
  const lines: Activity[] = [];
  return {
    beginActivity: (activity) =>
      operate(() => {
        const id = lines.length + 1;
        lines.push({ id, ...activity, outcome: 'running', matched: null, changed: null, endedAt: null });
        return id;
      }),
    endActivity: (id, end) =>
      operate(() => {
        const line = lines[id - 1];
        if (line?.outcome === 'running') lines[id - 1] = { ...line, ...end };
      }),
    listActivity: ({ by, action, from = 0, to = Infinity, before = Infinity, after = 0, limit }) =>
      operate(() => {
        const found = lines
          .filter((line) => line.id < before && line.id > after && line.startedAt >= from && line.startedAt < to)
          .filter((line) => (by === undefined || line.by === by) && (action === undefined || line.action === action))
          .toReversed();
        const items = found.slice(0, limit);
        return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
      }),
  };
}
