// The page of one execution: state, actions, timeline, notifications and payloads.

import type { Context } from 'hono';
import { html } from 'hono/html';
import type { AuditEntry } from '../../execution/event.ts';
import { type Execution, isTerminal, totalLatencyMs } from '../../execution/execution.ts';
import { createMasking, type Masking, NO_MASKING } from '../../execution/masking.ts';
import { whyNotPollable } from '../../execution/polling-request.ts';
import { whyNotResubmittable } from '../../execution/resubmission.ts';
import type { ExecutionPayloads } from '../../store/payloads-port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { createQueueWaits, type QueueWait } from '../executions/queue-wait.ts';
import type { Html } from '../html.ts';
import { createEndpointStates, type ShownNotification } from '../operators/endpoint-state.ts';
import { isIdentifier } from '../request/identifier.ts';
import { actionLink } from './data-actions-table.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { flashMessage } from './flash-message.ts';
import { badge, duration, moment, NOTHING } from './format.ts';
import { pageResponse } from './layout.ts';
import { type PageHandler, searchAndDone } from './list-page.ts';
import { notificationsTable } from './notifications-page.ts';
import { type ShownPayloads, showPayloads } from './payloads.ts';
import { queueWaitPart } from './queue-reasons.ts';
import { notFound } from './refusals.ts';
import { timeline } from './timeline.ts';
import { type Viewer, viewerOf } from './viewer.ts';

/** Entries of a timeline on one page. */
const MAX_ENTRIES = 200;
const MAX_NOTIFICATIONS = 20;

interface ExecutionDetails {
  readonly execution: Execution;
  readonly payloads: ExecutionPayloads;
  readonly entries: readonly AuditEntry[];
  /** The entry after which the next page begins; null at the end of the trail. */
  readonly after: number | null;
  readonly notifications: readonly ShownNotification[];
  /** Why it is in the queue, and its position; null if it is not queued. */
  readonly wait: QueueWait | null;
  readonly readAt: number;
}

export interface ExecutionPage {
  readonly page: PageHandler;
  /** The same page with the values that are otherwise hidden. */
  revealed(c: Context, viewer: Viewer): Promise<Response>;
}

export function createExecutionPage(deps: ConsoleDependencies): ExecutionPage {
  const { store, pages } = deps;
  const { withEndpoints } = createEndpointStates(deps);
  const waitOf = createQueueWaits(deps);
  const masking = createMasking(pages.sensitiveFields);

  async function read(c: Context, after: number): Promise<ExecutionDetails | undefined> {
    const correlationId = c.req.param('correlationId') ?? '';
    const execution = isIdentifier(correlationId) ? await store.find(correlationId) : undefined;
    const payloads = execution && (await store.payloads(correlationId));
    if (execution === undefined || payloads === undefined) return undefined;
    const { entries, through, newest } = await store.feed({ after, app: null, correlationId, limit: MAX_ENTRIES });
    const { items } = await store.listNotifications({ app: null, correlationId, limit: MAX_NOTIFICATIONS });
    const wait = await waitOf(execution);
    const shown = { notifications: await withEndpoints(items), wait, readAt: deps.runtime.world.now() };
    return { execution, payloads, entries, after: through < newest ? through : null, ...shown };
  }

  function revealForm(viewer: Viewer, correlationId: string): Html {
    if (!viewer.mayChange) {
      return html`<p class="quiet">Some values are hidden. Administrators can reveal them.</p>`;
    }
    return html`<form method="post" action="${pathOf(correlationId)}/reveal">
<input type="hidden" name="token" value="${pages.csrfTokens.mint(viewer.by)}">
<p>Some values are hidden. <label for="reason">Reason (optional)</label> <input id="reason" name="reason" maxlength="500" autocomplete="off">
<button type="submit">Show them</button> <small>The activity list records this with your name.</small></p></form>`;
  }

  return {
    page: async (c, caller) => {
      const viewer = viewerOf(caller);
      const after = Number(/^\d{1,15}$/.exec(c.req.query('after') ?? '')?.[0] ?? 0);
      const details = await read(c, after);
      if (details === undefined) return notFound(viewer, EXECUTIONS, UNKNOWN_EXECUTION);
      const { execution } = details;
      const { correlationId } = execution;
      const payloads = await showPayloads(store, details, masking);
      const reveal = hasHidden(details, payloads, masking) ? revealForm(viewer, correlationId) : html``;
      return pageResponse(200, viewer, {
        title: correlationId,
        section: EXECUTIONS,
        flash: flashMessage(searchAndDone(c).done, execution),
        head: headOf(execution),
        live: livePart(details, viewer, masking),
        follow: { signals: `execution=${encodeURIComponent(correlationId)}` },
        rest: html`<div id="live-payloads" data-live>${payloadsPart(payloads, reveal)}</div>`,
      });
    },

    revealed: async (c, viewer) => {
      const details = await read(c, 0);
      if (details === undefined) return notFound(viewer, EXECUTIONS, UNKNOWN_EXECUTION);
      const { correlationId } = details.execution;
      const payloads = await showPayloads(store, details, NO_MASKING);
      return pageResponse(200, viewer, {
        title: correlationId,
        section: EXECUTIONS,
        flash: { kind: 'done', text: 'This page shows hidden values. The activity list records that you looked.' },
        head: html`${headOf(details.execution)}<p><a href="${pathOf(correlationId)}">Hide the values again</a></p>`,
        rest: html`${livePart(details, viewer, NO_MASKING)}${payloadsPart(payloads, html``)}`,
      });
    },
  };
}

export const UNKNOWN_EXECUTION = 'No execution has this id.';

