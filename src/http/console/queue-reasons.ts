// What the page of an execution states about its wait in the queue.

import { html } from 'hono/html';
import type { Execution } from '../../execution/execution.ts';
import { describeScope, type SendingPause } from '../../store/pauses-port.ts';
import { MAX_BEFORE, type QueueWait } from '../executions/queue-wait.ts';
import type { Html } from '../html.ts';
import { moment, number } from './format.ts';
import { describePause } from './pause-banner.ts';

/** Returns the position of the execution and what holds it up. */
export function queueWaitPart(wait: QueueWait, execution: Execution): Html {
  const { before, pauses } = wait;
  const position = before >= MAX_BEFORE ? `after ${number(MAX_BEFORE)} others` : `number ${number(before + 1)}`;
  const place = html`Waits as ${position} in the queue of ${execution.app}`;
  if (pauses.length === 0) return html`<p>${place}: ${reasonOf(wait)}.</p>`;
  return html`<p>${place}.</p>${pauses.map((pause) => pausedPart(pause, execution))}`;
}

/** States why it is not sent, and since when. */
function pausedPart(pause: SendingPause, { submittedAt }: Execution): Html {
  return html`<p class="paused">It waits since ${moment(Math.max(pause.since, submittedAt))}, because sending of
${describeScope(pause)} is paused. ${describePause(pause)}</p>`;
}

function reasonOf({ reason, since, until, detail }: QueueWait): Html {
  switch (reason) {
    case 'cxone-pause':
      return html`CXone asked for a pause of all requests until ${moment(until)}`;
    case 'no-token':
      return html`CXone gives no access token since ${moment(since)}, ${detail}`;
    case 'no-connection':
      return html`CXone cannot be reached since ${moment(since)}, ${detail}`;
    case 'retry':
      return html`CXone did not take it, and it is sent again ${moment(until)}`;
    default:
      return until === null ? html`it is sent as soon as the limits of CXone allow` : html`it is sent ${moment(until)}`;
  }
}
