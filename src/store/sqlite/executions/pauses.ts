// Keeps the pauses of sending, in a table and in memory: claims and due times look at them each time.

import type { Database } from 'better-sqlite3';
import type { Execution } from '../../../execution/execution.ts';
import { isoTime } from '../../../lib/time.ts';
import {
  type CountedPause,
  isSameScope,
  type PauseScope,
  type SendingPause,
  type SendingPauses,
} from '../../pauses-port.ts';
import type { Change } from '../../port.ts';
import type { Backlog } from '../../shared/backlog.ts';
import { unchanged, type Writer } from '../group-commit.ts';

/** What is paused, as the last transaction left it. */
export interface PausedScopes {
  readonly isAllPaused: boolean;
  isAppPaused(app: string): boolean;
  /** The paused actions. */
  readonly actions: ReadonlySet<string>;
}

export interface PausedQueue extends PausedScopes {
  /** Reads the pauses from the database, at the start and after a rollback. */
  reload(): void;
  /** Notes that an execution was added (`before` null) or changed. */
  update(before: Execution | null, after: Execution): void;
  list(): readonly SendingPause[];
  add(pause: SendingPause): void;
  remove(pause: SendingPause): void;
  /** Returns the number of queued executions of a paused action. */
  queuedOf(actionId: string): number;
}

interface PauseRow extends Pick<SendingPause, 'app' | 'actionId' | 'reason'> {
  readonly since: string;
  readonly operator: string;
}

/** Reads the index alone, which has the queued executions only. */
export const QUEUED_OF_ACTION = `SELECT count(*) FROM execution_rows INDEXED BY execution_rows_to_dispatch
  WHERE dispatch_at IS NOT NULL AND action_id = ?`;

const QUEUED_OF_SCOPE = `SELECT count(*) FROM execution_rows INDEXED BY execution_rows_to_dispatch
  WHERE dispatch_at IS NOT NULL AND coalesce(@app, app) = app AND coalesce(@actionId, action_id) = action_id`;

const SELECT = 'SELECT app, action_id AS actionId, since, operator, reason FROM sending_pauses ORDER BY id';

// One function because its parts share the pauses in memory.
export function createPausedQueue(client: Database): PausedQueue {
  const sql = {
    all: client.prepare<[], PauseRow>(SELECT),
    insert: client.prepare<[object]>(
      `INSERT INTO sending_pauses (app, action_id, since, operator, reason)
      VALUES (@app, @actionId, @since, @by, @reason)`,
    ),
    remove: client.prepare<[object]>('DELETE FROM sending_pauses WHERE app IS @app AND action_id IS @actionId'),
    queued: client.prepare<[string], number>(QUEUED_OF_ACTION).pluck(),
  };
  let pauses: readonly SendingPause[] = [];
  let isAllPaused = false;
  let apps: ReadonlySet<string> = new Set();
  let actions: ReadonlySet<string> = new Set();
  /** Queued executions by paused action. */
  let queued = new Map<string, number>();

  function set(list: readonly SendingPause[]): void {
    pauses = list;
    apps = new Set(list.flatMap(({ app }) => (app === null ? [] : [app])));
    isAllPaused = list.some(({ app, actionId }) => app === null && actionId === null);
    actions = new Set(list.flatMap(({ actionId }) => (actionId === null ? [] : [actionId])));
    queued = new Map([...actions].map((actionId) => [actionId, queued.get(actionId) ?? sql.queued.get(actionId) ?? 0]));
  }

  return {
    get isAllPaused() {
      return isAllPaused;
    },
    get actions() {
      return actions;
    },
    isAppPaused: (app) => apps.has(app),
    reload: () => {
      queued = new Map();
      set(sql.all.all().map(toPause));
    },
    update: (before, { actionId, dispatchAt }) => {
      if (!queued.has(actionId)) return;
      const change = Number(dispatchAt !== null) - Number((before?.dispatchAt ?? null) !== null);
      queued.set(actionId, (queued.get(actionId) ?? 0) + change);
    },
    list: () => pauses,
    add: (pause) => {
      sql.insert.run({ ...pause, since: isoTime(pause.since) });
      set([...pauses, pause]);
    },
    remove: (pause) => {
      sql.remove.run({ app: pause.app, actionId: pause.actionId });
      set(pauses.filter((one) => one !== pause));
    },
    queuedOf: (actionId) => queued.get(actionId) ?? 0,
  };
}

/** Reads the pauses in force, and counts what each holds back: for commands, which keep no counts in memory. */
export function countedPauses(client: Database): readonly CountedPause[] {
  const pauses = client.prepare<[], PauseRow>(SELECT).all().map(toPause);
  const queued = client.prepare<[object], number>(QUEUED_OF_SCOPE).pluck();
  return pauses.map((pause) => {
    const { app, actionId } = pause;
    return { ...pause, queued: queued.get({ app, actionId }) ?? 0 };
  });
}

function toPause({ since, operator, ...pause }: PauseRow): SendingPause {
  return { ...pause, since: Date.parse(since), by: operator };
}

interface PauseTools {
  readonly writer: Pick<Writer<Change>, 'mutate'>;
  readonly backlog: Pick<Backlog, 'queued' | 'queuedBy'>;
  readonly paused: PausedQueue;
  /** Called inside the transaction that ends a pause. */
  readonly resumed: () => void;
}

export function createSendingPauses({ writer, backlog, paused, resumed }: PauseTools): SendingPauses {
  const listeners = new Set<() => void>();

  function counted(pause: SendingPause): CountedPause {
    const { app, actionId } = pause;
    if (actionId !== null) return { ...pause, queued: paused.queuedOf(actionId) };
    return { ...pause, queued: app === null ? backlog.queued : backlog.queuedBy(app) };
  }

  const find = (scope: PauseScope) => paused.list().find((pause) => isSameScope(pause, scope));

  return {
    pauseSending: (pause) =>
      writer.mutate(() => {
        const known = find(pause);
        if (known === undefined) paused.add(pause);
        return unchanged({ isNew: known === undefined, pause: counted(known ?? pause) });
      }),
    resumeSending: async (scope) => {
      const ended = await writer.mutate(() => {
        const pause = find(scope);
        if (pause === undefined) return unchanged(null);
        const last = counted(pause);
        paused.remove(pause);
        resumed();
        return unchanged(last);
      });
      if (ended !== null) for (const listener of listeners) listener();
      return ended;
    },
    sendingPauses: async () => paused.list().map(counted),
    watchResumes: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
