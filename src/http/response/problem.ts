// Problem details (RFC 9457): one table has the name, status and title of each.

import { type HeaderFields, respond } from './json.ts';

const STORE_RETRY_SECONDS = 5;

export const PROBLEMS = {
  'bad-request': [400, 'The request cannot be understood'],
  'malformed-json': [400, 'The body cannot be read as JSON'],
  'invalid-header': [400, 'A header is not valid'],
  unauthorized: [401, 'A valid key is needed'],
  forbidden: [403, 'This key may not do that'],
  'not-found': [404, 'Not found'],
  'method-not-allowed': [405, 'This method is not for this path'],
  'request-timeout': [408, 'The request took too long to arrive'],
  'correlation-id-taken': [409, 'The correlationId belongs to another submission'],
  'callback-mismatch': [409, 'The callback is for another execution'],
  'cannot-be-polled': [409, 'The execution cannot be polled'],
  'cannot-be-resubmitted': [409, 'The execution cannot be submitted again'],
  'execution-open': [409, 'The execution has not ended'],
  'execution-held': [409, 'The execution is held'],
  'count-differs': [409, 'Another number matches than was confirmed'],
  'notification-pending': [409, 'The notification is still to be sent'],
  'reconciliation-running': [409, 'Another reconciliation is under way'],
  'payload-pruned': [409, 'The payload of the notification has been deleted'],
  'events-pruned': [410, 'Some of these events are no longer kept'],
  'position-lost': [410, 'What followed this position was lost in a restore'],
  'body-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body is not in a form that is understood'],
  'invalid-input': [422, 'The input is not valid'],
  'idempotency-key-reused': [422, 'The Idempotency-Key belongs to another request'],
  'rate-limited': [429, 'This app submits faster than it may'],
  'app-queue-full': [429, 'The share of this app in the queue is full'],
  'too-many-failures': [429, 'Too many failed attempts'],
  'too-many-streams': [429, 'Too many streams of events are open'],
  'too-many-replays': [429, 'This app replays notifications faster than it may'],
  'too-many-searches': [429, 'Too many searches wait for their turn'],
  'headers-too-large': [431, 'The headers are too large'],
  'internal-error': [500, 'Something went wrong here'],
  'too-many-bodies': [503, 'Too much is being received at the same time'],
  'queue-full': [503, 'The queue is full'],
  draining: [503, 'The receiver is shutting down'],
  'store-unavailable': [503, 'Nothing can be stored right now'],
  'no-leader': [503, 'No receiver leads at the moment'],
  'not-ready': [503, 'Not ready'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemName = keyof typeof PROBLEMS;

/** An invalid field: a JSON Pointer as a URI fragment (RFC 6901, section 6), and how to correct it. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

interface Extras {
  readonly headers?: HeaderFields;
  /** Members in addition to the standard ones, for example `errors`. */
  readonly members?: { readonly [name: string]: unknown };
}

/** Returns the response for a problem. `detail` states what is wrong and how to correct it, and repeats no secrets. */
export function problem(name: ProblemName, detail: string, { headers, members }: Extras = {}): Response {
  return respond(PROBLEMS[name][0], problemText(name, detail, members), {
    'content-type': 'application/problem+json',
    ...headers,
  });
}

export function problemText(name: ProblemName, detail: string, members: Extras['members'] = {}): string {
  return JSON.stringify(problemDetails(name, detail, members));
}

export function statusOf(name: ProblemName): number {
  return PROBLEMS[name][0];
}

/** Returns the problem as a value, for a body that contains it. */
export function problemDetails(name: ProblemName, detail: string, members: Extras['members'] = {}) {
  const [status, title] = PROBLEMS[name];
  return { type: `urn:cxone-callback-receiver:problem:${name}`, title, status, detail, ...members };
}

/** Returns the 422 response that names each wrong field or, as `noun`, each wrong query parameter. */
export function invalidInput(errors: readonly FieldError[], noun = 'field'): Response {
  return problem('invalid-input', invalidDetail(errors, noun), { members: { errors } });
}

/** Returns for example "1 field is wrong; errors names each." */
export function invalidDetail(errors: readonly FieldError[], noun = 'field'): string {
  return `${errors.length === 1 ? `1 ${noun} is wrong` : `${errors.length} ${noun}s are wrong`}; errors names each.`;
}

/** Returns the 503 response for a store that cannot commit. `members` states what was done before. */
export function storeUnavailable(detail: string, members: Extras['members'] = {}): Response {
  return problem('store-unavailable', detail, { headers: { 'retry-after': String(STORE_RETRY_SECONDS) }, members });
}

/** Returns the 503 response for an order that only the receiver that leads can carry out, while none leads. */
export function noLeader(): Response {
  const detail = 'Only the receiver that leads can do this. Nothing was changed. Send it again later.';
  return problem('no-leader', detail, { headers: { 'retry-after': String(STORE_RETRY_SECONDS) } });
}

/** `detail` follows the name of the header, for example "is empty; …". */
export function invalidHeader(header: string, detail: string): Response {
  return problem('invalid-header', `${header} ${detail}.`, { members: { errors: [{ header, detail }] } });
}

/** The pointer to a member of the document, in RFC 6901's fragment form: `#/context/callbackUrl`. */
export function pointerTo(...path: readonly string[]): string {
  // Lone surrogates cannot be percent-encoded: they become replacement characters.
  return `#${path.map((step) => `/${encodeURIComponent(escaped(step.toWellFormed()))}`).join('')}`;
}

function escaped(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Returns the 410 response for a position that a restored database does not have. `members` name the one to continue from. */
export function positionLost(
  lost: string,
  resume: string,
  members: { readonly resumeAfter: number } | { readonly resumeCursor: string },
): Response {
  const detail = `The database was restored from an older copy. ${lost}: read GET /v1/executions for the current state, then continue with ${resume}.`;
  return problem('position-lost', detail, { members });
}

export function lostCursor(resumeCursor: string): Response {
  return positionLost('What this cursor names was lost', `cursor=${resumeCursor}`, { resumeCursor });
}
