// Hands out due work: selects what is due in fair shares among apps, and claims it with the decisions of one batch.

import type { Dispatchable, Execution, Status } from '../../../execution/execution.ts';
import { type JsonObject, LargeJson } from '../../../execution/json.ts';
import { createFairShare, type FairShare } from '../../../lib/weighted-fair-share.ts';
import { holdsBack } from '../../pauses-port.ts';
import type { ClaimedDispatch, DueTimes, DueWork } from '../../port.ts';
import { STATUS_CODES } from '../../shared/codes.ts';
import { expiryOf } from '../../shared/expiry.ts';
import type { Reads } from '../../shared/reads.ts';
import { SELECT_EXECUTION, type StoredRow, toExecution } from '../batch/aggregate.ts';
import type { Part } from '../batch/part.ts';
import { taskOn, unchanged } from '../batch/task.ts';
import type { Writer } from '../group-commit.ts';
import type { ClockTurns } from '../turns.ts';
import { applyEvent } from './apply-event.ts';
import type { LeftQueue, Returned } from './left-queue.ts';
import type { PausedScopes } from './pauses.ts';

interface DueWorkTools {
  readonly reads: Reads;
  readonly writer: Pick<Writer, 'mutateAll'>;
  readonly listedRepeats: number;
  readonly paused: PausedScopes;
  readonly left: Pick<LeftQueue, 'returned'>;
  /** A selection sees what the claim before it left: two at the same time would select the same executions. */
  readonly inTurn: ClockTurns;
}

interface Demand {
  readonly app: string;
  readonly count: number;
}

interface QueuedRow {
  readonly app: string;
  readonly reference: string;
  readonly inputs: string | null;
  readonly context: string | null;
}

/** The priorities of an app, highest first: an index range for each is ordered by time. */
const PRIORITIES = 'generate_series(9, 0, -1) AS p(priority)';

/** Seeks from app to app along an index whose first column is the app. */
const appsWith = (column: string) => `WITH RECURSIVE apps (app) AS (
    (SELECT app FROM work WHERE ${column} IS NOT NULL ORDER BY app LIMIT 1)
    UNION ALL
    SELECT (SELECT w.app FROM work AS w WHERE w.${column} IS NOT NULL AND w.app > apps.app ORDER BY w.app LIMIT 1)
    FROM apps WHERE apps.app IS NOT NULL
  )`;

/** Counts in the order of the index. Without one, the planner expects to find some soon, and reads the whole queue for a priority without any. */
// promise: postgres/claim-reads-few-of-the-queue
const DUE_DISPATCHES = `${appsWith('dispatch_at')}
  SELECT apps.app, (SELECT count(*) FROM ${PRIORITIES} CROSS JOIN LATERAL (SELECT 1 FROM work AS w
    WHERE w.app = apps.app AND w.priority = p.priority AND w.dispatch_at <= $1 AND w.action_id <> ALL ($4::text[])
      ORDER BY w.dispatch_at LIMIT $2) AS due) AS count
  FROM apps WHERE apps.app IS NOT NULL AND apps.app <> ALL ($3::text[])`;

const DUE_POLLS = `${appsWith('poll_at')}
  SELECT apps.app, (SELECT count(*) FROM (SELECT 1 FROM work AS w WHERE w.app = apps.app AND w.poll_at <= $1
    ORDER BY w.poll_at LIMIT $2) AS due) AS count
  FROM apps WHERE apps.app IS NOT NULL`;

/** Parameters: apps, quotas, now, paused actions. */
const QUEUED = `SELECT q.app, d.reference, payload.inputs, payload.context
  FROM unnest($1::text[], $2::integer[]) AS q(app, quota)
  CROSS JOIN LATERAL (
    SELECT w.reference, w.execution, p.priority, w.dispatch_at FROM ${PRIORITIES} CROSS JOIN LATERAL (
      SELECT reference, execution, dispatch_at FROM work
      WHERE app = q.app AND priority = p.priority AND dispatch_at <= $3 AND action_id <> ALL ($4::text[])
      ORDER BY dispatch_at LIMIT q.quota
    ) AS w ORDER BY p.priority DESC, w.dispatch_at LIMIT q.quota
  ) AS d
  LEFT JOIN payload_rows AS payload ON payload.id = d.execution
  ORDER BY q.app, d.priority DESC, d.dispatch_at`;

const POLLED = `SELECT q.app, d.reference FROM unnest($1::text[], $2::integer[]) AS q(app, quota)
  CROSS JOIN LATERAL (
    SELECT reference, poll_at FROM work WHERE app = q.app AND poll_at <= $3 ORDER BY poll_at LIMIT q.quota
  ) AS d ORDER BY q.app, d.poll_at`;

