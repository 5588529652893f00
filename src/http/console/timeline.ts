// What happened to one execution, step by step: when, who did it, how long it took, and what CXone said.

import { html } from 'hono/html';
import type { AuditEntry, AuditEvent } from '../../execution/event.ts';
import type { Json } from '../../execution/json.ts';
import { code, type Html } from '../html.ts';
import { duration, moment } from './format.ts';
import type { Masking } from './masking.ts';

type Who = 'app' | 'CXone' | 'receiver' | 'operator';

/** What each event is in plain words, and whose doing. */
const EVENTS: { readonly [E in AuditEvent]: readonly [who: Who, words: string] } = {
  ACCEPTED: ['app', 'Submitted it, and it was stored'],
  DISPATCHED: ['receiver', 'Handed it to the network'],
  SUBMITTED: ['CXone', 'Took it'],
  FAILED: ['CXone', 'Answered the submission with an error'],
  NETWORK_ERROR: ['receiver', 'Got no answer from CXone'],
  RATE_LIMITED: ['CXone', 'Said that there are too many requests'],
  TOKEN_ERROR: ['CXone', 'Gave no token'],
  CALLBACK_COMPLETED: ['CXone', 'Called back with the outcome'],
  CALLBACK_PROGRESS: ['CXone', 'Called back: it is still running'],
  CALLBACK_HINT: ['CXone', 'Called back, which counts as a reason to ask'],
  CALLBACK_DUPLICATE: ['CXone', 'Called back with the same outcome again'],
  CALLBACK_CONFLICT: ['CXone', 'Called back with another outcome, which was kept and not believed'],
  CALLBACK_LATE: ['CXone', 'Called back after it had ended without a result; the result was kept'],
  CALLBACK_UNREADABLE: ['CXone', 'Called back with something that nobody can read'],
  CALLBACK_MISMATCH: ['CXone', 'Called back about another execution'],
  POLL_REQUESTED: ['operator', 'Had CXone asked at once'],
  POLL_COMPLETED: ['CXone', 'Told the outcome when it was asked'],
  POLL_PROGRESS: ['CXone', 'Said, when it was asked, that it is still running'],
  POLL_ERROR: ['CXone', 'Gave no good answer when it was asked'],
  POLL_404: ['CXone', 'Did not know it when it was asked'],
  POLL_TIMEOUT: ['receiver', 'Ended it: the polling window was over'],
  QUEUE_TIMEOUT: ['receiver', 'Ended it: it waited in the queue for too long'],
  CANCELLED: ['app', 'Cancelled it'],
  CANCEL_IGNORED: ['app', 'Wanted to cancel it, but it had ended'],
  NOTIFICATION_DELIVERED: ['receiver', 'Told the app'],
  NOTIFICATION_FAILED: ['receiver', 'Could not tell the app, and will try again'],
  NOTIFICATION_DEAD: ['receiver', 'Gave up telling the app'],
  NOTIFICATION_REPLAYED: ['operator', 'Had the app told again'],
};

/** Told in a line of their own, or of no use to people. */
const TOLD_APART: ReadonlySet<string> = new Set(['by', 'message', 'word', 'reason', 'note', 'outcomeSha256']);

export function timeline(entries: readonly AuditEntry[], submittedAt: number, masking: Masking): Html {
  return html`<ol class="timeline">${entries.map((entry) => step(entry, submittedAt, masking))}</ol>`;
}

function step(entry: AuditEntry, submittedAt: number, masking: Masking): Html {
  const { id, timestamp, event, latencyMs, httpStatus, detail } = entry;
  const [, words] = EVENTS[event];
  const facts = [
    ...(latencyMs === null ? [] : [`in ${duration(latencyMs)}`]),
    ...(httpStatus === null ? [] : [httpStatus === 0 ? 'no answer' : `HTTP ${httpStatus}`]),
    ...(typeof detail['attempt'] === 'number' && detail['attempt'] > 1 ? [`attempt ${detail['attempt']}`] : []),
  ];
  const said = ['word', 'message', 'reason', 'note'].flatMap((name) => {
    const value = detail[name];
    return typeof value === 'string' && value !== '' ? [html`<q>${masking.text(value)}</q> `] : [];
  });
  const rest = Object.fromEntries(Object.entries(detail).filter(([name]) => !TOLD_APART.has(name)));
  return html`<li class="${event.toLowerCase().split('_')[0] ?? ''}">
<p class="when">${moment(timestamp)} <small>+${duration(timestamp - submittedAt)}</small></p>
<p><strong>${whoDid(entry)}</strong> ${words.charAt(0).toLowerCase()}${words.slice(1)}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}
<small class="event">${event}</small></p>
${said.length > 0 ? html`<p class="said">${said}</p>` : ''}
${Object.keys(rest).length > 0 ? html`<details id="entry-${id}"><summary>Details</summary>${payload(`Details of entry ${id}`, masking.json(rest))}</details>` : ''}
</li>`;
}

function whoDid({ event, app, detail }: AuditEntry): string {
  const by = detail['by'];
  if (typeof by === 'string') return by;
  const [who] = EVENTS[event];
  return who === 'app' ? `app:${app}` : who;
}

/** Longer ones are cut: the whole is in the API. */
const MOST_CHARS = 50_000;

export function payload(label: string, value: Json): Html {
  const text = JSON.stringify(value, null, 2);
  return excerpt(label, text);
}

export function excerpt(label: string, text: string): Html {
  if (text.length <= MOST_CHARS) return code(label, text);
  return html`${code(label, text.slice(0, MOST_CHARS))}<p class="quiet">Cut after ${String(MOST_CHARS)} of ${String(text.length)} characters.</p>`;
}
