// The bounds of the queue, of all apps and of each app with a share, which hold for all receivers together.
//
// Each audit entry puts one execution into the queue at most. Therefore a count, and the entry as of which it was made, bound the
// queue until that many entries have followed: far from its capacity the queue is rarely counted. The SQL function `within_queue`
// verifies the bounds again in the statement that adds, in which no other receiver can add in between.

import type { NewExecution } from '../../intake-port.ts';
import type { Session } from '../connection/session.ts';

/** What a submission demands of the queue. */
export type QueueDemand = Pick<NewExecution, 'queueCapacity' | 'appQueueCapacity'> & {
  readonly execution: Pick<NewExecution['execution'], 'app'>;
};

/** A parameter of `within_queue`. */
export interface QueueBound {
  /** Null: all apps. */
  readonly app: string | null;
  readonly capacity: number;
  /** Number of executions that the batch adds. */
  readonly added: number;
  readonly counted: number;
  /** The newest entry when it was counted. */
  readonly head: number;
}

export interface QueueBounds {
  /** Counts what is queued, if a decision about these submissions may need it. */
  load(submissions: readonly QueueDemand[]): Promise<void>;
  /** Returns how many executions are queued, of all apps (null) or of one, as of a time at which no bound was reached, or as of now. */
  queued(app: string | null): number;
  boundsOf(added: readonly QueueDemand[]): QueueBound[];
  /** Demands that everything is counted again. */
  reset(): void;
}

interface Counted {
  readonly count: number;
  readonly head: number;
}

interface CountRow {
  readonly head: number;
  /** Null: not asked for. */
  readonly total: number | null;
  readonly apps: Readonly<Record<string, number>> | null;
}

/** One snapshot. Parameters: an entry that is stored, the apps, and whether all apps together are counted. */
const COUNT = `SELECT coalesce((SELECT id FROM audit_rows WHERE id >= $1 ORDER BY id DESC LIMIT 1),
    (SELECT pruned_through FROM audit_checkpoint)) AS head,
  CASE WHEN $3 THEN (SELECT count(*) FROM work WHERE dispatch_at IS NOT NULL) END AS total,
  (SELECT json_object_agg(g.app, (SELECT count(*) FROM work AS w WHERE w.app = g.app AND w.dispatch_at IS NOT NULL))
    FROM unnest($2::text[]) AS g(app)) AS apps`;

/** @param head returns the newest entry that this receiver knows */
export function createQueueBounds(all: Session['all'], head: () => number): QueueBounds {
  const known = new Map<string | null, Counted>();

  function isCounted({ app, capacity, added }: Demand): boolean {
    const counted = known.get(app);
    if (counted === undefined) return false;
    // The count may be newer than the newest entry that this receiver knows.
    const since = Math.max(0, head() - counted.head);
    return counted.count + since + added <= capacity;
  }

  return {
    load: async (submissions) => {
      const missing = demandsOf(submissions).filter((demand) => !isCounted(demand));
      if (missing.length === 0) return;
      const apps = missing.flatMap(({ app }) => (app === null ? [] : [app]));
      const [row] = await all<CountRow>(COUNT, [head(), apps, missing.some(({ app }) => app === null)]);
      if (row === undefined) return;
      if (row.total !== null) known.set(null, { count: row.total, head: row.head });
      for (const [app, count] of Object.entries(row.apps ?? {})) known.set(app, { count, head: row.head });
    },
    queued: (app) => known.get(app)?.count ?? 0,
    boundsOf: (added) =>
      demandsOf(added).map(({ app, ...demand }) => {
        const { count, head } = known.get(app) ?? { count: demand.capacity, head: 0 };
        return { app, ...demand, counted: count, head };
      }),
    reset: () => known.clear(),
  };
}

type Demand = Pick<QueueBound, 'app' | 'capacity' | 'added'>;

/** An app without a smaller share is bound by the capacity of all. */
function demandsOf(submissions: readonly QueueDemand[]): Demand[] {
  const [first] = submissions;
  if (first === undefined) return [];
  const total: Demand = { app: null, capacity: first.queueCapacity, added: submissions.length };
  const byApp = Map.groupBy(submissions, ({ execution }) => execution.app);
  const shares = [...byApp].flatMap(([app, own]) => {
    const capacity = own[0]?.appQueueCapacity;
    return capacity === undefined || capacity >= total.capacity ? [] : [{ app, capacity, added: own.length }];
  });
  return [total, ...shares];
}
