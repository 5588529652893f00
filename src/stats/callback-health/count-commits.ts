// Counts commits as they come into the book of paths, and nothing twice.

import type { AuditEvent } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import type { Observation } from '../../store/observations-port.ts';
import type { Change } from '../../store/port.ts';
import type { ChannelBook } from './channels.ts';

/** So many executions are remembered for a moment. */
const MAX_REMEMBERED = 10_000;

const CALLED_BACK_AGAIN: readonly AuditEvent[] = ['CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT', 'CALLBACK_LATE'];

/** Returns what takes each change in the order of commits. */
export function countInto(book: ChannelBook): (change: Change) => void {
  /** When an unverified callback was last heard, of open ones. */
  const hintedAt = new Map<string, number>();
  /** Ended ones of which both callback and poll have been counted. */
  const counted = new Map<string, true>();

  function resolved(execution: Execution): void {
    const { reference, resolvedAt, resolvedBy, status } = execution;
    const hint = hintedAt.get(reference) ?? null;
    hintedAt.delete(reference);
    if (hint !== null) remember(counted, reference, true);
    const calledBackAt = resolvedBy === 'callback' ? resolvedAt : hint;
    const foundAt = resolvedBy === 'poll' && status !== 'NOT_FOUND' ? resolvedAt : null;
    book.add({ ...partOf(execution), calledBackAt, foundAt });
  }

  function toldAgain(execution: Execution, times: Pick<Observation, 'calledBackAt' | 'foundAt'>): void {
    if (counted.has(execution.reference)) return;
    remember(counted, execution.reference, true);
    book.addLater({ ...partOf(execution), ...times });
  }

  return ({ execution, outcome, entry }) => {
    const { reference, resolvedAt, resolvedBy } = execution;
    const resolvedWhen = (by: Execution['resolvedBy']) => (resolvedBy === by ? resolvedAt : null);
    if (outcome === 'resolved') resolved(execution);
    else if (entry.event === 'CALLBACK_HINT') remember(hintedAt, reference, entry.timestamp);
    else if (CALLED_BACK_AGAIN.includes(entry.event)) {
      toldAgain(execution, { calledBackAt: entry.timestamp, foundAt: resolvedWhen('poll') });
    } else if (entry.event === 'POLL_COMPLETED' && resolvedBy === 'callback') {
      toldAgain(execution, { calledBackAt: resolvedAt, foundAt: entry.timestamp });
    }
  };
}

function partOf(execution: Execution): Omit<Observation, 'calledBackAt' | 'foundAt'> {
  return { ...execution, pollable: execution.executionId !== null };
}

/** The oldest is forgotten when there are too many. */
function remember<T>(known: Map<string, T>, reference: string, what: T): void {
  known.set(reference, what);
  const [oldest] = known.keys();
  if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest);
}
