// The promises to apps: an accepted submission is stored, one id is one execution, and responses agree with the store.

import { isDeepStrictEqual } from 'node:util';
import type { AtomicBatch, Cancellation, Look, Submission } from '../apps.ts';
import type { Row } from '../database.ts';
import { isOpen } from '../trail.ts';
import { demand, show } from '../violation.ts';
import { parsed, type State } from './state.ts';

const STORED = 'a submission that got a response is stored';
const ONE_ID = 'one correlationId is one execution';
const ONE_KEY = 'one Idempotency-Key is one execution';
const TOGETHER = 'all submissions of an atomic batch are accepted or none';
const UNASKED = 'no execution is stored that no app submitted';
const ANSWERS = 'a response states what is stored';
const HELD = 'a response waits as long as the app requested';

export function checkSubmissions(state: State): void {
  const { journal, rows } = state;
  const taken = new Map<string, Submission>();
  for (const submission of journal.submissions) checkAnswer(submission, taken, state);
  for (const row of rows.values()) {
    const asked = journal.submissions.some((one) => isOf(row, one));
    demand(asked, UNASKED, () => show(row));
  }
  for (const submission of journal.submissions) if (submission.key !== null) checkKey(submission, state);
  for (const batch of journal.atomic) checkTogether(batch, state);
  for (const look of journal.looks) checkLook(look, state);
  for (const cancellation of journal.cancellations) checkCancellation(cancellation, state);
}

function checkAnswer(submission: Submission, taken: Map<string, Submission>, state: State): void {
  const { answer, slot } = submission;
  if (answer === null) {
    checkWaiting(submission.waiting ? submission.correlationId : null, state);
    return;
  }
  const { status, replayed, body } = answer;
  switch (status) {
    case 200:
    case 202: {
      const id: string = body.correlationId;
      const row = state.rows.get(id);
      demand(row !== undefined, STORED, () => `${id} (slot ${slot}) was answered ${status} and is not there`);
      demand(isOf(row as Row, submission), STORED, () => `${id} was answered ${status}, but stored is ${show(row)}`);
      const first = taken.get(id);
      demand(replayed || first === undefined, ONE_ID, () => `${id} was answered as new twice`);
      const alike = first === undefined || first.meaning === submission.meaning;
      demand(alike, ONE_ID, () => `${id} was given to two submissions: ${first?.meaning} and ${submission.meaning}`);
      taken.set(id, submission);
      return;
    }
    case 409: {
      const others = state.journal.submissions.filter(
        (one) => one.correlationId === submission.correlationId && one.meaning !== submission.meaning,
      );
      const reason = submission.correlationId !== null && others.length > 0;
      demand(reason, ONE_ID, () => `slot ${slot} was answered 409 and no other submission has that id`);
      return;
    }
    case 422: {
      const others = state.journal.submissions.filter(
        (one) => one.key === submission.key && one.app === submission.app && one.meaning !== submission.meaning,
      );
      const reason = submission.key !== null && others.length > 0;
      demand(reason, ONE_KEY, () => `slot ${slot} was answered 422: ${show(body)}`);
      return;
    }
    case 503:
      demand(
        state.wasStopped || state.settings.queueCapacity < 100,
        'a submission is only turned away with a reason',
        () => `slot ${slot} was answered 503: ${show(body)}`,
      );
      return;
    default:
      demand(false, ANSWERS, () => `slot ${slot} was answered ${status}: ${show(body)}`);
  }
}

/** Each slot with a key has one of its own, alone or as an item of a batch. */
function checkKey({ app, key, slot }: Submission, { rows }: State): void {
  const made = [...rows.values()].filter((row) => row.app === app && inputsOf(row).slot === slot);
  demand(made.length <= 1, ONE_KEY, () => `${key} of ${app} became ${made.map((row) => row.correlation_id)}`);
}

function checkTogether(batch: AtomicBatch, { rows }: State): void {
  const there = batch.filter((submission) => [...rows.values()].some((row) => isOf(row, submission)));
  const slots = (these: AtomicBatch) => these.map(({ slot }) => slot).join(', ');
  const whole = there.length === 0 || there.length === batch.length;
  demand(whole, TOGETHER, () => `of slots ${slots(batch)} only ${slots(there)} are there`);
}

function inputsOf(row: Row): { slot: number } {
  return parsed(row.inputs) as { slot: number };
}

/** Whether this row agrees with this submission. */
function isOf(row: Row, { app, correlationId, body }: Submission): boolean {
  const { timeoutSeconds, graceSeconds, retryUncertain } = body;
  return (
    row.app === app &&
    (correlationId === null || row.correlation_id === correlationId) &&
    isDeepStrictEqual(parsed(row.inputs), body.inputs) &&
    row.timeout_seconds === timeoutSeconds &&
    row.grace_seconds === graceSeconds &&
    row.retry_uncertain === Number(retryUncertain)
  );
}

/** When all work has settled, a request that still waits has an open execution. */
function checkWaiting(correlationId: string | null, { rows }: State): void {
  const status = correlationId === null ? undefined : rows.get(correlationId)?.status;
  demand(status === undefined || isOpen(status), HELD, () => `${correlationId} is ${status}, and somebody still waits`);
}

function checkLook({ answer, correlationId, waitMs, askedAt, answeredAt }: Look, state: State): void {
  const { rows, wasStopped } = state;
  if (answeredAt === null) checkWaiting(correlationId, state);
  if (answer === null || answeredAt === null) return;
  const row = rows.get(correlationId);
  const known = answer.status === 200 ? row !== undefined : answer.status === 404;
  demand(known, ANSWERS, () => `${correlationId} was answered ${answer.status} and the row is ${show(row)}`);
  if (answer.status !== 200) return;
  const { status, result, error } = answer.body;
  const waited = answeredAt - askedAt;
  demand(waited <= waitMs, HELD, () => `${correlationId}: asked to wait ${waitMs} ms, answered after ${waited} ms`);
  if (isOpen(status)) {
    demand(waited === waitMs || wasStopped, HELD, () => `${correlationId}: let go after ${waited} of ${waitMs} ms`);
    return;
  }
  const stored = { status: row?.status, result: parsed(row?.result ?? null), error: parsed(row?.error ?? null) };
  demand(
    isDeepStrictEqual({ status, result, error }, stored),
    ANSWERS,
    () => `${show(answer.body)}, stored ${show(row)}`,
  );
}

function checkCancellation({ correlationId, answer }: Cancellation, { rows }: State): void {
  if (answer === null || answer.status === 404) return;
  const { status } = answer;
  demand(status === 200, ANSWERS, () => `cancelling ${correlationId} was answered ${status}`);
  const stored = rows.get(correlationId)?.status;
  demand(
    stored === answer.body.status,
    ANSWERS,
    () => `cancelled ${correlationId}: ${answer.body.status}, now ${stored}`,
  );
}
