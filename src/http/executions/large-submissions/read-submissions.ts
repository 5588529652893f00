// Reads the submissions of a body: parsed, validated, and with their fingerprints. Pure, so that a thread can do it.

import { type Json, MAX_JSON_DEPTH } from '../../../execution/json.ts';
import { fingerprintOf, fingerprintOfInvalid } from '../../../usecases/fingerprint.ts';
import type { SubmissionRequest } from '../../../usecases/submission-request.ts';
import type { Span } from '../../request/json-meter.ts';
import { parseBody, parseItems } from '../../request/parse-body.ts';
import { MAX_BODY_BYTES } from '../../request/read-body.ts';
import type { MeasuredBody } from '../../request/read-json.ts';
import type { FieldError, ProblemName } from '../../response/problem.ts';
import { itemPointer, parseBatch } from '../batch-schema.ts';
import { parseSubmission } from '../submission-schema.ts';

/** An item of a batch is nested two levels deeper than a single submission. */
export const BATCH_LEVELS = MAX_JSON_DEPTH + 2;

type NotRead =
  | { readonly type: 'malformed'; readonly detail: string }
  | { readonly type: 'invalid'; readonly errors: readonly FieldError[] };

/** A valid submission, whose URL and parts are not yet checked against the configuration. */
export interface ReadSubmission {
  readonly type: 'submission';
  readonly request: SubmissionRequest;
  readonly fingerprint: string;
}

/** What an idempotency key covers of an item that is not accepted. */
export interface AsSent {
  readonly sent: Json;
  readonly fingerprint: string;
}

/** An item that cannot be accepted whatever is stored, and its errors. */
export interface InvalidItem extends AsSent {
  readonly type: 'invalid';
  readonly name: ProblemName;
  readonly errors: readonly FieldError[];
}

/** `asSent`: counts if the configuration does not allow it. */
export type ReadItem = (ReadSubmission & { readonly asSent: AsSent }) | InvalidItem;

export interface ReadBatch {
  readonly type: 'batch';
  readonly atomic: boolean;
  readonly items: readonly ReadItem[];
}

/** Reads a body, or returns the response to one that cannot be accepted. */
export interface SubmissionReader {
  one(body: MeasuredBody): Promise<ReadSubmission | Response>;
  /** `isKeyed`: whether the batch has an idempotency key. */
  batch(body: MeasuredBody, isKeyed: boolean): Promise<ReadBatch | Response>;
}

export function readSubmission(bytes: Uint8Array): ReadSubmission | NotRead {
  const body = parseBody(bytes, MAX_JSON_DEPTH);
  return body.type === 'malformed' ? body : submissionIn(body.value);
}

/** @param isKeyed whether the batch has an idempotency key */
export function readBatch(bytes: Uint8Array, spans: readonly Span[], isKeyed: boolean): ReadBatch | NotRead {
  const body = parseItems(bytes, spans, 'executions', BATCH_LEVELS);
  if (body.type === 'malformed') return body;
  const batch = parseBatch(body.value);
  if (!batch.valid) return { type: 'invalid', errors: batch.errors };
  const { executions, atomic } = batch.value;
  const items = executions.map((sent, index) =>
    itemOf(isKeyed ? { sent, fingerprint: fingerprintOfInvalid(sent) } : WITHOUT_KEY, {
      ...{ sent, index, bytes: body.itemBytes[index] ?? 0 },
    }),
  );
  return { type: 'batch', atomic, items };
}

/** Without a key, nothing is compared with an earlier batch. */
const WITHOUT_KEY: AsSent = { sent: null, fingerprint: '' };

function submissionIn(value: Json): ReadSubmission | Extract<NotRead, { type: 'invalid' }> {
  const submission = parseSubmission(value);
  if (!submission.valid) return { type: 'invalid', errors: submission.errors };
  return { type: 'submission', request: submission.value, fingerprint: fingerprintOf(submission.value) };
}

interface SentItem {
  readonly sent: Json;
  readonly index: number;
  readonly bytes: number;
}

function itemOf(asSent: AsSent, { sent, index, bytes }: SentItem): ReadItem {
  if (bytes > MAX_BODY_BYTES) {
    const detail = `must have ${MAX_BODY_BYTES} bytes at most`;
    return { type: 'invalid', ...asSent, name: 'body-too-large', errors: [{ pointer: itemPointer(index), detail }] };
  }
  const read = submissionIn(sent);
  return read.type === 'submission'
    ? { ...read, asSent }
    : { type: 'invalid', ...asSent, name: 'invalid-input', errors: errorsOfItem(index, read.errors) };
}

/** "#/actionId" becomes "#/executions/3/actionId", and "#" the item itself. */
export function errorsOfItem(index: number, errors: readonly FieldError[]): FieldError[] {
  return errors.map(({ pointer, detail }) => ({ pointer: itemPointer(index) + pointer.slice(1), detail }));
}