function headOf({ correlationId }: Execution): Html {
  return html`<p class="crumb"><a href="${EXECUTIONS}">Executions</a></p>
<h1><code>${correlationId}</code></h1>`;
}

function livePart(details: ExecutionDetails, viewer: Viewer, masking: Masking): Html {
  const { execution, wait, entries, after, notifications } = details;
  const more =
    after === null ? '' : html`<p class="pages"><a href="?after=${String(after)}" rel="next">Later entries</a></p>`;
  return html`<p class="state">${badge(execution.status)} ${stateOf(details)}</p>
${wait === null ? '' : queueWaitPart(wait, execution)}
${buttons(execution, viewer)}
${facts(execution)}
<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>${timeline(entries, execution.submittedAt, masking)}${more}</section>
${
  notifications.length === 0
    ? ''
    : html`<section aria-labelledby="notifications"><h2 id="notifications">Notifications</h2>${notificationsTable(notifications, viewer)}</section>`
}`;
}

/** What was due is done as soon as the limits of CXone allow. */
function notPast(time: number, now: number): Html {
  return time <= now ? html`now` : html`at ${moment(time)}`;
}

function stateOf({ execution, wait, readAt }: ExecutionDetails): Html {
  const { status, resolvedBy, dispatchAt, pollAt, expireAt, lateResult } = execution;
  if (isTerminal(status)) {
    const late = lateResult === null ? '' : ` A late result arrived by ${lateResult.via}: ${lateResult.status}.`;
    const asked = pollAt === null ? '' : html` A callback brought no result: poll ${notPast(pollAt, readAt)}.`;
    return html`by ${resolvedBy}, ${duration(totalLatencyMs(execution))} after submission.${late}${asked}`;
  }
  const next = [
    ...(dispatchAt === null || wait?.reason === 'paused' ? [] : [html`send ${notPast(dispatchAt, readAt)}`]),
    ...(pollAt === null ? [] : [html`poll ${notPast(pollAt, readAt)}`]),
    ...(expireAt === null ? [] : [html`time out ${notPast(expireAt, readAt)}`]),
  ];
  return next.length === 0 ? html`` : html`Next: ${next.map((one, index) => html`${index > 0 ? '; ' : ''}${one}`)}.`;
}

function buttons(execution: Execution, viewer: Viewer): Html {
  if (!viewer.mayChange) return html``;
  const path = pathOf(execution.correlationId);
  if (isTerminal(execution.status))
    return html`<div class="actions">${resubmitButton(execution, path)}${retentionButtons(execution, path)}</div>`;
  const poll =
    whyNotPollable(execution) === null
      ? html`<form method="get" action="${path}/poll"><button id="poll" type="submit">Poll now…</button></form>`
      : '';
  return html`<div class="actions">${poll}
<form method="get" action="${path}/cancel"><button id="cancel" type="submit" class="danger">Cancel…</button></form>${retentionButtons(execution, path)}</div>`;
}

function resubmitButton(execution: Execution, path: string): Html {
  if (execution.resubmittedAs !== null || whyNotResubmittable(execution) !== null) return html``;
  return html`<form method="get" action="${path}/resubmit"><button id="resubmit" type="submit">Submit again…</button></form>
`;
}

function retentionButtons({ status, heldAt, erasedAt }: Execution, path: string): Html {
  const hold =
    heldAt === null
      ? html`<form method="get" action="${path}/hold"><button id="hold" type="submit">Hold…</button></form>`
      : html`<form method="get" action="${path}/release"><button id="release" type="submit">Release…</button></form>`;
  const isErasable = isTerminal(status) && heldAt === null && erasedAt === null;
  if (!isErasable) return hold;
  return html`${hold}
<form method="get" action="${path}/erase"><button id="erase" type="submit" class="danger">Erase content…</button></form>`;
}

function facts(one: Execution): Html {
  const rows: readonly (readonly [string, Html | string])[] = [
    ['Action', actionLink(one.actionId)],
    ['App', html`<a href="/console/executions?app=${encodeURIComponent(one.app)}">${one.app}</a>`],
    [
      'Id at CXone',
      html`${one.executionId ?? NOTHING}${one.executionIdUnverified ? ' (only a callback has named it)' : ''}`,
    ],
    ...linkTo('Repeats', one.resubmissionOf),
    ...linkTo('Submitted again as', one.resubmittedAs),
    ['Submitted', moment(one.submittedAt)],
    ['Sent', moment(one.sentAt)],
    ['Ended', moment(one.resolvedAt)],
    ['Response time', duration(one.latencyMs)],
    ['Attempts, polls', `${one.attempts}, ${one.pollCount}`],
    ['Polled from', moment(one.pollAfter)],
    ['Polled until', moment(one.deadline)],
    ['Priority', String(one.priority)],
    ['Retry if uncertain', one.retryUncertain ? 'yes' : 'no'],
    ...(one.heldAt === null ? [] : [['Held since', moment(one.heldAt)] as const]),
    ...(one.erasedAt === null ? [] : [['Content erased', moment(one.erasedAt)] as const]),
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function linkTo(name: string, correlationId: string | null): (readonly [string, Html])[] {
  return correlationId === null ? [] : [[name, html`<a href="${pathOf(correlationId)}">${correlationId}</a>`]];
}

function payloadsPart({ part }: ShownPayloads, reveal: Html): Html {
  return html`<section aria-labelledby="payloads"><h2 id="payloads">Payloads</h2>
${reveal}${part}</section>`;
}

function hasHidden({ entries }: ExecutionDetails, payloads: ShownPayloads, masking: Masking): boolean {
  return payloads.hasHidden || entries.some(({ detail }) => masking.hides(detail));
}
