// Entries of the audit trail as they are answered: in a list, and one by one in a stream.

import * as v from 'valibot';
import { AUDIT_EVENTS } from '../../execution/event.ts';
import { TERMINAL_STATUSES } from '../../execution/execution.ts';
import { count, milliseconds, NAME_TEXT, nullable, time } from './parts.ts';

const ENTRY = {
  id: count('Grows with every entry; what a stream is resumed after.'),
  timestamp: time('When it happened.'),
  event: v.pipe(v.picklist(AUDIT_EVENTS), v.description('The event; docs/sql.md explains each one.')),
  actionId: NAME_TEXT,
  correlationId: NAME_TEXT,
  executionId: nullable(v.string(), 'How CXone calls the execution, as far as it was known then.'),
  latencyMs: nullable(milliseconds(), 'How long a request of the receiver took, in milliseconds.'),
  httpStatus: nullable(v.pipe(v.number(), v.metadata({ type: 'integer' })), 'What it was answered; 0: nothing.'),
  app: v.string(),
  detail: v.pipe(v.record(v.string(), v.unknown()), v.description('More about it, other for each event.')),
};

export const AUDIT_ENTRY = v.object(ENTRY);

export type AuditEntryBody = v.InferOutput<typeof AUDIT_ENTRY>;

export const AUDIT_TRAIL = v.object({ items: v.pipe(v.array(AUDIT_ENTRY), v.description('Oldest first.')) });

export const STREAM_EVENT = v.object({
  ...ENTRY,
  terminalStatus: nullable(
    v.picklist(TERMINAL_STATUSES),
    'The status that the entry brought if it ended the execution; null for every other entry.',
  ),
});

export type StreamEventBody = v.InferOutput<typeof STREAM_EVENT>;
