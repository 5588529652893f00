// Pausing and resuming sending from a page, after a question that states what continues and what waits.

import type { Context } from 'hono';
import { html } from 'hono/html';
import { many } from '../../lib/figures.ts';
import { describeScope, isSameScope, type PauseScope } from '../../store/pauses-port.ts';
import type { HttpParts } from '../dependencies.ts';
import type { Html } from '../html.ts';
import { reasonIn } from '../operators/reason.ts';
import {
  createPauseOfSending,
  createResumeOfSending,
  parsePauseScope,
  type ScopeAction,
} from '../operators/sending-pauses.ts';
import type { Confirmation, ConfirmedAction, Question } from './confirmation.ts';
import { duration } from './format.ts';
import { currentPauses, describePause, PAUSES } from './pause-banner.ts';
import { invalid } from './refusals.ts';
import { searchOf } from './search.ts';
import { viewerOf } from './viewer.ts';

export function createSendingActions(deps: HttpParts, { onItem }: Confirmation) {
  const { queueTimeoutMs } = deps.pages;
  const onScope = (
    action: 'pause' | 'resume',
    act: ScopeAction,
    ask: (scope: PauseScope) => Pick<Question, 'title' | 'text' | 'yes' | 'danger'>,
  ): ConfirmedAction =>
    onItem({
      section: '/',
      find: (c, caller) => {
        const scope = scopeIn(c);
        return scope.valid ? scope.value : invalid(viewerOf(caller), '/', scope.errors, PAUSES);
      },
      back: () => PAUSES,
      readReason: reasonIn,
      ask,
      perform: ({ app, actionId }, { caller, reason }) => act({ app, actionId }, caller, reason),
      done: () => `${PAUSES}?done=${action}`,
    });

  return {
    pauseSending: onScope('pause', createPauseOfSending(deps), (scope) => ({
      title: `Pause sending of ${describeScope(scope)}?`,
      text: html`${presentPause(scope) ?? ''}<p>None of these executions is sent to CXone until an administrator resumes it.
Submissions are accepted until the queue is full. Polls, callbacks, cancels, timeouts and notifications continue.</p>
<p>An execution that waits in the queue for ${duration(queueTimeoutMs)} in all ends with TIMEOUT, also while it is paused
(QUEUE_TIMEOUT_SECONDS).</p>`,
      yes: 'Yes, pause sending',
      danger: true,
    })),
    resumeSending: onScope('resume', createResumeOfSending(deps), (scope) => ({
      title: `Resume sending of ${describeScope(scope)}?`,
      text: html`${presentPause(scope) ?? html`<p>Sending of ${describeScope(scope)} is not paused now.</p>`}<p>What waits is sent to CXone at once, as fast as its limits allow, unless another pause covers it.</p>`,
      yes: 'Yes, resume sending',
    })),
  };
}

/** Describes the pause of this scope that is in force; null without one. */
function presentPause(scope: PauseScope): Html | null {
  const pause = currentPauses().find((one) => isSameScope(one, scope));
  if (pause === undefined) return null;
  return html`<p>Sending of ${describeScope(scope)} is paused. ${describePause(pause)}
${many(pause.queued, 'execution')} in the queue.</p>`;
}

/** A form has texts only. */
function scopeIn(c: Context) {
  const named = Object.fromEntries(searchOf(c));
  return parsePauseScope(named['all'] === 'true' ? { ...named, all: true } : named);
}
