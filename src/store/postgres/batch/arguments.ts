// The arguments of the SQL function apply_batch: what the parts of a batch change, as JSON documents that PostgreSQL reads as rows.

import type { RawBody } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { type JsonObject, writeJson } from '../../../execution/json.ts';
import { normalizeStatusWord } from '../../../execution/status-word.ts';
import type { Notification } from '../../../notification/notification.ts';
import { EVENT_CODES, RESOLVED_BY_CODES, STATUS_CODES } from '../../shared/codes.ts';
import { outcomeColumns, wholeMs } from '../../shared/columns.ts';
import { rankOf } from '../../shared/sample-ranks.ts';
import { MAX_UNKNOWN_WORDS, OTHER_WORDS } from '../../statistics-port.ts';
import { endingOf } from '../executions/execution-ids.ts';
import { rollupColumns } from '../rollups/tally.ts';
import { storableJson } from '../storable-json.ts';
import type { AddedPart } from './add.ts';
import type { Batch } from './batch.ts';
import type { Part, PendingEntry } from './part.ts';

export type Row = Record<string, unknown>;

/** The parameters of apply_batch behind slot, epoch, sequence, all-or-nothing and head, in their order. */
export function batchArguments(
  { added, entries }: Pick<Batch, 'added' | 'entries'>,
  changed: readonly Part[],
): unknown[] {
  const numbers = new Map([...added.map(({ part }) => part), ...changed].map((part, i) => [part, i + 1]));
  const numbered = entries.map((one, i): Row & { body: RawBody | null } => ({
    ...entryRow(one),
    ...{ n: numbers.get(one.part), i: i + 1, body: one.body },
  }));
  const eachChanged = <T>(rowsOf: (part: Part, n: number) => readonly T[]) =>
    changed.flatMap((part, i) => rowsOf(part, added.length + i + 1));
  return [
    document(added.map((one, i) => insertedRow(one, i + 1))),
    changed.length === 0 ? null : changed.map(({ state }) => state.id),
    changed.length === 0 ? null : changed.map(({ loaded }) => loaded?.version ?? 0),
    document(eachChanged((part, n) => [changedRow(part, n)])),
    document(eachChanged(dueRows)),
    document(eachChanged(outcomeRows)),
    document(eachChanged(nameRows)),
    document(eachChanged(payloadRows)),
    document(eachChanged(repeatRows)),
    numbersOf(eachChanged(({ areRepeatsTaken }, n) => (areRepeatsTaken ? [n] : []))),
    document(eachChanged(notificationRows).map((row, i) => ({ ...row, i }))),
    document(eachChanged(wordRows)),
    document(numbered.map(({ body: _body, ...row }) => row)),
    document(numbered.flatMap(({ i, n, body }) => (body === null ? [] : [{ i, n, ...bodyRow(body) }]))),
    document(eachChanged(reductionRows)),
    numbersOf(eachChanged(({ reductions }, n) => (reductions === null ? [] : [n]))),
    document(eachChanged(uncountedRows)),
    document([...numbers].flatMap(([part, n]) => tallyRows(part, n))),
  ];
}

/** Returns the JSON document of these rows; null without any. */
export function document(rows: readonly Row[]): string | null {
  return rows.length === 0 ? null : storableJson(rows.map(withoutNulls));
}

/** PostgreSQL reads each member that is there, and null for one that is not. */
function withoutNulls(row: Row): Row {
  for (const name in row) if (row[name] === null) row[name] = undefined;
  return row;
}

function numbersOf(numbers: readonly number[]): readonly number[] | null {
  return numbers.length === 0 ? null : numbers;
}

