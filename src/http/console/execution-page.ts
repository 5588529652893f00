// One execution: how it stands, what can be done, its whole timeline, and what was sent to and fro.

import { html } from 'hono/html';
import type { AuditEntry } from '../../execution/event.ts';
import { type Execution, isTerminal, totalLatencyMs } from '../../execution/execution.ts';
import type { Json } from '../../execution/json.ts';
import { whyNotPollable } from '../../execution/polling-request.ts';
import { isoTime } from '../../lib/time.ts';
import type { Notification } from '../../notification/notification.ts';
import type { ExecutionPayloads, StoredCallbackBody } from '../../store/port.ts';
import type { Html } from '../html.ts';
import { pathOf } from './executions-page.ts';
import { badge, duration, moment, NOTHING } from './format.ts';
import type { Masking } from './masking.ts';
import { notificationsTable } from './notifications-page.ts';
import { excerpt, payload, timeline } from './timeline.ts';
import type { Viewer } from './viewer.ts';

export interface ExecutionDetails {
  readonly execution: Execution;
  readonly evidence: ExecutionPayloads;
  readonly entries: readonly AuditEntry[];
  /** The entry to go on after; null at the end of the trail. */
  readonly after: number | null;
  readonly notifications: readonly Notification[];
  readonly at: number;
}

export function executionHead({ execution }: ExecutionDetails): Html {
  return html`<p class="crumb"><a href="/console/executions">Executions</a></p>
<h1><code>${execution.correlationId}</code></h1>`;
}

export function executionLive(told: ExecutionDetails, viewer: Viewer, masking: Masking): Html {
  const { execution, entries, after, notifications } = told;
  const more =
    after === null ? '' : html`<p class="pages"><a href="?after=${String(after)}" rel="next">Later entries</a></p>`;
  return html`<p class="standing">${badge(execution.status)} ${standing(execution)}</p>
${buttons(execution, viewer)}
${facts(told)}
<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>${timeline(entries, execution.submittedAt, masking)}${more}</section>
${
  notifications.length === 0
    ? ''
    : html`<section aria-labelledby="told"><h2 id="told">What the app was told</h2>${notificationsTable(notifications, viewer)}</section>`
}`;
}

function standing(execution: Execution): string {
  const { status, resolvedBy, dispatchAt, pollAt, expireAt, lateResult } = execution;
  if (isTerminal(status)) {
    const late = lateResult === null ? '' : ` A late result came by ${lateResult.via}: ${lateResult.status}.`;
    return `by ${resolvedBy ?? 'nobody'}, ${duration(totalLatencyMs(execution))} after it was submitted.${late}`;
  }
  const next = [
    ...(dispatchAt === null ? [] : [`sent at ${clockOf(dispatchAt)}`]),
    ...(pollAt === null ? [] : [`asked for at ${clockOf(pollAt)}`]),
    ...(expireAt === null ? [] : [`ended without an answer at ${clockOf(expireAt)}`]),
  ];
  return next.length === 0 ? '' : `Next: ${next.join('; ')}.`;
}

function clockOf(time: number): string {
  return isoTime(time).slice(11, 19);
}

function buttons(execution: Execution, viewer: Viewer): Html {
  if (!viewer.mayChange || isTerminal(execution.status)) return html``;
  const path = pathOf(execution.correlationId);
  const poll =
    whyNotPollable(execution) === null
      ? html`<form method="get" action="${path}/poll"><button id="poll" type="submit">Poll now…</button></form>`
      : '';
  return html`<div class="actions">${poll}
<form method="get" action="${path}/cancel"><button id="cancel" type="submit" class="danger">Cancel…</button></form></div>`;
}

function facts({ execution: one }: ExecutionDetails): Html {
  const rows: readonly (readonly [string, Html | string])[] = [
    ['Action', html`<a href="/console/executions?actionId=${encodeURIComponent(one.actionId)}">${one.actionId}</a>`],
    ['App', html`<a href="/console/executions?app=${encodeURIComponent(one.app)}">${one.app}</a>`],
    ['Id at CXone', html`${one.executionId ?? NOTHING}${one.executionIdUnverified ? ' (from a callback alone)' : ''}`],
    ['Submitted', moment(one.submittedAt)],
    ['Sent', moment(one.sentAt)],
    ['Ended', moment(one.resolvedAt)],
    ['CXone answered in', duration(one.latencyMs)],
    ['Attempts, polls', `${one.attempts}, ${one.pollCount}`],
    ['Polled from', moment(one.pollAfter)],
    ['Polled until', moment(one.deadline)],
    ['Priority', String(one.priority)],
    ['May be sent twice', one.retryUncertain ? 'yes' : 'no'],
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Payloads, below what is refreshed: they do not change under the eyes of who reads them, but with a new look at the page. */
export function executionPayloads({ execution, evidence }: ExecutionDetails, masking: Masking, reveal: Html): Html {
  const { result, error, lateResult } = execution;
  const { inputs, context, bodies, prunedAt } = evidence;
  const pruned =
    prunedAt === null
      ? ''
      : html`<p class="quiet">What was sent and what came back was deleted at ${moment(prunedAt)}; its hash is kept.</p>`;
  const late = lateResult === null ? [] : ([['Late result', { ...lateResult }]] as const);
  const shown: readonly (readonly [string, Json])[] = [
    ['Result', result],
    ['Error', error],
    ...late,
    ['Inputs', inputs],
    ['Context', context],
  ];
  return html`<section aria-labelledby="payloads"><h2 id="payloads">What was sent and what came back</h2>
${pruned}${masking.active ? reveal : ''}
${shown.map(([name, value]) => section(name, value, masking))}
${bodies.map((body) => rawBody(body, masking))}</section>`;
}

function section(name: string, value: Json, masking: Masking): Html {
  if (value === null) return html`<h3>${name}</h3><p class="quiet">none</p>`;
  return html`<h3>${name}</h3>${payload(name, masking.json(value))}`;
}

/** Nobody could read it, so nobody knows where a value that is to be hidden stands in it. */
function rawBody({ entryId, contentType, bytes }: StoredCallbackBody, masking: Masking): Html {
  const title = `Raw callback of entry ${entryId}`;
  const what = `${contentType ?? 'no content type'}, ${bytes.length} bytes`;
  const shown = masking.active
    ? html`<p class="quiet">Hidden, since nobody can tell what is in it.</p>`
    : excerpt(title, new TextDecoder().decode(bytes));
  return html`<h3>${title} <small>${what}</small></h3>${shown}`;
}
