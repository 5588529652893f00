// Keeps the pauses of sending, in a table and in memory: claims and due times look at them each time.

import { isoTime } from '../../../lib/time.ts';
import {
  type CountedPause,
  isSameScope,
  type PauseResult,
  type PauseScope,
  type SendingPause,
  type SendingPauses,
} from '../../pauses-port.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Session } from '../connection/session.ts';

/** What is paused, for decisions and queries. */
export interface PausedScopes {
  readonly isAllPaused: boolean;
  readonly apps: readonly string[];
  readonly actions: readonly string[];
  list(): readonly SendingPause[];
  /** Reads the pauses again: other receivers pause and resume, too. */
  refresh(): Promise<void>;
}

interface StoredPause extends Omit<SendingPause, 'since' | 'by'> {
  readonly since: string;
  readonly operator: string;
}

interface PauseRow extends StoredPause {
  readonly queued: number;
}

interface PauseOutcome {
  /** The pause of the scope, if there was one. */
  readonly before: PauseRow | null;
  readonly isAdded: boolean;
  readonly queued: number;
}

const COUNTED = `SELECT p.app, p.action_id AS "actionId", p.since, p.operator, p.reason, (SELECT count(*) FROM work AS w
    WHERE w.dispatch_at IS NOT NULL AND coalesce(p.app, w.app) = w.app AND coalesce(p.action_id, w.action_id) = w.action_id)
    AS queued
  FROM sending_pauses AS p`;

const ALL = `${COUNTED} ORDER BY p.id`;

const IN_FORCE = `SELECT app, action_id AS "actionId", since, operator, reason FROM sending_pauses ORDER BY id`;

const OF_SCOPE = `app IS NOT DISTINCT FROM $1 ->> 'app' AND action_id IS NOT DISTINCT FROM $1 ->> 'actionId'`;

const PAUSE = `WITH before AS (SELECT row_to_json(c) AS pause FROM (${COUNTED} WHERE ${OF_SCOPE}) AS c), added AS (
    INSERT INTO sending_pauses (app, action_id, since, operator, reason)
    SELECT g.app, g."actionId", g.since, g.by, g.reason
    FROM json_to_record($1) AS g(app text, "actionId" text, since text, by text, reason text)
    WHERE NOT EXISTS (SELECT 1 FROM before)
    ON CONFLICT DO NOTHING RETURNING id
  ) SELECT json_build_object('before', (SELECT pause FROM before), 'isAdded', EXISTS (SELECT 1 FROM added), 'queued', (SELECT count(*) FROM work AS w
    WHERE w.dispatch_at IS NOT NULL AND coalesce($1 ->> 'app', w.app) = w.app
      AND coalesce($1 ->> 'actionId', w.action_id) = w.action_id))`;

const RESUME = `WITH ended AS (SELECT row_to_json(c) AS pause FROM (${COUNTED} WHERE ${OF_SCOPE}) AS c),
  removed AS (DELETE FROM sending_pauses WHERE ${OF_SCOPE})
  SELECT pause FROM ended`;

export interface SendingPausesParts {
  readonly port: SendingPauses;
  readonly paused: PausedScopes;
  /** Reads the pauses of the database: other receivers change them, too. */
  reload(all: Session['all']): Promise<void>;
}

// One function because its parts share the pauses in memory.
export function createSendingPauses(reads: Reads, session: Pick<Session, 'write'>): SendingPausesParts {
  const listeners = new Set<() => void>();
  let pauses: readonly SendingPause[] = [];
  /** Changes of this receiver that were begun or ended: what was read during one may be outdated. */
  let changes = 0;
  /** Changes that this receiver is committing: what is read meanwhile may lack them. */
  let underWay = 0;

  function set(next: readonly SendingPause[]): void {
    pauses = next;
    changes += 1;
  }

  function resumed(): void {
    for (const listener of listeners) listener();
  }

  async function add(pause: SendingPause): Promise<PauseOutcome> {
    const outcome = await session.write<PauseOutcome>(PAUSE, { ...pause, since: isoTime(pause.since) });
    // Another receiver has paused the same meanwhile, which the next statement sees.
    // promise: postgres/same-pause-at-two-receivers
    return outcome.isAdded || outcome.before !== null ? outcome : add(pause);
  }

  async function pauseSending(pause: SendingPause): Promise<PauseResult> {
    const known = pauses.find((one) => isSameScope(one, pause));
    // Before the commit, so that no claim is decided after it that the pause covers.
    if (known === undefined) set([...pauses, pause]);
    underWay += 1;
    try {
      const found = await add(pause);
      set(pauses);
      if (found.before !== null) return { isNew: false, pause: toPause(found.before) };
      return { isNew: true, pause: { ...pause, queued: found.queued } };
    } catch (error) {
      set(pauses.filter((one) => one !== pause));
      throw error;
    } finally {
      underWay -= 1;
    }
  }

  async function resumeSending({ app, actionId }: PauseScope): Promise<CountedPause | null> {
    underWay += 1;
    try {
      const row = await session.write<PauseRow | null>(RESUME, { app, actionId });
      if (row === null) return null;
      set(pauses.filter((one) => !isSameScope(one, { app, actionId })));
      resumed();
      return toPause(row);
    } finally {
      underWay -= 1;
    }
  }

  async function reload(all: Session['all']): Promise<void> {
    const before = changes;
    const stored = (await all<StoredPause>(IN_FORCE, [], 'pauses_in_force')).map(toStored);
    // promise: postgres/reading-ends-no-pause-that-begins
    if (changes !== before || underWay > 0) return;
    const isEnded = !pauses.every((one) => stored.some((other) => isSameScope(one, other)));
    pauses = stored;
    if (isEnded) resumed();
  }

  return {
    port: {
      pauseSending,
      resumeSending,
      sendingPauses: async () => (await reads.all<PauseRow>(ALL)).map(toPause),
      watchResumes: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    paused: {
      get isAllPaused() {
        return pauses.some(({ app, actionId }) => app === null && actionId === null);
      },
      get apps() {
        return pauses.flatMap(({ app }) => (app === null ? [] : [app]));
      },
      get actions() {
        return pauses.flatMap(({ actionId }) => (actionId === null ? [] : [actionId]));
      },
      list: () => pauses,
      refresh: () => reload(reads.all),
    },
    reload,
  };
}

function toStored({ since, operator, ...pause }: StoredPause): SendingPause {
  return { ...pause, since: Date.parse(since), by: operator };
}

function toPause({ queued, ...stored }: PauseRow): CountedPause {
  return { ...toStored(stored), queued };
}
