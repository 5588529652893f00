// The callback bodies of the simulated CXone, and the actual report of each.

import type { CallbackWords } from './history.ts';

/** The report of CXone about an execution that has ended. */
export interface Said {
  readonly status: 'COMPLETED' | 'FAILED';
  readonly result: unknown;
  readonly error: unknown;
}

export interface CallbackBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** The executionId in the body; null without one. */
  readonly names: string | null;
  /** Null: no readable outcome. */
  readonly says: Said | null;
}

const utf8 = new TextEncoder();

export function otherThan(outcome: Said): Said {
  return outcome.status === 'COMPLETED'
    ? { status: 'FAILED', result: null, error: { code: 'contradiction' } }
    : { status: 'COMPLETED', result: { value: 'contradiction' }, error: null };
}

export function callbackBody(words: CallbackWords, outcome: Said, executionId: string): CallbackBody {
  const json = (says: Said | null, body: object, names: string | null = executionId): CallbackBody => ({
    bytes: utf8.encode(JSON.stringify(body)),
    contentType: 'application/json',
    names,
    says,
  });
  const unreadable = (bytes: Uint8Array<ArrayBuffer>): CallbackBody => ({ ...json(null, {}, null), bytes });
  switch (words) {
    case 'outcome':
      return json(outcome, { executionId, ...outcome });
    case 'outcome without id':
      return json(outcome, outcome, null);
    case 'outcome as a form':
      return form(outcome, executionId);
    case 'another outcome':
      return json(otherThan(outcome), { executionId, ...otherThan(outcome) });
    case 'progress':
      return json(null, { executionId, status: 'RUNNING' });
    case 'garbled':
      return unreadable(utf8.encode('{"status": "COMPL'));
    case 'empty':
      return unreadable(new Uint8Array());
    case 'not UTF-8':
      return unreadable(Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d));
    case 'huge':
      return json(outcome, { executionId, ...outcome, padding: 'x'.repeat(1024 * 1024) });
    case 'of another execution': {
      const says: Said = { status: 'COMPLETED', result: { value: 'not mine' }, error: null };
      const other = `${executionId}-other`;
      return json(says, { executionId: other, ...says }, other);
    }
    default:
      return words satisfies never;
  }
}

/** A form contains only texts. */
function form(outcome: Said, executionId: string): CallbackBody {
  const { status } = outcome;
  const text = status === 'COMPLETED' ? { result: 'as a form' } : { error: 'as a form' };
  const body = new URLSearchParams({ status, executionId, ...text });
  return {
    bytes: utf8.encode(body.toString()),
    contentType: 'application/x-www-form-urlencoded',
    names: executionId,
    says: { status, result: null, error: null, ...text },
  };
}