const EXPIRED = `SELECT reference, status = ${STATUS_CODES.QUEUED} AS "isQueued" FROM work WHERE expire_at <= $1
  ORDER BY expire_at LIMIT $2`;

const TO_DISPATCH = `${appsWith('dispatch_at')}, due (reference, dispatch_at) AS (
    SELECT d.reference, d.dispatch_at FROM apps CROSS JOIN ${PRIORITIES} CROSS JOIN LATERAL (
      SELECT reference, dispatch_at FROM work
      WHERE app = apps.app AND priority = p.priority AND dispatch_at <= $1 AND action_id <> ALL ($4::text[])
      ORDER BY dispatch_at LIMIT $2
    ) AS d WHERE apps.app IS NOT NULL AND apps.app <> ALL ($3::text[]) ORDER BY d.dispatch_at LIMIT $2
  ), e AS (${SELECT_EXECUTION} WHERE r.reference IN (SELECT reference FROM due))
  SELECT e.* FROM e ORDER BY e.dispatch_at`;

const NEXT_DUE = `SELECT
  (${appsWith('dispatch_at')} SELECT min((SELECT min(w.dispatch_at) FROM work AS w
    WHERE w.app = apps.app AND w.priority = p.priority AND w.dispatch_at IS NOT NULL AND w.action_id <> ALL ($2::text[])))
    FROM apps CROSS JOIN ${PRIORITIES} WHERE apps.app <> ALL ($1::text[])) AS "dispatchAt",
  (${appsWith('poll_at')} SELECT min((SELECT min(w.poll_at) FROM work AS w WHERE w.app = apps.app AND w.poll_at IS NOT NULL))
    FROM apps) AS "pollAt",
  (SELECT min(expire_at) FROM work WHERE expire_at IS NOT NULL) AS "expireAt"`;

type Claims = Pick<DueWork, 'dueDispatches' | 'claimDispatches' | 'claimPolls' | 'expire' | 'nextDue'>;

// One function because its claims take turns.
export function createDueWork({ reads, writer, listedRepeats, paused, left, inTurn }: DueWorkTools): Claims {
  const evenly = createFairShare();

  const turnsOf = (demand: readonly Demand[], limit: number, share: FairShare) =>
    share(limit, new Map(demand.map(({ app, count }) => [app, Number(count)])));

  /** @param rest the parameters behind apps and quotas */
  async function selected<Row extends { app: string }>(
    statement: string,
    turns: readonly string[],
    rest: readonly unknown[],
  ) {
    if (turns.length === 0) return [];
    const quotas = [...Map.groupBy(turns, (app) => app)].map(([app, own]) => [app, own.length] as const);
    const rows = await reads.all<Row>(statement, [
      ...[quotas.map(([app]) => app), quotas.map(([, quota]) => quota)],
      ...rest,
    ]);
    return inOrderOf(turns, rows);
  }

  async function claimDispatches(limit: number, now: number, share: FairShare): Promise<ClaimedDispatch[]> {
    // promise: postgres/paused-execution-is-not-claimed
    await paused.refresh();
    if (paused.isAllPaused) return [];
    const { apps, actions } = paused;
    const turns = turnsOf(await reads.all<Demand>(DUE_DISPATCHES, [now, limit, apps, actions]), limit, share);
    const rows = await selected<QueuedRow>(QUEUED, turns, [now, actions]);
    const returned = await left.returned(rows);
    const claimed = await writer.mutateAll(
      rows.map((row) => dispatchTask(row, now, { listedRepeats, paused, returned })),
      { asLeader: true },
    );
    return claimed.filter((one) => one != null);
  }

  async function claimPolls(limit: number, now: number, leaseUntil: number, share: FairShare): Promise<Execution[]> {
    const turns = turnsOf(await reads.all<Demand>(DUE_POLLS, [now, limit]), limit, share);
    const rows = await selected<{ app: string; reference: string }>(POLLED, turns, [now]);
    const leased = await writer.mutateAll(
      rows.map((row) => leaseTask(row.reference, now, leaseUntil)),
      { asLeader: true },
    );
    return leased.filter((one) => one != null);
  }

  async function expire(limit: number, now: number): Promise<number> {
    await paused.refresh();
    const rows = await reads.all<{ reference: string; isQueued: boolean }>(EXPIRED, [now, limit]);
    const returned = await left.returned(rows.filter(({ isQueued }) => isQueued));
    const ended = await writer.mutateAll(
      rows.map(({ reference }) => expiryTask(reference, now, { listedRepeats, paused, returned })),
      { asLeader: true },
    );
    return ended.filter((isEnded) => isEnded).length;
  }

  async function dueDispatches(limit: number, now: number): Promise<Execution[]> {
    await paused.refresh();
    if (paused.isAllPaused) return [];
    const { apps, actions } = paused;
    return (await reads.all<StoredRow>(TO_DISPATCH, [now, limit, apps, actions])).map(toExecution);
  }

  async function nextDue(): Promise<DueTimes> {
    await paused.refresh();
    const { apps, actions } = paused;
    const due = await reads.first<DueTimes>(NEXT_DUE, [apps, actions]);
    const { dispatchAt = null, pollAt = null, expireAt = null } = due ?? {};
    return { dispatchAt: paused.isAllPaused ? null : dispatchAt, pollAt, expireAt };
  }

  return {
    dueDispatches,
    claimDispatches: (limit, now, share = evenly) => inTurn((setMs) => claimDispatches(limit, now + setMs, share)),
    claimPolls: (limit, now, leaseUntil, share = evenly) =>
      inTurn((setMs) => claimPolls(limit, now + setMs, leaseUntil + setMs, share)),
    expire: (limit, now) => inTurn((setMs) => expire(limit, now + setMs)),
    nextDue,
  };
}