function insertedRow({ part, execution, fingerprint }: AddedPart, n: number): Row {
  return {
    n,
    reference: execution.reference,
    submitted_at: wholeMs(execution.submittedAt),
    timeout_seconds: execution.timeoutSeconds,
    grace_seconds: execution.graceSeconds,
    retry_uncertain: execution.retryUncertain,
    priority: execution.priority,
    correlation_id: execution.correlationId,
    app: execution.app,
    action_id: execution.actionId,
    fingerprint: fingerprint.toString('hex'),
    notify_url: execution.notifyUrl,
    idempotency_key: execution.idempotencyKey,
    traceparent: execution.traceparent,
    tracestate: execution.tracestate,
    status: STATUS_CODES[execution.status],
    dispatch_at: wholeMs(execution.dispatchAt),
    expire_at: wholeMs(execution.expireAt),
    inputs: writeJson(execution.inputs),
    context: writeJson(execution.context),
    entry_bytes: part.state.entryBytes,
    sample_level: Math.clz32(rankOf(execution.reference)),
    resubmission_of: execution.resubmissionOf,
  };
}

/** Returns the columns of an execution that its changes may set. */
function changedRow({ state, loaded, entries }: Part, n: number): Row {
  const { execution, entryBytes, payloadPrunedAt } = state;
  return {
    n,
    status: STATUS_CODES[execution.status],
    resolved_by: execution.resolvedBy === null ? null : RESOLVED_BY_CODES[execution.resolvedBy],
    execution_id: execution.executionId,
    execution_id_unverified: execution.executionIdUnverified,
    sent_at: wholeMs(execution.sentAt),
    resolved_at: wholeMs(execution.resolvedAt),
    poll_after: wholeMs(execution.pollAfter),
    deadline: wholeMs(execution.deadline),
    dispatch_at: wholeMs(execution.dispatchAt),
    poll_at: wholeMs(execution.pollAt),
    expire_at: wholeMs(execution.expireAt),
    not_found_at: wholeMs(execution.notFoundAt),
    found_at: wholeMs(execution.foundAt),
    latency_ms: wholeMs(execution.latencyMs),
    poll_count: execution.pollCount,
    attempts: execution.attempts,
    entries,
    entry_bytes: entryBytes - (loaded?.entryBytes ?? 0),
    execution_id_problem: execution.executionIdProblem,
    poll_url: execution.pollUrl,
    cookies: execution.cookies,
    unknown_word: execution.unknownWord,
    payload_pruned_at: payloadPrunedAt,
    held_at: wholeMs(execution.heldAt),
    erased_at: wholeMs(execution.erasedAt),
    hinted_at: wholeMs(state.arrival.hintedAt),
    called_back_at: wholeMs(state.arrival.calledBackAt),
    poll_completed_at: wholeMs(state.arrival.pollCompletedAt),
    resubmitted_as: execution.resubmittedAs,
  };
}

function dueRows({ state, loaded }: Part, n: number): Row[] {
  const { execution } = state;
  if (loaded !== null && isSameWork(loaded.execution, execution)) return [];
  // promise: postgres/poll-after-the-end-is-due
  if (execution.resolvedAt !== null && execution.pollAt === null) return [{ n, reference: execution.reference }];
  const { reference, app, actionId, priority, submittedAt, dispatchAt, pollAt, expireAt } = execution;
  return [
    {
      ...{ n, reference, app, action_id: actionId, priority, status: STATUS_CODES[execution.status] },
      submitted_at: wholeMs(submittedAt),
      ...{ dispatch_at: wholeMs(dispatchAt), poll_at: wholeMs(pollAt), expire_at: wholeMs(expireAt) },
      open: true,
    },
  ];
}

function isSameWork(before: Execution, after: Execution): boolean {
  return (
    before.status === after.status &&
    before.dispatchAt === after.dispatchAt &&
    before.pollAt === after.pollAt &&
    before.expireAt === after.expireAt
  );
}

function outcomeRows({ state, loaded, payload }: Part, n: number): Row[] {
  const { execution } = state;
  const before = loaded?.execution;
  const isSame =
    execution.result === (before?.result ?? null) &&
    execution.error === (before?.error ?? null) &&
    execution.lateResult === (before?.lateResult ?? null);
  if (isSame && payload?.type !== 'stripped') return [];
  const { result, error, lateResult } = outcomeColumns(execution);
  const late_at = wholeMs(execution.lateResult?.receivedAt ?? null);
  return [{ n, result, error, late_result: lateResult, late_at }];
}

