// Derives the status of an execution from its audit entries alone, by the words of the contract.

import type { EntryRow } from './database.ts';

const OPEN = ['QUEUED', 'UNCONFIRMED', 'PENDING'];

export function isOpen(status: string): boolean {
  return OPEN.includes(status);
}

/** The status after each entry; null before it was accepted. */
export function replay(entries: readonly EntryRow[]): (string | null)[] {
  let status: string | null = null;
  return entries.map((entry) => {
    status = after(status, entry);
    return status;
  });
}

function after(status: string | null, entry: EntryRow): string | null {
  if (entry.event === 'ACCEPTED') return status === null ? 'QUEUED' : 'ACCEPTED TWICE';
  if (status === null || !isOpen(status)) return status;
  const detail: Record<string, unknown> = JSON.parse(entry.detail);
  switch (entry.event) {
    case 'DISPATCHED':
      return status === 'QUEUED' && detail['outcome'] === undefined ? 'UNCONFIRMED' : status;
    case 'SUBMITTED':
    case 'CALLBACK_COMPLETED':
    case 'POLL_COMPLETED':
      return typeof detail['status'] === 'string' ? detail['status'] : 'PENDING';
    case 'CALLBACK_PROGRESS':
      return 'PENDING';
    case 'CALLBACK_UNREADABLE':
    case 'CALLBACK_HINT':
      return typeof detail['status'] === 'string' ? detail['status'] : status;
    case 'POLL_PROGRESS':
      // CXone confirms an executionId that came from a hint.
      return status === 'UNCONFIRMED' ? 'PENDING' : status;
    case 'FAILED':
    case 'NETWORK_ERROR':
    case 'RATE_LIMITED':
      return afterTrouble(status, entry.event, detail);
    case 'POLL_404':
      return 'NOT_FOUND';
    case 'POLL_TIMEOUT':
    case 'QUEUE_TIMEOUT':
      return 'TIMEOUT';
    case 'CANCELLED':
      return 'CANCELLED';
    default:
      return status;
  }
}

function afterTrouble(status: string, event: string, detail: Record<string, unknown>): string {
  if (detail['note'] !== undefined) return status;
  const again = detail['retryAt'] !== undefined || String(detail['message']).includes('sent again');
  if (again) return status === 'UNCONFIRMED' ? 'QUEUED' : status;
  // Token errors are recorded for the waiting executions; only a refusal ends one.
  return event === 'FAILED' ? 'REJECTED' : status;
}
