// The promises to operators: the audit trail has every change, once for each event, and nothing that did not happen.

import type { EntryRow, Row } from '../database.ts';
import { replay } from '../trail.ts';
import { demand, show } from '../violation.ts';
import { detailOf, eventsIn, type State } from './state.ts';

const AUDITED = 'every change of status is in the trail';
const ONE_ENTRY = 'each event leaves one entry, or is counted in one';
const NEVER_SENT = 'what was cancelled before it was sent is never sent';
const RECEIVED = 'what CXone has called back about is not sent again';

export function checkTrails(state: State): void {
  for (const [id, row] of state.rows) checkTrail(id, row, state);
  for (const id of state.trails.keys()) {
    demand(state.rows.has(id), AUDITED, () => `${id} has a trail and no row`);
  }
}

function checkTrail(id: string, row: Row, { trails, truth, journal, settings }: State): void {
  const trail = trails.get(id) ?? [];
  const replayed = replay(trail).at(-1) ?? 'nothing';
  demand(
    replayed === row.status,
    AUDITED,
    () => `${id} is ${row.status}, its trail says ${replayed}: ${events(trail)}`,
  );

  const count = (...names: string[]) => eventsIn(trail.filter(({ event }) => names.includes(event)));
  const callbacks = eventsIn(trail.filter(({ event }) => event.startsWith('CALLBACK_')));
  const delivered = truth.deliveries.filter(({ run }) => run.correlationId === id);
  const answered = delivered.filter(({ answer }) => answer !== null).length;
  between(callbacks, answered, delivered.length, id, 'callbacks', trail);

  const cancellations = journal.cancellations.filter((one) => one.correlationId === id);
  const confirmed = cancellations.filter(({ answer }) => answer?.status === 200).length;
  between(count('CANCELLED', 'CANCEL_IGNORED'), confirmed, cancellations.length, id, 'cancellations', trail);

  const wishes = journal.pollRequests.filter((one) => one.correlationId === id);
  const granted = wishes.filter(({ answer }) => answer?.status === 202).length;
  between(count('POLL_REQUESTED'), granted, wishes.length, id, 'requests to poll', trail);

  const sent = trail.filter(isSending).length;
  const posts = truth.posts.filter((post) => post.correlationId === id);
  // A POST that is answered 401 is repeated once with another token.
  const unauthorized = posts.filter(({ status }) => status === 401).length;
  const least = posts.length - unauthorized;
  demand(sent >= least, ONE_ENTRY, () => `${id}: ${posts.length} POSTs and ${sent} DISPATCHED: ${events(trail)}`);

  // Without trust, a callback shows a receipt only if it names the execution.
  const showsReceipt = (one: EntryRow) =>
    one.event.startsWith('CALLBACK_') && (settings.trust === 'signature' || detailOf(one)['executionId'] != null);
  const calledBackAt = trail.findIndex(showsReceipt);
  if (calledBackAt >= 0) {
    const again = trail.slice(calledBackAt).filter(isSending);
    demand(again.length === 0, RECEIVED, () => `${id}: ${events(trail)}`);
  }

  const cancelled = trail.find(({ event }) => event === 'CANCELLED');
  if (cancelled !== undefined && detailOf(cancelled)['sent'] === false) {
    demand(posts.length === 0, NEVER_SENT, () => `${id}: ${events(trail)}`);
  }
}

function isSending(entry: EntryRow): boolean {
  return entry.event === 'DISPATCHED' && detailOf(entry)['attempt'] !== undefined;
}

function between(
  entries: number,
  least: number,
  most: number,
  id: string,
  what: string,
  trail: readonly EntryRow[],
): void {
  const holds = entries >= least && entries <= most;
  demand(holds, ONE_ENTRY, () => `${id}: ${entries} entries for ${least} to ${most} ${what}: ${events(trail)}`);
}

export function events(trail: readonly EntryRow[]): string {
  return trail.map(({ event, detail }) => `${event} ${show(JSON.parse(detail))}`).join(' · ');
}