function nameRows({ state, loaded }: Part, n: number): Row[] {
  const { executionId } = state.execution;
  return executionId === null || executionId === loaded?.execution.executionId
    ? []
    : [{ n, ending: endingOf(executionId) }];
}

function payloadRows({ payload }: Part, n: number): Row[] {
  if (payload === null) return [];
  return payload.type === 'again' ? [{ n, kept: true }] : [{ n, kept: false, sha256: payload.sha256 }];
}

function repeatRows({ state, loaded }: Part, n: number): Row[] {
  return state.repeats
    .filter((repeat) => loaded?.repeats.includes(repeat) !== true)
    .map(({ event, count, since, until, detail }) => ({
      ...{ n, event: EVENT_CODES[event], count, since: wholeMs(since), until: wholeMs(until), detail },
    }));
}

function notificationRows({ state, loaded }: Part, n: number): Row[] {
  const isNew = ({ id }: Notification) => loaded?.notifications.some((known) => known.id === id) !== true;
  return state.notifications
    .filter((notification) => loaded?.notifications.includes(notification) !== true)
    .map((notification) => ({ n, is_new: isNew(notification), ...notificationRow(notification) }));
}

function notificationRow(notification: Notification): Row {
  return {
    id: notification.id,
    reference: notification.reference,
    correlation_id: notification.correlationId,
    app: notification.app,
    type: notification.type,
    url: notification.url,
    origin: notification.origin,
    status: notification.status,
    created_at: wholeMs(notification.createdAt),
    due_at: wholeMs(notification.dueAt),
    give_up_at: wholeMs(notification.giveUpAt),
    attempts: notification.attempts,
    last_attempt_at: wholeMs(notification.lastAttemptAt),
    last_http_status: notification.lastHttpStatus,
    last_error: notification.lastError,
    delivered_at: wholeMs(notification.deliveredAt),
  };
}

function wordRows({ words }: Part, n: number): Row[] {
  return words.map(({ spelling, at, reports, timeouts }) => ({
    ...{ n, word: normalizeStatusWord(spelling), spelling, others: OTHER_WORDS, most: MAX_UNKNOWN_WORDS },
    ...{ at: wholeMs(at), reports, timeouts },
  }));
}

export function tallyRows({ tallies }: Part, n: number): Row[] {
  return tallies.map(({ kind, key, times }) => ({ n, kind, times, ...rollupColumns(kind, key) }));
}

function reductionRows({ reductions }: Part, n: number): Row[] {
  return (reductions?.entries ?? []).map(({ id, detail }) => ({ n, id, detail }));
}

function uncountedRows({ reductions }: Part, n: number): Row[] {
  return (reductions?.entries ?? []).flatMap(({ unknownWord }) =>
    unknownWord === null
      ? []
      : [{ n, word: normalizeStatusWord(unknownWord), others: OTHER_WORDS, at: wholeMs(reductions?.at ?? 0) }],
  );
}

export function entryRow({ entry, columns, detail }: PendingEntry): Row {
  return {
    ...{ at: wholeMs(entry.timestamp), event: EVENT_CODES[entry.event], http_status: entry.httpStatus },
    ...{
      latency_ms: entry.latencyMs,
      execution_id: entry.executionId,
      columns,
      detail,
      ...statisticsColumns(entry.detail),
    },
  };
}

/** What statistics read of a detail. */
function statisticsColumns({ outcomeSha256, repeats, since, until }: JsonObject): Row {
  return {
    ...(outcomeSha256 === undefined ? {} : { ends: true }),
    ...(repeats === undefined ? {} : { repeats, since: Date.parse(String(since)), until: Date.parse(String(until)) }),
  };
}

function bodyRow({ bytes, contentType }: RawBody): Row {
  return { content_type: contentType, body: Buffer.from(bytes).toString('base64') };
}
