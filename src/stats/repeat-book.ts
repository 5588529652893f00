// Collects counted repeats of events by event and action, so that operators see what calls the receiver without end.

import { type AuditEvent, CALLED_EVENTS } from '../execution/event.ts';
import { many } from '../lib/figures.ts';
import { isoTime } from '../lib/time.ts';
import type { CountedRepeats } from '../store/statistics-port.ts';
import type { TrailFollower } from './trail-follower.ts';

/** Repeats of one event for the executions of one action. */
export interface RepeatGroup {
  readonly event: AuditEvent;
  readonly actionId: string;
  readonly repeats: number;
  /** Number of executions, `MAX_EXECUTIONS` at most. */
  readonly executions: number;
  /** The first and the last repeat, ISO 8601. */
  readonly since: string;
  readonly until: string;
  /** In words. */
  readonly message: string;
}

const MAX_EXECUTIONS = 1_000;
const MAX_GROUPS = 1_000;

/** Groups without a repeat for this long are not shown. */
const SHOWN_MS = 86_400_000;

interface Sum {
  readonly event: AuditEvent;
  readonly actionId: string;
  readonly ids: Set<string>;
  repeats: number;
  since: number;
  until: number;
}

const CALLED: ReadonlySet<AuditEvent> = new Set(CALLED_EVENTS);

export function createRepeatBook() {
  const sums = new Map<string, Sum>();

  function sumOf({ event, actionId, since, until }: CountedRepeats): Sum {
    const key = `${event} ${actionId}`;
    const sum = sums.get(key) ?? { event, actionId, ids: new Set(), repeats: 0, since, until };
    sums.set(key, sum);
    const oldest = sums.size > MAX_GROUPS ? [...sums].toSorted(([, a], [, b]) => a.until - b.until)[0] : undefined;
    if (oldest !== undefined) sums.delete(oldest[0]);
    return sum;
  }

  return {
    add: (one: CountedRepeats): void => {
      // The receiver's own polls repeat for as long as an execution runs.
      if (!CALLED.has(one.event)) return;
      const sum = sumOf(one);
      sum.repeats += one.repeats;
      sum.since = Math.min(sum.since, one.since);
      sum.until = Math.max(sum.until, one.until);
      if (sum.ids.size < MAX_EXECUTIONS) sum.ids.add(one.correlationId);
    },
    /** Returns the groups whose last repeat came at or after `from` (milliseconds), the most repeats first. */
    groups: (from: number): RepeatGroup[] =>
      [...sums.values()]
        .filter(({ until }) => until >= from)
        .toSorted((one, other) => other.repeats - one.repeats)
        .map(groupOf),
  };
}

/** Returns a function that lists the groups of the last day, of a running receiver. */
export function followRepeats(trail: Pick<TrailFollower, 'follow'>, now: () => number): () => RepeatGroup[] {
  const book = createRepeatBook();
  trail.follow(({ event, actionId, correlationId, repeats, since, timestamp }) => {
    if (repeats === null) return;
    book.add({ event, actionId, correlationId, repeats, since: since ?? timestamp, until: timestamp });
  });
  return () => book.groups(now() - SHOWN_MS);
}

function groupOf({ event, actionId, ids, repeats, ...times }: Sum): RepeatGroup {
  const [since, until] = [isoTime(times.since), isoTime(times.until)];
  const where = `${ids.size < MAX_EXECUTIONS ? '' : 'at least '}${many(ids.size, 'execution')}`;
  const message = `${event} came ${many(repeats, 'time')} more than the trail lists, for ${where} of action ${actionId}, from ${since} to ${until}`;
  return { event, actionId, repeats, executions: ids.size, since, until, message };
}
