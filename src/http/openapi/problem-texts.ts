// The description of each problem: when it occurs, and an example of its detail.

import type { ProblemName } from '../response/problem.ts';
import type { HeaderName } from './headers.ts';

interface ProblemDoc {
  /** When it occurs. */
  readonly when: string;
  /** An example of its detail. */
  readonly detail: string;
  readonly headers?: readonly HeaderName[];
  readonly members?: { readonly [name: string]: unknown };
}

export const PROBLEM_DOCS: { readonly [N in ProblemName]: ProblemDoc } = {
  'bad-request': {
    when: 'The request is not valid HTTP, its Host header is not valid, or its body did not arrive whole.',
    detail: 'The request target or the Host header is not valid.',
  },
  'malformed-json': {
    when: 'The body is empty, not JSON, not UTF-8, or nested too deeply.',
    detail: 'The body is not valid JSON: look at line 1 column 17.',
  },
  'invalid-header': {
    when: 'A header cannot be understood; `errors` names it.',
    detail:
      'Idempotency-Key is empty; send for example Idempotency-Key: "order-4711", with 1 to 255 visible ASCII characters.',
    members: {
      errors: [
        {
          header: 'Idempotency-Key',
          detail: 'is empty; send for example Idempotency-Key: "order-4711", with 1 to 255 visible ASCII characters',
        },
      ],
    },
  },
  unauthorized: {
    when: 'The key is missing or unknown.',
    detail: 'Send a key: "Authorization: Bearer KEY".',
    headers: ['WWW-Authenticate'],
  },
  forbidden: {
    when: 'The key does not allow this operation.',
    detail: 'This is for operators: use the key of an operator.',
  },
  'not-found': {
    when: 'The resource does not exist, or is not yours.',
    detail: 'You have no execution with this correlationId.',
  },
  'method-not-allowed': {
    when: 'The path supports other methods only.',
    detail: 'Use one of GET, HEAD, OPTIONS.',
    headers: ['Allow'],
  },
  'request-timeout': {
    when: 'The headers took longer than 10 s, or the whole request longer than 30 s.',
    detail: 'Send the whole request faster.',
  },
  'correlation-id-taken': {
    when: 'Another submission has this `correlationId`.',
    detail: 'Another submission has this correlationId: send the same body to get that one, or another correlationId.',
  },
  'callback-mismatch': {
    when: 'The callback names another `executionId` than the known one.',
    detail: 'This URL was given out for an execution with another executionId.',
  },
  'cannot-be-polled': {
    when: 'The execution has ended, has not been sent, or has no `executionId` to poll.',
    detail: 'It is QUEUED: it has not been sent to CXone, so there is nothing to poll.',
  },
  'cannot-be-resubmitted': {
    when: 'The execution has not ended, has a result, or its inputs are no longer stored.',
    detail: 'It has not ended: it is QUEUED. Wait for its end, or cancel it first.',
  },
  'execution-open': {
    when: 'The execution to erase has not ended, so that content may still arrive.',
    detail: 'It is QUEUED: content may still arrive. Cancel it first, or erase it when it has ended.',
  },
  'execution-held': {
    when: 'The execution to erase is held.',
    detail: 'It is held. Release it first: POST /v1/executions/{correlationId}/release.',
  },
  'count-differs': {
    when: 'The number of executions to erase is another one than `confirm`. Nothing was erased.',
    detail: '3 were confirmed, and 4 match now. Nothing was erased: count again without confirm.',
    members: { matched: 4 },
  },
  'notification-pending': {
    when: 'The notification to replay is still being delivered.',
    detail: 'It is still to be sent, next at 2026-01-31T12:00:00.000Z. What is DELIVERED or DEAD can be replayed.',
  },
  'payload-pruned': {
    when: 'The result of the notification to replay is older than `PAYLOAD_RETENTION_DAYS`, or was erased.',
    detail:
      'The result has been deleted (PAYLOAD_RETENTION_DAYS, or an erasure), so the notification cannot be replayed. GET /v1/executions/{correlationId} still shows how the execution ended.',
  },
  'reconciliation-running': {
    when: 'Another reconciliation is running.',
    detail:
      'Another one is under way, and one runs at a time: GET /v1/reconciliations/019c1405-7a00-7000-8000-000000000001 shows its progress.',
  },
  'events-pruned': {
    when: 'Events after that `Last-Event-ID` are no longer kept, so that some would be missing.',
    detail:
      'Events up to 41 are no longer kept, so some would be missing. Read GET /v1/executions to learn how things stand, then resume with Last-Event-ID: 41.',
    members: { resumeAfter: 41 },
  },
  'position-lost': {
    when: 'The database was restored from an older copy, which does not have that position. `resumeAfter` or `resumeCursor` is where to continue.',
    detail:
      'The database was restored from an older copy. Events after 12 were lost: read GET /v1/executions for the current state, then continue with Last-Event-ID: 12.',
    members: { resumeAfter: 12 },
  },
  'body-too-large': { when: 'The body exceeds its limit.', detail: 'A body may have 1048576 bytes at most.' },
  'unsupported-media-type': {
    when: 'The body is compressed or not `application/json`. `Accept` or `Accept-Encoding` names what is supported.',
    detail: 'Send JSON, with "Content-Type: application/json".',
    headers: ['Accept', 'Accept-Encoding'],
  },
  'invalid-input': {
    when: 'Fields or query parameters are missing, wrong or unknown; `errors` names each of them.',
    detail: '1 field is wrong; errors names each.',
    members: { errors: [{ pointer: '#/timeoutSeconds', detail: 'must be an integer from 5 to 120' }] },
  },
  'rate-limited': {
    when: 'Your app exceeds its submissions per second.',
    detail: 'This app may submit 50 executions a second. Nothing was accepted. Send it again in 1 s.',
    headers: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
  },
  'idempotency-key-reused': {
    when: 'The `Idempotency-Key` was used before with another body.',
    detail:
      'This Idempotency-Key came before with another request: send the same body to the same path to get that response, or another key.',
  },
  'app-queue-full': {
    when: 'The share of your app in the queue is full.',
    detail: 'It was not accepted: as many of yours are queued as may be. Send it again when some have been sent on.',
    headers: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
  },
  'too-many-failures': {
    when: 'Too many wrong keys came from this address. Keys of operators must wait, valid ones too.',
    detail:
      'Too many wrong keys came from this address. Keys of operators must wait, valid ones too; valid keys of apps still pass.',
    headers: ['Retry-After'],
  },
  'too-many-streams': {
    when: 'The limit of open streams, yours or the total, is reached.',
    detail:
      '100 streams are open for you, and that is the limit. Close one, or follow all executions in one stream: GET /v1/events.',
    headers: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
  },
  'too-many-replays': {
    when: 'Your app has replayed as many notifications as it may now.',
    detail:
      'An app may replay 1000 notifications at once, and 50 a second after that. Nothing was replayed. Send it again in 1 s.',
    headers: ['Retry-After'],
  },
  'too-many-searches': {
    when: 'As many searches of your key run and wait as may be.',
    detail: '2 searches of this key run and 10 wait, and that is the limit. Send it again later.',
    headers: ['Retry-After'],
  },
  'headers-too-large': { when: 'The headers exceed 16 KiB.', detail: 'Send fewer or shorter headers.' },
  'internal-error': {
    when: 'A fault in the receiver. What the request asked for may have been done.',
    detail: 'The fault is here, not in the request. It has been logged.',
  },
  'too-many-bodies': {
    when: 'As many large bodies as may be are being received at the same time: in all, or yours.',
    detail: 'Too many large bodies are being received. Nothing was done. Send it again later.',
    headers: ['Retry-After'],
  },
  'queue-full': {
    when: 'The queue is full.',
    detail: 'It was not accepted: the queue is full. Send it again later.',
    headers: ['Retry-After'],
  },
  draining: {
    when: 'The receiver is shutting down.',
    detail: 'Nothing was accepted. Send it again later.',
    headers: ['Retry-After'],
  },
  'store-unavailable': {
    when: 'The database cannot commit now.',
    detail: 'Nothing was changed. Send it again later.',
    headers: ['Retry-After'],
  },
  'no-leader': {
    when: 'Several receivers have one database, and none of them leads at the moment, or the one that leads has another version and does not know this. Another one takes over within 15 s.',
    detail: 'Only the receiver that leads can do this. Nothing was changed. Send it again later.',
    headers: ['Retry-After'],
  },
  'not-ready': {
    when: 'The database accepts no writes, a loop is not running, or the receiver is shutting down.',
    detail: 'Not ready: draining.',
    headers: ['Retry-After'],
    members: { ready: false, notReady: ['draining'] },
  },
};
