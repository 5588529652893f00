// The schemas of audit entries: in a list, and as events of a stream.

import * as v from 'valibot';
import { AUDIT_EVENTS } from '../../execution/event.ts';
import { TERMINAL_STATUSES } from '../../execution/execution.ts';
import { component } from '../openapi/components.ts';
import { count, IDENTIFIER_TEXT, milliseconds, nullable, time } from '../openapi/schema-parts.ts';

const ENTRY = {
  id: count('Grows with every entry; a stream resumes after it.'),
  timestamp: time('When it happened.'),
  event: v.pipe(v.picklist(AUDIT_EVENTS), v.description('The event; docs/sql.md explains each one.')),
  actionId: IDENTIFIER_TEXT,
  correlationId: IDENTIFIER_TEXT,
  executionId: nullable(v.string(), 'The id at CXone, if it was known then.'),
  latencyMs: nullable(milliseconds(), 'The duration of a request of the receiver, in milliseconds.'),
  httpStatus: nullable(
    v.pipe(v.number(), v.metadata({ type: 'integer' })),
    'The status of the response; 0: none was received.',
  ),
  app: v.string(),
  detail: v.pipe(v.record(v.string(), v.unknown()), v.description('Details that depend on the event.')),
};

export const AUDIT_ENTRY = component('AuditEntry', v.object(ENTRY));

export type AuditEntryBody = v.InferOutput<typeof AUDIT_ENTRY>;

export const AUDIT_TRAIL = component(
  'AuditTrail',
  v.object({
    items: v.pipe(v.array(AUDIT_ENTRY), v.description('Oldest first. A page of large entries has fewer than `limit`.')),
    nextCursor: nullable(v.string(), 'The `cursor` of the next page; null at the end.'),
  }),
);

export const STREAM_EVENT = component(
  'StreamEvent',
  v.object({
    ...ENTRY,
    terminalStatus: nullable(
      v.picklist(TERMINAL_STATUSES),
      'The terminal status, if the entry ended the execution; null for every other entry.',
    ),
  }),
);

export type StreamEventBody = v.InferOutput<typeof STREAM_EVENT>;
