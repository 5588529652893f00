// The state machine: what one event does to one execution, and the audit entry it leaves. Pure.
//
//   QUEUED ──dispatched──▶ UNCONFIRMED ──submitted──▶ PENDING ──callback, polled──▶ COMPLETED | FAILED
//     ▲                        │                         └──poll-not-found──▶ NOT_FOUND
//     └──unsent (or uncertain, └──refused──▶ REJECTED
//        when a second POST
//        is allowed)           any open status: callback ▶ COMPLETED | FAILED, expired ▶ TIMEOUT, cancelled ▶ CANCELLED
//
// A terminal status absorbs every event: a later event only writes its audit entry. A result that arrives after an
// outcome without one is kept as lateResult (applyResult in apply-result.ts). Polls are spaced in schedule.ts (nextPollAt).

import type { Transition } from './apply-result.ts';
import {
  callback,
  callbackTooLarge,
  polled,
  pollFailed,
  pollNotFound,
  responseReread,
  unreadable,
} from './callback-and-poll-events.ts';
import type { EventOf, ExecutionEvent } from './event.ts';
import type { Execution } from './execution.ts';
import { cancelled, expired } from './expiry-and-cancel.ts';
import { pollRequested } from './polling-request.ts';
import { dispatched, held, refused, submitted, uncertain, unsent } from './submit-events.ts';
import { unverifiedCallback } from './unverified-callback.ts';

export function transition(execution: Execution, event: ExecutionEvent, now: number): Transition {
  const applied = apply(execution, event, now);
  if (event.quotedToken === undefined) return applied;
  // promise: replaced-token-is-reported
  const detail = { ...applied.entry.detail, callbackTokenReplaced: true };
  return { ...applied, entry: { ...applied.entry, detail } };
}

const TRANSITIONS: {
  readonly [Type in ExecutionEvent['type']]: (execution: Execution, event: EventOf<Type>, now: number) => Transition;
} = {
  ...{ dispatched, submitted, refused, held, unsent, uncertain, callback, polled },
  'unverified-callback': unverifiedCallback,
  'response-reread': responseReread,
  'callback-unreadable': unreadable,
  'callback-too-large': callbackTooLarge,
  'poll-failed': pollFailed,
  'poll-not-found': pollNotFound,
  'poll-requested': (execution, { by }, now) => pollRequested(execution, by, now),
  expired: (execution, { message }, now) => expired(execution, now, message),
  cancelled: (execution, { by }, now) => cancelled(execution, by, now),
};

function apply<Type extends ExecutionEvent['type']>(
  execution: Execution,
  event: EventOf<Type>,
  now: number,
): Transition {
  return TRANSITIONS[event.type as Type](execution, event, now);
}