interface Rules extends Pick<DueWorkTools, 'listedRepeats' | 'paused'> {
  readonly returned: Returned;
}

/** What is recorded of an execution that is not sent, because the database has lost that it left the queue. */
const NOT_SENT_AGAIN = {
  type: 'uncertain',
  httpStatus: 0,
  latencyMs: 0,
  retryAt: null,
  message: 'the database has lost that it left the queue before: it may have been sent',
} as const;

/** Takes an execution out of the queue without sending it: a callback, or its deadline, ends it. */
function withheld(part: Part, now: number, listedRepeats: number) {
  const left = applyEvent(part, { type: 'dispatched', wasPerhapsSent: true }, now, listedRepeats);
  const held = applyEvent(part, { ...NOT_SENT_AGAIN, giveUpAt: now }, now, listedRepeats);
  return { changes: [left, held], part };
}

/** Returns whether an execution may be sent a second time after the database has lost that it left the queue. */
function isRepeatable({ retryUncertain, expireAt }: Execution, known: Status, now: number): boolean {
  const isOver = expireAt !== null && now >= expireAt;
  // What CXone has accepted, and what has ended, is not uncertain.
  return retryUncertain && known === 'UNCONFIRMED' && !isOver;
}

function dispatchTask(row: QueuedRow, now: number, { listedRepeats, paused, returned }: Rules) {
  return taskOn<ClaimedDispatch | null>(row.reference, (part) => {
    const before = part.state.execution;
    if ((before.dispatchAt ?? now + 1) > now) return unchanged(null);
    // A pause that began after the selection holds it back, too.
    if (paused.list().some((pause) => holdsBack(pause, before))) return unchanged(null);
    const known = returned.get(row.reference);
    // promise: postgres/lost-dispatch-is-not-repeated
    if (known !== undefined && !isRepeatable(before, known, now)) {
      return { value: null, ...withheld(part, now, listedRepeats) };
    }
    const change = applyEvent(part, { type: 'dispatched' }, now, listedRepeats);
    const { execution } = change;
    const claimed = { ...execution, ...submissionIn(row), giveUpAt: before.expireAt };
    return { value: execution.status === 'UNCONFIRMED' ? claimed : null, changes: [change], part };
  });
}

function leaseTask(reference: string, now: number, leaseUntil: number) {
  return taskOn<Execution | null>(reference, (part) => {
    const before = part.state.execution;
    if ((before.pollAt ?? now + 1) > now) return unchanged(null);
    // promise: postgres/claim-is-a-lease
    const execution = { ...before, pollAt: leaseUntil };
    part.saveExecution(execution);
    return { value: execution, changes: [], part };
  });
}

function expiryTask(reference: string, now: number, { listedRepeats, paused, returned }: Rules) {
  return taskOn(reference, (part) => {
    const { execution } = part.state;
    if ((execution.expireAt ?? now + 1) > now) return unchanged(false);
    // promise: postgres/lost-dispatch-is-not-called-unsent
    if (execution.status === 'QUEUED' && returned.has(reference)) {
      return { value: false, ...withheld(part, now, listedRepeats) };
    }
    const change = applyEvent(part, expiryOf(execution, paused.list()), now, listedRepeats);
    return { value: true, changes: [change], part };
  });
}

function submissionIn({ inputs, context }: QueuedRow): Pick<Dispatchable, 'inputs' | 'context'> {
  return {
    inputs: LargeJson.from(inputs ?? '{}') as JsonObject,
    context: LargeJson.from(context ?? '{}') as JsonObject,
  };
}

/** Returns the rows, which are in order for each app, in the order of the turns. */
function inOrderOf<Row extends { app: string }>(turns: readonly string[], rows: readonly Row[]): Row[] {
  const byApp = Map.groupBy(rows, ({ app }) => app);
  return turns.flatMap((app) => byApp.get(app)?.shift() ?? []);
}
