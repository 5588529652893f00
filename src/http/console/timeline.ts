// The timeline of one execution: for each audit entry its time, actor, duration and the words of CXone.

import { html } from 'hono/html';
import type { AuditEntry, AuditEvent } from '../../execution/event.ts';
import { isJsonObject, type Json, LargeJson, writeJson } from '../../execution/json.ts';
import type { Masking } from '../../execution/masking.ts';
import { many } from '../../lib/figures.ts';
import { code, type Html } from '../html.ts';
import { duration, moment } from './format.ts';

/** The colour of the dot: of a success, a failure, a deviation, progress, a notification, or nothing in particular. */
type Tone = 'good' | 'bad' | 'warn' | 'plain' | 'soft' | 'calm';

type Actor = 'app' | 'CXone' | 'receiver' | 'operator';

/** Each event in plain words, as a predicate of its actor. */
const EVENTS: { readonly [E in AuditEvent]: readonly [actor: Actor, words: string, tone: Tone] } = {
  ACCEPTED: ['app', 'submitted the execution', 'calm'],
  DISPATCHED: ['receiver', 'sent it to CXone', 'calm'],
  SUBMITTED: ['CXone', 'accepted it', 'good'],
  FAILED: ['CXone', 'responded to the submission with an error', 'bad'],
  NETWORK_ERROR: ['receiver', 'got no response from CXone', 'bad'],
  RATE_LIMITED: ['CXone', 'responded that there were too many requests', 'warn'],
  TOKEN_ERROR: ['CXone', 'issued no token', 'bad'],
  CALLBACK_COMPLETED: ['CXone', 'called back with the outcome', 'good'],
  CALLBACK_PROGRESS: ['CXone', 'called back: still running', 'plain'],
  CALLBACK_HINT: ['CXone', 'called back without proof, which led to a poll', 'plain'],
  CALLBACK_DUPLICATE: ['CXone', 'called back with the same outcome again', 'calm'],
  CALLBACK_CONFLICT: ['CXone', 'called back with a different outcome, which was kept but not used', 'warn'],
  CALLBACK_LATE: ['CXone', 'called back after the end; the result was kept as late result', 'warn'],
  CALLBACK_UNREADABLE: ['CXone', 'called back with an unreadable body', 'warn'],
  CALLBACK_MISMATCH: ['CXone', 'called back about another execution', 'warn'],
  POLL_REQUESTED: ['operator', 'requested a poll', 'calm'],
  POLL_COMPLETED: ['CXone', 'reported the outcome to a poll', 'good'],
  POLL_PROGRESS: ['CXone', 'reported to a poll that it was still running', 'plain'],
  POLL_ERROR: ['CXone', 'responded to a poll with an error', 'bad'],
  POLL_404: ['CXone', 'did not know it when polled', 'warn'],
  POLL_MISMATCH: ['CXone', 'responded to a poll about another execution', 'warn'],
  POLL_TIMEOUT: ['receiver', 'ended it, since the polling window was over', 'warn'],
  QUEUE_TIMEOUT: ['receiver', 'ended it after too long in the queue', 'warn'],
  CANCELLED: ['app', 'cancelled it', 'calm'],
  CANCEL_IGNORED: ['app', 'tried to cancel it after its end', 'calm'],
  NOTIFICATION_DELIVERED: ['receiver', 'notified the app', 'soft'],
  NOTIFICATION_FAILED: ['receiver', 'could not notify the app and will retry', 'warn'],
  NOTIFICATION_DEAD: ['receiver', 'gave up notifying the app', 'bad'],
  NOTIFICATION_REPLAYED: ['operator', 'replayed the notification', 'soft'],
  HELD: ['operator', 'held it: it is exempt from pruning and erasure', 'calm'],
  RELEASED: ['operator', 'released it: pruning and erasure apply again', 'calm'],
  ERASED: ['operator', 'erased its content', 'calm'],
  RESUBMITTED: ['operator', 'had it submitted again as a new execution', 'calm'],
};

/** Members of `detail` that have a line of their own, or are of no use to people. */
const SHOWN_APART: ReadonlySet<string> = new Set(['by', 'message', 'word', 'reason', 'note', 'outcomeSha256']);

export function timeline(entries: readonly AuditEntry[], submittedAt: number, masking: Masking): Html {
  return html`<ol class="timeline">${entries.map((entry) => step(entry, submittedAt, masking))}</ol>`;
}

function step(entry: AuditEntry, submittedAt: number, masking: Masking): Html {
  const { id, timestamp, event, latencyMs, httpStatus, detail } = entry;
  const [, words, usual] = EVENTS[event];
  // A reported outcome is a success only if the execution completed.
  const tone = usual === 'good' && detail['status'] === 'FAILED' ? 'bad' : usual;
  const facts = [
    ...(latencyMs === null ? [] : [`in ${duration(latencyMs)}`]),
    ...(httpStatus === null ? [] : [httpStatus === 0 ? 'no response' : `HTTP ${httpStatus}`]),
    ...(typeof detail['repeats'] === 'number' ? [many(detail['repeats'], 'time')] : []),
    ...(typeof detail['attempt'] === 'number' && detail['attempt'] > 1 ? [`attempt ${detail['attempt']}`] : []),
  ];
  const said = ['word', 'message', 'reason', 'note'].flatMap((name) => {
    const value = detail[name];
    return typeof value === 'string' && value !== '' ? [html`<q>${masking.text(value)}</q> `] : [];
  });
  const rest = Object.fromEntries(Object.entries(detail).filter(([name]) => !SHOWN_APART.has(name)));
  return html`<li class="${tone}">
<p class="when">${moment(timestamp)} <small>+${duration(timestamp - submittedAt)}</small></p>
<p><strong>${actorOf(entry)}</strong> ${words}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}
<small class="event">${event}</small></p>
${said.length > 0 ? html`<p class="said">${said}</p>` : ''}
${Object.keys(rest).length > 0 ? html`<details id="entry-${id}"><summary>Details</summary>${payload(`Details of entry ${id}`, masking.json(rest))}</details>` : ''}
</li>`;
}

function actorOf({ event, app, detail }: AuditEntry): string {
  const by = detail['by'];
  if (typeof by === 'string') return by;
  const [actor] = EVENTS[event];
  return actor === 'app' ? `app:${app}` : actor;
}

/** Longer payloads are cut; the API returns all of them. */
export const MAX_PAYLOAD_CHARS = 50_000;

export function payload(label: string, value: Json): Html {
  // A large document is shown as it is stored: it would be parsed to be indented.
  const isLarge = LargeJson.is(value) || (isJsonObject(value) && Object.values(value).some(LargeJson.is));
  return excerpt(label, isLarge ? writeJson(value) : JSON.stringify(value, null, 2));
}

export function excerpt(label: string, text: string, chars = text.length): Html {
  if (chars <= MAX_PAYLOAD_CHARS) return code(label, text);
  return html`${code(label, text.slice(0, MAX_PAYLOAD_CHARS))}<p class="quiet">Cut after ${String(MAX_PAYLOAD_CHARS)} of ${String(chars)} characters.</p>`;
}
