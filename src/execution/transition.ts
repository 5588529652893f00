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
import type { ExecutionEvent } from './event.ts';
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

function apply(execution: Execution, event: ExecutionEvent, now: number): Transition {
  switch (event.type) {
    case 'dispatched':
      return dispatched(execution, event, now);
    case 'submitted':
      return submitted(execution, event, now);
    case 'refused':
      return refused(execution, event, now);
    case 'held':
      return held(execution, event);
    case 'unsent':
      return unsent(execution, event);
    case 'uncertain':
      return uncertain(execution, event);
    case 'callback':
      return callback(execution, event, now);
    case 'unverified-callback':
      return unverifiedCallback(execution, event, now);
    case 'response-reread':
      return responseReread(execution, event, now);
    case 'callback-unreadable':
      return unreadable(execution, event, now);
    case 'callback-too-large':
      return callbackTooLarge(execution, event, now);
    case 'polled':
      return polled(execution, event, now);
    case 'poll-failed':
      return pollFailed(execution, event, now);
    case 'poll-not-found':
      return pollNotFound(execution, event, now);
    case 'poll-requested':
      return pollRequested(execution, event.by, now);
    case 'expired':
      return expired(execution, now, event.message);
    case 'cancelled':
      return cancelled(execution, event.by, now);
    default:
      return event satisfies never;
  }
}
